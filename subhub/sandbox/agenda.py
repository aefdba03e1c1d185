"""An agenda: what a fake does by itself at a moment, such as renewing a subscription.

The virtual clock keeps it. An advance of a year goes from one entry to the next, so every renewal
happens at its own time and sees the changes that were made before it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import NamedTuple


class Entry(NamedTuple):
    """A task for one object, such as `renew` for a subscription's id.

    Entries of one moment are carried out in the order in which they were added.
    """

    at: dt.datetime
    number: int
    task: str
    subject: str


class Agenda:
    """The entries that are still to come, the earliest first.

    An entry cannot be removed: a task looks at its object first, and does nothing if it is not due.

    Args:
        carry_out: Carries out an entry, at its moment.
    """

    def __init__(self, carry_out: Callable[[Entry], None]) -> None:
        self.done = 0
        """The number of entries that were carried out."""
        self._carry_out = carry_out
        self._entries: list[Entry] = []
        self._added = 0
        # threads may add entries while the clock takes others
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, at: dt.datetime, task: str, subject: str) -> None:
        """Add an entry. One whose moment has passed is carried out at the next advance.

        Args:
            at: When it is carried out.
            task: The name of the task.
            subject: The id of the object that it is about.
        """
        try:
            moment = at.astimezone(dt.UTC)
        except OverflowError:  # in UTC it is outside of the calendar, so it never comes
            return
        with self._lock:
            self._added += 1
            heappush(self._entries, Entry(moment, self._added, task, subject))

    def take(self, until: dt.datetime) -> Entry | None:
        """Remove and return the first entry that is due at *until*, if there is one."""
        with self._lock:
            due = bool(self._entries) and self._entries[0].at <= until
            return heappop(self._entries) if due else None

    def carry_out(self, entry: Entry) -> None:
        """Carry out an entry that was taken."""
        self.done += 1
        self._carry_out(entry)

    def rows(self) -> list[list[str]]:
        """Return the entries as JSON, in their order."""
        with self._lock:
            entries = sorted(self._entries)
        return [[entry.at.isoformat(), entry.task, entry.subject] for entry in entries]

    def restore(self, rows: Iterable[Iterable[str]]) -> None:
        """Replace the entries with those of `rows`."""
        entries = [
            Entry(dt.datetime.fromisoformat(at), number, task, subject)
            for number, (at, task, subject) in enumerate(rows)
        ]
        with self._lock:
            heapify(entries)
            self._entries, self._added = entries, len(entries)
