"""Ids of several parts, for providers whose addresses name more than the object itself.

An application stores one text, `sub_1:cst_2`, and a flow needs both parts. The part that shows the
kind of the id comes first.
"""

from __future__ import annotations

from typing import Final

from subhub.errors import InvalidRequest

_SEPARATOR: Final = ":"
_ELSEWHERE: Final = frozenset({"", ".", ".."})
"""Parts that would change the address of a request: quoting leaves them as they are."""


def join_id(*parts: str) -> str:
    """Return the one text that stands for *parts*, as results hold it."""
    return _SEPARATOR.join(parts)


def split_id(value: str, field: str, example: str) -> tuple[str, ...]:
    """Return the parts of an id; `InvalidRequest` unless it has as many as *example*.

    Args:
        value: The id that the application passed.
        field: The name of the argument, such as `subscription_id`.
        example: An id as `join_id` writes it, for the message.
    """
    parts = tuple(value.split(_SEPARATOR))
    if len(parts) == example.count(_SEPARATOR) + 1 and _ELSEWHERE.isdisjoint(parts):
        return parts
    kind = field.removesuffix("_id")
    problem = (
        f"{value!r} is not the id of a {kind}: write it with all its parts, as results hold it, "
        f"for example {example!r}"
    )
    raise InvalidRequest.of(field, problem)
