"""Payment links: how they and their payments are written.

See https://docs.developers.mijnklantportaal.nl/api-reference/payment-links-api/create-payment-link
"""

from __future__ import annotations

import datetime as dt

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal, Money
from subhub.plugin import Json
from subhub_mijnklantportaal.addresses import NAME
from subhub_mijnklantportaal.objects import PortalObject, given
from subhub_mijnklantportaal.results import PaymentLink, PaymentLinkPayment
from subhub_mijnklantportaal.terms import amount_text, read_money
from subhub_mijnklantportaal.times import Moment


class WirePaymentLink(PortalObject):
    """A payment link; it names no customer and no subscription."""

    id: str
    description: str | None = None
    currency: str | None = None
    amount: ExactDecimal | None = None
    reusable: bool | None = None
    expires_at: Moment = None
    status: str | None = None
    checkout_url: str | None = None
    created_at: Moment = None

    def to_result(self) -> PaymentLink:
        """The link as an application gets it."""
        return PaymentLink(
            provider=NAME,
            id=self.id,
            description=self.description,
            price=read_money(self.amount, self.currency),
            reusable=self.reusable,
            status=self.status,
            url=self.checkout_url,
            expires_at=self.expires_at,
            created_at=self.created_at,
            raw=self.raw,
        )


class WirePayment(PortalObject):
    """A payment made through a link."""

    id: str
    payment_link_id: str | None = None
    currency: str | None = None
    amount: ExactDecimal | None = None
    status: str | None = None
    payers_name: str | None = None
    integration: str | None = None
    integration_id: str | None = None
    created_at: Moment = None

    def to_result(self) -> PaymentLinkPayment:
        """The payment as an application gets it."""
        return PaymentLinkPayment(
            provider=NAME,
            id=self.id,
            payment_link_id=self.payment_link_id,
            price=read_money(self.amount, self.currency),
            status=self.status,
            payers_name=self.payers_name,
            integration=self.integration,
            integration_id=self.integration_id,
            created_at=self.created_at,
            raw=self.raw,
        )


def payment_link_body(
    description: str, price: Money, *, expires_on: dt.date | None, reusable: bool
) -> Json:
    """The request that makes a payment link."""
    if not description.strip():
        raise InvalidRequest.of(
            "description", "it is empty, and the payer's bank statement shows it"
        )
    return given(
        {
            "description": description,
            "amount": amount_text("price", price),
            "expiresAt": None if expires_on is None else expires_on.isoformat(),
            "reusable": reusable,
        }
    )
