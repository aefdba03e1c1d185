"""Recording: the new plugin's own test, run once to record its cassette from its sandbox.

The recording is made and not rendered, so that what its header says of it is true. The plugin runs
in another process, as if it were installed; the process that writes it never imports it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from subhub.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from subhub.cli.scaffold.naming import Naming

NEEDED: Final = ("pytest", "vcr", "yaml")
"""What records, and comes with an extra."""
VERSION: Final = "0.1.0"
COMMAND: Final = (
    *(sys.executable, "-m", "pytest", "--quiet", "--record-sandbox", "tests/test_cassettes.py"),
    *(
        "-p",
        "no:cacheprovider",
        "-W",
        "default",
    ),  # other plugins of pytest's may warn, of themselves
)
SHOWN: Final = 2000
"""How much of a failure is told, in letters."""


def need_the_extra() -> None:
    """Refuse, with the remedy, where nothing can be recorded."""
    for needed in NEEDED:
        if find_spec(needed) is None:
            message = f'a new provider needs {needed}: pip install "subhub-billing[cli,testing]"'
            raise ConfigError(message)


def record(project: Path, naming: Naming) -> None:
    """Record the cassettes of the plugin in the folder *project*."""
    with TemporaryDirectory() as folder:
        _register(Path(folder), naming)
        ran = subprocess.run(  # noqa: S603 - this interpreter, on files just written
            COMMAND,
            cwd=project,
            env=_environment(project, Path(folder)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        message = (
            "the new plugin could not be recorded in its sandbox, and nothing was written:\n"
            f"{(ran.stdout + ran.stderr)[-SHOWN:]}"
        )
        raise PluginError(message)


def _register(folder: Path, naming: Naming) -> None:
    """Make *folder* say what an installation would: that there is such a plugin."""
    info = folder / f"{naming.module}-{VERSION}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {naming.distribution}\nVersion: {VERSION}\n"
    _ = (info / "METADATA").write_text(metadata, "utf-8")
    entry = f"[subhub.providers]\n{naming.name} = {naming.module}:{naming.class_name}\n"
    _ = (info / "entry_points.txt").write_text(entry, "utf-8")


def _environment(*places: Path) -> dict[str, str]:
    """The variables of this process, with *places* to import from and without pytest's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    earlier = kept.get("PYTHONPATH")
    path = os.pathsep.join([*map(str, places), *([earlier] if earlier else [])])
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
