"""The address of a store, which may hold a password: nothing that is shown or stored repeats it."""

from __future__ import annotations

import re
from typing import Final, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from subhub.errors import ConfigError

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # not a drive, which is one letter


class StoreURL:
    """The URL of a store for the setting *name*; raise `ConfigError` if it is malformed.

    Two with the same text are equal. It can be shown, and cannot be pickled.
    """

    __slots__ = ("_text", "place", "scheme", "setting")

    def __init__(self, setting: str, text: str) -> None:
        self._text = text
        self.setting = setting
        self.scheme = text.partition(":")[0].lower()
        self.place = f"{self.scheme}://{_server(_parts(text), setting)}"
        """Where it is, for messages: the server and the database, nothing else."""

    def __repr__(self) -> str:
        return f"<{self.place}>"

    def __str__(self) -> str:
        return self.place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoreURL) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("the URL of a store cannot be pickled: it may hold a password")

    def reveal(self) -> str:
        """Return the whole text, for the library that connects."""
        return self._text

    def without_password(self, text: str) -> str:
        """Return *text*, such as the message of an error, without the password of this URL."""
        password = _parts(self._text).password
        for secret in {password, password and unquote(password)} - {None, ""}:
            text = text.replace(str(secret), "***")
        return text


def is_url(text: str) -> bool:
    """Return whether *text* is a URL, and not a path."""
    return _URL.match(text) is not None


def _parts(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # only now is a port refused that is not a number
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    return parts


def _server(parts: SplitResult, setting: str) -> str:
    """Return the server and the database; several servers stay a list."""
    # A password with one of `/?#@[` in it would be taken for another part, and be shown.
    if not parts.scheme or "@" in f"{parts.path}{parts.query}{parts.fragment}" or parts.fragment:
        raise ConfigError(
            f"`{setting}` is not a URL that can be read: write special characters of a password "
            "as %40 for @, %2F for /, %23 for #, %3F for ?"
        )
    return parts.netloc.rpartition("@")[2] + parts.path
