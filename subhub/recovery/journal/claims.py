"""Claims: which call works on an item of a job, and whether the item is done.

One row says both, so that one statement can depend on both. A claim belongs to a call and to the
session of its process: one whose process has ended can be taken over, and a living one cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from subhub.errors import InProgress
from subhub.recovery.journal.storage import BufferedDatabase, Database, Statement

if TYPE_CHECKING:
    from subhub.recovery.journal.items import JobItem

_STATE: Final = (
    "SELECT claim, session, object, changed_at FROM job_items WHERE job = ? AND item = ?"
)
_CLAIM: Final = """INSERT INTO job_items (claim, session, changed_at, job, item)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (job, item) DO NOTHING"""
_TAKE_OVER: Final = """UPDATE job_items SET claim = ?, session = ?, changed_at = ?
    WHERE job = ? AND item = ? AND claim = ?"""
_RELEASE: Final = "DELETE FROM job_items WHERE job = ? AND item = ? AND claim = ?"
_FINISH: Final = """UPDATE job_items SET claim = NULL, session = NULL, object = ?, changed_at = ?
    WHERE job = ? AND item = ? AND claim = ?"""
_CLEAR: Final = """DELETE FROM intents WHERE job = ? AND item = ? AND EXISTS (
    SELECT 1 FROM job_items WHERE job = ? AND item = ? AND claim IS NULL)"""
SOONEST: Final = 1.0
LATEST: Final = 60.0
"""Seconds after which a call that is in progress is asked for again, at the earliest and latest."""


@dataclass(frozen=True, slots=True)
class Done:
    """An item that is done; *object_id* is what it created or changed."""

    object_id: str | None


class Claims:
    """The claims in a journal.

    Args:
        database: Where they are.
        sessions: What knows which processes still run.
        clock: Returns the present, in seconds since 1970.
    """

    def __init__(
        self, database: BufferedDatabase, sessions: Database, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._clock = clock

    def take(self, item: JobItem) -> Done | None:
        """Claim *item*, unless it is done; raise `InProgress` while a living process has it."""
        place = (item.job, item.item)
        while True:
            rows = self._database.read(_STATE, place)
            if rows and rows[0][0] is None:
                return Done(rows[0][2])
            if rows and rows[0][0] == item.claim:
                return None  # the journal was locked for what came after this
            if rows and self._sessions.lives(rows[0][1]):
                raise self._in_progress(rows[0][3])
            mine = (item.claim, self._sessions.session(), self._clock(), *place)
            statement = (_TAKE_OVER, (*mine, rows[0][0])) if rows else (_CLAIM, mine)
            # Not durable: nothing is sent before the durable intent, which depends on it.
            if self._database.write(statement, durable=False, guarded=True):
                return None
            # Another call was quicker: look whose it is now.

    def look(self, item: JobItem) -> Done | None:
        """Look whether *item* is done by now; raise `InProgress` when another call has it."""
        rows = self._database.read(_STATE, (item.job, item.item))
        if rows and rows[0][0] is None:
            return Done(rows[0][2])
        if not rows or rows[0][0] != item.claim:
            raise self._in_progress(rows[0][3] if rows else self._clock())
        return None

    def finished(self, item: JobItem, object_id: str | None) -> tuple[Statement, Statement]:
        """Return what marks *item* as done, whose steps are no longer needed.

        It has no effect if another call has the item.
        """
        place = (item.job, item.item)
        return (
            (_FINISH, (object_id, self._clock(), *place, item.claim)),
            (_CLEAR, (*place, *place)),
        )

    def released(self, item: JobItem) -> Statement:
        """Return what gives *item* back; its steps stay in the journal for the next call."""
        return _RELEASE, (item.job, item.item, item.claim)

    def _in_progress(self, since: float) -> InProgress:
        """Advise to wait as long again as the other call has been at work, within bounds."""
        after = min(max(self._clock() - since, SOONEST), LATEST)
        return InProgress(
            "another call is working on this item of the job, in this process or in another one. "
            f"Try again in {after:.0f} s",
            retry_after=after,
        )
