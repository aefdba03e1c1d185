"""Files that are written whole or not at all, however the program or the machine ends.

Every function may raise `OSError`, for instance on a full disk; what was there before then stays.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
"""The permissions of a file that only its owner can read and write."""


def replace(path: Path, text: str, *, private: bool = False) -> None:
    """Write *text* to *path*, in place of a file that may be there.

    Args:
        path: The file. If it is a link, the file that it leads to is replaced.
        text: The whole content. Text that UTF-8 cannot carry is a `UnicodeEncodeError`.
        private: Let only the owner read it. By default, it keeps the permissions of the file that
            it replaces.
    """
    content = text.encode()
    target = Path(os.path.realpath(path))
    mode = PRIVATE if private else _mode_of(target)
    # in the same folder, because a rename is atomic only within one file system
    draft = target.with_name(f".subhub-{secrets.token_hex(6)}.tmp")
    try:
        _write_new(draft, content, mode)
        _ = draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def create(path: Path, text: str) -> None:
    """Write *text* to a new file. Raises `FileExistsError` if there is one already."""
    content = text.encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _fill(descriptor, content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names of the files in *folder* on the disk, where the system can."""
    with suppress(OSError):  # Windows opens no folders, and some file systems sync none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _mode_of(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _write_new(path: Path, content: bytes, mode: int | None) -> None:
    # the system takes the umask off the mode of a new file; that of a file that is replaced is kept
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else PRIVATE
    )
    _fill(descriptor, content)
    if mode is not None:
        path.chmod(mode)


def _fill(descriptor: int, content: bytes) -> None:
    # a buffered file writes again after a short write, and raises if that fails
    with os.fdopen(descriptor, "wb") as file:
        _ = file.write(content)
        file.flush()
        os.fsync(descriptor)


def is_writable(path: Path) -> bool:
    """Return whether this process may write to the file or into the folder at *path*.

    It is not tried, so nothing is created or changed.
    """
    wanted = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    return os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids)
