"""The permit file: the permits of one account, shared by all processes of one machine.

The cells lie in a memory-mapped file and are used under a lock on that file, which the system
releases when a process ends. A process that is killed with requests in flight leaves their leases,
which expire by themselves. The file holds only times; its name is a fingerprint of the key, never
the key. It must lie on a local disk, because network file systems do not share memory.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, TypeVar

from subhub.errors import ConfigError
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.permits import Cells, Permits
from subhub.sending.ratelimit.stores import LEASE, StoreUnavailable
from subhub.system.atomic_files import is_writable
from subhub.system.file_locks import LockableFile

T = TypeVar("T")

_MARK: float = struct.unpack("=d", b"subhub-1")[0]
_HAS_USERS: Final = hasattr(os, "geteuid")
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH if _HAS_USERS else 0
_HEAD = struct.Struct("=3d")  # the mark, the permits, the window


class SharedStore:
    """A permit file in *directory* for the account whose limit *key* identifies.

    It belongs to one queue; several in one process each take a store of their own.

    Args:
        directory: The folder of the files, created if it is missing; the same for all processes. A
            relative path counts from the working folder of this moment.
        key: What the provider counts by: the API key, or whatever all users of a limit share.
        lease: The most seconds that a request can be in flight. After a crash a permit is free
            again after these and one window. A longer request is counted as lost meanwhile.
    """

    remote = False  # a local disk answers at once

    def __init__(self, directory: str | os.PathLike[str], key: str, lease: float = LEASE) -> None:
        self.path = Path(directory).absolute() / f"{fingerprint(key)}.permits"
        self.lease = lease
        self._permits: Permits | None = None
        self._file: _PermitFile | None = None

    def open(self, permits: Permits) -> SharedStore:
        """Open or create the file; raise `ConfigError` if it cannot be used.

        One that another process has locked is checked when it is used.
        """
        self._permits = permits
        with self:
            return self

    def update(self, now: float, change: Callable[[Cells, float], T]) -> T:
        """Call *change* while no other process has the file; do not wait for one that has it."""
        with self as cells:
            if cells is None:
                message = f"the permit file {str(self.path)!r} is locked by another process"
                raise StoreUnavailable(message)
            return change(cells, now)

    def close(self) -> None:
        """Close the file; it is opened again when it is next used."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __enter__(self) -> Cells | None:
        assert self._permits is not None  # noqa: S101 - the queue opens its store
        while True:
            try:
                file = self._opened()
                locked, found = file.try_lock(), os.fstat(file.descriptor)
                if found.st_nlink:
                    return file.cells(self._permits, found.st_size) if locked else None
            except OSError as error:
                self.close()
                raise self._unusable(error) from error
            except BaseException:
                self.close()
                raise
            # The file was removed while it was open here. Other processes look for it by its name
            # and cannot find these cells, so all of them have to meet in a new file.
            self.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._file is not None  # noqa: S101 - the queue closes no store in use
        self._file.unlock()

    def _opened(self) -> _PermitFile:
        if self._file is None or self._file.closed:  # closed in a forked child
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_folder(self.path.parent, self.path.parent.stat())
            file = _PermitFile(self.path)
            check_file(self.path, os.fstat(file.descriptor))
            self._file = file
        return self._file

    def _unusable(self, error: OSError) -> ConfigError:
        problem = f"the permit file {str(self.path)!r} cannot be used: {error.strerror}"
        return ConfigError(
            f"{problem}. Set `permits` to a folder on a local disk where you may write."
        )


def check_place(folder: Path, key: str) -> bool:
    """Return whether the folder of a permit file is there; nothing is created or opened.

    Raises `ConfigError` if the file could not be used.

    Args:
        folder: The folder of the files.
        key: What the file of the account is found by.
    """
    path = folder.absolute() / f"{fingerprint(key)}.permits"
    try:
        found = path.parent.stat()
    except FileNotFoundError:
        above = next(above for above in path.parent.parents if above.exists())
        _check_writable(above)
        return False
    except OSError as error:
        raise ConfigError(f"the `permits` folder {str(folder)!r}: {error.strerror}") from error
    check_folder(path.parent, found)
    _check_writable(path.parent)
    if path.exists():
        check_file(path, path.stat())
    return True


def _check_writable(folder: Path) -> None:
    if not (folder.is_dir() and is_writable(folder)):
        raise ConfigError(
            f"{str(folder)!r} is not a folder where you may write. Set `permits` to one on a local "
            "disk."
        )


