"""Keys in a recording, found in headers and replaced wherever they were repeated.

A provider may repeat a key in a body, an address or an error message. Headers themselves need
nothing here: only those on the allow-list are kept.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast
from urllib.parse import quote

from subhub.messages import REDACTED, is_object

HARMLESS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)
"""Request headers that carry no key; what any other header carries is taken for one."""
SHORTEST: Final = 8
"""Shorter words are not keys, and would be found inside other words."""
_PUBLIC: Final = re.compile(r"[\d.:TZ+-]*")  # days, moments and versions
_SIGNS: Final = (
    re.compile(r"\bBearer [\w.~+/-]{8,}=*", re.IGNORECASE),
    # The second part of a token (JWT). A search for the first would begin at every `eyJ` in a text
    # without a dot, and read to its end each time.
    re.compile(r"(?<=[\w-]\.)eyJ[\w-]{8,}\.[\w-]*"),
    re.compile(r"\b[a-z]{2,6}_(?:live|test)_\w{8,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
)


def keys_in(asked: Iterable[tuple[str, Any]], answered: Iterable[tuple[str, Any]]) -> set[str]:
    """Return the words in the headers of a request and its response that may be keys."""
    found: set[str] = set()
    for name, value in asked:
        if name.lower() not in HARMLESS:
            found.update(_secrets(_text(value)))
    for name, value in answered:
        if name.lower() == "set-cookie":
            found.update(_secrets(_text(value).partition(";")[0]))
    return {word for word in found if len(word) >= SHORTEST and not _PUBLIC.fullmatch(word)}


def without_keys(value: Any, keys: Iterable[str]) -> Any:
    """Return *value*, decoded JSON, with each of *keys* replaced, inside longer texts too."""
    spelled = {form for key in keys for form in (key, quote(key), quote(key, safe=""))}
    # A key may contain another; replacing the shorter one first would leave the rest of it.
    longest_first = sorted(spelled, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return mapped(value, lambda text: pattern.sub(REDACTED, text)) if spelled else value


def signs_of_keys(text: str, prefixes: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return what in *text* looks like a key, shortened.

    Args:
        text: Where to look.
        prefixes: How the provider's keys begin.
        known: Keys to look for as they are.
    """
    own = [re.compile(re.escape(prefix) + r"\w{6,}") for prefix in prefixes]
    found = [match.group() for sign in (*_SIGNS, *own) for match in sign.finditer(text)]
    found += [key for key in known if key in text]
    return sorted({f"{key[:SHORTEST]}..." for key in found})


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return *value*, decoded JSON, with every text in it changed, names of fields included."""
    if isinstance(value, str):
        return change(value)
    if is_object(value):
        return {change(name): mapped(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [mapped(item, change) for item in cast("list[object]", value)]
    return value


def _secrets(text: str) -> Iterator[str]:
    scheme, _, rest = text.partition(" ")
    if scheme.lower() == "basic":
        yield from _decoded(rest.strip()).split(":", 1)
    for word in re.split(r"[\s,;]+", text):
        yield word
        yield word.partition("=")[2].strip('"')  # a cookie, or a parameter of the scheme


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else " ".join(map(_text, value))
