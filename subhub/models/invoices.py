"""Invoices: what a customer was asked to pay, and whether it is paid."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import AwareDatetime, Field

from subhub.models.money import Money
from subhub.models.record import Result


class InvoiceStatus(StrEnum):
    """The status of an invoice, in neutral terms."""

    DRAFT = "draft"
    """It can still be changed, and nobody has to pay it yet."""
    OPEN = "open"
    """It was issued, and is not paid."""
    PAID = "paid"
    """It is paid."""
    VOID = "void"
    """It was withdrawn: it counts as never issued."""
    UNCOLLECTIBLE = "uncollectible"
    """It was issued, and is given up: no payment is expected any more."""
    UNKNOWN = "unknown"
    """The provider's word for it, if any, is in `raw_status`, and its meaning is not known."""


class Invoice(Result):
    """An invoice to a customer; a field that the provider did not send is `None`.

    Attributes:
        id: The provider's id of the invoice.
        number: The number that is printed on it. A draft has none at most providers.
        customer_id: The provider's id of the customer.
        subscription_id: The provider's id of the subscription that it bills, where one is named.
        status: The status in neutral terms.
        raw_status: The provider's own word for it.
        total: The amount of the whole invoice. Whether it includes tax is the provider's rule.
        issued_on: The date of issue, as it is printed on the invoice.
        due_on: The last day to pay it.
        paid_at: When it was paid.
        created_at: When it was created.
        payment_url: A page on which whoever has the address can pay it.
    """

    id: str
    number: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    status: InvoiceStatus = InvoiceStatus.UNKNOWN
    raw_status: str | None = None
    total: Money | None = None
    issued_on: dt.date | None = None
    due_on: dt.date | None = None
    paid_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    payment_url: str | None = Field(default=None, repr=False)


class InvoicePdf(Result):
    """Where the PDF of an invoice can be downloaded, without a key.

    Attributes:
        id: The id of the invoice.
        url: The address of the file: whoever has it can read the invoice.
        expires_at: When the address ends; None where the provider does not say it.
    """

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
