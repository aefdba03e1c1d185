"""An amount of money in a currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator, Field

from subhub.errors import InvalidRequest
from subhub.models.currencies import MINOR_DIGITS
from subhub.models.record import Record


def _exact(value: object) -> object:
    """Refuse a binary fraction: 0.1 + 0.2 is not 0.3, and money has to add up."""
    if isinstance(value, bool | float):
        message = f"write the number as text or Decimal, '{value}', not as {type(value).__name__}"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    return value


def _known(value: object) -> object:
    code = value.upper() if isinstance(value, str) else value
    if code not in MINOR_DIGITS:
        message = f"{value!r} is no currency of ISO 4217: write its three letters, as 'EUR'"
        raise ValueError(message)
    return code


ExactDecimal = Annotated[Decimal, BeforeValidator(_exact)]
"""A number that was never a float."""

Percent = Annotated[Decimal, Field(ge=0, le=100), BeforeValidator(_exact)]
"""A share of a hundred."""

Currency = Annotated[str, BeforeValidator(_known)]
"""A currency code of ISO 4217, in capitals."""

# Within these digits every calculation below is exact; "1e999999999" would fill the memory.
_Amount = Annotated[Decimal, Field(max_digits=18), BeforeValidator(_exact)]


class Money(Record):
    """An exact amount in a currency: `Money("12.95", "EUR")`.

    *amount* is in the currency's major unit (euros, not cents), has at most 18 digits and is never
    a float; *currency* is a code of ISO 4217. Anything else raises `InvalidRequest`.
    """

    amount: _Amount
    currency: Currency

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        super().__init__(amount=amount, currency=currency)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"12.95 EUR"`, as money stands in a configuration file."""
        match text.split():
            case [amount, currency]:
                return cls(amount, currency)
            case _:
                message = f"{text!r} is no money: write an amount and a currency, as '12.95 EUR'"
                raise InvalidRequest(message)

    @classmethod
    def from_minor(cls, amount: int, currency: str) -> Self:
        """The money that *amount* minor units (cents) are."""
        units = cls(_whole(amount), currency)
        return cls(units.amount.scaleb(-units.minor_digits), currency)

    @property
    def minor_digits(self) -> int:
        """How many decimals the currency has: 2 for EUR, 0 for JPY."""
        return MINOR_DIGITS[self.currency]

    def to_text(self) -> str:
        """The amount with the currency's decimals, `"12.90"`; extra decimals are refused."""
        exact = self.amount.quantize(Decimal(1).scaleb(-self.minor_digits))
        if exact != self.amount:
            given = f"{self.amount:f} {self.currency}"
            message = f"{given} has more decimals than {self.currency} has: {self.minor_digits}"
            raise InvalidRequest(message)
        return f"{exact:f}"

    def __str__(self) -> str:
        decimals = max(self.minor_digits, -int(self.amount.as_tuple().exponent))
        return f"{self.amount:.{decimals}f} {self.currency}"


def _whole(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int):
        message = f"minor units are counted in whole numbers, not {amount!r}"
        raise InvalidRequest(message, fields={"amount": message})
    return amount
