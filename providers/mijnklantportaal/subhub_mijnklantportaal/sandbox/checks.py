"""Checks of request bodies, as documented; a body that fails is a 422."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from subhub.sandbox import JsonObject

Check = Callable[[Any], bool]

INTERVALS: Final = ("14 days", "1 month", "2 months", "6 months", "1 year")
EVENT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "appointment": ("created", "canceled"),
    "customer": ("created", "deleted"),
    "offer": ("created", "deleted", "accepted", "rejected"),
    "invoice": ("created", "chargeback", "paid", "deleted"),
    "payment-link": ("created", "expired", "paid"),
    "ticket": ("created", "reply-customer", "reply-employee"),
    "subscription": ("created", "updated", "deleted", "payment-created", "payment-updated"),
}
"""What can happen to what: `customer-created` is one of the 23 types of events."""
YEARS: Final = range(1970, 2200)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_MONEY: Final = re.compile(r"-?\d+(\.\d+)?")  # negative amounts are not documented as forbidden
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
NAIVE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of a request: required ones, optional ones, and how many at least."""

    required: Mapping[str, Check] = field(default_factory=dict[str, Check])
    optional: Mapping[str, Check] = field(default_factory=dict[str, Check])
    at_least: int = 0

    def complaints(self, body: JsonObject) -> Iterator[str]:
        """Return what is wrong with *body*."""
        for name in self.required:
            if name not in body:
                yield f"The {name} field is required."
        for name, value in body.items():
            check = self.required.get(name) or self.optional.get(name)
            if check is not None and not check(value):
                yield f"The {name} field is invalid."
        if len(body) - len(self._undocumented(body)) < self.at_least:
            yield "At least one field is required."

    def unknown(self, body: JsonObject) -> Iterator[str]:
        """Return which fields of *body* are not documented."""
        for name in self._undocumented(body):
            yield f"The {name} field is unknown."

    def empty(self, body: JsonObject) -> Iterator[str]:
        """Return which texts in *body* are empty."""
        for name, value in body.items():
            if value == "":
                yield f"The {name} field is empty."

    def _undocumented(self, body: JsonObject) -> list[str]:
        return [name for name in body if name not in self.required and name not in self.optional]


def text(value: object) -> bool:
    """Check for text; whether it may be empty is not documented."""
    return isinstance(value, str)


def flag(value: object) -> bool:
    """Check for true or false."""
    return isinstance(value, bool)


def interval(value: object) -> bool:
    """Check for one of the five intervals."""
    return value in INTERVALS


def vat_rate(value: object) -> bool:
    """Check for one of the three Dutch VAT rates, as an integer."""
    # not isinstance: False is an int too, and equal to 0, which is a legal rate
    return type(value) is int and value in {0, 9, 21}


def money(value: object) -> bool:
    """Check for a decimal number as text, with a dot."""
    return isinstance(value, str) and _MONEY.fullmatch(value) is not None


def email(value: object) -> bool:
    """Check for text with one @ inside."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def country(value: object) -> bool:
    """Check for two capital letters."""
    return isinstance(value, str) and _COUNTRY.fullmatch(value) is not None


def day(value: object) -> bool:
    """Check for an existing date from 1970 to 2199, such as 2024-05-04."""
    return isinstance(value, str) and _reads(value, "%Y-%m-%d")


def naive(value: object) -> bool:
    """Check for a date and time without an offset, such as 2024-07-04 22:01:00."""
    return isinstance(value, str) and _reads(value, NAIVE_FORMAT)


def objects(value: object, form: Body) -> bool:
    """Check for a list of objects, each in the documented *form*."""
    if not isinstance(value, list):
        return False
    members = cast("list[object]", value)
    return all(_fits(member, form) for member in members)


def address(value: object) -> bool:
    """Check for an address with a scheme."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def event_type(value: object) -> bool:
    """Check for one of the documented event types."""
    return any(
        value == f"{about}-{event}" for about, events in EVENT_TYPES.items() for event in events
    )


def text_or_null(value: object) -> bool:
    """Check for text or null."""
    return value is None or isinstance(value, str)


def _fits(value: object, form: Body) -> bool:
    return isinstance(value, dict) and not any(form.complaints(cast("JsonObject", value)))


def _reads(value: str, pattern: str) -> bool:
    try:
        read = dt.datetime.strptime(value, pattern)  # noqa: DTZ007 - it has no offset
        # strptime also takes 2024-5-4, so the text has to come back the same
        return read.year in YEARS and read.strftime(pattern) == value
    except ValueError:
        return False
