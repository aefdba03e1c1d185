"""The state file: what the served accounts hold, kept from one run to the next.

It is written whole, beside its place, and moved there, so that a crash leaves the old one or the
new one. It holds what was made up in a sandbox, and no key of yours.
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
    """The file at *path*; it need not be there yet."""

    path: Path

    def load(self) -> dict[str, JsonObject]:
        """The states by account, as `provider/name`; empty when there is no file yet."""
        try:
            document: Any = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self.unusable(str(error)) from error
        if not (is_object(document) and document.get("version") == VERSION):
            raise self.unusable(f"it is no state file of version {VERSION}")
        accounts: dict[str, JsonObject] = document["accounts"]
        return accounts

    def save(self, accounts: dict[str, JsonObject]) -> None:
        """Replace the file."""
        document = {"version": VERSION, "accounts": accounts}
        try:
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
            message = f"the state file {self.path} cannot be written: {error.strerror}"
            raise ConfigError(message) from error

    def unusable(self, problem: str) -> ConfigError:
        """The error for a file that cannot be used."""
        message = f"the state file {self.path} cannot be used ({problem}): remove it, or mend it"
        return ConfigError(message)
