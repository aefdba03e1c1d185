"""A file that grows by lines, each on the disk as a whole or not in the file at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from subhub.system.atomic_files import PRIVATE, sync_folder
from subhub.system.file_locks import LockableFile


class LineFile:
    """The file at *path*, open for one process at a time; created if it is missing.

    Every method may raise `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # resolved, because a lock file may not be a link, and this file may
        self._file = LockableFile(Path(os.path.realpath(path)))
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, and let other processes open it."""
        self._file.close()

    def make_private(self) -> None:
        """Let only the owner read the file; a new one is private from the beginning."""
        if stat.S_IMODE(os.fstat(self._descriptor).st_mode) & ~PRIVATE:
            self._file.path.chmod(PRIVATE)

    def content(self) -> bytes:
        """Return everything in the file."""
        size = self._seek_end()
        _ = os.lseek(self._descriptor, 0, os.SEEK_SET)
        found = b""
        while part := os.read(self._descriptor, size - len(found)):
            found += part
        return found

    def ends_with_line(self) -> bool | None:
        """Return whether the last line is whole; `None` if there is none."""
        if not (size := self._seek_end()):
            return None
        _ = os.lseek(self._descriptor, size - 1, os.SEEK_SET)
        return os.read(self._descriptor, 1) == b"\n"

    def set_aside(self, start: int) -> Path | None:
        """Move what follows *start*, the unfinished part of a line, to the end of another file.

        Returns that file. A part of only zeros is removed, and `None` is returned: it is a
        reservation that a crash has left.
        """
        part = self.content()[start:].strip(b"\0")
        other = self.path.with_name(f"{self.path.name}.cut") if part else None
        if other is not None:
            aside = LineFile(other)
            try:
                aside.append(part + b"\n")
            finally:
                aside.close()
        os.ftruncate(self._descriptor, start)
        return other

    def reserve(self, size: int) -> None:
        """Raise `OSError` unless the disk has room for *size* more bytes, as far as can be known.

        The room is given back: another program may use it before this file does.
        """
        end = self._seek_end()
        allocate = getattr(os, "posix_fallocate", None)
        if allocate is None:  # macOS and Windows have no such call
            return
        try:
            allocate(self._descriptor, end, size)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:  # not every file system has it
                raise
        finally:
            os.ftruncate(self._descriptor, end)

    def append(self, line: bytes) -> None:
        """Write *line*; when this returns, it is on the disk. If it raises, the file is as before.

        Ctrl-C in the middle leaves the whole line, or nothing of it.
        """
        if not self._file.has_name():
            raise FileNotFoundError(errno.ENOENT, "it was removed or replaced")
        end = self._seek_end()
        try:
            rest = line
            while rest:  # a disk that is almost full takes a part, and refuses the next write
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError:
            self._truncate(end)
            raise
        except BaseException:
            if self._seek_end() != end + len(line):
                self._truncate(end)
            raise

    @property
    def _descriptor(self) -> int:
        return self._file.descriptor

    def _prepare(self) -> None:
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        if not self._file.try_lock():
            raise BlockingIOError(errno.EWOULDBLOCK, "another process is writing it")
        sync_folder(self._file.path.parent)

    def _seek_end(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_END)

    def _truncate(self, size: int) -> None:
        with suppress(OSError):  # the next run finds the part, and sets it aside
            os.ftruncate(self._descriptor, size)


def whole_length(content: bytes) -> int:
    """Return where the last whole record of CSV ends. A newline inside of quotes ends no record."""
    end = position = quotes = 0
    while newline := content.find(b"\n", position) + 1:
        quotes += content.count(b'"', position, newline)
        position = newline
        if quotes % 2 == 0:
            end = position
    return end
