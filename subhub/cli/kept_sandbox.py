"""The state of embedded sandboxes, kept from one command to the next.

It is in the folder `.subhub` next to the configuration. Each request reads the state, and writes it
when it has changed, under a lock: several commands may run at a time. Only the program does this;
in an application, an embedded sandbox starts empty each time.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from subhub.errors import ConfigError
from subhub.messages import is_object
from subhub.plugin.provider import Provider
from subhub.sandbox import Fake
from subhub.sandbox.snapshot import refill, snapshot
from subhub.system import atomic_files
from subhub.system.file_locks import LockableFile

FOLDER: Final = ".subhub"
VERSION: Final = 1
PATIENCE: Final = 10.0
"""The seconds to wait for another command that is using the state."""
_STEP: Final = 0.01


@dataclass(slots=True)
class KeptSandbox:
    """One fake, and the file in which its state is kept.

    Args:
        fake: The fake.
        path: The file, which need not exist.
        now: The clock of this machine, in UTC.
        patience: The seconds to wait for another command.
    """

    fake: Fake
    path: Path
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    patience: float = PATIENCE
    _text: str = field(default="", init=False)
    """The file as it was read or written last."""

    def load(self) -> None:
        """Bring the fake into the kept state, and its clock to now: the time between passed."""
        with self._locked():
            saved_at = self._read()
        if saved_at is not None:
            passed = self.now() - saved_at
            self.fake.clock.reach(self.fake.clock.now() + max(passed, dt.timedelta()))

    @contextmanager
    def around(self) -> Generator[None]:
        """Answer a request: read what other commands have written, and write what it changes."""
        with self._locked():
            clock = self.fake.clock.now()
            _ = self._read()
            self.fake.clock.reach(clock)
            try:
                yield
            finally:
                self._write()

    @contextmanager
    def _locked(self) -> Generator[None]:
        lock = LockableFile(self.path.with_suffix(".lock"))
        until = time.monotonic() + self.patience
        try:
            while not lock.try_lock():
                if time.monotonic() > until:
                    message = f"another command has used {self.path} for {self.patience:g} s"
                    raise ConfigError(f"{message}: end it, or wait for it")
                time.sleep(_STEP)
            yield
        finally:
            lock.close()

    def _read(self) -> dt.datetime | None:
        """Take over the state of the file, if it is another one; return when it was written."""
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        if text == self._text:
            return None
        try:
            document: Any = json.loads(text)
            if not is_object(document) or document["version"] != VERSION:
                raise self._unusable(f"it is not of version {VERSION}")
            refill(self.fake, document["state"])
            saved_at = dt.datetime.fromisoformat(document["saved_at"])
        except (ValueError, KeyError, RecursionError) as error:
            raise self._unusable(f"{type(error).__name__}: {error}") from error
        self._text = text
        return saved_at

    def _write(self) -> None:
        state = snapshot(self.fake)
        if self._text and json.loads(self._text)["state"] == state:
            return
        document = {"version": VERSION, "saved_at": self.now().isoformat(), "state": state}
        text = json.dumps(document)
        try:
            atomic_files.replace(self.path, text, private=True)
        except OSError as error:
            raise ConfigError(f"cannot write {self.path}: {error.strerror}") from error
        self._text = text

    def _unusable(self, problem: str) -> ConfigError:
        return ConfigError(
            f"cannot use the state of the sandbox in {self.path}: {problem}. Start again with "
            "`subhub sandbox reset`"
        )


def file_of(folder: Path, provider: str, account: str) -> Path:
    """Return the file for an account; *folder* is that of the configuration."""
    return folder / FOLDER / f"{quote(account, safe='')}.{quote(provider, safe='')}.json"


def keeping(folder: Path, note: Callable[[str], None]) -> Callable[[type[Provider], str], Fake]:
    """Return what makes the fakes of the accounts that are configured in *folder*.

    Args:
        folder: That of the configuration.
        note: Takes a remark for the user.
    """

    def kept(provider: type[Provider], account: str) -> Fake:
        fake = provider.sandbox()
        path = file_of(folder, provider.name, account)
        try:
            make_folder(path.parent)
            sandbox = KeptSandbox(fake, path)
            sandbox.load()
        except OSError as error:
            note(f"the sandbox forgets everything: {path.parent} cannot be written ({error})")
            return fake
        fake.around = sandbox.around
        return fake

    return kept


def make_folder(folder: Path) -> None:
    """Create the folder of the states, with a `.gitignore` of its own."""
    folder.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        atomic_files.create(folder / ".gitignore", "*\n")
