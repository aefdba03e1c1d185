"""Numbers of JSON, read exactly: for the hooks of a `json.JSONDecoder`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from subhub.models.money import ARITHMETIC


def fraction(text: str) -> Decimal:
    """Return a number with decimals; `ValueError` if its exponent is out of range."""
    try:
        return Decimal(text, ARITHMETIC)
    except InvalidOperation as error:  # an exponent of 20 digits
        raise ValueError("a number in it is out of range") from error


def refuse_constant(name: str) -> object:
    """Refuse what Python reads and JSON does not have: `NaN` and `Infinity`."""
    raise ValueError(f"{name} is not JSON")
