"""What a request's body may hold, as the documentation has it; anything else is a 422."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from subhub.sandbox import JsonObject

Check = Callable[[Any], bool]

INTERVALS: Final = ("14 days", "1 month", "2 months", "6 months", "1 year")
YEARS: Final = range(1970, 2200)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_MONEY: Final = re.compile(r"-?\d+(\.\d+)?")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
NAIVE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of one request: which it must have, which it may have, and how many at least."""

    required: Mapping[str, Check] = field(default_factory=dict[str, Check])
    optional: Mapping[str, Check] = field(default_factory=dict[str, Check])
    at_least: int = 0

    def complaints(self, body: JsonObject) -> Iterator[str]:
        """What is wrong with *body*."""
        for name in self.required:
            if name not in body:
                yield f"The {name} field is required."
        for name, value in body.items():
            right = self.required.get(name) or self.optional.get(name)
            if right is not None and not right(value):
                yield f"The {name} field is invalid."
        if len(body) - len(self._strangers(body)) < self.at_least:
            yield "At least one field is required."

    def unknown(self, body: JsonObject) -> Iterator[str]:
        """What is in *body* and is not documented."""
        for name in self._strangers(body):
            yield f"The {name} field is unknown."

    def empty(self, body: JsonObject) -> Iterator[str]:
        """Which texts in *body* are empty."""
        for name, value in body.items():
            if value == "":
                yield f"The {name} field is empty."

    def _strangers(self, body: JsonObject) -> list[str]:
        return [name for name in body if name not in self.required and name not in self.optional]


def text(value: object) -> bool:
    """Text; that it must not be empty is not documented."""
    return isinstance(value, str)


def flag(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def interval(value: object) -> bool:
    """One of the five intervals."""
    return value in INTERVALS


def vat_rate(value: object) -> bool:
    """One of the three Dutch VAT rates, as an integer."""
    return type(value) is int and value in {0, 9, 21}


def money(value: object) -> bool:
    """A decimal number as text, with a dot."""
    return isinstance(value, str) and _MONEY.fullmatch(value) is not None


def email(value: object) -> bool:
    """Something with one @ inside."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def country(value: object) -> bool:
    """Two letters."""
    return isinstance(value, str) and _COUNTRY.fullmatch(value) is not None


def day(value: object) -> bool:
    """A date that exists and is not far off, as 2024-05-04."""
    return isinstance(value, str) and _reads(value, "%Y-%m-%d")


def naive(value: object) -> bool:
    """A date and time without an offset, not far off, as 2024-07-04 22:01:00."""
    return isinstance(value, str) and _reads(value, NAIVE_FORMAT)


def text_or_null(value: object) -> bool:
    """Text, or null."""
    return value is None or isinstance(value, str)


def _reads(value: str, pattern: str) -> bool:
    try:
        read = dt.datetime.strptime(value, pattern)  # noqa: DTZ007 - it has no offset
        return read.year in YEARS and read.strftime(pattern) == value
    except ValueError:
        return False
