"""Outcomes: how far a row has come in a run, and the file that has them as they come.

Any number of processes may add to one file. A line is whole and on the disk when `add` returns.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal, get_args

from subhub.errors import SubhubError
from subhub.system.line_file import LineFile

Word = Literal[
    "moved",
    "moved earlier",
    "waiting",
    "link",
    "open",
    "left",
    "leave",
    "undone",
    "kept",
    "both",
    "refused",
    "unknown",
    "in progress",
]
WORDS: Final[tuple[Word, ...]] = get_args(Word)
FINE: Final[frozenset[Word]] = frozenset(WORDS[:9])
"""The outcomes that need no one to look: the next run continues with those that wait."""
PATIENCE: Final = 60.0
_AGAIN: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How far one row has come.

    Args:
        key: That of the row.
        subscription: The old subscription.
        outcome: `moved`; `moved earlier`, by an earlier run; `waiting`, for a later run; `link`,
            one was created for the customer; `open`, an earlier one is not paid; `left`, the
            customer left the source without this switch; `leave`, as the row says; `undone` and
            `kept`, by `undo`; `both`, moved, and billed twice for some days; `refused`, by one of
            the providers, or because something is not as it should be; `unknown`, look at the
            error; `in progress`, in another process.
        reason: Why, in a sentence.
        new: The subscription at the target.
        starts_on: The first day that the target bills.
        paid_until: The first day that the old subscription is not paid for: the customer has access
            at least until then, also where the old one has ended already.
        url: The page of a new link, which is nowhere else: send it to the customer.
        expires_at: When that link stops working.
        token: Of a change with an unknown outcome.
    """

    key: str
    subscription: str
    outcome: Word
    reason: str = ""
    new: str | None = None
    starts_on: dt.date | None = None
    paid_until: dt.date | None = None
    url: str | None = None
    expires_at: dt.datetime | None = None
    token: str | None = None


class Halt(Exception):
    """Ends the work on a row, with its outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.outcome)
        self.outcome = outcome


class CannotRecord(SubhubError):
    """The results can no longer be written, so the run was stopped."""


COLUMNS: Final = ("at", *(found.name for found in fields(Outcome)))


class ResultLog:
    """The results of all runs of a switch, the newest last; only its owner can read it.

    Args:
        path: The file; it is created with the first line.
        patience: How many seconds to wait while other processes write it.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.Lock()  # the threads of a process wait for each other here

    def add(self, outcome: Outcome, at: dt.datetime) -> None:
        """Add a line. Raises `CannotRecord` if that fails."""
        cells = [at.isoformat(timespec="seconds")]
        for name in COLUMNS[1:]:
            value = getattr(outcome, name)
            cells.append("" if value is None else " ".join(str(value).split()))
        try:
            with self._lock:
                self._append(_csv(cells))
        except OSError as error:
            message = (
                f"cannot write {self.path} ({error.strerror}), so the run was stopped. Correct "
                "that, then run the same command again"
            )
            raise CannotRecord(message) from error

    def _append(self, line: bytes) -> None:
        file = self._opened()
        try:
            content_ends = file.ends_with_line()
            head = _csv(COLUMNS) if content_ends is None else b""
            # what a full disk or a crash has cut stays, as a line of its own
            file.append((b"\n" if content_ends is False else b"") + head + line)
        finally:
            file.close()

    def _opened(self) -> LineFile:
        until = time.monotonic() + self._patience
        while True:
            try:
                return LineFile(self.path)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
            time.sleep(_AGAIN)


def _csv(cells: tuple[str, ...] | list[str]) -> bytes:
    line = io.StringIO()
    _ = csv.writer(line, lineterminator="\n").writerow(cells)
    # a provider's message may hold half of a character, which UTF-8 cannot carry
    return line.getvalue().encode("utf-8", "backslashreplace")
