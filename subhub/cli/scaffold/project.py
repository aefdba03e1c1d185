"""Writing the project of a new plugin: the whole folder, or nothing.

It is written next to its place under another name, and renamed when it is complete. Nothing that
exists is ever replaced.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from subhub.cli.scaffold.naming import Naming
from subhub.cli.scaffold.rendering import render
from subhub.errors import ConfigError


def write_project(naming: Naming, directory: Path, *, small: bool = False) -> Path:
    """Write the plugin into a new folder of *directory*, and return that folder.

    A *small* one has three operations in one file.

    Raises `ConfigError` if it cannot be written, or if something with this name exists.
    """
    target = directory / naming.distribution
    with atomic_folder(target) as project:
        for place, text in render(naming, small=small).items():
            file = project / place
            file.parent.mkdir(parents=True, exist_ok=True)
            _ = file.write_text(text, "utf-8")
    return target


@contextmanager
def atomic_folder(target: Path) -> Generator[Path]:
    """Yield a folder to fill. It becomes *target* if the block succeeds, and is removed if not."""
    try:
        _refuse_existing(target)
        # in the same folder: a rename to another file system would not be atomic
        with TemporaryDirectory(prefix=".subhub-", dir=target.parent) as temporary:
            project = Path(temporary) / target.name
            project.mkdir()
            yield project
            if target.is_dir():
                target.rmdir()  # it is empty, and not every system renames a folder onto another
            _ = project.rename(target)
    except OSError as error:
        message = f"cannot write {target} ({error.strerror}): name another `--directory`"
        raise ConfigError(message) from error


def _refuse_existing(target: Path) -> None:
    there = target.is_symlink() or target.exists()
    # a link is refused even if it leads to an empty folder: it would be replaced, not filled
    if there and (target.is_symlink() or not target.is_dir() or any(target.iterdir())):
        message = f"{target} exists already: move it away, or name another `--directory`"
        raise ConfigError(message)
