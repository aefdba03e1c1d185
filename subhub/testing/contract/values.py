"""Values: walking through what calls return, and through decoded JSON, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeGuard

from subhub.messages import is_object

if TYPE_CHECKING:
    from subhub.models.record import Result


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def results_in(returned: Any) -> list[Result]:
    """The results that a call returned: one, none, or a list of them."""
    if is_list(returned):
        return returned
    return [] if returned is None else [returned]


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in decoded JSON, however deep, itself first."""
    if is_object(value):
        yield value
    for each in _parts(value):
        yield from objects_in(each)


def leaves_in(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in decoded JSON that holds nothing else, with its place."""
    if is_object(value):
        for name, each in value.items():
            yield from leaves_in(each, f"{place}.{name}".lstrip("."))
    elif is_list(value):
        for each in value:
            yield from leaves_in(each, place + "[]")
    elif place:
        yield place, value


def _parts(value: Any) -> list[Any]:
    if is_object(value):
        return [*value.values()]
    return value if is_list(value) else []
