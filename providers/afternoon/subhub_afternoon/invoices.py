"""Invoices: reading them, and drafting one.

See https://docs.afternoon.co/api-reference/afternoon-events-api/invoices/list and
https://docs.afternoon.co/quickstart. Finalizing, voiding and paying have no known path and are left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from subhub.models import Record, Result
from subhub.plugin import Flow, Page, Provider, Wire, get, path, post
from subhub_afternoon.envelope import PROVIDER, Envelope, ListEnvelope, page_query
from subhub_afternoon.refusals import cuid

INVOICES: Final = "/v1/invoices"


class InvoiceLine(Record):
    """A line of an invoice to draft; the amount is in cents, the company's currency unsaid."""

    description: str = Field(min_length=1)
    quantity: int = Field(default=1, strict=True)
    unit_amount_cents: int = Field(strict=True)


class Invoice(Result):
    """An invoice. *status* is `draft`, `open`, `paid`, `void`, `uncollectible`, or a later word.

    *total_cents* has no currency, because none was seen in Afternoon's answers. Lines and all else
    are in `raw`.
    """

    id: str
    status: str | None = None
    total_cents: int | None = None


class AfternoonInvoice(Wire):
    """An `invoice` object."""

    id: str
    status: str | None = None
    total_cents: int | None = None

    def to_invoice(self) -> Invoice:
        """The invoice as a result."""
        return Invoice(
            provider=PROVIDER,
            id=self.id,
            status=self.status,
            total_cents=self.total_cents,
            raw=self.raw,
        )


class InvoiceEnvelope(Envelope):
    """An answer with one invoice."""

    invoice: AfternoonInvoice


class InvoicesEnvelope(ListEnvelope):
    """An answer with one page of invoices; inferred from that of the subscriptions."""

    invoices: list[AfternoonInvoice]


class Invoices(Provider):
    """The operations on invoices, reached by `client.call` and `client.walk`."""

    def list_invoices(
        self, cursor: str | None = None, *, customer: str | None = None, status: str | None = None
    ) -> Flow[Page[Invoice]]:
        """Read one page of the invoices, of one customer or in one status of Afternoon's."""
        owner = None if customer is None else cuid("customer", customer)
        query = page_query(cursor, customer_id=owner, status=status)
        answer = yield from get(INVOICES, InvoicesEnvelope, query)
        return answer.page([each.to_invoice() for each in answer.invoices])

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        """Read one invoice, with its lines in `raw`."""
        answer = yield from get(
            path(INVOICES + "/{}", cuid("invoice_id", invoice_id)), InvoiceEnvelope
        )
        return answer.invoice.to_invoice()

    def create_draft_invoice(
        self,
        customer_id: str,
        *,
        lines: Sequence[InvoiceLine],
        collection_method: str = "send_invoice",
        days_until_due: int | None = None,
    ) -> Flow[Invoice]:
        """Draft an invoice; it goes out when it is finalized, in Afternoon's dashboard.

        `send_invoice` is the one collection method that was seen.
        """
        body: dict[str, Any] = {
            "customer_id": cuid("customer_id", customer_id),
            "collection_method": collection_method,
            "line_items": [line.model_dump() for line in lines],
        }
        if days_until_due is not None:
            body["days_until_due"] = days_until_due
        answer = yield from post(INVOICES, InvoiceEnvelope, body)
        return answer.invoice.to_invoice()
