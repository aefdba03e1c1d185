"""References in the configuration: `env:NAME`, `file:PATH`, and paths.

A relative path counts from the folder of the configuration file, so that it means the same file in
whatever folder the program was started.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from subhub.client.setting_types import check_types
from subhub.client.text_files import NotText, read_text
from subhub.errors import ConfigError
from subhub.stores.registry import StorePlace
from subhub.stores.url import is_url

_LOOKALIKE: Final = re.compile(
    r"(?:env|file)\s*[:=](?P<named>.*)"  # also ENV:KEY, `env: KEY`, env=KEY
    r"|\$(?:env:)?(?P<shell>\w+)|\$\{(?P<braces>\w+).*\}"
    r"|%(?P<windows>\w+)%"
    r"|\$\(.*\)|\{\{.*\}\}|<.*>",
    re.IGNORECASE | re.DOTALL,
)
_VARIABLE: Final = re.compile("[A-Z][A-Z0-9_]*")
_SHELL_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # not a drive, which is one letter


class Missing(ConfigError):
    """What a reference names is not there; it may be there where the program runs."""


def secret(value: str, folder: Path) -> str:
    """Return the secret that *value* refers to, or *value* itself."""
    kind, _, target = value.partition(":")
    target = target.strip()
    if kind in {"env", "file"} and (not target or "\0" in target):
        raise ConfigError(f"{value!r} names nothing: write env:NAME or file:PATH")
    if kind == "env":
        return _variable(target)
    return _content(folder / target) if kind == "file" else value.strip()


def variable_of(value: str) -> str:
    """Return the name of the variable that a key came from; nothing if a shell cannot name it.

    The key of an account may be that of `SUBHUB_API_KEY`, which took the place of a reference.
    """
    kind, _, name = value.partition(":")
    if kind != "env":
        name = "SUBHUB_API_KEY" if value == os.environ.get("SUBHUB_API_KEY") else ""
    return name.strip() if _SHELL_NAME.fullmatch(name.strip()) else ""


def place(name: str, value: str, folder: Path) -> Path | StorePlace:
    """Return the path or URL of the setting *name*; `env:NAME` refers to a variable that has it."""
    found = checked_place(name, secret(value, folder) if value.startswith("env:") else value)
    return found if isinstance(found, StorePlace) else folder / found


def checked_place(name: str, value: str | os.PathLike[str] | StorePlace) -> Path | StorePlace:
    """Return *value* as a path, or as the URL of a store; raise `ConfigError` if it is neither.

    A URL can hold a password, so no message repeats one. Without this check, a reference would be
    the name of a new folder or file.
    """
    check_types({name: value})
    if isinstance(value, StorePlace):
        return value
    text = os.fspath(value)
    if is_url(text):
        return StorePlace(name, text)
    if found := _SCHEME.match(text):
        scheme = f"{found[1].lower()}:"
        if scheme in {"env:", "file:"}:
            remedy = "write the path alone, or env:NAME in the configuration file"
        else:
            remedy = "write a path, or a URL such as postgresql://server/database"
        raise ConfigError(f"cannot open `{name}`, because it begins with {scheme!r}: {remedy}")
    if not text or text[0] in "~$%" or "\0" in text or not _is_encodable(text):
        raise ConfigError(
            f"`{name}` must be a path, got {text!r}: `~` and variables are not expanded. "
            "Write it in full, or as env:NAME in the configuration file"
        )
    return Path(text)


def _is_encodable(text: str) -> bool:
    try:
        return bool(os.fsencode(text))
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def misspelled_reference(value: str) -> str | None:
    """Return how to write *value*, if it is meant as a reference; `None` if it is not.

    The result repeats the name of a variable, and nothing that may be a secret.
    """
    found = _LOOKALIKE.fullmatch(value)
    if found is None:
        return None
    if value[:4].lower() == "file":
        return "file:PATH"
    name = next((name.strip() for name in found.groups() if name is not None), "")
    return f"env:{name}" if _VARIABLE.fullmatch(name) else "env:NAME"


def _variable(name: str) -> str:
    found = os.environ.get(name, "").strip()
    if not found:
        raise Missing(f"the variable {name} is not set: export {name}=...")
    return found


def _content(path: Path) -> str:
    try:
        found = read_text(path).strip()
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): check the path"
        kind = Missing if isinstance(error, FileNotFoundError) else ConfigError
        raise kind(message) from error
    except NotText as error:
        raise ConfigError(f"{path} {error}") from error
    if not found:
        raise ConfigError(f"{path} is empty: write the secret into it")
    return found
