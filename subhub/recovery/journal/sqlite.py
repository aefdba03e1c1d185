"""The SQLite database of a journal: opening, checking, reading and writing, with clear errors.

Nothing here waits for a lock: a change waits outside of the event loop.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from subhub.errors import JournalError
from subhub.recovery.journal.files import JournalFiles
from subhub.recovery.journal.schema import UnfitFileError, bring_up_to_date, is_current
from subhub.recovery.journal.sessions import Sessions
from subhub.recovery.journal.storage import Locked, Statement, Write
from subhub.system.forks import Forkable


class SQLiteDatabase(Forkable):
    """The database file at *path*; created if it is missing, in a folder that must exist.

    Any number of threads may use it, and a process may fork while it is open. A relative path
    counts from the working folder of this moment. A file that is locked just now is opened when it
    is used. Once it was open, a file that was removed, replaced or cut is refused: what is written
    there would be lost.
    """

    remote = False  # a local disk answers at once

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.place = str(self.path)
        self._files = JournalFiles(self.path)
        self._sessions = Sessions(self.path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        super().__init__()
        with self._lock, suppress(Locked):
            _ = self._open()

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Database.read`. Raises `Locked` if the file is."""
        with self._lock:
            try:
                return self._open().execute(statement, values).fetchall()
            except sqlite3.Error as error:
                self._refuse(error)

    def write(self, *statements: Statement, durable: bool, guarded: bool = False) -> bool:
        """See `Database.write`. Raises `Locked` if the file is.

        What is not durable survives a power failure from the next durable write on.
        """
        return self.write_group([Write(statements, durable, guarded)])[0]

    def write_group(self, writes: Sequence[Write]) -> list[bool]:
        """See `GroupingDatabase.write_group`. Raises `Locked` if the file is."""
        durable = any(write.durable for write in writes)
        with self._lock:
            done = self._execute(writes, durable=durable)
            if durable:
                self._check(written=True)
            return done

    def session(self) -> str:
        """Return the name of this process's session."""
        return self._sessions.own()

    def lives(self, session: str) -> bool:
        """Return whether *session* has not ended; "" stands for one that has."""
        return self._sessions.is_alive(session)

    def close(self) -> None:
        """Close the file, and end the session; it is opened again when it is next used."""
        with self._lock:
            self._disconnect()
        self._sessions.end()

    def before_fork(self) -> None:
        """Close the file, and let no other thread open it until the fork is over.

        SQLite's locks belong to the process, but its notes about them are inherited by a child. A
        child would rely on locks that it does not have. Its parent, when it closes the file, would
        find it unused and delete the WAL, and with it what the child has written.
        """
        _ = self._lock.acquire()
        with suppress(sqlite3.Error):
            self._disconnect()

    def after_fork_in_parent(self) -> None:
        """Let the threads of this process use the file again."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Let go of the lock, which the parent has for the fork."""
        self._lock = threading.Lock()

    def _execute(self, writes: Sequence[Write], *, durable: bool) -> list[bool]:
        # FULL syncs the WAL at each commit, NORMAL only at a checkpoint. Setting the level for each
        # write takes a tenth of a change's time. A second connection, for the other level, would
        # lose it again: each would find its cached pages outdated by the other.
        level = "FULL" if durable else "NORMAL"
        try:
            connection = self._open()
            _ = connection.execute(f"PRAGMA synchronous = {level}")
            if len(writes) == len(writes[0].statements) == 1:
                return [_carry_out(connection, writes[0])]
            with connection:  # commits, or rolls back
                _ = connection.execute("BEGIN IMMEDIATE")
                return [_carry_out(connection, write) for write in writes]
        except sqlite3.Error as error:
            self._refuse(error)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._files.closed()
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            self._check()
            return self._connection
        self._check()  # it must not be created a second time
        try:
            self._files.create()
            # In autocommit mode, a statement is durable or not as soon as it was executed.
            connection = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                self._files.closed()
                raise
        except OSError as error:
            raise self._error(_CANNOT_OPEN) from error
        except UnfitFileError as error:
            raise self._error(str(error)) from error
        except sqlite3.Error as error:
            self._refuse(error)
        self._connection = connection
        return connection

    def _check(self, *, written: bool = False) -> None:
        """Raise `JournalError` unless the files are the ones that were opened."""
        try:
            fate = self._files.fate(written=written)
        except OSError as error:
            raise self._error(f"cannot be used: {error.strerror}") from error
        if fate is not None:
            raise self._error(
                f"was {fate} while it was in use. Put it back, or restart the program to begin a "
                "new one."
            )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if not is_current(connection):
            # A new file's only. SQLite writes whole pages, and takes three of 4096 for an entry: it
            # stores what is longer than a quarter of a page apart from it.
            _ = connection.execute("PRAGMA page_size = 8192")
            with connection:  # commits, or rolls back
                _ = connection.execute("BEGIN IMMEDIATE")
                bring_up_to_date(connection)
            self._files.make_private()
        _ = connection.execute("PRAGMA journal_mode = WAL").fetchall()
        # Entries are short-lived. A short WAL is copied back quickly, and its pages, which are
        # overwritten in turn, stay in the system's cache.
        _ = connection.execute("PRAGMA wal_autocheckpoint = 200").fetchall()
        _ = connection.execute("SELECT 1 FROM jobs LIMIT 1").fetchall()  # now SQLite opens the WAL
        self._files.opened()

    def _refuse(self, error: sqlite3.Error) -> NoReturn:
        code = code_of(error)
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise Locked(f"the journal {str(self.path)!r} is locked by another program") from error
        raise self._error(problem_of(error)) from error

    def _error(self, problem: str) -> JournalError:
        return JournalError(f"the journal {str(self.path)!r} {problem}")


def _carry_out(connection: sqlite3.Connection, write: Write) -> bool:
    for number, statement in enumerate(write.statements):
        changed = connection.execute(*statement).rowcount
        if write.guarded and not number and changed < 1:  # so there is nothing to take back
            return False
    return True


def code_of(error: sqlite3.Error) -> int:
    """Return the kind of *error*."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the higher bits refine it


def problem_of(error: sqlite3.Error) -> str:
    """Return what is wrong with a database, and what to do; it continues after the file's name."""
    return _PROBLEMS.get(code_of(error), f"cannot be used: {error}")


_DAMAGED: Final = (
    "is damaged or not a SQLite database. Keep the file aside, and set `journal` to another path."
)
_CANNOT_OPEN: Final = "cannot be opened. Check that its folder exists and that you may write there."
_PROBLEMS: Final = {
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_READONLY: (
        "cannot be written. Change the permissions of the file and of its folder."
    ),
    sqlite3.SQLITE_CANTOPEN: _CANNOT_OPEN,
    sqlite3.SQLITE_FULL: "cannot be written, because the disk is full. Make room on it.",
}
