"""The entries of a journal: one for each change that is on its way, until its answer comes."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from subhub.errors import JournalError
from subhub.recovery.intents import Intent
from subhub.recovery.journal.database import Database
from subhub.recovery.journal.locks import LockFile, held
from subhub.recovery.journal.work import PreviousStep, Step, current_item

logger = logging.getLogger("subhub")

_WRITE: Final = """INSERT OR REPLACE INTO intents
    (name, session, provider, account, operation, token, sent_at, job, item, step)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_REMOVE: Final = "DELETE FROM intents WHERE name = ?"
_SETTLE: Final = "UPDATE intents SET state = ?, object = ? WHERE name = ?"
_LOST: Final = "UPDATE intents SET session = '', token = ? WHERE name = ?"
_OPEN: Final = """SELECT token, session, job FROM intents
    WHERE state = 'open' AND provider = ? AND account = ? ORDER BY sent_at"""


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A change of which the journal does not know what became of it.

    `token` is for `client.resolve`. `in_flight` means that the process that sends it still lives,
    and may yet get its answer. `job` is the bulk job that it belongs to.
    """

    token: str
    operation: str
    sent_at: dt.datetime
    in_flight: bool
    job: str | None = None

    def is_of(self, intent: Intent) -> bool:
        """Whether this is what *intent* says; a token that was read later says a little more."""
        return Intent.read(self.token).salt == intent.salt


class Journal:
    """The journal in the file at *path*; a `JournalError` says why it cannot be used.

    It may be shared by threads, and the file by processes of one machine.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.database = Database(self.path)
        self._sessions = _Sessions(self.path)

    def entry(self, intent: Callable[[], Intent], operation: str) -> JournalEntry:
        """The entry of a call, which is written when its change goes out."""
        work = current_item.get()
        return JournalEntry(self, intent, work.step(operation) if work else None)

    def open_intents(self, provider: str, account: str) -> list[OpenIntent]:
        """What is open of one account, oldest first."""
        found: list[OpenIntent] = []
        for token, session, job in self.database.read(_OPEN, (provider, account)):
            intent = Intent.read(token)
            found.append(
                OpenIntent(
                    token,
                    intent.operation,
                    dt.datetime.fromisoformat(intent.sent_at),
                    in_flight=self._sessions.lives(session),
                    job=job,
                )
            )
        return found

    def write(self, intent: Intent, step: Step | None) -> None:
        """Write *intent* down, durably; nothing may be sent before this has returned."""
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
        self.database.write(_WRITE, values, durable=True)

    def settle(self, intent: Intent, *, done: bool, object_id: str | None = None) -> bool:
        """Note what became of *intent*: of a job, it is kept for the next run of that job.

        Whether it was there to be noted.
        """
        jobs = self.database.read("SELECT job FROM intents WHERE name = ?", (intent.salt,))
        if jobs:
            in_job = jobs[0][0] is not None
            statement, values = _closing(intent, in_job=in_job, done=done, object_id=object_id)
            self.database.write(statement, values, durable=False)
        return bool(jobs)

    def close(self) -> None:
        """Close the file; what is open stays open in it."""
        self.database.close()
        self._sessions.end()


class JournalEntry:
    """One call in the journal."""

    def __init__(self, journal: Journal, intent: Callable[[], Intent], step: Step | None) -> None:
        self._journal = journal
        self._make = intent
        self._intent: Intent | None = None
        self._step = step
        self._written = False

    @property
    def past(self) -> PreviousStep | None:
        """What an earlier run of the same job did in this step."""
        return self._step.past if self._step else None

    @property
    def intent(self) -> Intent:
        """What the call is meant to do."""
        if self._intent is None:
            self._intent = self._make()
        return self._intent

    def sending(self) -> None:
        """Write the intent down."""
        self._written = True  # first: Ctrl-C in the middle of writing leaves one to be taken back
        try:
            self._journal.write(self.intent, self._step)
        except JournalError:
            self._written = False
            raise

    def unsent(self) -> None:
        """Take it back: the request was not carried out."""
        self.close(done=False)

    def lost(self, token: str) -> None:
        """Nobody waits for its answer any more; *token* says since when, and it stays open."""
        if self._written:
            self._note(_LOST, (token, self.intent.salt))
            self._written = False

    def close(self, *, done: bool, object_id: str | None = None) -> None:
        """Note what became of it, and the id of what it made or changed.

        The answer is there already and must not be lost, whatever happens to the journal: then the
        intent stays open, and is found out about when it is settled.
        """
        if not self._written:
            return
        in_job = self._step is not None
        self._note(*_closing(self.intent, in_job=in_job, done=done, object_id=object_id))
        self._written = False  # last: after Ctrl-C in the middle, `lost` still has to be noted

    def _note(self, statement: str, values: Sequence[object]) -> None:
        try:
            self._journal.database.write(statement, values, durable=False)
        except JournalError as error:
            logger.warning("the answer to `%s` stays open: %s", self.intent.operation, error)


def _closing(
    intent: Intent, *, in_job: bool, done: bool, object_id: str | None
) -> tuple[str, tuple[object, ...]]:
    """What closes *intent*: it goes, unless the next run of a job has to know of it."""
    if not in_job:
        return _REMOVE, (intent.salt,)
    return _SETTLE, ("done" if done else "not_done", object_id, intent.salt)


class _Sessions:
    """Tells which of the processes that wrote in a journal still live."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._own: tuple[int, str, LockFile] | None = None

    def own(self) -> str:
        """The name of this process's session, which lives until `end` or the process's end."""
        with self._lock:
            if self._own is None or self._own[0] != os.getpid():
                name = secrets.token_hex(8)
                lock = LockFile.take(self._file(name))
                assert lock is not None  # noqa: S101 - nobody else knows the name
                self._own = (os.getpid(), name, lock)
            return self._own[1]

    def lives(self, name: str) -> bool:
        """Whether the session *name* has not ended."""
        mine = self._own is not None and self._own[1] == name
        return mine or held(self._file(name))

    def end(self) -> None:
        """End this process's own session."""
        with self._lock:
            if self._own is not None and self._own[0] == os.getpid():
                self._own[2].release()
            self._own = None

    def _file(self, name: str) -> Path:
        return self._path.with_name(f"{self._path.name}-{name}.lock")
