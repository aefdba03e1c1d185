"""Sessions: which of the processes that wrote in a journal are still running."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from subhub.errors import JournalError
from subhub.system.file_locks import LockableFile, acquire, is_held
from subhub.system.forks import Forkable


class Sessions(Forkable):
    """The sessions of the journal at *path*. Each is a locked file with a random name.

    Process ids are reused, and a heartbeat is late on a busy machine. A lock is released by the
    system, however its process ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._own: tuple[str, LockableFile] | None = None
        super().__init__()

    def own(self) -> str:
        """Return the name of this process's session, which is started if there is none."""
        with self._lock:
            if self._own is None:
                self._own = self._start(secrets.token_hex(8))
            elif not self._own[1].is_linked():
                # Something has removed the file, a cleaner for instance. Under the same name, what
                # this process is sending is known to be in flight again.
                self._own = self._start(self._own[0])
            return self._own[0]

    def after_fork_in_child(self) -> None:
        """Begin a session of its own: the parent's is the parent's."""
        self._lock = threading.Lock()
        self._own = None

    def is_alive(self, name: str, *, tidy: bool = True) -> bool:
        """Return whether the session *name* has not ended; "" stands for one that has.

        The file of one that has is removed, unless *tidy* is false.
        """
        path = self._file(name)
        with lock_errors(path):
            return bool(name) and is_held(path, tidy=tidy)

    def end(self) -> None:
        """End this process's session."""
        with self._lock:
            if self._own is not None:
                self._own[1].remove()
            self._own = None

    def _start(self, name: str) -> tuple[str, LockableFile]:
        path = self._file(name)
        with lock_errors(path):
            lock = acquire(path)
        # Only of a session that was removed can another process have the lock: it looks for it.
        return (name, lock) if lock is not None else self._start(secrets.token_hex(8))

    def _file(self, name: str) -> Path:
        return self._path.with_name(f"{self._path.name}-{name}.lock")


@contextmanager
def lock_errors(path: Path) -> Generator[None]:
    """Raise a `JournalError` for an `OSError` about the lock file at *path*."""
    try:
        yield
    except OSError as error:
        message = f"cannot use the lock file {str(path)!r}: {error.strerror}"
        raise JournalError(message) from error
