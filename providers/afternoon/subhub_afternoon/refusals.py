"""What is refused before anything is sent, because Afternoon's documents exclude it.

Each check returns the value, or raises `InvalidRequest` that names the field, the value and what is
allowed. Nothing here builds or sends a request.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from subhub.errors import InvalidRequest
from subhub.plugin import Json

LONGEST_TEXT: Final = 255
LONGEST_URL: Final = 2048
LAST_DAY: Final = 31

_CUID = re.compile(r"c[a-z0-9]{8,}")
_PLAN_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def cuid(field: str, value: str) -> str:
    """An id of Afternoon's.

    The ids of requests are typed as cuids, and every generator of cuids writes a `c` and then
    lower-case letters and digits, so no real id fails this. What does fail it is the id that an
    application kept from another provider: sent on, it would be an empty list or a walk through
    all subscriptions instead of an error.
    """
    if _CUID.fullmatch(value):
        return value
    problem = (
        f"{value!r} is no id of Afternoon: those are cuids, `c` and lower-case letters and digits, "
        "as cm5x9z8nv0001h85r7l9p2k2m; the ids of another provider do not carry over"
    )
    raise InvalidRequest.of(field, problem)


def plan_code(field: str, value: str) -> str:
    """The code of a plan, which is what Afternoon's requests name a plan by."""
    if _PLAN_CODE.fullmatch(value):
        return value
    problem = (
        f"{value!r} is no plan code: those are lower-case letters and digits, in words joined by "
        "single underscores, as 'starter_plan'; copy it from the plan in Afternoon's dashboard"
    )
    raise InvalidRequest.of(field, problem)


def anchor_day(field: str, value: int) -> int:
    """A day of the month, from 1 to 31."""
    if isinstance(value, bool) or not 1 <= value <= LAST_DAY:
        raise InvalidRequest.of(field, f"a day of the month is from 1 to {LAST_DAY}, not {value!r}")
    return value


def text(field: str, value: str, longest: int = LONGEST_TEXT) -> str:
    """A text that is not empty and not too long."""
    if 1 <= len(value) <= longest:
        return value
    raise InvalidRequest.of(
        field, f"a text of 1 to {longest} characters is meant, not one of {len(value)}"
    )


def positive(field: str, value: Decimal | int | str) -> str:
    """A number above zero, written out in decimals; a float is refused, it is not exact."""
    if isinstance(value, bool | float):
        raise InvalidRequest.of(field, f"write the number as text or Decimal, '{value}'")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InvalidRequest.of(field, f"{value!r} is no number: write it as '12.50'") from error
    if not number.is_finite() or number <= 0:
        raise InvalidRequest.of(field, f"an amount is above zero, not {value}")
    return f"{number:f}"


def json_object(field: str, value: Json) -> Json:
    """An object that JSON can carry."""
    try:
        _ = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        problem = f"JSON cannot carry it ({error}): use text, numbers, booleans, lists and dicts"
        raise InvalidRequest.of(field, problem) from error
    return value
