"""The fake's endpoints for invoices, which subscriptions create at the start of each period.

See https://docs.stripe.com/api/invoices and https://docs.stripe.com/billing/invoices/subscription.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_stripe.sandbox.ledger import Ledger

FILES: Final = "https://pay.stripe.com/invoice"
HOSTED: Final = "https://invoice.stripe.com/i"
STATUSES: Final = {"draft", "open", "paid", "void", "uncollectible"}


class InvoiceRoutes(Ledger):
    """The endpoints for invoices."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.invoices: dict[str, JsonObject] = {}
        """The invoices as on the wire, by id."""
        self.pending: dict[str, list[JsonObject]] = {}
        """The items that wait for the next invoice in their currency, by customer."""
        self.credit: dict[str, dict[str, int]] = {}
        """The balance by customer and currency; unlike on the wire, a credit is above zero."""

    @route("GET", "/invoices")
    def list_invoices(self, received: Received) -> Reply:
        """List invoices, newest first, all or those of a customer, subscription or status."""
        wanted = {name: received.query.get(name) for name in ("customer", "subscription", "status")}
        if wanted["customer"] is not None:
            _ = self.found(self.customers, "customer", wanted["customer"], named=True)
        if wanted["subscription"] is not None:
            _ = self.found(self.subscriptions, "subscription", wanted["subscription"], named=True)
        if wanted["status"] not in {None, *STATUSES}:
            raise self.refused(400, "Invalid status", param="status")
        matching = [
            invoice
            for invoice in self.invoices.values()
            if wanted["customer"] in {None, invoice["customer"]}
            and wanted["subscription"] in {None, _subscription_of(invoice)}
            and wanted["status"] in {None, invoice["status"]}
        ]
        return self.listed(received, matching)

    @route("GET", "/invoices/{}")
    def get_invoice(self, received: Received, invoice_id: str) -> Reply:
        """Read an invoice."""
        del received
        return Reply.json(200, self.found(self.invoices, "invoice", invoice_id))

    def add_invoice(
        self, subscription: JsonObject, at: int, amount: int, *, paid: bool
    ) -> JsonObject:
        """Create an invoice of *amount* and of what is pending, less the customer's credit.

        Args:
            subscription: The subscription, with one item.
            at: When it is created and finalized.
            amount: What a period costs, in minor units.
            paid: Whether it is paid at once; otherwise it stays open if anything is due.
        """
        (item,) = subscription["items"]["data"]
        currency = item["price"]["currency"]
        total = amount + self._swept(subscription["customer"], currency)
        starting, ending = self._settled(subscription["customer"], currency, total)
        due = total + starting - ending
        paid = paid or not due
        secret = self.ids.text(20)
        invoice = self.new(
            "invoice",
            "in",
            number=f"SANDBOX-{len(self.invoices) + 1:04}",
            customer=subscription["customer"],
            status="paid" if paid else "open",
            currency=currency,
            total=total,
            starting_balance=starting,
            ending_balance=ending,
            amount_due=due,
            amount_paid=due if paid else 0,
            collection_method="charge_automatically",
            due_date=None,
            effective_at=at,
            parent={
                "type": "subscription_details",
                "quote_details": None,
                "subscription_details": {"metadata": {}, "subscription": subscription["id"]},
            },
            status_transitions={
                "finalized_at": at,
                "marked_uncollectible_at": None,
                "paid_at": at if paid else None,
                "voided_at": None,
            },
            hosted_invoice_url=self.page_address(f"{HOSTED}/{secret}"),
            invoice_pdf=self.page_address(f"{FILES}/{secret}/pdf"),
            metadata={},
        )
        invoice["created"] = at
        self.invoices[invoice["id"]] = invoice
        subscription["latest_invoice"] = invoice["id"]
        return invoice

    def _swept(self, customer_id: str, currency: str) -> int:
        """Return the sum of what was pending, which is not from now on."""
        waiting = self.pending.pop(customer_id, [])
        if others := [item for item in waiting if item["currency"] != currency]:
            self.pending[customer_id] = others
        return sum(item["amount"] for item in waiting if item["currency"] == currency)

    def _settled(self, customer_id: str, currency: str, total: int) -> tuple[int, int]:
        """Use the customer's credit for *total*, or add to it what is below zero.

        Returns the balance before and after, as on the wire: a credit is below zero. See
        https://docs.stripe.com/billing/customer/balance.
        """
        credit = self.credit.setdefault(customer_id, {})
        before = credit.get(currency, 0)
        credit[currency] = max(0, before - total)
        customer = self.customers[customer_id]
        own = customer.get("currency") or currency  # that of the first invoice
        customer.update(currency=own, balance=-credit.get(own, 0))
        return -before, -credit[currency]

    def add_draft_invoice(self, customer_id: str, currency: str = "eur") -> str:
        """Create an empty draft, as in Stripe's dashboard, and return its id."""
        nothing = ("number", "due_date", "effective_at", "hosted_invoice_url", "invoice_pdf")
        draft = self.new(
            "invoice",
            "in",
            **dict.fromkeys(nothing),
            customer=customer_id,
            status="draft",
            currency=currency,
            total=0,
            amount_due=0,
            amount_paid=0,
            collection_method="charge_automatically",
            parent=None,
            status_transitions=dict.fromkeys(
                ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
            ),
            metadata={},
        )
        self.invoices[draft["id"]] = draft
        invoice_id: str = draft["id"]
        return invoice_id


def _subscription_of(invoice: JsonObject) -> str | None:
    parent: JsonObject | None = invoice["parent"]
    found: str | None = parent["subscription_details"]["subscription"] if parent else None
    return found
