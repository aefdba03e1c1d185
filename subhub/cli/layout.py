"""Tables for people: no word is broken, so that ids, URLs and keys can be copied whole.

Where the terminal is too narrow for that, each row is printed as a list of its fields.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from rich.text import Text

GAP: Final = 2
"""The blanks between two columns."""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Text:
    """Return *rows* under the names of the *columns*, at most *width* wide if that is possible."""
    names = [name.replace("_", " ") for name in columns]
    cells = [names, *rows]
    widths = _widths([list(column) for column in zip(*cells, strict=True)], width)
    if widths is None:
        records = (record(list(zip(names, row, strict=True)), width) for row in rows)
        return Text("\n\n").join(records)
    lines = [
        Text(line, style="bold" if row is names else "")
        for row in cells
        for line in _lines(row, widths)
    ]
    return Text("\n").join(lines)


def record(fields: Sequence[tuple[str, str]], width: int) -> Text:
    """Return the fields of one object, each on lines of its own, without the empty ones."""
    shown = [(name, value) for name, value in fields if value]
    left = max((cell_len(name) for name, _ in shown), default=0) + GAP
    lines: list[Text] = []
    for name, value in shown:
        first, *more = _wrapped(value, width - left)
        lines.append(Text.assemble((name.ljust(left), "bold"), first))
        lines += (Text(" " * left + line) for line in more)
    return Text("\n").join(lines)


def _widths(columns: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Return how wide each column is; `None` if a word would have to be broken."""
    found = [_longest(line for cell in column for line in cell.splitlines()) for column in columns]
    least = [_longest(word for cell in column for word in cell.split()) for column in columns]
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(found) > room:
        widest = max(range(len(found)), key=lambda column: found[column] - least[column])
        found[widest] -= 1
    return found


def _longest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*wrapped, fillvalue=""):
        blanks = (width - cell_len(part) for part, width in zip(parts, widths, strict=True))
        yield (" " * GAP).join(map(_padded, parts, blanks)).rstrip()


def _padded(part: str, blanks: int) -> str:
    return part + " " * blanks


def _wrapped(cell: str, width: int) -> list[str]:
    """Return the lines of *cell*, at least one, broken between words only."""
    wrap = partial(
        textwrap.wrap, width=max(width, 1), break_long_words=False, break_on_hyphens=False
    )
    return [line for part in cell.splitlines() for line in wrap(part) or [""]] or [""]
