"""Looking for something secret in everything that can be reached from a value."""

from __future__ import annotations

import base64
import dataclasses
import json
import traceback
from collections.abc import Collection, Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final, TypeGuard
from urllib.parse import quote, quote_plus

from subhub import AsyncClient, Client

CLOSED: Final = (type, ModuleType, FunctionType, MethodType, Client, AsyncClient)
"""What nobody prints: code, and the client, which has to hold the key."""
SHORTEST: Final = 12
"""So many characters of a key in a row are a part of it, and no accident."""


def forms(secret: str) -> dict[str, str]:
    """How *secret* may be written down, by the name of the form."""
    raw = secret.encode()
    escaped = json.dumps(secret)[1:-1]
    found = {
        "as it is": secret,
        "percent-encoded": quote(secret, safe=""),
        "percent-encoded, in lower case": quote(secret, safe="").replace("%2F", "%2f"),
        "of a form": quote_plus(secret),
        "JSON": escaped,
        "JSON with escaped slashes": escaped.replace("/", "\\/"),
        "JSON for HTML": escaped.replace("&", "\\u0026").replace("+", "\\u002b"),
        "hexadecimal": raw.hex(),
        "repr": repr(secret)[1:-1],
    }
    for offset in range(3):
        for name, encode in (
            ("base64", base64.b64encode),
            ("web base64", base64.urlsafe_b64encode),
        ):
            found[f"{name} at {offset}"] = _inner(encode(b"?" * offset + raw).decode(), offset, raw)
    return found


def _inner(encoded: str, offset: int, raw: bytes) -> str:
    """The part of a base64 text that does not depend on what stands around the secret."""
    return encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]


def pieces(secret: str) -> Iterator[str]:
    """Every run of characters that would give a part of *secret* away."""
    for begin in range(len(secret) - SHORTEST + 1):
        yield secret[begin : begin + SHORTEST]


def leaks(value: object, *secrets: str) -> list[str]:
    """Where any of *secrets* is found, in any form, in what can be reached from *value*."""
    sought = [(form, text) for secret in secrets for form, text in forms(secret).items()]
    return [
        f"{place}: {form} in {text[:200]!r}"
        for place, text in reachable(value)
        for form, secret in sought
        if secret in text
    ]


def reachable(value: object, place: str = "it") -> Iterator[tuple[str, str]]:
    """Each text that can be reached from *value*, and on which way."""
    return _walk(value, place, set())


def _walk(value: Any, place: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    if value is None or isinstance(value, (bool, int, float, *CLOSED)) or id(value) in seen:
        return
    if isinstance(value, str):
        yield place, value
        return
    if isinstance(value, bytes | bytearray):
        yield place, bytes(value).decode("latin-1")
        return
    seen.add(id(value))
    yield f"repr of {place}", repr(value)
    yield f"str of {place}", str(value)
    if isinstance(value, BaseException):
        yield f"traceback of {place}", "".join(traceback.format_exception(value))
    for name, each in _parts(value):
        yield from _walk(each, f"{place}.{name}", seen)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if _is_mapping(value):
        for key, each in value.items():
            yield "key", key
            yield repr(key), each
    elif _is_collection(value):
        yield from ((str(number), each) for number, each in enumerate(value))
    if isinstance(value, BaseException):
        for name in ("args", "__cause__", "__context__", "__notes__"):
            yield name, getattr(value, name, None)
    if isinstance(value, UnicodeDecodeError):
        yield "object", value.object
    if dataclasses.is_dataclass(value):
        yield from ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            yield name, getattr(value, name, None)


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_collection(value: object) -> TypeGuard[Collection[Any]]:
    return isinstance(value, list | tuple | set | frozenset)
