"""Every figure, in one table. Exits with 1 when a goal was missed."""

from __future__ import annotations

import sys

from benchmarks import calls, discovery, first_answer, imports, program
from benchmarks.figure import table


def main() -> int:
    """Measure and print."""
    parts = (imports, program, first_answer, discovery, calls)
    found = [figure for part in parts for figure in part.figures()]
    print(table(found))
    return int(any(figure.reached == "NO" for figure in found))


if __name__ == "__main__":
    sys.exit(main())