def check_folder(folder: Path, found: os.stat_result) -> None:
    """Refuse a folder in which other users may put files, or files of theirs in place of ours.

    Root does not count: it can do anything anyway. A folder of root's that all may write is safe
    with the sticky bit, as `/tmp` has it: there a user cannot replace the file of another.
    On Windows the permission bits say nothing: it has access lists.
    """
    user, problem = _user(found), None
    if found.st_uid not in {0, user}:
        problem = f"belongs to the user {found.st_uid}, and this process to {user}"
    elif found.st_mode & _OTHERS_WRITE and not found.st_mode & stat.S_ISVTX:
        problem = "can be written by other users"
    if problem is not None:
        raise ConfigError(
            f"the `permits` folder {str(folder)!r} {problem}. Name a folder in it that does not "
            "exist yet, which is then created for you alone, or change its owner and permissions "
            "(chmod 700)."
        )


def check_file(path: Path, found: os.stat_result) -> None:
    """Refuse a file that another user has put into a folder that all may write.

    Its owner could cut it off while it is mapped here, which kills this process.
    """
    if found.st_uid != _user(found):
        raise ConfigError(
            f"the permit file {str(path)!r} belongs to another user. "
            "Set `permits` to a folder of your own."
        )


def _user(found: os.stat_result) -> int:
    """Return the user of this process; on Windows, where there is none, the owner of *found*."""
    return os.geteuid() if _HAS_USERS else found.st_uid


def fingerprint(key: str) -> str:
    """Return a name for *key* that does not reveal it."""
    return hashlib.blake2b(key.encode(), digest_size=12, person=b"subhub-permits").hexdigest()


class _PermitFile(LockableFile):
    """A permit file that is open."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._cells: Cells | None = None
        self._size = 0

    def cells(self, permits: Permits, size: int) -> Cells:
        """Return the cells of the locked file, whose size is *size*."""
        if self._cells is None:
            self._cells = self._mapped(permits, size)
        elif size != self._size:  # reading cells beyond the end would kill the process
            self._refuse("changed its size while it was in use")
        return self._cells

    def _mapped(self, permits: Permits, size: int) -> Cells:
        limit = permits.limit
        head = _HEAD.pack(_MARK, limit.requests, limit.per)
        self._size = len(head) + 8 * permits.cells
        _ = os.lseek(self.descriptor, 0, os.SEEK_SET)
        written = os.read(self.descriptor, len(head))
        if not any(written[:8]):  # new, or its creator was killed: the mark is written last
            self._create(head)
        elif written != head:
            self._refuse_head(written, limit)
        elif size != self._size:
            self._refuse("has the wrong size")
        mapped = mmap.mmap(self.descriptor, self._size)
        cells = memoryview(mapped).cast("d")[_HEAD.size // 8 :]
        if not all(0 <= cell < math.inf for cell in cells):
            self._refuse("holds values that are not times")
        return cells

    def _create(self, head: bytes) -> None:
        """Write the file in its full size, so that a full disk shows here.

        Later it would show as a signal that kills the process: what is mapped is allocated when it
        is first written to.
        """
        try:
            os.ftruncate(self.descriptor, 0)
            _ = os.lseek(self.descriptor, 0, os.SEEK_SET)
            zeros = os.write(self.descriptor, bytes(self._size))
            _ = os.lseek(self.descriptor, 0, os.SEEK_SET)
            _ = os.write(self.descriptor, head)
        except OSError as error:
            self._refuse(f"cannot be written: {error.strerror}", error)
        if zeros < self._size:
            self._refuse("cannot be written: the disk is full")

    def _refuse_head(self, written: bytes, limit: RateLimit) -> NoReturn:
        if len(written) < _HEAD.size or written[:8] != _HEAD.pack(_MARK, 0, 0)[:8]:
            self._refuse("is damaged or not a permit file")
        _, requests, per = _HEAD.unpack(written)
        self._refuse(
            f"was created for {requests:g} requests per {per:g} s,"
            f" but this account is set to {limit.requests} per {limit.per:g} s"
        )

    def _refuse(self, fault: str, cause: OSError | None = None) -> NoReturn:
        remedy = "Use the same settings in all processes, end them, and remove the file."
        raise ConfigError(f"the permit file {str(self.path)!r} {fault}. {remedy}") from cause
