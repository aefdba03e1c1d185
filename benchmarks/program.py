"""What the program `subhub` costs to start: whole processes, over an interpreter that does nothing.

Help needs typer and rich; what they cost without subhub is there to compare.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from benchmarks.figure import Figure, table
from benchmarks.rounds import excess, interleaved, process_ms

ROUNDS: Final = 21
GOALS_MS: Final = {"--version": 5.0, "--help": 150.0, "providers": None}
_RUN: Final = "import sys; from subhub.cli import main; sys.argv = ['subhub', {!r}]; main()"


def figures() -> list[Figure]:
    """Milliseconds over a bare interpreter."""
    codes = {
        "bare": "pass",
        "import typer, typer.rich_utils": "import typer, typer.rich_utils",
        **{f"subhub {word}": _RUN.format(word) for word in GOALS_MS},
    }
    taken = interleaved({name: partial(process_ms, code) for name, code in codes.items()}, ROUNDS)
    return [
        Figure(
            name,
            excess(taken[name], taken["bare"]),
            "ms over bare",
            GOALS_MS.get(name.removeprefix("subhub ")),
        )
        for name in codes
        if name != "bare"
    ]


if __name__ == "__main__":
    print(table(figures()))
