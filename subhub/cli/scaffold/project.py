"""The project: a folder that is there in full, or not at all.

It is made beside the place that it is for, under another name, and moved when it is complete.
Nothing that was there before is ever replaced.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from subhub.cli.scaffold.recording import need_the_extra, record
from subhub.cli.scaffold.rendering import render
from subhub.errors import ConfigError

if TYPE_CHECKING:
    from subhub.cli.scaffold.naming import Naming


def write_project(naming: Naming, directory: Path) -> Path:
    """Write the plugin into a folder of *directory* and record its cassette; tell the folder.

    `ConfigError` when it cannot be written, or something is there already.
    """
    need_the_extra()
    target = directory / naming.distribution
    with _appearing(target) as project:
        for place, text in render(naming).items():
            file = project / place
            file.parent.mkdir(parents=True, exist_ok=True)
            _ = file.write_text(text, "utf-8")
        record(project, naming)
    return target


@contextmanager
def _appearing(target: Path) -> Generator[Path]:
    """A folder to fill; it becomes *target* when the block ends well, and is gone otherwise."""
    try:
        _refuse_what_is_there(target)
        with TemporaryDirectory(prefix=".subhub-", dir=target.parent) as beside:
            project = Path(beside) / target.name
            project.mkdir()
            yield project
            if target.is_dir():
                target.rmdir()  # it was empty, and not every system moves one folder onto another
            _ = project.rename(target)
    except OSError as error:
        message = f"{target} cannot be written ({error.strerror}): name another --directory"
        raise ConfigError(message) from error


def _refuse_what_is_there(target: Path) -> None:
    there = target.is_symlink() or target.exists()
    if there and (target.is_symlink() or not target.is_dir() or any(target.iterdir())):
        message = f"{target} is there already: move it away, or name another --directory"
        raise ConfigError(message)
