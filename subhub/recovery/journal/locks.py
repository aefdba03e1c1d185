"""Lock files: a lock that the system drops when its process ends, however it ends."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Self

from subhub.errors import JournalError


class LockFile:
    """A lock that is held; see `take`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """The lock of the file at *path*, which is made; `None` when somebody else holds it."""
        while True:
            descriptor = _locked(path, os.O_RDWR | os.O_CREAT)
            if descriptor is None:
                return None
            if _still_there(path, descriptor):
                return cls(path, descriptor)
            os.close(descriptor)  # its last holder removed the file: the lock is on nothing

    def release(self) -> None:
        """Give the lock back, and remove the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def held(path: Path) -> bool:
    """Whether a living process holds the lock of the file at *path*."""
    try:
        descriptor = _locked(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return True
    path.unlink(missing_ok=True)
    os.close(descriptor)
    return False


def _locked(path: Path, flags: int) -> int | None:
    locks = _locks()
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        locks.flock(descriptor, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _locks() -> ModuleType:
    try:
        import fcntl  # noqa: PLC0415 - not every system has it
    except ImportError as error:
        message = "this system has no file locks, and a journal needs them: leave `journal` out"
        raise JournalError(message) from error
    return fcntl
