"""Decoded bodies: what was sent and answered, and copies with one value changed or removed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from subhub.messages import is_object
from subhub.testing.forms import FORM_TYPE, decode_form

if TYPE_CHECKING:
    from subhub.models import Result
    from subhub.sandbox import Received

Place: TypeAlias = tuple[str | int, ...]
"""The names and indexes that lead to a value."""


def sent_body(received: Received) -> Any:
    """Return the decoded body of a request, `{}` if it is neither JSON nor a form."""
    if received.headers.get("content-type", "").startswith(FORM_TYPE):
        return decode_form(received.content)
    try:
        return json.loads(received.content or b"null")
    except ValueError:
        return {}


def places_in(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every value inside of decoded JSON, at any depth, with its place."""
    for step, member in _members(value):
        yield (*place, step), member
        yield from places_in(member, (*place, step))


def leaves(value: Any) -> Iterator[tuple[Place, Any]]:
    """Yield every value in decoded JSON that holds no other, with its place."""
    return (found for found in places_in(value) if not isinstance(found[1], dict | list))


def record_of(result: Result) -> Mapping[str, Any]:
    """Return the provider's object of *result*: below an envelope in `raw`, or `raw` itself."""
    own: object = getattr(result, "id", None)
    objects = (found for _, found in places_in(result.raw) if is_object(found))
    inner = (found for found in objects if own in found.values())
    return result.raw if own in result.raw.values() else next(inner, result.raw)


def replaced(value: Any, place: Place, new: Any) -> Any:
    """Return a copy of decoded JSON with *new* at *place*."""
    if not place:
        return new
    copy, rest = _copied(value), place[1:]
    copy[place[0]] = replaced(copy[place[0]], rest, new)
    return copy


def removed(value: Any, place: Place) -> Any:
    """Return a copy of decoded JSON without what is at *place*."""
    copy, rest = _copied(value), place[1:]
    if rest:
        copy[place[0]] = removed(copy[place[0]], rest)
    else:
        del copy[place[0]]
    return copy


def at(value: Any, place: Place) -> Any:
    """Return what is at *place*, or `None`."""
    for step in place:
        members = dict(_members(value))
        if step not in members:
            return None
        value = members[step]
    return value


def shown(place: Place) -> str:
    """Return a place as text: `data[0].status`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).lstrip(".")


def _copied(value: Any) -> Any:
    return {**value} if is_object(value) else [*value]


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if is_object(value):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(cast("list[object]", value))
