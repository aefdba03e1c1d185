"""File locks between processes, released by the system when their process ends, however it ends.

The locking itself is `filelock.lock_descriptor`: `flock` on Unix, `LockFileEx` on Windows. Its
`FileLock` opens the file for every lock (45 to 70 microseconds; a permit takes 5 altogether), and
leaves the file behind on Unix, where a journal would collect one of every process.

Every function may raise `OSError`, for instance on a file system without locks.
"""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from subhub.system.atomic_files import PRIVATE
from subhub.system.forks import Forkable

_FLAGS: Final = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class LockableFile(Forkable):
    """An open file that one process at a time can lock; created if it is missing and *create*.

    A lock belongs to the opening, not to the process: two openings in one process exclude each
    other. Losing the last reference closes the file, which releases the lock. Nothing here waits
    for a lock: its holder may be stopped, for an hour.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self.descriptor = os.open(path, _FLAGS | (os.O_CREAT if create else 0), PRIVATE)
        self._close = weakref.finalize(self, os.close, self.descriptor)
        super().__init__()
        import filelock  # noqa: PLC0415 - it takes 25 ms, for those only who have a file to lock

        self._lock = filelock.lock_descriptor
        self._unlock = filelock.unlock_descriptor

    @property
    def closed(self) -> bool:
        """Whether the file was closed; in a forked child, every file of its parent is."""
        return not self._close.alive

    def try_lock(self) -> bool:
        """Lock the file unless another opening of it is locked; return whether it was."""
        return self._lock(self.descriptor, blocking=False)

    def unlock(self) -> None:
        """Release the lock, if it is locked here, and leave the file open."""
        if not self.closed:
            with suppress(OSError):  # Windows refuses to unlock what is not locked
                self._unlock(self.descriptor)

    def close(self) -> None:
        """Release the lock and close the file."""
        # Closing alone would not release it while a duplicate of the descriptor is open, as that
        # of a `mmap` is.
        self.unlock()
        _ = self._close()

    def after_fork_in_child(self) -> None:
        """Close the parent's file; the lock, which is shared, must not be released.

        A child that kept the file open would keep it locked after its parent's end, and a session
        that has ended would seem to be alive.
        """
        _ = self._close()

    def remove(self) -> None:
        """Remove the file, which must be locked here, and close it; do nothing if it is closed."""
        if self.closed:  # by now another process may have locked a file of that name
            return
        # Windows refuses to remove an open file. There the name may go last: while another
        # process has the file open, which it has before it locks it, it cannot be removed.
        removed = _removed(self.path)
        self.close()
        if not removed:
            _ = _removed(self.path)

    def is_linked(self) -> bool:
        """Return whether the file has not been removed."""
        return not self.closed and os.fstat(self.descriptor).st_nlink > 0

    def has_name(self) -> bool:
        """Return whether `path` still leads to this file."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self.descriptor))
        except FileNotFoundError:
            return False


def acquire(path: Path) -> LockableFile | None:
    """Lock the file at *path*, which is created; return None when it is locked already.

    `LockableFile.remove` gives the lock back.
    """
    return _locked(path, create=True)


def is_held(path: Path, *, tidy: bool = True) -> bool:
    """Return whether the file at *path* is locked.

    One that its process left behind is removed, unless *tidy* is false.
    """
    try:
        file = _locked(path, create=False)
    except FileNotFoundError:
        return False
    if file is None:
        return True
    if tidy:
        file.remove()
    else:
        file.close()
    return False


def _locked(path: Path, *, create: bool) -> LockableFile | None:
    while True:
        file = LockableFile(path, create=create)
        if not file.try_lock():
            file.close()
            return None
        if file.has_name():
            return file
        # Its last holder removed it after it was opened here and before it was locked: this lock
        # excludes no other process, because the next one creates another file of that name.
        file.close()


def _removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True
