"""An amount of money in a currency."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from functools import total_ordering
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field

from subhub.errors import InvalidRequest
from subhub.models.currencies import MINOR_DIGITS
from subhub.models.record import Record

# The application's own context may have three digits, or an exception for each rounding. Every
# setting is given here, because what is left out is taken from `DefaultContext`, which is its too.
ARITHMETIC: Final = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation],
)
"""The decimal context of amounts: no setting of the application changes them."""


_EXACT: Final = ARITHMETIC.copy()
_EXACT.traps[Inexact] = True


def _exact(value: object) -> object:
    # Binary fractions are refused: as floats, 0.1 + 0.2 is not 0.3, and money has to add up.
    if isinstance(value, bool | float):
        remedy = f". Write '{value}'." if isinstance(value, float) else ""
        kind = type(value).__name__
        message = f"must be a Decimal, int or str, got the {kind} {value}{remedy}"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    return value


def _known(value: object) -> object:
    code = value.upper() if isinstance(value, str) else value
    if not isinstance(code, str) or code not in MINOR_DIGITS:
        message = f"unknown currency {value!r}: expected a code of ISO 4217, for example 'EUR'"
        raise ValueError(message)
    return code


ExactDecimal = Annotated[Decimal, BeforeValidator(_exact)]
"""A number that was never a float."""

Percent = Annotated[Decimal, Field(ge=0, le=100), BeforeValidator(_exact)]
"""A percentage: 21, not 0.21."""

Currency = Annotated[str, BeforeValidator(_known)]
"""A currency code of ISO 4217, in upper case."""

# With this many digits all calculations below are exact, and "1e999999999" cannot fill the memory.
_Amount = Annotated[Decimal, Field(max_digits=18), BeforeValidator(_exact)]


@total_ordering
class Money(Record):
    """An exact amount in a currency: `Money("12.95", "EUR")`.

    *amount* is in the currency's major unit (euros, not cents), has at most 18 digits and is never
    a float; *currency* is a code of ISO 4217. Anything else raises `InvalidRequest`.

    Amounts of one currency can be added, subtracted and compared, and multiplied by an int or a
    Decimal: `Money("12.95", "EUR") * 12`, `sum(prices, Money(0, "EUR"))`. Nothing is rounded: a
    result of more than 18 digits is refused. Two currencies raise `InvalidRequest`, except by `==`,
    which says that they differ.
    """

    amount: _Amount
    currency: Currency

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        super().__init__(amount=amount, currency=currency)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse text such as `"12.95 EUR"`, the form of a configuration file."""
        return cls(**_parts(text))

    @classmethod
    def from_minor(cls, amount: int, currency: str) -> Self:
        """Create money from an *amount* in minor units (cents)."""
        units = cls(_whole(amount), currency)
        return cls(units.amount.scaleb(-units.minor_digits, ARITHMETIC), currency)

    def to_minor(self) -> int:
        """Return the amount in minor units (cents): 1295 for 12.95 EUR.

        An amount with more decimals than the currency raises `InvalidRequest`.
        """
        return int(self._in_units().scaleb(self.minor_digits, ARITHMETIC))

    @property
    def minor_digits(self) -> int:
        """The number of decimals of the currency: 2 for EUR, 0 for JPY."""
        return MINOR_DIGITS[self.currency]

    def to_text(self) -> str:
        """Return the amount with the currency's decimals, `"12.90"`.

        An amount with more decimals than that raises `InvalidRequest`.
        """
        return f"{self._in_units():f}"

    def __add__(self, other: Money) -> Self:
        amount = self._amount_of(other, "add")
        if amount is None:
            return NotImplemented
        return self._of(ARITHMETIC.add(self.amount, amount))

    def __sub__(self, other: Money) -> Self:
        amount = self._amount_of(other, "subtract")
        if amount is None:
            return NotImplemented
        return self._of(ARITHMETIC.subtract(self.amount, amount))

    def __mul__(self, factor: Decimal | int) -> Self:
        exact = _factor(factor)
        if exact is None:
            return NotImplemented
        try:
            return self._of(_EXACT.multiply(self.amount, exact))
        except Inexact:
            problem = f"{self} * {exact:.20g}... has too many digits to be exact: round the factor"
            raise InvalidRequest.of("factor", problem) from None

    __rmul__ = __mul__

    def __neg__(self) -> Self:
        return self._of(self.amount.copy_negate())

    def __abs__(self) -> Self:
        return self._of(self.amount.copy_abs())

    def __lt__(self, other: Money) -> bool:
        amount = self._amount_of(other, "compare")
        return NotImplemented if amount is None else self.amount < amount

    def _of(self, amount: Decimal) -> Self:
        return type(self)(amount, self.currency)

    def _amount_of(self, other: object, doing: str) -> Decimal | None:
        """Return the amount of *other*, which must be of the same currency; `None` for no money."""
        if not isinstance(other, Money):
            return None
        if other.currency != self.currency:
            message = f"cannot {doing} {self} and {other}: convert one of the two yourself first"
            raise InvalidRequest(message)
        return other.amount

    def _in_units(self) -> Decimal:
        """Return the amount with exactly the currency's decimals."""
        unit = Decimal(1).scaleb(-self.minor_digits, ARITHMETIC)
        exact = self.amount.quantize(unit, context=ARITHMETIC)
        if exact != self.amount:
            allowed = f"{self.currency} has {self.minor_digits}"
            message = f"{self.amount:f} {self.currency} has too many decimals: {allowed}"
            raise InvalidRequest(message)
        return exact

    def __str__(self) -> str:
        return written(self.amount, self.currency)


def written(amount: Decimal, currency: str) -> str:
    """Return an amount of money as `str` writes it: with the currency's decimals, or all of its."""
    decimals = max(MINOR_DIGITS[currency], -int(amount.as_tuple().exponent))
    return f"{amount:.{decimals}f} {currency}"


def _whole(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise InvalidRequest.of("amount", f"minor units must be an int, got {amount!r}")
    return amount


def _factor(value: object) -> Decimal | None:
    """Return an exact and finite *value*; `None` for what is not a number."""
    try:
        exact = _exact(value)
    except ValueError as error:
        raise InvalidRequest.of("factor", str(error)) from None
    if not isinstance(exact, Decimal | int):
        return None
    factor = Decimal(exact)
    if not factor.is_finite():
        raise InvalidRequest.of("factor", f"must be finite, got {factor}")
    return factor


def _parts(text: object) -> dict[str, Any]:
    match text.split() if isinstance(text, str) else ():
        case [amount, currency]:
            return {"amount": amount, "currency": currency}
        case _:
            message = f"invalid amount {text!r}: expected for example '12.95 EUR'"
            raise InvalidRequest(message)
