"""Looking at a journal without opening it for writing: nothing is created, changed or removed.

A program may be using the journal meanwhile, and is not disturbed.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from subhub.errors import JournalError
from subhub.recovery.journal.journal import OPEN, OpenIntent, entries
from subhub.recovery.journal.schema import UnfitFileError, has_entries
from subhub.recovery.journal.sessions import Sessions
from subhub.recovery.journal.sqlite import problem_of
from subhub.system.atomic_files import is_writable

if TYPE_CHECKING:
    from subhub.models.identity import Identity

_NO_FOLDER: Final = "cannot be created: its folder does not exist. Create the folder."
_NOT_WRITABLE: Final = "cannot be written. Change the permissions of the file and of its folder."
_TORN: Final = (
    "has a WAL without an index, so it cannot be read without writing. The next program that uses "
    "it puts that right."
)


@dataclass(frozen=True, slots=True)
class JournalState:
    """What was found at the path of a journal.

    `problem` is what is wrong with it, and what to do; it continues after the file's name.
    `permissions` are those of the file, and `None` where there is no file yet. `open` are the
    changes of the account with an unknown outcome, oldest first.
    """

    problem: str | None = None
    permissions: int | None = None
    open: Sequence[OpenIntent] = ()


def inspect(path: Path, identity: Identity, account: str) -> JournalState:
    """Look at the journal at *path*.

    Args:
        path: Where it is, or will be.
        identity: That of the account whose changes are looked for.
        account: The account's name.
    """
    path = path.absolute()
    try:
        permissions = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        problem = None if is_writable(path.parent) else _NOT_WRITABLE
        return JournalState(problem if path.parent.is_dir() else _NO_FOLDER)
    except OSError as error:
        return JournalState(f"cannot be read: {error.strerror}")
    if not (is_writable(path) and is_writable(path.parent)):
        return JournalState(_NOT_WRITABLE, permissions)
    try:
        rows = _rows(path, identity.provider)
        is_alive = partial(Sessions(path).is_alive, tidy=False)
        return JournalState(None, permissions, entries(rows, identity, account, is_alive))
    except UnfitFileError as error:
        problem = str(error)
    except sqlite3.Error as error:
        problem = problem_of(error)
    except JournalError as error:
        problem = f"cannot be used: {error}"
    return JournalState(problem, permissions)


def _rows(path: Path, provider: str) -> list[tuple[Any, ...]]:
    address = f"file:{quote(str(path))}?{_mode(path)}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        if not has_entries(connection):
            return []
        return connection.execute(OPEN, (provider,)).fetchall()


def _mode(path: Path) -> str:
    """Return how SQLite opens the database without creating its other files.

    The index of the WAL is there as long as any program has the journal open, and after one was
    killed. Without a WAL, all is in the database itself, and nothing else is needed.
    """
    database = os.path.realpath(path)  # next to which SQLite has the others
    if Path(f"{database}-shm").exists():
        return "mode=ro&readonly_shm=1"
    wal = Path(f"{database}-wal")
    if wal.exists() and wal.stat().st_size:
        raise UnfitFileError(_TORN)
    return "immutable=1"
