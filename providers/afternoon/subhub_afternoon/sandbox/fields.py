"""Request fields as Afternoon's documentation types them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final, cast


@dataclass(frozen=True, slots=True)
class Field:
    """The values that a field accepts: a check, and a description for the error."""

    fits: Callable[[Any], bool]
    expected: str
    required: bool = False
    nullable: bool = False

    def needed(self) -> Field:
        """Return this field, required."""
        return replace(self, required=True)

    def or_null(self) -> Field:
        """Return this field, which may also be null."""
        return replace(self, nullable=True)


def problems(body: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, str]:
    """Return what is wrong with *body*, by field."""
    found = {name: "is not a field of this request" for name in body if name not in fields}
    for name, field in fields.items():
        value = body.get(name)
        if name not in body:
            if field.required:
                found[name] = "is required"
        elif not (field.fits(value) or (value is None and field.nullable)):
            found[name] = f"should be {field.expected}"
    return found


def text(longest: int, shortest: int = 0) -> Field:
    """Return a text field of limited length."""
    return matching(
        rf"(?s:.){{{shortest},{longest}}}", f"a text of {shortest} to {longest} characters"
    )


def matching(pattern: str, expected: str) -> Field:
    """Return a text field whose whole value matches *pattern*."""
    compiled = re.compile(pattern)
    return Field(lambda value: isinstance(value, str) and bool(compiled.fullmatch(value)), expected)


def one_of(*words: str) -> Field:
    """Return a field that accepts *words* only."""
    return Field(lambda value: value in words, f"one of {', '.join(words)}")


def moment(value: object) -> dt.datetime | None:
    """Return the moment of an ISO 8601 text with an offset; `None` for anything else."""
    try:
        read = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None


def written(when: dt.datetime) -> str:
    """Return a moment as Afternoon writes it."""
    try:
        return when.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:  # in UTC, it is outside of the calendar
        return when.isoformat()


def _is_utc(value: Any) -> bool:
    read = moment(value)
    return read is not None and read.utcoffset() == dt.timedelta()


def narrowed(value: Any) -> Any:
    """Return a number without a fraction as an integer: in JSON, 15.0 and 15 are the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_positive(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(NUMERAL, value) is not None and float(value) > 0
    return _is_number(value) and value > 0


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and isfinite(value))


def _is_place(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(cast("Any", value).get("country", ""), str)


def _are_objects(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    items = cast("list[object]", value)
    return all(isinstance(item, dict) for item in items)


def _is_whole(value: Any) -> bool:
    return isinstance(narrowed(value), int) and not isinstance(value, bool)


NUMERAL: Final = r"[0-9]+(\.[0-9]+)?"
TEXT: Final = Field(lambda value: isinstance(value, str), "a text")
NAMED: Final = matching(r"(?s:.)+", "a non-empty text")
EMAIL: Final = matching(r"(?=.{3,255}$)[^@\s]+@[^@\s]+", "an e-mail address")
CUID: Final = matching(r"c[a-z0-9]{8,}", "a cuid")
PLAN_CODE: Final = matching(r"[a-z0-9]+(?:_[a-z0-9]+)*", "a plan code")
ADDRESS: Final = matching(r"(?=.{1,2048}$)[A-Za-z][A-Za-z0-9+.-]*://[^\s]+", "a web address")
MOMENT: Final = Field(lambda value: moment(value) is not None, "an ISO 8601 date and time")
UTC_MOMENT: Final = Field(_is_utc, "a date and time in UTC")
DAY: Final = Field(lambda value: _is_whole(value) and 1 <= value <= 31, "a day from 1 to 31")  # noqa: PLR2004
WHOLE: Final = Field(_is_whole, "a whole number")
NUMBER: Final = Field(_is_number, "a number")
POSITIVE: Final = Field(_is_positive, "a number above zero")
PLACE: Final = Field(_is_place, "an object, with the country as a text")
OBJECT: Final = Field(lambda value: isinstance(value, dict), "an object")
OBJECTS: Final = Field(_are_objects, "a list of objects")
TIMING: Final = one_of("now", "end_of_period")
REFUND_POLICY: Final = one_of("no_refund_prepaid_fixed_fees", "refund_prorated_prepaid_fixed_fees")
