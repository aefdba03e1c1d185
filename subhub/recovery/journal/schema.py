"""The schema of a journal's database: created, and brought up to date from earlier versions.

Version 1 did not know whose account an entry or a job was of. Its entries are kept; `Tracker` and
`Job` say what that means. In version 2, where one process at a time worked on a job, `items` had a
row for what is done only; now it is `job_items`.
"""

from __future__ import annotations

import sqlite3
from typing import Final

_MARK: Final = 0x73756268  # "subh": SQLite keeps it in the head of the file
_FIRST: Final = (
    """CREATE TABLE intents (
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
    """CREATE UNIQUE INDEX steps
        ON intents (job, item, step) WHERE job IS NOT NULL""",
    """CREATE TABLE items (
        job TEXT NOT NULL,
        item TEXT NOT NULL,
        object TEXT,
        PRIMARY KEY (job, item)
    ) WITHOUT ROWID""",
)
_SECOND: Final = (
    """CREATE TABLE jobs (
        job TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        account TEXT NOT NULL,
        identity TEXT NOT NULL
    ) WITHOUT ROWID""",
)
_THIRD: Final = (
    "ALTER TABLE items ADD COLUMN claim TEXT",  # of the call that works on it; NULL: it is done
    "ALTER TABLE items ADD COLUMN session TEXT",
    "ALTER TABLE items ADD COLUMN changed_at DOUBLE PRECISION",  # seconds since 1970
    # A program of an earlier version that has the journal open would take every row for done.
    "ALTER TABLE items RENAME TO job_items",
)
MIGRATIONS: Final = (_FIRST, _SECOND, _THIRD)
"""What each version of the format adds to the one before; the last one is the present format."""
VERSION: Final = len(MIGRATIONS)
LOCKS: Final = "CREATE TABLE locks (name TEXT PRIMARY KEY, session TEXT NOT NULL)"
"""Locks between the processes that share a database, where they have no files to lock."""


class UnfitFileError(Exception):
    """The file is not a journal of this version; the text says what to do."""


def is_current(connection: sqlite3.Connection) -> bool:
    """Return whether the schema is the present one; raise `UnfitFileError` for a later one."""
    version = _version(connection)
    if version > VERSION:
        problem = f"was written by a later version of subhub (format {version}). Update subhub."
        raise UnfitFileError(problem)
    return version == VERSION


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create the schema, or what is missing of it, in the transaction that is open.

    Another process may have done it while this one waited for the lock.
    """
    if is_current(connection):
        return
    version = _version(connection) if has_entries(connection) else 0
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            _ = connection.execute(statement)
    _ = connection.execute(f"PRAGMA application_id = {_MARK}")
    _ = connection.execute(f"PRAGMA user_version = {VERSION}")


def has_entries(connection: sqlite3.Connection) -> bool:
    """Return whether there is a table of entries, of this version or of an earlier one.

    Raises `UnfitFileError` for a later version, and for the database of another program.
    """
    if is_current(connection) or _version(connection):
        return True
    [(used,)] = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    if used:
        problem = "is another program's database. Set `journal` to a file of its own."
        raise UnfitFileError(problem)
    return False


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of the journal, or 0 for a database that is none."""
    [(mark,)] = connection.execute("PRAGMA application_id").fetchall()
    [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    return int(version) if mark == _MARK else 0
