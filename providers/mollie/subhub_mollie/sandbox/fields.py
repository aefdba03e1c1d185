"""Fields of requests, as Mollie's documents type them. Nothing here keeps state or answers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from subhub.plugin import is_object

WITHOUT_DECIMALS: Final = frozenset({"ISK", "JPY"})
WITH_TWO: Final = frozenset(
    {
        *("AED", "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP"),
        *("HKD", "HUF", "ILS", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN"),
        *("RON", "RUB", "SEK", "SGD", "THB", "TWD", "USD", "ZAR"),
    }
)
"""The currencies of https://docs.mollie.com/docs/multicurrency, by their decimals."""
KILOBYTE: Final = 1024


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold, as a check and in words."""

    fits: Callable[[Any], bool]
    expected: str
    required: bool = False

    def needed(self) -> Field:
        """Return the same field, required."""
        return replace(self, required=True)


def problem(body: Mapping[str, Any], fields: Mapping[str, Field]) -> tuple[str, str] | None:
    """Return the first field that is wrong in *body*, and why: an error of Mollie's names one."""
    for name in body:
        if name not in fields:
            return name, f"Non-existent body parameter {name!r}"
    for name, field in fields.items():
        if name not in body:
            if field.required:
                return name, f"The field {name!r} is required"
        elif not field.fits(body[name]):
            return name, f"The field {name!r} should be {field.expected}"
    return None


def matching(pattern: str, expected: str) -> Field:
    """Return a text that matches as a whole."""
    compiled = re.compile(pattern)
    return Field(lambda value: isinstance(value, str) and bool(compiled.fullmatch(value)), expected)


def is_day(value: object) -> bool:
    """Whether *value* is a day as `2025-01-31`."""
    try:
        return isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_amount(value: Any) -> bool:
    if not is_object(value) or {*value} != {"currency", "value"}:
        return False
    currency, text = value["currency"], value["value"]
    if not isinstance(currency, str) or not isinstance(text, str):
        return False
    if currency in WITH_TWO:
        return bool(re.fullmatch(r"[0-9]{1,12}\.[0-9]{2}", text))
    return currency in WITHOUT_DECIMALS and bool(re.fullmatch(r"[0-9]{1,12}", text))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_small(value: Any) -> bool:
    return len(repr(value)) <= KILOBYTE


TEXT: Final = matching(r"(?s:.)+", "a text that is not empty")
EMAIL: Final = matching(r"[^@\s]+@[^@\s]+", "an e-mail address")
LOCALE: Final = matching(r"[a-z]{2}_[A-Z]{2}", "a locale such as en_US")
ADDRESS: Final = matching(r"https?://\S+", "a URL")
AMOUNT: Final = Field(
    _is_amount, "an object with a currency, and a value with the currency's decimals as a text"
)
INTERVAL: Final = matching(
    r"(?:[1-9]|1[0-2]) months?|(?:[1-9]|[1-4][0-9]|5[0-2]) weeks?"
    r"|(?:[1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5]) days?",
    "... days, ... weeks or ... months, and at most one year",
)
DAY: Final = Field(is_day, "a date as YYYY-MM-DD")
COUNT: Final = Field(_is_count, "a number above zero")
METADATA: Final = Field(_is_small, "at most 1 kB of JSON")
CUSTOMER: Final = matching(r"cst_\w+", "the id of a customer")
MANDATE: Final = matching(r"mdt_\w+", "the id of a mandate")
MANDATE_METHOD: Final = matching(r"creditcard|directdebit|paypal", "a method of mandates")
METHOD: Final = matching(r"[a-z0-9]+", "a payment method")
FIRST: Final = matching(r"first", "first: this sandbox knows no other payments")
