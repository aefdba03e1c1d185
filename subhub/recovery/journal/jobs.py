"""Bulk jobs: which of their items are done, and what earlier runs did for the others."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from subhub.errors import InvalidRequest
from subhub.recovery.journal.locks import LockFile
from subhub.recovery.journal.work import JobItem, PreviousStep

if TYPE_CHECKING:
    from subhub.recovery.journal.journal import Journal

_STEPS: Final = """SELECT step, operation, state, token, object FROM intents
    WHERE job = ? AND item = ? ORDER BY step"""
_OPEN: Final = "SELECT token FROM intents WHERE job = ? AND state = 'open' ORDER BY sent_at"


class Job:
    """A bulk job *name* of one account: what of it is done. One process at a time works on it."""

    def __init__(self, journal: Journal, provider: str, account: str, name: str) -> None:
        self._journal = journal
        self._name = name
        self.id = _hash(f"{provider}\0{account}\0{name}")
        self._lock = self._taken(journal.path)

    @property
    def begun(self) -> bool:
        """Whether anything is known of it."""
        statement = """SELECT 1 FROM items WHERE job = ?
            UNION ALL SELECT 1 FROM intents WHERE job = ? LIMIT 1"""
        return bool(self._journal.database.read(statement, (self.id, self.id)))

    def open(self) -> list[str]:
        """The tokens of the changes of which nobody knows what became of them, oldest first."""
        return [token for (token,) in self._journal.database.read(_OPEN, (self.id,))]

    def done(self, key: str) -> tuple[bool, str | None]:
        """Whether the item *key* is done, and the id of what it made."""
        statement = "SELECT object FROM items WHERE job = ? AND item = ?"
        rows = self._journal.database.read(statement, (self.id, self._item(key)))
        return bool(rows), rows[0][0] if rows else None

    def work(self, key: str) -> JobItem:
        """The item *key*, with what earlier runs did of it."""
        item = self._item(key)
        rows = self._journal.database.read(_STEPS, (self.id, item))
        return JobItem(self.id, item, {number: PreviousStep(*past) for number, *past in rows})

    def finish(self, work: JobItem, object_id: str | None) -> None:
        """Note that the item is done; its steps need not be known any more."""
        place = (work.job, work.item)
        self._journal.database.write_together(
            ("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (*place, object_id)),
            ("DELETE FROM intents WHERE job = ? AND item = ?", place),
        )

    def release(self) -> None:
        """Let others work on it."""
        self._lock.release()

    def _item(self, key: str) -> str:
        return _hash(f"{self.id}\0{key}")

    def _taken(self, path: Path) -> LockFile:
        lock = LockFile.take(path.with_name(f"{path.name}-{self.id}.lock"))
        if lock is None:
            raise InvalidRequest.of("job", f"another process is at the job {self._name!r}")
        return lock


def _hash(text: str) -> str:
    """A name for *text*, which may be somebody's address, from which it is not read off."""
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"subhub-journal").hexdigest()
