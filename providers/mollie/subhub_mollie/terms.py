"""Amounts and intervals, to and from the wire.

Amounts are texts with the decimals of their currency: https://docs.mollie.com/docs/multicurrency.
Intervals are counted in days, weeks or months, up to a year:
https://docs.mollie.com/reference/create-subscription.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from subhub.models import ExactDecimal, Interval, Money
from subhub.plugin import Wire

MONTHS: Final = 12
"""Mollie has no years: one is `12 months`."""

_INTERVAL: Final = re.compile(r"([1-9][0-9]{0,5}) (day|week|month)s?")


class MollieAmount(Wire):
    """An amount object."""

    currency: str
    value: ExactDecimal

    def to_money(self) -> Money:
        """Return the amount in neutral words."""
        return Money(self.value, self.currency)


def amount_body(amount: Money) -> Mapping[str, str]:
    """Return *amount* as requests write it."""
    return {"currency": amount.currency, "value": amount.to_text()}


def interval_text(interval: Interval) -> str:
    """Return *interval* as requests write it; Mollie refuses one of more than a year."""
    if interval.unit == "year":
        return str(Interval(interval.count * MONTHS, "month"))
    return str(interval)


def read_interval(text: str | None) -> Interval | None:
    """Read `3 months`; `None` when the text is not of the documented form.

    Whole years are read as years, because that is how they were asked for.
    """
    match = _INTERVAL.fullmatch(text or "")
    if match is None:
        return None
    count = int(match[1])
    if match[2] == "day":
        return Interval(count, "day")
    if match[2] == "week":
        return Interval(count, "week")
    return Interval(count, "month") if count % MONTHS else Interval(count // MONTHS, "year")
