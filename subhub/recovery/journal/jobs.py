"""Bulk jobs: which items are done, and which steps of the others earlier runs completed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from subhub.errors import InvalidRequest
from subhub.file_locks import LockableFile, acquire
from subhub.recovery.journal.items import JobItem, PreviousStep
from subhub.recovery.journal.sessions import lock_errors

if TYPE_CHECKING:
    from subhub.recovery.journal.journal import Journal

_STEPS: Final = """SELECT step, operation, state, token, object FROM intents
    WHERE job = ? AND item = ? ORDER BY step"""
_BEGUN_ITEMS: Final = """SELECT item FROM items WHERE job = ?
    UNION SELECT item FROM intents WHERE job = ? AND state != 'not_done'"""
_OPEN: Final = "SELECT token FROM intents WHERE job = ? AND state = 'open' ORDER BY sent_at"


class Job:
    """The bulk job *name* of one account. One process at a time works on it.

    Args:
        journal: Where the job is kept.
        provider: The account's provider.
        account: The account's name.
        name: The job's name, unique within the account.

    Raises `InvalidRequest` while another process works on the job.
    """

    def __init__(self, journal: Journal, provider: str, account: str, name: str) -> None:
        self._journal = journal
        self._name = name
        self.id = _hash(f"{provider}\0{account}\0{name}")
        self._lock = self._acquired(journal.path)

    @property
    def started(self) -> bool:
        """Whether an earlier run completed or attempted any of its items."""
        statement = """SELECT 1 FROM items WHERE job = ?
            UNION ALL SELECT 1 FROM intents WHERE job = ? LIMIT 1"""
        return bool(self._journal.database.read(statement, (self.id, self.id)))

    @property
    def begun(self) -> set[str]:
        """The names of the items of which an earlier run did, or may have done, something."""
        rows = self._journal.database.read(_BEGUN_ITEMS, (self.id, self.id))
        return {item for (item,) in rows}

    def name_of(self, key: str) -> str:
        """Return the name of the item *key* in the journal, which does not reveal it."""
        return self._item(key)

    def open_tokens(self) -> list[str]:
        """Return the tokens of changes with an unknown outcome, oldest first."""
        return [token for (token,) in self._journal.database.read(_OPEN, (self.id,))]

    def done(self, key: str) -> tuple[bool, str | None]:
        """Return whether the item *key* is done, and the id of the object that it created."""
        statement = "SELECT object FROM items WHERE job = ? AND item = ?"
        rows = self._journal.database.read(statement, (self.id, self._item(key)))
        return bool(rows), rows[0][0] if rows else None

    def item(self, key: str) -> JobItem:
        """Return the item *key* with its steps of earlier runs."""
        item = self._item(key)
        rows = self._journal.database.read(_STEPS, (self.id, item))
        return JobItem(self.id, item, {number: PreviousStep(*step) for number, *step in rows})

    def finish(self, item: JobItem, object_id: str | None) -> None:
        """Mark *item* as done; its steps are no longer needed."""
        place = (item.job, item.item)
        self._journal.database.write_together(
            ("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (*place, object_id)),
            ("DELETE FROM intents WHERE job = ? AND item = ?", place),
        )

    def release(self) -> None:
        """Let other processes work on the job."""
        self._lock.remove()

    def _item(self, key: str) -> str:
        return _hash(f"{self.id}\0{key}")

    def _acquired(self, journal: Path) -> LockableFile:
        path = journal.with_name(f"{journal.name}-{self.id}.lock")
        with lock_errors(path):
            lock = acquire(path)
        if lock is None:
            raise InvalidRequest.of("job", f"another process is working on the job {self._name!r}")
        return lock


def _hash(text: str) -> str:
    """Return a name for *text* that does not reveal it; it may be an e-mail address."""
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"subhub-journal").hexdigest()
