"""Customer invoices, an extension of MijnKlantportaal.

Use `client.call(MijnKlantportaal.get_customer_invoice, ...)`, and for the list
`client.walk(MijnKlantportaal.list_customer_invoices)`. See
https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/get-customer-invoice
"""

from __future__ import annotations

import datetime as dt

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal
from subhub.plugin import (
    Core,
    Day,
    Flow,
    Json,
    Moment,
    Page,
    Text,
    day_in,
    get,
    patch,
    path,
)
from subhub_mijnklantportaal.addresses import INVOICE, INVOICE_PDF, INVOICES, NAME
from subhub_mijnklantportaal.results import CustomerInvoice, InvoicePdf
from subhub_mijnklantportaal.wire import (
    Listing,
    Lists,
    PortalObject,
    naive_text,
    own_id,
    read_money,
)


class Link(PortalObject):
    """A URL with its media type."""

    href: str | None = None


class InvoiceLinks(PortalObject):
    """The URLs of an invoice; `onlinePaymentLink` is only in the newer documentation."""

    online_payment_link: Link | None = None


class WireInvoice(PortalObject):
    """An invoice from the portal's owner to a customer."""

    id: Text
    customer_id: str | None = None
    invoice_number: str | None = None
    issued_at: Day | None = None
    currency: Core[str | None] = None
    amount: Core[ExactDecimal | None] = None
    paid_at: Core[Moment | None] = None  # says whether it is paid
    created_at: Moment | None = None
    links: InvoiceLinks | None = None

    def to_result(self, zone: dt.tzinfo) -> CustomerInvoice:
        """Convert to a `CustomerInvoice`, with its day in *zone*."""
        online = self.links.online_payment_link if self.links is not None else None
        return CustomerInvoice(
            provider=NAME,
            id=self.id,
            customer_id=self.customer_id,
            number=self.invoice_number,
            price=read_money(self.amount, self.currency),
            issued_on=day_in(self.issued_at, zone),
            paid_at=self.paid_at,
            payment_url=None if online is None else online.href,
            created_at=self.created_at,
            raw=self.raw,
        )


class CloudFile(PortalObject):
    """A temporary URL of a file."""

    # the response is JSON with this link, and not the PDF
    link: Text
    expires_at: Moment | None = None

    def to_pdf(self, invoice_id: str) -> InvoicePdf:
        """Convert to an `InvoicePdf`."""
        return InvoicePdf(
            provider=NAME,
            id=invoice_id,
            url=self.link,
            expires_at=self.expires_at,
            raw=self.raw,
        )


def payment_note(paid_at: dt.datetime, zone: dt.tzinfo) -> Json:
    """Return the body that marks an invoice as paid, with the wall-clock time in *zone*."""
    if paid_at.tzinfo is None:
        raise InvalidRequest.of("paid_at", f"must have a time zone, got {paid_at.isoformat()!r}")
    return {"paidAt": naive_text(paid_at.astimezone(zone))}


class InvoiceFlows(Lists):
    """The operations on customer invoices."""

    def list_customer_invoices(self, cursor: str | None = None) -> Flow[Page[CustomerInvoice]]:
        """List invoices, one page at a time; no filter is documented."""
        return self._read_page(
            INVOICES,
            Listing[WireInvoice],
            lambda listed: listed.to_result(self.zone),
            cursor,
        )

    def get_customer_invoice(self, invoice_id: str) -> Flow[CustomerInvoice]:
        """Read an invoice (`inv_...`)."""
        invoice = yield from get(path(INVOICE, _invoice(invoice_id)), WireInvoice)
        return invoice.to_result(self.zone)

    def get_customer_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        """Return a temporary URL of an invoice's PDF, not the file itself."""
        file = yield from get(path(INVOICE_PDF, _invoice(invoice_id)), CloudFile)
        return file.to_pdf(invoice_id)

    def mark_customer_invoice_paid(
        self, invoice_id: str, *, paid_at: dt.datetime
    ) -> Flow[CustomerInvoice]:
        """Mark an invoice as paid, in connected bookkeeping too.

        *paid_at* must have a time zone. The request has none, and which one the portal assumes is
        not documented: the wall-clock time in the account's `timezone` is sent. See
        https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/mark-customer-invoice-paid
        """
        note = payment_note(paid_at, self.zone)
        invoice = yield from patch(path(INVOICE, _invoice(invoice_id)), WireInvoice, note)
        return invoice.to_result(self.zone)


def _invoice(invoice_id: str) -> str:
    return own_id("invoice_id", invoice_id, "inv_")
