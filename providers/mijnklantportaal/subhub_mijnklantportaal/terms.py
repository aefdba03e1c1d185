"""Price, interval and VAT rate: what the documentation allows, and the way to and from the wire.

Requests are held to the documented values, because another one would bill somebody wrongly. Answers
are not: a word that is not known becomes `None` here, and stays readable in `raw`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from subhub.errors import InvalidRequest
from subhub.models import Interval, Money, PlanDraft

CURRENCY: Final = "EUR"
INTERVALS: Final = ("14 days", "1 month", "2 months", "6 months", "1 year")
VAT_RATES: Final = (0, 9, 21)

_SAME_INTERVAL: Final = {"2 weeks": "14 days", "12 months": "1 year"}


def plan_terms(draft: PlanDraft) -> dict[str, Any]:
    """Interval, amount and VAT rate of *draft*, as a request has them; all three are required."""
    if draft.tax_rate is None:
        raise InvalidRequest.of("tax_rate", f"it is required: give {_listed(VAT_RATES)}")
    return given_terms(price=draft.price, interval=draft.interval, tax_rate=draft.tax_rate)


def given_terms(
    *, price: Money | None, interval: Interval | None, tax_rate: Decimal | None
) -> dict[str, Any]:
    """Those of the three that are given, as a request has them."""
    body: dict[str, Any] = {}
    if interval is not None:
        body["interval"] = _interval_text(interval)
    if price is not None:
        body["amount"] = amount_text("price", price)
    if tax_rate is not None:
        body["vatRate"] = _vat_rate(tax_rate)
    return body


def amount_text(field: str, price: Money) -> str:
    """The amount as text with two decimals; any currency but the euro is refused."""
    if price.currency != CURRENCY:
        raise InvalidRequest.of(
            field, f"{str(price)!r} is not in {CURRENCY}, the only currency that it takes"
        )
    return price.to_text()


def read_interval(text: str | None) -> Interval | None:
    """The interval that *text* says, where it says one."""
    try:
        return None if text is None else Interval.parse(text)
    except InvalidRequest:
        return None


def read_money(amount: Decimal | None, currency: str | None) -> Money | None:
    """The money that both fields together say, where they do."""
    try:
        return None if amount is None or currency is None else Money(amount, currency)
    except InvalidRequest:
        return None


def _interval_text(interval: Interval) -> str:
    """Two weeks are 14 days and twelve months are a year, on any calendar: those are one plan."""
    text = _SAME_INTERVAL.get(str(interval), str(interval))
    if text not in INTERVALS:
        raise InvalidRequest.of("interval", f"{text!r} is not one of {_listed(INTERVALS)}")
    return text


def _vat_rate(tax_rate: Decimal) -> int:
    if tax_rate not in VAT_RATES:
        problem = f"{tax_rate} is not one of the Dutch VAT rates, {_listed(VAT_RATES)} percent"
        raise InvalidRequest.of("tax_rate", problem)
    return int(tax_rate)


def _listed(allowed: tuple[object, ...]) -> str:
    return ", ".join(str(each) for each in allowed)
