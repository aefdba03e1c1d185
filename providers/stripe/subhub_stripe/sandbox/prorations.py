"""What the rest of a period is worth: prorations, the items that wait for an invoice.

A credit is what was billed for the rest, as in flexible billing mode, whether or not it was paid.
See https://docs.stripe.com/billing/subscriptions/prorations.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import JsonObject
from subhub_stripe.sandbox.invoices import InvoiceRoutes

BEHAVIORS: Final = {"create_prorations", "always_invoice", "none"}


class Prorations(InvoiceRoutes):
    """The account's prorations."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.debits: dict[str, JsonObject] = {}
        """What was billed last for each item, and for which time, by the item's id."""

    def bill_period(
        self, subscription: JsonObject, at: int, *, paid: bool, free: bool = False
    ) -> None:
        """Create the invoice of the period that begins.

        Args:
            subscription: The subscription, with one item.
            at: When the period begins.
            paid: Whether it is paid at once; otherwise it stays open.
            free: Whether the period is a trial.
        """
        self.debit_period(subscription, free=free)
        (item,) = subscription["items"]["data"]
        _ = self.add_invoice(subscription, at, self.debits[item["id"]]["amount"], paid=paid)

    def debit_period(self, subscription: JsonObject, *, free: bool = False) -> None:
        """Note what is billed for the period that has begun."""
        (item,) = subscription["items"]["data"]
        self.debits[item["id"]] = {**_period(item), **({"amount": 0} if free else {})}

    def credit_rest(self, subscription: JsonObject) -> None:
        """Credit the rest of what was billed, from now on; a second time, nothing is left."""
        (item,) = subscription["items"]["data"]
        billed = self.debits.get(item["id"], _period(item))
        self._prorate(subscription, -_share(billed, self.now()))
        self.debits[item["id"]] = {**billed, "amount": 0}

    def charge_rest(self, subscription: JsonObject) -> None:
        """Charge for the rest of the period, from now on; a trial stays free."""
        (item,) = subscription["items"]["data"]
        if subscription["status"] != "trialing":
            amount = _share(_period(item), self.now())
            self._prorate(subscription, amount)
            self.debits[item["id"]] = {**_period(item), "amount": amount, "start": self.now()}

    def invoice_pending(self, subscription: JsonObject) -> None:
        """Create an invoice of what is pending, if anything is."""
        if self.pending.get(subscription["customer"]):
            _ = self.add_invoice(subscription, self.now(), 0, paid=True)

    def _prorate(self, subscription: JsonObject, amount: int) -> None:
        (item,) = subscription["items"]["data"]
        if amount:
            waiting = self.pending.setdefault(subscription["customer"], [])
            waiting.append({"amount": amount, "currency": item["price"]["currency"]})


def price_of(item: JsonObject) -> int:
    """Return what a whole period of *item* costs: nothing if its price has no unit amount."""
    amount: int = (item["price"]["unit_amount"] or 0) * item["quantity"]
    return amount


def _period(item: JsonObject) -> JsonObject:
    """Return what a whole period of *item* costs, and its time."""
    return {
        "amount": price_of(item),
        "start": item["current_period_start"],
        "end": item["current_period_end"],
    }


def _share(billed: JsonObject, now: int) -> int:
    """Return the part of an amount for the time from *now* on, by the second."""
    amount, start, end = (int(billed[name]) for name in ("amount", "start", "end"))
    return round(amount * max(0, end - now) / max(1, end - start))
