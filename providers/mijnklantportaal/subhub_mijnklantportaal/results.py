"""What only MijnKlantportaal has, as an application gets it: payment links, customer invoices."""

from __future__ import annotations

import datetime as dt

from pydantic import AwareDatetime, Field

from subhub.models import Money, Result


class PaymentLink(Result):
    """A page on which anybody who has its address can pay an amount.

    *status* is the provider's word: open, paid, expired or closed. *url* is `None` once the link
    cannot be used any more. *description* is shown on the payer's bank statement.
    """

    id: str
    description: str | None = None
    price: Money | None = None
    reusable: bool | None = None
    status: str | None = None
    url: str | None = Field(default=None, repr=False)
    expires_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None


class PaymentLinkPayment(Result):
    """A payment that was made through a payment link.

    Of *status* only `paid` is documented. *integration_id* is the payment's id at the payment
    provider that *integration* names.
    """

    id: str
    payment_link_id: str | None = None
    price: Money | None = None
    status: str | None = None
    payers_name: str | None = Field(default=None, repr=False)
    integration: str | None = None
    integration_id: str | None = None
    created_at: AwareDatetime | None = None


class CustomerInvoice(Result):
    """An invoice to a customer; it is paid when *paid_at* is set.

    Which subscription it is for is not told. *payment_url* is a public page to pay it on.
    """

    id: str
    customer_id: str | None = None
    number: str | None = None
    price: Money | None = None
    issued_on: dt.date | None = None
    paid_at: AwareDatetime | None = None
    payment_url: str | None = Field(default=None, repr=False)
    created_at: AwareDatetime | None = None


class InvoicePdf(Result):
    """Where the PDF of an invoice can be fetched, until *expires_at*; *id* is the invoice's."""

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
