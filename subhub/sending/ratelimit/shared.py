"""The permit file: the permits of one account for all processes of one machine.

The cells lie in a memory-mapped file and are used under a lock on that file, which the system drops
when a process ends. A process that is killed with requests in flight leaves their leases, which run
out by themselves. The file holds times only; its name is a fingerprint of the key, never the key.
It must lie on a disk of this machine: network file systems keep no common memory.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import struct
import weakref
from pathlib import Path
from types import ModuleType, TracebackType
from typing import NoReturn

from subhub.errors import ConfigError
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.permits import Cells, Permits

_MARK: float = struct.unpack("=d", b"subhub-1")[0]
_HEAD = struct.Struct("=3d")  # the mark, the permits, the window


class SharedStore:
    """A permit file in *directory* for the account whose limit *key* identifies.

    Args:
        directory: Where the files are; made when it is missing. All processes name the same one.
        key: What the provider counts by: the API key, or whatever all users of a limit share.
        lease: The most seconds that a request can be in flight. After a crash a permit is back
            after these and one window; a request that takes longer is no longer provided for.

    One pacer's only; several in one process each take a store of their own.
    """

    def __init__(self, directory: str | os.PathLike[str], key: str, lease: float = 120.0) -> None:
        self.path = Path(directory) / f"{fingerprint(key)}.permits"
        self.lease = lease
        self._permits: Permits | None = None
        self._file: _File | None = None
        self._locks = _locks()

    def prepare(self, permits: Permits) -> None:
        """Open the file, or make it; a `ConfigError` says why it cannot be used."""
        self._permits = permits
        with self:
            pass

    def close(self) -> None:
        """Close the file; it is opened again if it is used again."""
        file, self._file = self._file, None
        if file is not None:
            _ = file.close()

    def __enter__(self) -> Cells:
        assert self._permits is not None  # noqa: S101 - the pacer prepares its store
        while True:
            if self._file is None or self._file.process != os.getpid():
                self._file = _File(self.path)  # a forked child would share its parent's lock
            file = self._file
            self._locks.flock(file.descriptor, self._locks.LOCK_EX)
            try:
                cells = file.cells(self._permits)
            except BaseException:
                self.close()
                raise
            if cells is not None:
                return cells
            self.close()  # somebody removed the file: the others look for it under its name, too

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._file is not None  # noqa: S101 - the pacer closes no store that is in use
        self._locks.flock(self._file.descriptor, self._locks.LOCK_UN)


def fingerprint(key: str) -> str:
    """A name for *key* from which the key cannot be found."""
    return hashlib.blake2b(key.encode(), digest_size=12, person=b"subhub-permits").hexdigest()


class _File:
    """One opening of a permit file. Closing it, or losing the last reference, drops its lock."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self.descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            message = f"the permit file {str(path)!r} cannot be opened: {error.strerror}"
            raise ConfigError(message) from error
        self.path = path
        self.process = os.getpid()
        self.close = weakref.finalize(self, os.close, self.descriptor)
        self._cells: Cells | None = None
        self._size = 0

    def cells(self, permits: Permits) -> Cells | None:
        """The cells of the locked file; `None` when it has been removed and must be made anew."""
        found = os.fstat(self.descriptor)
        if not found.st_nlink:
            return None
        if self._cells is None:
            self._cells = self._mapped(permits, found.st_size)
        elif found.st_size != self._size:
            self._refuse("changed its size while it was in use")
        return self._cells

    def _mapped(self, permits: Permits, size: int) -> Cells:
        limit = permits.limit
        head = _HEAD.pack(_MARK, limit.requests, limit.per)
        self._size = len(head) + 8 * permits.cells
        written = os.pread(self.descriptor, len(head), 0)
        if not any(written[:8]):  # new, or its maker was killed: the mark is written last
            self._make(head)
        elif written != head:
            self._refuse_head(written, limit)
        elif size != self._size:
            self._refuse("has not the size that it should have")
        mapped = mmap.mmap(self.descriptor, self._size)
        cells = memoryview(mapped).cast("d")[_HEAD.size // 8 :]
        if not all(0 <= cell < math.inf for cell in cells):
            self._refuse("holds something else than times")
        return cells

    def _make(self, head: bytes) -> None:
        """Write the file; its full size, so that a full disk is noticed here and not later."""
        try:
            os.ftruncate(self.descriptor, 0)
            zeros = os.pwrite(self.descriptor, bytes(self._size), 0)
            _ = os.pwrite(self.descriptor, head, 0)
        except OSError as error:
            self._refuse(f"cannot be written: {error.strerror}", error)
        if zeros < self._size:
            self._refuse("cannot be written: there is no room on the disk")

    def _refuse_head(self, written: bytes, limit: RateLimit) -> NoReturn:
        if len(written) < _HEAD.size or written[:8] != _HEAD.pack(_MARK, 0, 0)[:8]:
            self._refuse("is no permit file, or a damaged one")
        _, requests, per = _HEAD.unpack(written)
        self._refuse(
            f"was made for {requests:g} requests per {per:g} s,"
            f" and this account is set to {limit.requests} per {limit.per:g} s"
        )

    def _refuse(self, fault: str, cause: OSError | None = None) -> NoReturn:
        remedy = "let all processes use the same settings, end them, and remove the file"
        raise ConfigError(f"the permit file {str(self.path)!r} {fault}: {remedy}") from cause


def _locks() -> ModuleType:
    try:
        import fcntl  # noqa: PLC0415 - not every system has it
    except ImportError as error:
        message = "this system has no file locks to share permits by: divide the limit by `share`"
        raise ConfigError(message) from error
    return fcntl
