"""Checks on what an application passes in: each returns the value, or raises `InvalidRequest`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from subhub.errors import InvalidRequest

C = TypeVar("C", bound=str)
M = TypeVar("M")

_FORBIDDEN = frozenset("/\\?#")
_LONGEST = 255


def identifier(field: str, value: object, kind: str, prefixes: Mapping[str, str]) -> str:
    """An id of *kind*; *prefixes* is how the provider's ids begin, by kind."""
    if not isinstance(value, str):
        raise InvalidRequest.of(field, f"an id is text, not {type(value).__name__}: pass the `.id`")
    if not value or value != value.strip() or not value.isprintable():
        raise InvalidRequest.of(
            field, f"{value!r} is no id: it is empty, or has blanks or control characters"
        )
    if len(value) > _LONGEST:
        raise InvalidRequest.of(
            field, f"an id of {len(value)} characters is no id: {_LONGEST} are the most"
        )
    if value in {".", ".."} or _FORBIDDEN & set(value):
        problem = f"{value!r} is no id: it would change the address that the request goes to"
        raise InvalidRequest.of(field, problem)
    other = next((k for k, p in prefixes.items() if k != kind and value.startswith(p)), None)
    if other is not None:
        problem = f"{value!r} is the id of a {other}, and a {kind}'s is meant"
        raise InvalidRequest.of(
            field, f"{problem} (`{prefixes[kind]}...`)" if kind in prefixes else problem
        )
    return value


def text(field: str, value: object) -> str:
    """A line of text; it may be personal, so it is not told."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidRequest.of(
            field, "it has to be text, not empty and without control characters"
        )
    if len(value) > _LONGEST:
        raise InvalidRequest.of(field, f"it has {len(value)} characters: {_LONGEST} are the most")
    return value


def day(field: str, value: object) -> dt.date:
    """A calendar day, without a time."""
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise InvalidRequest.of(field, f"a day is a datetime.date, not {value!r}")
    return value


def web_address(field: str, value: object) -> str:
    """An absolute http(s) address."""
    if isinstance(value, str) and value.isprintable() and " " not in value:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in {"http", "https"} and parts.netloc:
            return value
    raise InvalidRequest.of(field, f"{value!r} is no absolute web address: write it with https://")


def choice(field: str, value: C, allowed: Sequence[str]) -> C:
    """One of the *allowed* words."""
    if value not in allowed:
        words = ", ".join(repr(str(each)) for each in allowed)
        raise InvalidRequest.of(field, f"{value!r} is not one of {words}")
    return value


def instance(field: str, value: Any, model: type[M]) -> M:
    """An instance of *model*, not something that looks like it."""
    if not isinstance(value, model):
        raise InvalidRequest.of(field, f"expected {model.__name__}, not {type(value).__name__}")
    return value
