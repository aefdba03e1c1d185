"""Finding one plugin by name, in an environment of 150 distributions.

The distributions are metadata only, in a folder made for the purpose; some of them offer plugins.
What any client needs is there before, also one that is given a class: httpx, pydantic, and a first
model, for which pydantic looks through the distributions itself. Stevedore and the plugin's own
module are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure, table
from benchmarks.rounds import process

ROUNDS = 21
DISTRIBUTIONS = 150
PLUGINS = 3
GOAL_MS = 8.0
_PLUGIN = """
from subhub.plugin import Provider
class Probe(Provider):
    name = "probe{number}"
"""
_MEASURE = """
import sys, time
sys.path.append(sys.argv[1])
from subhub import Client, Money
from subhub.plugin.registry import load
Money("12.95", "EUR")
began = time.perf_counter()
found = load("probe1")
took = time.perf_counter() - began
loaded = [name for name in sys.modules if name.startswith("subhub_probe")]
assert found.name == "probe1" and loaded == ["subhub_probe1"], loaded
print(took * 1000)
"""


def figures() -> list[Figure]:
    """Milliseconds, in processes that have just started."""
    with _installed() as folder:
        taken = [_load(folder) for _ in range(ROUNDS + 1)][1:]
    name = f"finding one plugin among {DISTRIBUTIONS} distributions"
    return [Figure(name, median(taken), "ms", GOAL_MS)]


def _load(folder: Path) -> float:
    return float(process(_MEASURE, str(folder)))


@contextmanager
def _installed() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(DISTRIBUTIONS):
            _install(folder, number)
        yield folder


def _install(folder: Path, number: int) -> None:
    """A distribution as pip leaves it; the first few offer a plugin, the others a command."""
    name = f"subhub_probe{number}" if number < PLUGINS else f"other_{number}"
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    group, key = ("console_scripts", name)
    if number < PLUGINS:
        group, key = ("subhub.providers", f"probe{number}")
        _ = (folder / f"{name}.py").write_text(_PLUGIN.format(number=number))
    _ = (metadata / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    _ = (metadata / "entry_points.txt").write_text(f"[{group}]\n{key} = {name}:Probe\n")


if __name__ == "__main__":
    print(table(figures()))
