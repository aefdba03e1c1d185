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
        self, subscription: JsonObject, at: int, *, paid: bool, free: bool = False
    ) -> JsonObject:
        """Create the invoice of the period that begins.

        Args:
            subscription: The subscription, with one item.
            at: When the period begins.
            paid: Whether it is paid at once; otherwise it stays open.
            free: Whether the period is a trial.
        """
        (item,) = subscription["items"]["data"]
        total = 0 if free else (item["price"]["unit_amount"] or 0) * item["quantity"]
        secret = self.ids.text(20)
        invoice = self.new(
            "invoice",
            "in",
            number=f"SANDBOX-{len(self.invoices) + 1:04}",
            customer=subscription["customer"],
            status="paid" if paid else "open",
            currency=item["price"]["currency"],
            total=total,
            amount_due=total,
            amount_paid=total if paid else 0,
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
