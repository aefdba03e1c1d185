"""Results of MijnKlantportaal's extensions: payment links and webhook records."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from subhub.models import Money, Result


class PaymentLink(Result):
    """A page on which anyone who has the URL can pay an amount.

    *status* is the provider's word: open, paid, expired or closed. *url* is `None` when the link
    can no longer be used. *description* is shown on the payer's bank statement.
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
    """A payment through a payment link.

    The only documented *status* is `paid`. *integration_id* is the payment's id at the payment
    provider named by *integration*.
    """

    id: str
    payment_link_id: str | None = None
    price: Money | None = None
    status: str | None = None
    payers_name: str | None = Field(default=None, repr=False)
    integration: str | None = None
    integration_id: str | None = None
    created_at: AwareDatetime | None = None


class WebhookRecord(Result):
    """One type of *event* that is sent to a *url*; *secret* proves that a call is the portal's.

    The secret is left out of the repr; anyone who may read webhooks can read it.
    """

    id: str
    event: str | None = None
    url: str | None = None
    secret: str | None = Field(default=None, repr=False)
    created_at: AwareDatetime | None = None
