"""Locks between processes on several machines: a row that names the session of its holder.

Such a lock ends with the session, and so with the process, however that ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from subhub.recovery.journal.storage import BufferedDatabase, Database

_HOLDER: Final = "SELECT session FROM locks WHERE name = ?"
_TAKE: Final = """INSERT INTO locks (name, session) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET session = excluded.session WHERE locks.session = ?"""
_RELEASE: Final = "DELETE FROM locks WHERE name = ? AND session = ?"


@dataclass(frozen=True, slots=True)
class RowLock:
    """A lock that this process holds."""

    database: BufferedDatabase
    name: str
    session: str

    def remove(self) -> None:
        """Release it, without waiting for that."""
        self.database.write_soon((_RELEASE, (self.name, self.session)))


def try_row_lock(database: BufferedDatabase, sessions: Database, name: str) -> RowLock | None:
    """Lock *name*; return None when a living session has it.

    Args:
        database: Where the locks are.
        sessions: The same, which knows who lives.
        name: What to lock.
    """
    rows = database.read(_HOLDER, (name,))
    holder: str = rows[0][0] if rows else ""
    if sessions.lives(holder):
        return None
    session = sessions.session()
    # Another process may have taken it since: it is taken from the holder that was found, only.
    taken = database.write((_TAKE, (name, session, holder)), durable=False, guarded=True)
    return RowLock(database, name, session) if taken else None
