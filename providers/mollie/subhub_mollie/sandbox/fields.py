"""Fields of requests, as Mollie's documents type them. Nothing here keeps state or answers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
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
LOCALES: Final = frozenset(
    {
        *("ca_ES", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "de_LU", "en_BE", "en_GB", "en_NL"),
        *("en_US", "es_ES", "fi_FI", "fr_BE", "fr_FR", "fr_LU", "hu_HU", "is_IS", "it_IT", "lt_LT"),
        *("lv_LV", "nb_NO", "nl_BE", "nl_NL", "pl_PL", "pt_PT", "sk_SK", "sv_SE"),
    }
)
"""The locales of https://docs.mollie.com/reference/create-customer."""
METHODS: Final = frozenset(
    {
        *("alma", "applepay", "bacs", "bancomatpay", "bancontact", "banktransfer", "belfius"),
        *("billie", "billink", "bizum", "blik", "creditcard", "directdebit", "eps", "giftcard"),
        *("ideal", "in3", "kbc", "klarna", "mbway", "mobilepay", "multibanco", "mybank"),
        *("paybybank", "paypal", "paysafecard", "pointofsale", "przelewy24", "riverty"),
        *("satispay", "swish", "trustly", "twint", "vipps", "voucher"),
    }
)
"""The payment methods of https://docs.mollie.com/reference/create-payment."""
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


def one_of(values: Collection[str], expected: str) -> Field:
    """Return a text that is one of *values*."""
    return Field(lambda value: isinstance(value, str) and value in values, expected)


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
        return bool(re.fullmatch(r"[0-9]+\.[0-9]{2}", text))
    return currency in WITHOUT_DECIMALS and bool(re.fullmatch(r"[0-9]+", text))


def _is_count(value: Any) -> bool:
    # 3.0 is a whole number in JSON, and `True` is one in Python.
    return isinstance(value, int | float) and value is not True and value > 0 and value % 1 == 0


def _is_metadata(value: Any) -> bool:
    return not isinstance(value, bool) and len(repr(value)) <= KILOBYTE


NAME: Final = Field(lambda value: isinstance(value, str), "a text")
TEXT: Final = matching(r"(?s:.)+", "a text that is not empty")
EMAIL: Final = matching(r"[^@\s]+@[^@\s]+", "an e-mail address")
LOCALE: Final = one_of(LOCALES, "a locale such as en_US")
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
METADATA: Final = Field(_is_metadata, "at most 1 kB, and not a boolean")
CUSTOMER: Final = matching(r"cst_.+", "the id of a customer")
MANDATE: Final = matching(r"mdt_.+", "the id of a mandate")
MANDATE_METHOD: Final = matching(r"creditcard|directdebit|paypal", "a method of mandates")
METHOD: Final = one_of(METHODS, "a payment method such as ideal")
FIRST: Final = matching(r"first", "first: this sandbox knows no other payments")
