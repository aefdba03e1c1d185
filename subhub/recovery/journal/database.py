"""The database of a journal: opened, checked, and every failure of it put into words."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from subhub.errors import JournalError

_MARK: Final = 0x73756268  # "subh": SQLite keeps it in the head of the file
_VERSION: Final = 1
_FORM: Final = (
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
    """The file at *path*; it is made when it is missing, and its folder has to be there.

    It may be used by many threads. A forked child opens it anew. *patience* is how many seconds it
    waits while another program has locked the file.
    """

    def __init__(self, path: Path, patience: float = 5.0) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.Lock()
        self._process = 0
        self._connection: sqlite3.Connection | None = None
        with self._lock:
            _ = self._open()

    def write(self, statement: str, values: Sequence[object] = (), *, durable: bool) -> None:
        """Carry out *statement*; with *durable*, it also survives the end of the machine."""
        with self._lock:
            try:
                connection = self._open()
                _ = connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                _ = connection.execute(statement, values)
            except sqlite3.Error as error:
                self._refuse(error)

    def write_together(self, *statements: tuple[str, Sequence[object]]) -> None:
        """Carry out all of *statements*, or none."""
        with self._lock:
            try:
                with self._open() as connection:  # commits, or rolls back
                    _ = connection.execute("BEGIN IMMEDIATE")
                    for statement, values in statements:
                        _ = connection.execute(statement, values)
            except sqlite3.Error as error:
                self._refuse(error)

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows that *statement* finds."""
        with self._lock:
            try:
                return self._open().execute(statement, values).fetchall()
            except sqlite3.Error as error:
                self._refuse(error)

    def close(self) -> None:
        """Close the file; it is opened again if it is used again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        try:
            connection = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            self._refuse(error)
        try:
            self._prepare_patiently(connection)
            # Entries come and go: a short log is taken over quickly, and stays in the cache.
            _ = connection.execute("PRAGMA wal_autocheckpoint = 200").fetchall()
            patience = round(self._patience * 1000)
            _ = connection.execute(f"PRAGMA busy_timeout = {patience}").fetchall()
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                self._refuse(error)
            raise
        self._connection, self._process = connection, os.getpid()
        return connection

    def _prepare_patiently(self, connection: sqlite3.Connection) -> None:
        """SQLite itself does not wait for another process that is just making the file."""
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
        if not self._known(connection):
            with connection:  # commits, or rolls back
                _ = connection.execute("BEGIN IMMEDIATE")
                self._make(connection)
        _ = connection.execute("PRAGMA journal_mode = WAL").fetchall()

    def _known(self, connection: sqlite3.Connection) -> bool:
        [(mark,)] = connection.execute("PRAGMA application_id").fetchall()
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        if mark == _MARK and version != _VERSION:
            self._tell(f"was written by another version of subhub (form {version}): update subhub")
        return bool(mark == _MARK)

    def _make(self, connection: sqlite3.Connection) -> None:
        if self._known(connection):
            return  # another process has just made it
        [(used,)] = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        if used:
            self._tell("is another program's database: give `journal` a file of its own")
        for statement in _FORM:
            _ = connection.execute(statement)

    def _refuse(self, error: sqlite3.Error) -> NoReturn:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest only refines it
        problem = _PROBLEMS.get(code, f"cannot be used ({error})")
        raise JournalError(self._said(problem)) from error

    def _tell(self, problem: str) -> NoReturn:
        raise JournalError(self._said(problem))

    def _said(self, problem: str) -> str:
        return f"the journal {str(self.path)!r} {problem}"


_DAMAGED: Final = "is damaged or no SQLite file: keep it aside, and give `journal` another path"
_LOCKED: Final = "is locked by another program, for too long: end that"
_PROBLEMS: Final = {
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: "may not be written: change the rights of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: is its folder there, and may it be written?",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
}
