"""Invoices: reading them, and creating drafts.

See https://docs.afternoon.co/api-reference/afternoon-events-api/invoices/list and
https://docs.afternoon.co/quickstart. Finalizing, voiding and paying are not supported, because
their paths are not documented.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from subhub.models import Record, Result
from subhub.plugin import Core, Flow, Page, Provider, Records, Text, Wire, get, path, post
from subhub_afternoon.envelope import PROVIDER, Envelope, ListEnvelope, page_query
from subhub_afternoon.refusals import cuid

INVOICES: Final = "/v1/invoices"


class InvoiceLine(Record):
    """A line of a draft invoice; the amount is in cents of the company's currency."""

    description: str = Field(min_length=1)
    quantity: int = Field(default=1, strict=True)
    unit_amount_cents: int = Field(strict=True)


class Invoice(Result):
    """An invoice. Documented values of *status*: `draft`, `open`, `paid`, `void`, `uncollectible`.

    *total_cents* has no currency, because none is documented. Lines and other fields are in `raw`.
    """

    id: str
    status: str | None = None
    total_cents: int | None = None


class AfternoonInvoice(Wire):
    """An `invoice` object."""

    id: Text
    status: Core[str | None] = None
    total_cents: Core[Annotated[int, Field(strict=True)] | None] = None

    def to_invoice(self) -> Invoice:
        """Convert to an `Invoice`."""
        return Invoice(
            provider=PROVIDER,
            id=self.id,
            status=self.status,
            total_cents=self.total_cents,
            raw=self.raw,
        )


class InvoiceEnvelope(Envelope):
    """A response with an invoice."""

    invoice: AfternoonInvoice


class InvoicesEnvelope(ListEnvelope):
    """A response with one page of invoices; its shape is assumed from that of subscriptions."""

    invoices: Records[AfternoonInvoice]


class Invoices(Provider):
    """The operations on invoices, used with `client.call` and `client.walk`."""

    def list_invoices(
        self, cursor: str | None = None, *, customer: str | None = None, status: str | None = None
    ) -> Flow[Page[Invoice]]:
        """List invoices, one page at a time.

        Args:
            cursor: The cursor of the page; by default the first.
            customer: Only invoices of this customer.
            status: Only invoices with this status, in Afternoon's words.
        """
        owner = None if customer is None else cuid("customer", customer)
        query = page_query(cursor, customer_id=owner, status=status)
        answer = yield from get(INVOICES, InvoicesEnvelope, query)
        return answer.page(answer.invoices, AfternoonInvoice.to_invoice)

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        """Read an invoice, with its lines in `raw`."""
        answer = yield from get(
            path(INVOICES + "/{}", cuid("invoice_id", invoice_id)), InvoiceEnvelope
        )
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
        body: dict[str, Any] = {
            "customer_id": cuid("customer_id", customer_id),
            "collection_method": collection_method,
            "line_items": [line.model_dump() for line in lines],
        }
        if days_until_due is not None:
            body["days_until_due"] = days_until_due
        answer = yield from post(INVOICES, InvoiceEnvelope, body)
        return answer.whole(answer.invoice.to_invoice())
