"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from subhub.system import atomic_files


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let a file have 1,000 bytes: a write beyond that fails as on a full disk, in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    _ = signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("name", ["replace", "create"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    if name == "replace":
        _ = path.write_text("old")
    before = list(tmp_path.iterdir())

    with pytest.raises(OSError, match="File too large"):
        getattr(atomic_files, name)(path, "x" * 5000)

    assert list(tmp_path.iterdir()) == before
    assert name == "create" or path.read_text() == "old"


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_links(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.touch(0o640)
    path.chmod(0o640)
    link.symlink_to(path)

    atomic_files.replace(link, "new")

    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_permissions_of_the_umask_or_is_private(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_files.replace(tmp_path / "shared", "x")
        atomic_files.create(tmp_path / "created", "x")
        atomic_files.replace(tmp_path / "private", "x", private=True)
    finally:
        _ = os.umask(before)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"shared": 0o640, "created": 0o640, "private": 0o600}


def test_what_is_there_is_not_created_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_files.create(path, "first")

    with pytest.raises(FileExistsError):
        atomic_files.create(path, "second")
    with pytest.raises(UnicodeEncodeError):
        atomic_files.replace(path, "\ud83d")
    assert path.read_text() == "first"
