"""Money in Stripe's minor units.

See https://docs.stripe.com/currencies. Three currencies differ from ISO 4217: with its digits, a
customer would be billed a hundred times too much or too little.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import ARITHMETIC, Money

OTHER_DIGITS: Final[Mapping[str, int]] = {"ISK": 2, "UGX": 2, "MGA": 0}
"""ISK and UGX are sent with cents that they no longer have; the fifths of MGA are not sent."""


def to_minor(price: Money) -> int:
    """Return *price* as `unit_amount`. Raises `InvalidRequest` for a fraction of a unit."""
    minor = price.amount.scaleb(_digits(price.currency), ARITHMETIC)
    if minor != minor.to_integral_value(context=ARITHMETIC):
        raise InvalidRequest.of("price", f"must be in whole units of Stripe, got {price}")
    return int(minor)


def from_minor(amount: Decimal | int, currency: str) -> Money:
    """Return an amount in minor units, which may have decimals, as `Money`."""
    return Money(Decimal(amount).scaleb(-_digits(currency.upper()), ARITHMETIC), currency)


def _digits(currency: str) -> int:
    return OTHER_DIGITS.get(currency, Money(0, currency).minor_digits)
