"""Money in Stripe's minor units: https://docs.stripe.com/currencies.

These follow ISO 4217 except for three currencies; to take ISO's digits there would bill a hundred
times too much or too little.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import Money

OTHER_DIGITS: Final[Mapping[str, int]] = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Two that Stripe keeps as if they still had cents, and one whose fifths it does not count."""


def to_minor(price: Money) -> int:
    """*price* as `unit_amount`; what Stripe has no unit for is refused."""
    minor = price.amount.scaleb(_digits(price.currency))
    if minor != minor.to_integral_value():
        raise InvalidRequest.of("price", f"Stripe bills no part of a {price.currency}, not {price}")
    return int(minor)


def from_minor(amount: Decimal | int, currency: str) -> Money:
    """The money that *amount*, which may have decimals of its own, is."""
    return Money(Decimal(amount).scaleb(-_digits(currency.upper())), currency)


def _digits(currency: str) -> int:
    return OTHER_DIGITS.get(currency, Money(0, currency).minor_digits)
