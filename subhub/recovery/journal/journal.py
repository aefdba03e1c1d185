"""The entries of a journal: one for each change, from before it is sent until it is answered."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from subhub.errors import InProgress, JournalError
from subhub.recovery.intents import Intent
from subhub.recovery.journal.claims import SOONEST
from subhub.recovery.journal.items import PreviousStep, Step, current_item
from subhub.recovery.journal.row_locks import try_row_lock
from subhub.recovery.journal.sessions import lock_errors
from subhub.recovery.journal.storage import (
    BufferedDatabase,
    Database,
    Locked,
    Statement,
    Unreachable,
)
from subhub.system.file_locks import acquire

if TYPE_CHECKING:
    from subhub.models.identity import Identity

logger = logging.getLogger("subhub")

_COLUMNS: Final = (
    "session",
    "provider",
    "account",
    "operation",
    "token",
    "sent_at",
    "job",
    "item",
    "step",
)
_WRITE: Final = f"""INSERT INTO intents (name, {", ".join(_COLUMNS)})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
    SET state = 'open', object = NULL, {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}"""  # noqa: E501, S608 - names of columns
_MINE: Final = """UPDATE job_items SET changed_at = changed_at
    WHERE job = ? AND item = ? AND claim = ? AND NOT EXISTS (
        SELECT 1 FROM intents
        WHERE job = ? AND item = ? AND step = ? AND state = 'done')"""
"""Changes a row if a call still has the item, and nobody has found out that the step is done."""
_REPLACED: Final = "DELETE FROM intents WHERE job = ? AND item = ? AND step = ? AND name != ?"
_REMOVE: Final = "DELETE FROM intents WHERE name = ?"
_RESOLVE: Final = "UPDATE intents SET state = ?, object = ? WHERE name = ?"
_LOST: Final = "UPDATE intents SET session = '', token = ? WHERE name = ?"
OPEN: Final = """SELECT token, session, job FROM intents
    WHERE state = 'open' AND provider = ? ORDER BY sent_at"""
"""Selects the changes at a provider with an unknown outcome, oldest first."""


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A change in the journal with an unknown outcome.

    `token` is for `client.resolve`. `in_flight` means that the process that sends the change is
    still running and may get its answer. `job` is the job that the change belongs to, and `account`
    the name that the account had.
    """

    token: str
    operation: str
    sent_at: dt.datetime
    in_flight: bool
    job: str | None = None
    account: str = ""

    def is_of(self, intent: Intent) -> bool:
        """Return whether this is *intent*, whose token may say more since its answer was lost."""
        return Intent.read(self.token).salt == intent.salt


def entries(
    rows: Iterable[tuple[Any, ...]],
    identity: Identity,
    account: str,
    is_alive: Callable[[str], bool],
) -> list[OpenIntent]:
    """Return those of *rows* that are of one account.

    Args:
        rows: What `OPEN` selects.
        identity: That of the account.
        account: Its name, by which the entries of earlier versions are found.
        is_alive: Returns whether the session of this name has not ended.
    """
    found: list[OpenIntent] = []
    for token, session, job in rows:
        intent = Intent.read(token)
        if intent.is_of(identity, account):
            sent_at = dt.datetime.fromisoformat(intent.sent_at)
            alive = is_alive(session)
            found.append(
                OpenIntent(token, intent.operation, sent_at, alive, job, account=intent.account)
            )
    return found


class Lock(Protocol):
    """A lock that is held, and ends with its process at the latest."""

    def remove(self) -> None:
        """Release it."""
        ...


