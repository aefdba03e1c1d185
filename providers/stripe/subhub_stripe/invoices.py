"""Invoices; see https://docs.stripe.com/api/invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import AwareDatetime

from subhub.errors import NotFound
from subhub.models import Invoice, InvoicePdf, InvoiceStatus
from subhub.plugin import Core, Flow, Page, Provider, Records, Wire, get, path
from subhub_stripe.amounts import from_minor
from subhub_stripe.lists import StripeList, page_query
from subhub_stripe.plans import PROVIDER

INVOICES: Final = "/invoices"
INVOICE_STATUSES: Final[Mapping[str, InvoiceStatus]] = {
    "draft": InvoiceStatus.DRAFT,
    "open": InvoiceStatus.OPEN,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}

StatusFilter = Literal["draft", "open", "paid", "void", "uncollectible"]


class SubscriptionDetails(Wire):
    """The subscription that an invoice bills."""

    subscription: str | None = None


class InvoiceParent(Wire):
    """What generated an invoice: a subscription, or something else."""

    subscription_details: SubscriptionDetails | None = None


class StatusTransitions(Wire):
    """When an invoice changed its status."""

    paid_at: AwareDatetime | None = None


class StripeInvoice(Wire):
    """An `invoice` object."""

    id: str
    currency: str
    total: Core[int | None] = None
    status: Core[str | None] = None
    number: str | None = None
    customer: str | None = None
    parent: InvoiceParent | None = None
    effective_at: AwareDatetime | None = None
    due_date: AwareDatetime | None = None
    status_transitions: StatusTransitions | None = None
    created: AwareDatetime | None = None
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None

    def to_invoice(self, zone: dt.tzinfo) -> Invoice:
        """Convert to an `Invoice`, with its days in *zone*; `effective_at` is the date of issue."""
        details = self.parent.subscription_details if self.parent else None
        moments = self.status_transitions
        return Invoice(
            provider=PROVIDER,
            id=self.id,
            number=self.number,
            customer_id=self.customer,
            subscription_id=details.subscription if details else None,
            status=INVOICE_STATUSES.get(self.status or "", InvoiceStatus.UNKNOWN),
            raw_status=self.status,
            total=None if self.total is None else from_minor(self.total, self.currency),
            issued_on=_day(self.effective_at, zone),
            due_on=_day(self.due_date, zone),
            paid_at=moments.paid_at if moments else None,
            created_at=self.created,
            payment_url=self.hosted_invoice_url,
            raw=self.raw,
        )


class InvoiceList(StripeList):
    """One page of invoices."""

    data: Records[StripeInvoice]


class Invoices(Provider):
    """The operations on invoices."""

    def list_invoices(
        self,
        cursor: str | None = None,
        *,
        customer: str | None = None,
        subscription: str | None = None,
        status: StatusFilter | None = None,
    ) -> Flow[Page[Invoice]]:
        """List invoices, newest first, one page at a time.

        Args:
            cursor: The id of the last invoice of the page before.
            customer: Only those of this customer.
            subscription: Only those of this subscription.
            status: Only those with this status, in Stripe's words.
        """
        query = page_query(cursor, customer=customer, subscription=subscription, status=status)
        answer = yield from get(INVOICES, InvoiceList, query)
        return answer.page(answer.data, lambda item: item.to_invoice(self.zone))

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        """Read an invoice."""
        found = yield from _invoice(invoice_id)
        return found.to_invoice(self.zone)

    def get_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        """Return the URL of an invoice's PDF; how long it works is not documented."""
        found = yield from _invoice(invoice_id)
        if found.invoice_pdf is None:
            message = f"the invoice {found.id!r} has no PDF: it is a draft, which is not finalized"
            raise NotFound(message, provider=PROVIDER, raw=found.raw)
        return InvoicePdf(provider=PROVIDER, id=found.id, url=found.invoice_pdf, raw=found.raw)


def _invoice(invoice_id: str) -> Flow[StripeInvoice]:
    return get(path(INVOICES + "/{}", invoice_id), StripeInvoice)


def _day(moment: dt.datetime | None, zone: dt.tzinfo) -> dt.date | None:
    return moment.astimezone(zone).date() if moment else None
