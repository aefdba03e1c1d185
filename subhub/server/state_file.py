"""The state file: keeps the served accounts' state from one run to the next.

A crash leaves either the old or the new file. It holds what was created in a sandbox, and no key of
yours. One server at a time uses it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from subhub.errors import ConfigError
from subhub.messages import is_object
from subhub.sandbox.exchange import JsonObject
from subhub.system import atomic_files
from subhub.system.file_locks import acquire

VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class StateFile:
    """The file at *path*, which need not exist yet."""

    path: Path

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other servers from using the file. Raises `ConfigError` if one does already."""
        path = Path(os.path.realpath(self.path))
        try:
            lock = acquire(path.with_name(f".{path.name}.lock"))
        except OSError as error:
            message = f"cannot lock the state file {self.path} ({error.strerror})"
            raise ConfigError(message) from error
        if lock is None:
            message = (
                f"another server uses the state file {self.path}. Stop it, or choose another "
                "--state."
            )
            raise ConfigError(message)
        try:
            yield
        finally:
            lock.remove()

    def load(self) -> dict[str, JsonObject]:
        """Return the states by account (`provider/name`); none without a file."""
        try:
            document: Any = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise self.unusable(str(error)) from error
        if not (is_object(document) and document.get("version") == VERSION):
            raise self.unusable(f"it is not a state file of version {VERSION}")
        accounts: object = document.get("accounts")
        if not (is_object(accounts) and all(map(is_object, accounts.values()))):
            raise self.unusable("`accounts` must be an object of objects")
        return accounts

    def save(self, accounts: dict[str, JsonObject]) -> None:
        """Replace the file. Raises `ConfigError` if that fails; then the old file stays."""
        try:
            # escaped to ASCII, in which every text can be written
            text = json.dumps({"version": VERSION, "accounts": accounts})
            atomic_files.replace(self.path, text, private=True)
        except OSError as error:
            message = f"cannot write the state file {self.path}: {error.strerror}"
            raise ConfigError(message) from error

    def unusable(self, problem: str) -> ConfigError:
        """Return the error for a file that cannot be used."""
        message = f"cannot use the state file {self.path}: {problem}. Fix or remove the file."
        return ConfigError(message)