class Journal:
    """The journal at *place*: the path of a file, or a database that several machines share.

    Any number of threads and processes may use it. A relative path counts from the working folder
    of this moment. Raises `JournalError` whenever it cannot be used; for a file, here as well.
    """

    def __init__(self, place: str | os.PathLike[str] | Database) -> None:
        self._path: Path | None = None
        if isinstance(place, str | os.PathLike):
            from subhub.recovery.journal.sqlite import SQLiteDatabase  # noqa: PLC0415 - it loads SQLite

            place = SQLiteDatabase(Path(place))
            self._path = place.path
        self._sessions = place
        self.database = BufferedDatabase(place)

    @property
    def place(self) -> str:
        """Where it is, for messages; without a password."""
        return self._sessions.place

    @property
    def remote(self) -> bool:
        """Whether using it may take long; see `Database.remote`."""
        return self._sessions.remote

    @property
    def sessions(self) -> Database:
        """What knows which of the processes that use it still run."""
        return self._sessions

    def entry(self, intent: Callable[[], Intent], operation: str) -> JournalEntry:
        """Return the entry of a call, which is not written before its change is sent."""
        item = current_item.get()
        return JournalEntry(self, intent, item.next_step(operation) if item else None)

    def open_intents(self, identity: Identity, account: str) -> list[OpenIntent]:
        """Return the changes of one account with an unknown outcome, oldest first.

        Args:
            identity: That of the account.
            account: Its name, by which the entries of earlier versions are found.
        """
        rows = self.database.read(OPEN, (identity.provider,))
        lives = cache(self._sessions.lives)  # asked once, of each process
        return entries(rows, identity, account, lives)

    def write(self, intent: Intent, step: Step | None, *, patience: float = 0.0) -> None:
        """Write *intent* durably; nothing may be sent before this has returned.

        Raises `Locked` while another program has locked the file, and `InProgress` for a step whose
        item is no longer the call's: the session of this process was taken for ended.

        Args:
            intent: What is to be sent.
            step: The step of a job that it is.
            patience: How many seconds to wait for the lock.
        """
        place = (step.job, step.item, step.number) if step else (None, None, None)
        values = (
            intent.salt,
            self._sessions.session(),
            intent.provider,
            intent.account,
            intent.operation,
            intent.token(),
            intent.sent_at,
            *place,
        )
        if step is None:
            _ = self.database.write((_WRITE, values), durable=True, patience=patience)
            return
        mine = self.database.write(
            (_MINE, (step.job, step.item, step.claim, *place)),
            (_REPLACED, (*place, intent.salt)),  # what an earlier call has left of this step
            (_WRITE, values),
            durable=True,
            guarded=True,
            patience=patience,
        )
        if not mine:
            raise InProgress(
                "another call has taken this item over, because the session of this process was "
                "taken for ended; nothing more was sent",
                retry_after=SOONEST,
            )

    def mark_resolved(
        self,
        intent: Intent,
        *,
        done: bool,
        object_id: str | None = None,
        patience: float | None = None,
    ) -> bool:
        """Close *intent*, and return whether it was in the journal.

        A change of a bulk job is kept for the next run of that job.

        Args:
            intent: The intent to close.
            done: Whether the change was carried out.
            object_id: The id of the object that it created or changed.
            patience: How many seconds to wait while another program has locked the file; by
                default, it is then closed with the next change that is written.
        """
        jobs = self.database.read("SELECT job FROM intents WHERE name = ?", (intent.salt,))
        if jobs:
            in_job = jobs[0][0] is not None
            statement = _closing(intent, in_job=in_job, done=done, object_id=object_id)
            if patience is None:
                self.database.write_soon(statement)
            else:
                _ = self.database.write(statement, durable=False, patience=patience)
        return bool(jobs)

    def try_lock(self, name: str) -> Lock | None:
        """Lock *name* for the processes that share the journal; `None` when it is locked already.

        `Lock.remove` releases it.
        """
        if self._path is None:
            return try_row_lock(self.database, self._sessions, name)
        path = self._path.with_name(f"{self._path.name}-{name}.lock")
        with lock_errors(path):
            return acquire(path)

    def close(self) -> None:
        """Close the database; open intents stay in it."""
        self.database.close()


class JournalEntry:
    """The entry of one call."""

    def __init__(self, journal: Journal, intent: Callable[[], Intent], step: Step | None) -> None:
        self._journal = journal
        self._create_intent = intent
        self._intent: Intent | None = None
        self._step = step
        self._written = False

    @property
    def previous(self) -> PreviousStep | None:
        """The same step in an earlier run of the same job."""
        return self._step.previous if self._step else None

    @property
    def intent(self) -> Intent:
        """What the call is meant to do."""
        if self._intent is None:
            self._intent = self._create_intent()
        return self._intent

    @intent.setter
    def intent(self, intent: Intent) -> None:
        self._intent = intent

    def sending(self) -> str | None:
        """Write the intent; return why not, while another program has locked the journal."""
        self._written = True  # first: Ctrl-C in the middle of writing leaves one to be taken back
        try:
            self._journal.write(self.intent, self._step)
        except Locked as locked:
            self._written = False
            return str(locked)
        except Unreachable:  # it may have been written all the same
            self.close(done=False)
            raise
        except (JournalError, InProgress):
            self._written = False
            raise
        return None

    def unsent(self) -> None:
        """Close the intent, because the request had no effect."""
        self.close(done=False)

    def lost(self, token: str) -> None:
        """Mark the entry as lost, with the *token* that says since when. It stays open."""
        if self._written:
            self._note((_LOST, (token, self.intent.salt)))
            self._written = False

    def close(self, *, done: bool, object_id: str | None = None) -> None:
        """Close the intent, with the id of the object that the call created or changed.

        A journal that fails is logged, not raised: the answer is here already and must not be lost.
        The intent then stays open until it is resolved.
        """
        if not self._written:
            return
        in_job = self._step is not None
        self._note(_closing(self.intent, in_job=in_job, done=done, object_id=object_id))
        self._written = False  # last: after Ctrl-C in the middle, `lost` still has to be noted

    def noted(self) -> bool:
        """Return whether all ends are in the file, after another try to write those that are not.

        While the file is locked they are kept, so no call waits for them for ever; nor for a
        database on another machine, which is written to in the background.
        """
        return self._journal.remote or self._journal.database.flush()

    def _note(self, statement: Statement) -> None:
        # Not durable: if a power failure undoes it, a closed intent is open again, which costs a
        # look at the provider. The other way round a change would be forgotten.
        try:
            self._journal.database.write_soon(statement)
        except JournalError as error:
            logger.warning("the entry of `%s` stays open: %s", self.intent.operation, error)


def _closing(intent: Intent, *, in_job: bool, done: bool, object_id: str | None) -> Statement:
    """Return the statement that closes *intent*, and its values.

    Args:
        intent: The intent to close.
        in_job: Whether it belongs to a bulk job, whose next run needs to know of it.
        done: Whether the change was carried out.
        object_id: The id of the object that it created or changed.
    """
    if not in_job:
        return _REMOVE, (intent.salt,)
    return _RESOLVE, ("done" if done else "not_done", object_id, intent.salt)
