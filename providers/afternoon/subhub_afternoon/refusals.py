"""Checks of arguments, as Afternoon's documentation restricts them.

Each returns the value, or raises `InvalidRequest` before anything is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from subhub.errors import InvalidRequest
from subhub.plugin import Json

V = TypeVar("V")
W = TypeVar("W")

LONGEST_TEXT: Final = 255
LONGEST_URL: Final = 2048
LAST_DAY: Final = 31

_CUID = re.compile(r"c[a-z0-9]{8,}")
_PLAN_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def cuid(field: str, value: str) -> str:
    """Check an id of Afternoon.

    Ids in requests are typed as cuids, and every cuid starts with `c` and continues with lower-case
    letters and digits, so real ids pass. An id from another provider does not: Afternoon would
    answer it with an empty list, or subhub would read all subscriptions to find it.
    """
    if _CUID.fullmatch(value):
        return value
    problem = (
        "must be a cuid (`c`, then lower-case letters and digits, for example "
        f"'cm5x9z8nv0001h85r7l9p2k2m'), got {value!r}. Ids of another provider cannot be used here"
    )
    raise InvalidRequest.of(field, problem)


def plan_code(field: str, value: str) -> str:
    """Check a plan code."""
    if _PLAN_CODE.fullmatch(value):
        return value
    problem = (
        "must be a plan code (lower-case letters and digits, with single underscores between "
        f"words, for example 'starter_plan'), got {value!r}. Copy it from Afternoon's dashboard"
    )
    raise InvalidRequest.of(field, problem)


def anchor_day(field: str, value: int) -> int:
    """Check a day of the month."""
    # True is an int, and would be the 1st
    if isinstance(value, bool) or not 1 <= value <= LAST_DAY:
        raise InvalidRequest.of(field, f"must be from 1 to {LAST_DAY}, got {value!r}")
    return value


def text(field: str, value: str) -> str:
    """Check the length of a text, which must not be empty."""
    return _no_longer_than(LONGEST_TEXT, field, value)


def address(field: str, value: str) -> str:
    """Check the length of a URL."""
    return _no_longer_than(LONGEST_URL, field, value)


def maybe(check: Callable[[str, V], W], field: str, value: V | None) -> W | None:
    """Return what *check* does of an argument that may be left out."""
    return None if value is None else check(field, value)


def _no_longer_than(longest: int, field: str, value: str) -> str:
    if 1 <= len(value) <= longest:
        return value
    raise InvalidRequest.of(
        field, f"must have from 1 to {longest} characters, got {len(value)} characters"
    )


def positive(field: str, value: Decimal | int | str) -> str:
    """Check a number above zero, and return it in decimals; a float is not exact and refused."""
    if isinstance(value, bool | float):
        raise InvalidRequest.of(field, f"must be text, int or Decimal, got {value!r}")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        problem = f"must be a number, for example '12.50', got {value!r}"
        raise InvalidRequest.of(field, problem) from error
    if not number.is_finite() or number <= 0:
        raise InvalidRequest.of(field, f"must be > 0, got {value}")
    return f"{number:f}"


def json_object(field: str, value: Json) -> Json:
    """Check that JSON can represent an object."""
    try:
        _ = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        problem = f"must be JSON (text, numbers, booleans, lists and dicts): {error}"
        raise InvalidRequest.of(field, problem) from error
    return value
