"""The state file: keeps the served accounts' state from one run to the next.

It is written to a temporary file next to it and then renamed, so that a crash leaves either the old
or the new file. It holds what was created in a sandbox, and no key of yours.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from subhub.errors import ConfigError
from subhub.messages import is_object
from subhub.sandbox.exchange import JsonObject

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class StateFile:
    """The file at *path*, which need not exist yet."""

    path: Path

    def load(self) -> dict[str, JsonObject]:
        """Return the states by account (`provider/name`); none without a file."""
        try:
            document: Any = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self.unusable(str(error)) from error
        if not (is_object(document) and document.get("version") == VERSION):
            raise self.unusable(f"it is not a state file of version {VERSION}")
        accounts: dict[str, JsonObject] = document["accounts"]
        return accounts

    def save(self, accounts: dict[str, JsonObject]) -> None:
        """Replace the file. Raises `ConfigError` if it cannot be written."""
        document = {"version": VERSION, "accounts": accounts}
        try:
            # in the same folder, because a rename is atomic only within one file system
            handle, draft = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(document, file, ensure_ascii=False)
                    file.flush()
                    os.fsync(file.fileno())
                _ = Path(draft).replace(self.path)
            finally:
                Path(draft).unlink(missing_ok=True)
        except OSError as error:
            message = f"cannot write the state file {self.path}: {error.strerror}"
            raise ConfigError(message) from error

    def unusable(self, problem: str) -> ConfigError:
        """Return the error for a file that cannot be used."""
        message = f"cannot use the state file {self.path}: {problem}. Fix or remove the file."
        return ConfigError(message)
