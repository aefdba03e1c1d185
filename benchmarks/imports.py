"""What `import subhub` costs: whole processes, over an interpreter that imports nothing."""

from __future__ import annotations

from functools import partial

from benchmarks.figure import Figure, table
from benchmarks.rounds import excess, interleaved, process, process_ms

ROUNDS = 41
GOAL_MS = 2.0
_FOREIGN = """
import sys
before = set(sys.modules)
import subhub
for name in sorted({each.partition(".")[0] for each in set(sys.modules) - before}):
    if name != "subhub" and name not in sys.stdlib_module_names:
        print(name)
"""


def figures() -> list[Figure]:
    """Milliseconds over a bare interpreter, and how many third-party modules were loaded."""
    codes = {"bare": "pass", "subhub": "import subhub", "httpx": "import httpx"}
    taken = interleaved({name: partial(process_ms, code) for name, code in codes.items()}, ROUNDS)
    return [
        Figure("import subhub", excess(taken["subhub"], taken["bare"]), "ms over bare", GOAL_MS),
        Figure("import httpx", excess(taken["httpx"], taken["bare"]), "ms over bare"),
        Figure("third-party modules that `import subhub` loads", len(foreign()), "modules", 0),
    ]


def foreign() -> list[str]:
    """The third-party modules that `import subhub` loads, by name."""
    return process(_FOREIGN).split()


if __name__ == "__main__":
    print(table(figures()))
    print("third-party modules:", ", ".join(foreign()) or "none")
