"""Earlier runs of a bulk command: is the file that is to be resumed still the same?

A row without a `key` is named by its `external_id`, or by all of its values. A spreadsheet that
saves the file again may change them (01067 becomes 1067), and then the row would be carried out
again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from subhub.cli.result_file import DONE
from subhub.cli.rows import KEY, CustomerRow
from subhub.errors import InvalidRequest

if TYPE_CHECKING:
    from subhub.recovery.journal import Job

BEGUN: Final = DONE | {"unknown"}
SHOWN: Final = 10
"""How many rows a message names."""


def check_same_rows(path: Path, rows: Sequence[CustomerRow], job: Job, results: Path) -> None:
    """Refuse a file in which rows of an earlier run are gone or changed.

    Rows that were refused, and did nothing, may be corrected or removed, and new ones added.

    Args:
        path: The file.
        rows: Its rows.
        job: The earlier run, in the journal.
        results: The result file, which knows the lines of its rows.
    """
    lines = {job.name_of(key): line for key, line in _begun_lines(results)}
    begun = job.begun | lines.keys()
    renamed = [row.line for row in rows if row.keyed and job.name_of(row.unkeyed) in begun]
    if renamed:
        message = (
            f"{path} has a `{KEY}` now for rows that an earlier run has begun without one: "
            f"{_listed(renamed)}. Remove it from these rows."
        )
        raise InvalidRequest(message)
    if all(row.keyed for row in rows):
        return
    gone = begun - {job.name_of(row.key) for row in rows}
    if gone:
        known = sorted(int(lines[name]) for name in gone & lines.keys())
        message = (
            f"{path} was changed since its earlier run: {_described(known, len(gone))} gone or "
            f"changed. Without a column `{KEY}`, a row is known by its `external_id` or by all of "
            "its values, so a changed row would be carried out again. Restore these rows, and put "
            "new customers into a file of their own."
        )
        raise InvalidRequest(message)


def _begun_lines(results: Path) -> Iterable[tuple[str, str]]:
    """Return key and line of each row that did, or may have done, something."""
    found: dict[str, str] = {}
    # An unusable file is refused where it is opened for writing.
    with (
        suppress(OSError, ValueError, csv.Error),
        results.open(encoding="utf-8-sig", newline="") as file,
    ):
        for row in csv.DictReader(file):
            something = row.get("outcome") in BEGUN or row.get("customer_id")
            if something and row["key"] and row["line"].isdecimal():
                found[row["key"]] = row["line"]
    return found.items()


def _described(known: Sequence[int], count: int) -> str:
    if not known:
        return f"{count} of its rows are" if count > 1 else "one of its rows is"
    more = f" and {count - len(known)} more" if count > len(known) else ""
    return f"{_listed(known)}{more} {'are' if count > 1 else 'is'}"


def _listed(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:SHOWN]))
    return f"line {shown}" if len(lines) == 1 else f"lines {shown}" + ", ..." * (len(lines) > SHOWN)
