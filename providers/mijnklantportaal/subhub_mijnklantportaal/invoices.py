"""Customer invoices: how they are written.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/get-customer-invoice
"""

from __future__ import annotations

import datetime as dt

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal
from subhub.plugin import Json
from subhub_mijnklantportaal.addresses import NAME
from subhub_mijnklantportaal.objects import PortalObject
from subhub_mijnklantportaal.results import CustomerInvoice, InvoicePdf
from subhub_mijnklantportaal.terms import read_money
from subhub_mijnklantportaal.times import Day, Moment, naive_text


class Link(PortalObject):
    """An address with its media type."""

    href: str | None = None


class InvoiceLinks(PortalObject):
    """The addresses that belong to an invoice; only the newer documentation has this one."""

    online_payment_link: Link | None = None


class WireInvoice(PortalObject):
    """An invoice from the portal's owner to a customer."""

    id: str
    customer_id: str | None = None
    invoice_number: str | None = None
    issued_at: Day = None
    currency: str | None = None
    amount: ExactDecimal | None = None
    paid_at: Moment = None
    created_at: Moment = None
    links: InvoiceLinks | None = None

    def to_result(self) -> CustomerInvoice:
        """The invoice as an application gets it."""
        online = self.links.online_payment_link if self.links is not None else None
        return CustomerInvoice(
            provider=NAME,
            id=self.id,
            customer_id=self.customer_id,
            number=self.invoice_number,
            price=read_money(self.amount, self.currency),
            issued_on=self.issued_at,
            paid_at=self.paid_at,
            payment_url=None if online is None else online.href,
            created_at=self.created_at,
            raw=self.raw,
        )


class CloudFile(PortalObject):
    """A temporary address of a file."""

    link: str
    expires_at: Moment = None

    def to_pdf(self, invoice_id: str) -> InvoicePdf:
        """The address of the PDF of an invoice, as an application gets it."""
        return InvoicePdf(
            provider=NAME,
            id=invoice_id,
            url=self.link,
            expires_at=self.expires_at,
            raw=self.raw,
        )


def payment_note(paid_at: dt.datetime, zone: dt.tzinfo) -> Json:
    """The request that marks an invoice as paid, on the wall clock of *zone*."""
    if paid_at.tzinfo is None:
        raise InvalidRequest.of("paid_at", f"{paid_at.isoformat()!r} has no time zone: give it one")
    return {"paidAt": naive_text(paid_at.astimezone(zone))}
