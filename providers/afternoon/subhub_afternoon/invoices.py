"""Invoices: reading them, and creating drafts.

See https://docs.afternoon.co/api-reference/afternoon-events-api/invoices/list and
https://docs.afternoon.co/quickstart. Finalizing, voiding and paying are not supported, because
their paths are not documented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field

from subhub.models import Invoice, InvoiceStatus, Record
from subhub.plugin import Core, Flow, Page, Provider, Records, Text, Wire, get, given, path, post
from subhub_afternoon.envelope import PROVIDER, Envelope, ListEnvelope
from subhub_afternoon.refusals import cuid, maybe

INVOICES: Final = "/v1/invoices"
INVOICE_STATUSES: Final[Mapping[str, InvoiceStatus]] = {
    "draft": InvoiceStatus.DRAFT,
    "open": InvoiceStatus.OPEN,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}


class InvoiceLine(Record):
    """A line of a draft invoice; the amount is in cents of the company's currency."""

    description: str = Field(min_length=1)
    quantity: int = Field(default=1, strict=True)
    unit_amount_cents: int = Field(strict=True)


class AfternoonInvoice(Wire):
    """An `invoice` object.

    Its `total_cents` stay in `raw`: no currency is documented, so they are not an amount of money.
    """

    id: Text
    status: Core[str | None] = None
    customer_id: str | None = None  # it is not documented that an invoice names its customer

    def to_invoice(self, owner: str | None = None) -> Invoice:
        """Convert to an `Invoice`; *owner* is the customer whose invoices were asked for."""
        return Invoice(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer_id or owner,
            status=INVOICE_STATUSES.get(self.status or "", InvoiceStatus.UNKNOWN),
            raw_status=self.status,
            raw=self.raw,
        )


class InvoiceEnvelope(Envelope):
    """A response with an invoice."""

    invoice: AfternoonInvoice


class InvoicesEnvelope(ListEnvelope):
    """A response with one page of invoices; its shape is assumed from that of subscriptions."""

    invoices: Records[AfternoonInvoice]


class Invoices(Provider):
    """The operations on invoices; drafts are created with `client.call`."""

    def list_invoices(
        self,
        cursor: str | None = None,
        *,
        customer: str | None = None,
        subscription: str | None = None,
        status: str | None = None,
    ) -> Flow[Page[Invoice]]:
        """List invoices, one page at a time.

        Args:
            cursor: The cursor of the page; by default the first.
            customer: Only invoices of this customer.
            subscription: Not supported.
            status: Only invoices with this status, in Afternoon's words.
        """
        if subscription is not None:
            self._lacks("list_invoices:subscription", subscription)
        owner = maybe(cuid, "customer", customer)
        query = given(cursor=cursor, customer_id=owner, status=status)
        answer = yield from get(INVOICES, InvoicesEnvelope, query)
        return answer.page(answer.invoices, lambda item: item.to_invoice(owner))

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        """Read an invoice, with its lines in `raw`."""
        place = path(INVOICES + "/{}", cuid("invoice_id", invoice_id))
        answer = yield from get(place, InvoiceEnvelope)
        return answer.whole(answer.invoice.to_invoice())

    def create_draft_invoice(
        self,
        customer_id: str,
        *,
        lines: Sequence[InvoiceLine],
        collection_method: str = "send_invoice",
        days_until_due: int | None = None,
    ) -> Flow[Invoice]:
        """Create a draft invoice. It is sent when it is finalized in Afternoon's dashboard.

        Args:
            customer_id: The customer's id.
            lines: The lines.
            collection_method: How the invoice is collected; only `send_invoice` is documented.
            days_until_due: The number of days until the invoice is due.
        """
        body = given(
            customer_id=cuid("customer_id", customer_id),
            collection_method=collection_method,
            line_items=[line.model_dump() for line in lines],
            days_until_due=days_until_due,
        )
        answer = yield from post(INVOICES, InvoiceEnvelope, body)
        return answer.whole(answer.invoice.to_invoice())
