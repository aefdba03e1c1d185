"""Every figure, in one table. Exits with 1 when a goal was missed."""

from __future__ import annotations

import sys

from benchmarks import calls, discovery, first_answer, imports
from benchmarks.figure import table


def main() -> int:
    """Measure and print."""
    found = [
        figure for part in (imports, first_answer, discovery, calls) for figure in part.figures()
    ]
    print(table(found))
    return int(any(figure.reached == "NO" for figure in found))


if __name__ == "__main__":
    sys.exit(main())
