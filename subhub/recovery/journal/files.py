"""The files of a journal: private, and still the ones that were opened.

SQLite writes on into a file that was removed, and says that all is well. So whether the name still
leads to the open file is looked at for each use. It costs a few microseconds.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

from subhub.system.atomic_files import PRIVATE

Fate: TypeAlias = Literal["removed", "replaced", "cut off"]

_WAL_MAGIC: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


class JournalFiles:
    """The files of the journal at *path*: the database, its WAL, and the index of the WAL.

    Any function may raise `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._wal_path = self._index_path = ""
        self._database: os.stat_result | None = None
        self._wal: os.stat_result | None = None
        self._index: os.stat_result | None = None
        self._suspect = False
        self._cut = False

    def create(self) -> None:
        """Create the database file, for its owner only, if it was never there.

        An existing file is not opened: closing it would release SQLite's locks of this process.
        """
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))

    def make_private(self) -> None:
        """Take the file's permissions from all users but its owner; SQLite's others follow it.

        It is done once for each file. Later an administrator may give it to a group.
        """
        with suppress(PermissionError):  # it belongs to another user, whose business it is
            os.chmod(self._path, PRIVATE)  # noqa: PTH101 - `str` is quicker in all of this

    def opened(self) -> None:
        """Remember the files that SQLite has just opened."""
        database = os.path.realpath(self._path)  # next to which SQLite has the others
        self._wal_path, self._index_path = f"{database}-wal", f"{database}-shm"
        self._database = _stat(database)
        self._wal = _stat(self._wal_path)
        self._index = _stat(self._index_path)

    def closed(self) -> None:
        """Forget the WAL and its index, which SQLite removes and creates as it likes."""
        self._wal = self._index = None

    def fate(self, *, written: bool = False) -> Fate | None:
        """Return what has happened to the files since they were opened, if it was anything.

        With *written*, something was just written into the WAL.
        """
        if self._database is None:
            return None
        try:
            found = _stat(self._path)
            if not (_same(found, self._database) and self._has_others(written=written)):
                return "replaced"
        except (FileNotFoundError, NotADirectoryError):
            return "removed"
        return "cut off" if self._cut or found.st_size < self._database.st_size else None

    def _has_others(self, *, written: bool) -> bool:
        if self._wal is None or self._index is None:
            return True  # SQLite has not opened them
        if not self._has_wal(self._wal, written=written):
            return False
        return written or _same(_stat(self._index_path), self._index)

    def _has_wal(self, known: os.stat_result, *, written: bool) -> bool:
        """Return whether the WAL is the one that is *known*; note whether it was cut off.

        A WAL may become shorter: a checkpoint of another program, such as one that replicates the
        file, cuts it off. Then SQLite begins it again, with a header. If anything else cut it off,
        SQLite writes on where it was, and what it writes is lost.
        """
        found = _stat(self._wal_path)
        self._suspect = self._suspect or found.st_size < known.st_size
        if written:
            self._cut = self._cut or (self._suspect and not self._begins())
            self._suspect = False
            self._wal = found
        return _same(found, known)

    def _begins(self) -> bool:
        with open(self._wal_path, "rb") as wal:  # noqa: PTH123 - as above
            return wal.read(4) in _WAL_MAGIC


def _stat(path: str) -> os.stat_result:
    return os.stat(path)  # noqa: PTH116 - as above


def _same(found: os.stat_result, known: os.stat_result) -> bool:
    return found.st_ino == known.st_ino and found.st_dev == known.st_dev
