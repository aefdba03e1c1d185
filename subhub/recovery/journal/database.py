"""The SQLite database of a journal: opening, checking, reading and writing, with clear errors."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from subhub.errors import JournalError

_MARK: Final = 0x73756268  # "subh": SQLite keeps it in the head of the file
_VERSION: Final = 1
_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS intents (
        name TEXT PRIMARY KEY,
        session TEXT NOT NULL,
        provider TEXT NOT NULL,
        account TEXT NOT NULL,
        operation TEXT NOT NULL,
        token TEXT NOT NULL,
        sent_at TEXT NOT NULL,
        job TEXT,
        item TEXT,
        step INTEGER,
        state TEXT NOT NULL DEFAULT 'open',
        object TEXT
    ) WITHOUT ROWID""",
    """CREATE UNIQUE INDEX IF NOT EXISTS steps
        ON intents (job, item, step) WHERE job IS NOT NULL""",
    """CREATE TABLE IF NOT EXISTS items (
        job TEXT NOT NULL,
        item TEXT NOT NULL,
        object TEXT,
        PRIMARY KEY (job, item)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {_MARK}",
    f"PRAGMA user_version = {_VERSION}",
)


class Database:
    """The database file at *path*; created if it is missing, in a folder that must exist.

    Any number of threads may use it, and a process may fork while it is open. *patience* is how
    many seconds it waits while another program has locked the file.
    """

    def __init__(self, path: Path, patience: float = 5.0) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        with self._lock:
            _ = self._open()
        _databases.add(self)

    def write(self, statement: str, values: Sequence[object] = (), *, durable: bool) -> None:
        """Execute *statement* in a transaction of its own.

        Args:
            statement: The SQL.
            values: The values of its placeholders.
            durable: Whether its effect must survive a power failure. If not, it survives the end of
                the process, and a power failure from the next durable write on.
        """
        # FULL syncs the WAL at each commit, NORMAL only at a checkpoint. Setting the level for each
        # write takes 3 microseconds of a change's 115. A second connection, for the other level,
        # would lose them again: each would find its cached pages outdated by the other.
        level = "FULL" if durable else "NORMAL"
        with self._lock:
            try:
                connection = self._open()
                _ = connection.execute(f"PRAGMA synchronous = {level}")
                _ = connection.execute(statement, values)
            except sqlite3.Error as error:
                self._refuse(error)

    def write_together(self, *statements: tuple[str, Sequence[object]]) -> None:
        """Execute all of *statements*, or none."""
        with self._lock:
            try:
                with self._open() as connection:  # commits, or rolls back
                    _ = connection.execute("BEGIN IMMEDIATE")
                    for statement, values in statements:
                        _ = connection.execute(statement, values)
            except sqlite3.Error as error:
                self._refuse(error)

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that *statement* selects."""
        with self._lock:
            try:
                return self._open().execute(statement, values).fetchall()
            except sqlite3.Error as error:
                self._refuse(error)

    def close(self) -> None:
        """Close the file; it is opened again when it is next used."""
        with self._lock:
            self._disconnect()

    def before_fork(self) -> None:
        """Close the file, and let no other thread open it until `after_fork`.

        SQLite's locks belong to the process, but its notes about them are inherited by a child. A
        child would rely on locks that it does not have. Its parent, when it closes the file, would
        find it unused and delete the WAL, and with it what the child has written.
        """
        _ = self._lock.acquire()
        self._disconnect()

    def after_fork(self) -> None:
        """Let the threads of this process use the file again."""
        self._lock.release()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        try:
            # In autocommit mode, a statement is durable or not as soon as it was executed.
            connection = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            self._refuse(error)
        try:
            self._prepare_patiently(connection)
            # Entries are short-lived. A short WAL is copied back quickly, and its pages, which are
            # overwritten in turn, stay in the system's cache.
            _ = connection.execute("PRAGMA wal_autocheckpoint = 200").fetchall()
            patience = round(self._patience * 1000)
            _ = connection.execute(f"PRAGMA busy_timeout = {patience}").fetchall()
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                self._refuse(error)
            raise
        self._connection = connection
        return connection

    def _prepare_patiently(self, connection: sqlite3.Connection) -> None:
        """Prepare the file, again and again while another process is doing the same.

        SQLite's own `busy_timeout` does not wait for the lock that switching to WAL needs.
        """
        until = time.monotonic() + self._patience
        while True:
            try:
                return self._prepare(connection)
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if not self._is_journal(connection):
            with connection:  # commits, or rolls back
                _ = connection.execute("BEGIN IMMEDIATE")
                self._create(connection)
        _ = connection.execute("PRAGMA journal_mode = WAL").fetchall()

    def _is_journal(self, connection: sqlite3.Connection) -> bool:
        [(mark,)] = connection.execute("PRAGMA application_id").fetchall()
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        if mark == _MARK and version != _VERSION:
            problem = f"was written by another version of subhub (format {version}). Update subhub."
            raise self._error(problem)
        return bool(mark == _MARK)

    def _create(self, connection: sqlite3.Connection) -> None:
        if self._is_journal(connection):
            return  # another process created it while this one waited for the lock
        [(used,)] = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        if used:
            raise self._error("is another program's database. Set `journal` to a file of its own.")
        for statement in _SCHEMA:
            _ = connection.execute(statement)

    def _refuse(self, error: sqlite3.Error) -> NoReturn:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the higher bits refine it
        problem = _PROBLEMS.get(code, f"cannot be used: {error}")
        raise self._error(problem) from error

    def _error(self, problem: str) -> JournalError:
        return JournalError(f"the journal {str(self.path)!r} {problem}")


_DAMAGED: Final = (
    "is damaged or not a SQLite database. Keep the file aside, and set `journal` to another path."
)
_LOCKED: Final = "is locked by another program. End that program."
_PROBLEMS: Final = {
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: (
        "cannot be written. Change the permissions of the file and of its folder."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened. Check that its folder exists and that you may write there."
    ),
    sqlite3.SQLITE_FULL: "cannot be written, because the disk is full. Make room on it.",
}

_databases: Final[weakref.WeakSet[Database]] = weakref.WeakSet()
_forking: Final[list[Database]] = []


def _before_fork() -> None:
    for database in list(_databases):
        database.before_fork()
        _forking.append(database)


def _after_fork() -> None:
    while _forking:
        _forking.pop().after_fork()


with suppress(AttributeError):  # Windows does not fork
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
