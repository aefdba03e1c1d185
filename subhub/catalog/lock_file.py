"""`subhub.lock`, written: which plan of an account each key of the configuration means.

It belongs into version control, beside `subhub.toml`: it is sorted, and says nothing secret.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import tomli_w

from subhub.client.plan_links import Links, PlanLink, read_lock
from subhub.errors import ConfigError
from subhub.system import atomic_files
from subhub.system.file_locks import LockableFile, acquire

_HEADER: Final = "# Written by `subhub plans`. Commit it: it links the plans of subhub.toml.\n\n"
_POLL: Final = 0.1
"""Seconds between two looks whether another program has finished."""


class LockFile:
    """The file at *path*, which one program at a time may change.

    Args:
        path: Where it is; it need not exist.
        patience: How many seconds to wait for another program that changes it.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, path: Path, patience: float = 60.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.path = path
        self._patience = patience
        self._sleep = sleep

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Keep other programs from changing the file while the block runs.

        A file that could not be written is a `ConfigError` before the block begins: what the block
        creates at a provider would not be recorded.
        """
        with self._writing():
            held = self._acquired()
        try:
            with self._writing():
                self._prove()
            yield
        finally:
            held.remove()

    def read(self, account: str) -> Links:
        """Return the links of *account*, by key."""
        return read_lock(self.path).get(account, {})

    def add(self, account: str, key: str, link: PlanLink) -> None:
        """Record that *key* means a plan of *account*; it is on the disk when this returns."""
        links = read_lock(self.path)
        links.setdefault(account, {})[key] = link
        with self._writing():
            atomic_files.replace(self.path, _text(links))

    def _acquired(self) -> LockableFile:
        marker = self.path.with_name(f".{self.path.name}.writing")
        waited = 0.0
        while (held := acquire(marker)) is None:
            if waited >= self._patience:
                raise ConfigError(
                    f"another program has been changing {self.path} for {self._patience:.0f} s: "
                    "wait for it, or end it, and run the command again"
                )
            self._sleep(_POLL)
            waited += _POLL
        return held

    def _prove(self) -> None:
        """Write a file beside it and remove that: the disk, the folder and the rights allow it."""
        target = Path(os.path.realpath(self.path))
        beside = target.with_name(f".{target.name}.new")
        atomic_files.replace(beside, _HEADER)
        beside.unlink()

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror or error}"
            raise ConfigError(message) from error


def _text(links: Mapping[str, Links]) -> str:
    tables = {
        account: {key: links[account][key].model_dump() for key in sorted(links[account])}
        for account in sorted(links)
    }
    return _HEADER + tomli_w.dumps(tables)
