"""The entries of a journal: one for each change, from before it is sent until it is answered."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import JournalError
from subhub.file_locks import LockableFile, acquire
from subhub.recovery.intents import Intent
from subhub.recovery.journal.database import Database, Locked, Statement
from subhub.recovery.journal.items import PreviousStep, Step, current_item
from subhub.recovery.journal.sessions import Sessions, lock_errors

if TYPE_CHECKING:
    from subhub.models.identity import Identity

logger = logging.getLogger("subhub")

_WRITE: Final = """INSERT OR REPLACE INTO intents
    (name, session, provider, account, operation, token, sent_at, job, item, step)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
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
    still running and may get its answer. `job` is the bulk job that the change belongs to.
    """

    token: str
    operation: str
    sent_at: dt.datetime
    in_flight: bool
    job: str | None = None

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
            found.append(OpenIntent(token, intent.operation, sent_at, in_flight=alive, job=job))
    return found


class Journal:
    """The journal in the file at *path*, which threads and processes of one machine may share.

    A relative path counts from the working folder of this moment. Raises `JournalError`, here and
    whenever it is used, if the file cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.database = Database(Path(path))
        self.path = self.database.path
        self._sessions = Sessions(self.path)

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
        return entries(rows, identity, account, self._sessions.is_alive)

    def write(self, intent: Intent, step: Step | None, *, patience: float = 0.0) -> None:
        """Write *intent* durably; nothing may be sent before this has returned.

        Raises `Locked` while another program has locked the file.

        Args:
            intent: What is to be sent.
            step: The step of a bulk job that it is.
            patience: How many seconds to wait for the lock.
        """
        place = (step.job, step.item, step.number) if step else (None, None, None)
        values = (
            intent.salt,
            self._sessions.own(),
            intent.provider,
            intent.account,
            intent.operation,
            intent.token(),
            intent.sent_at,
            *place,
        )
        self.database.write((_WRITE, values), durable=True, patience=patience)

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
                self.database.write(statement, durable=False, patience=patience)
        return bool(jobs)

    def try_lock(self, name: str) -> LockableFile | None:
        """Lock *name* for the processes that share the journal; `None` when it is locked already.

        `LockableFile.remove` releases it.
        """
        path = self.path.with_name(f"{self.path.name}-{name}.lock")
        with lock_errors(path):
            return acquire(path)

    def close(self) -> None:
        """Close the file; open intents stay in it."""
        self.database.close()
        self._sessions.end()


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

    def sending(self) -> str | None:
        """Write the intent; return why not, while another program has locked the journal."""
        self._written = True  # first: Ctrl-C in the middle of writing leaves one to be taken back
        try:
            self._journal.write(self.intent, self._step)
        except Locked as locked:
            self._written = False
            return str(locked)
        except JournalError:
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

        While the file is locked they are kept, so no call waits for them for ever.
        """
        try:
            return self._journal.database.flush()
        except JournalError as error:
            self._warn(error)
            return True

    def _note(self, statement: Statement) -> None:
        # Not durable: if a power failure undoes it, a closed intent is open again, which costs a
        # look at the provider. The other way round a change would be forgotten.
        try:
            self._journal.database.write_soon(statement)
        except JournalError as error:
            self._warn(error)

    def _warn(self, error: JournalError) -> None:
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
