"""Customer invoices: reading them, and as extensions, creating them and marking them as paid.

See
https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/get-customer-invoice
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal, Invoice, InvoicePdf, InvoiceStatus, Money, Record
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
    given,
    patch,
    path,
    post,
)
from subhub_mijnklantportaal.addresses import INVOICE, INVOICE_PDF, INVOICES, MANUAL_INVOICES, NAME
from subhub_mijnklantportaal.wire import (
    Listing,
    Lists,
    PortalObject,
    amount_text,
    moment_text,
    own_id,
    read_money,
    vat_rate,
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

    def to_invoice(self, zone: dt.tzinfo) -> Invoice:
        """Convert to an `Invoice`, with its day in *zone*."""
        online = self.links.online_payment_link if self.links is not None else None
        return Invoice(
            provider=NAME,
            id=self.id,
            customer_id=self.customer_id,
            number=self.invoice_number,
            status=self._status(),
            total=read_money(self.amount, self.currency),
            issued_on=day_in(self.issued_at, zone),
            paid_at=self.paid_at,
            payment_url=None if online is None else online.href,
            created_at=self.created_at,
            raw=self.raw,
        )

    def _status(self) -> InvoiceStatus:
        """Return the status: there is no word for it, and `paidAt` is null until it is paid."""
        if self.paid_at is not None:
            return InvoiceStatus.PAID
        said = "paid_at" in self.model_fields_set
        return InvoiceStatus.OPEN if said else InvoiceStatus.UNKNOWN


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


class InvoiceLine(Record):
    """A line of a manual invoice: an amount in euros without VAT, and its VAT rate."""

    description: str = Field(min_length=1)
    amount: Money
    vat_rate: ExactDecimal

    if TYPE_CHECKING:  # the constructor accepts more types than the fields have

        def __init__(
            self, *, description: str, amount: Money, vat_rate: Decimal | int | str
        ) -> None: ...

    def to_body(self) -> Json:
        """Return the line for a request."""
        return {
            "description": self.description,
            "amountExclVat": amount_text("amount", self.amount),
            "vatRate": vat_rate("vat_rate", self.vat_rate),
        }


class InvoiceFlows(Lists):
    """The operations on customer invoices."""

    def list_invoices(
        self,
        cursor: str | None = None,
        *,
        customer: str | None = None,
        subscription: str | None = None,
    ) -> Flow[Page[Invoice]]:
        """List invoices, one page at a time; no filter is documented, so the client filters."""
        del customer
        if subscription is not None:
            self._lacks("list_invoices:subscription", subscription)
        return self._read_page(
            INVOICES, Listing[WireInvoice], lambda listed: listed.to_invoice(self.zone), cursor
        )

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        """Read an invoice (`inv_...`)."""
        invoice = yield from get(path(INVOICE, invoice_id), WireInvoice)
        return invoice.to_invoice(self.zone)

    def get_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        """Return a temporary URL of an invoice's PDF, not the file itself."""
        file = yield from get(path(INVOICE_PDF, invoice_id), CloudFile)
        return file.to_pdf(invoice_id)

    def mark_customer_invoice_paid(self, invoice_id: str, *, paid_at: dt.datetime) -> Flow[Invoice]:
        """Mark an invoice as paid, in connected bookkeeping too.

        *paid_at* must have a time zone. The request has none, and which one the portal assumes is
        not documented: the wall-clock time in the account's `timezone` is sent. See
        https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/mark-customer-invoice-paid
        """
        note = {"paidAt": moment_text("paid_at", paid_at, self.zone)}
        place = path(INVOICE, own_id("invoice_id", invoice_id, "inv_"))
        invoice = yield from patch(place, WireInvoice, note)
        return invoice.to_invoice(self.zone)

    def create_manual_customer_invoice(
        self,
        customer_id: str,
        *,
        invoice_number: str,
        lines: Sequence[InvoiceLine],
        issued_on: dt.date,
        send_notification: bool | None = None,
    ) -> Flow[Invoice]:
        """Create an invoice from its lines; the portal has no draft of it.

        Whether a number that exists already is refused is not documented. See
        https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/create-manual-customer-invoice

        Args:
            customer_id: The customer's id.
            invoice_number: Your own number of the invoice.
            lines: The lines; at least one.
            issued_on: The day of the invoice.
            send_notification: Whether the customer gets an e-mail; the default is not documented.
        """
        if not lines:
            raise InvalidRequest.of("lines", "must have at least one line")
        if not invoice_number.strip():
            raise InvalidRequest.of("invoice_number", "must not be empty")
        body = given(
            customerId=own_id("customer_id", customer_id, "cst_"),
            invoiceNumber=invoice_number,
            issuedAt=issued_on.isoformat(),
            lines=[line.to_body() for line in lines],
            sendNotification=send_notification,
        )
        invoice = yield from post(MANUAL_INVOICES, WireInvoice, body)
        return invoice.to_invoice(self.zone)
