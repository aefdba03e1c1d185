"""Payment links, an extension of MijnKlantportaal.

Use `client.call(MijnKlantportaal.create_payment_link, ...)`, and for lists
`client.walk(MijnKlantportaal.list_payment_links)`. See
https://docs.developers.mijnklantportaal.nl/api-reference/payment-links-api/create-payment-link
"""

from __future__ import annotations

import datetime as dt

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal, Money
from subhub.plugin import Core, Flow, Moment, Page, Text, delete, get, given, path, post
from subhub_mijnklantportaal.addresses import (
    NAME,
    PAYMENT_LINK,
    PAYMENT_LINK_PAYMENTS,
    PAYMENT_LINKS,
)
from subhub_mijnklantportaal.results import PaymentLink, PaymentLinkPayment
from subhub_mijnklantportaal.wire import (
    Listing,
    Lists,
    PortalObject,
    amount_text,
    own_id,
    read_money,
)


class WirePaymentLink(PortalObject):
    """A payment link; it has no reference to a customer or subscription."""

    id: Text
    description: str | None = None
    currency: Core[str | None] = None
    amount: Core[ExactDecimal | None] = None
    reusable: bool | None = None
    expires_at: Moment | None = None  # a time in responses, but a day in requests
    status: Core[str | None] = None
    checkout_url: Core[str | None] = None  # null when the link cannot be paid any more
    created_at: Moment | None = None

    def to_result(self) -> PaymentLink:
        """Convert to a `PaymentLink`."""
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
    """A payment through a link."""

    id: Text
    payment_link_id: str | None = None
    currency: Core[str | None] = None
    amount: Core[ExactDecimal | None] = None
    status: Core[str | None] = None
    payers_name: str | None = None
    integration: str | None = None
    integration_id: str | None = None
    created_at: Moment | None = None

    def to_result(self) -> PaymentLinkPayment:
        """Convert to a `PaymentLinkPayment`."""
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


class PaymentLinkFlows(Lists):
    """The operations on payment links."""

    def create_payment_link(
        self,
        description: str,
        price: Money,
        *,
        expires_on: dt.date | None = None,
        reusable: bool = False,
    ) -> Flow[PaymentLink]:
        """Create a payment link.

        See
        https://docs.developers.mijnklantportaal.nl/api-reference/payment-links-api/create-payment-link

        Args:
            description: The text on the payer's bank statement.
            price: The amount, in euros.
            expires_on: The last day on which it can be paid; by default it does not expire.
            reusable: Whether it can be paid more than once.
        """
        if not description.strip():
            problem = "must not be empty, because it is shown on the payer's bank statement"
            raise InvalidRequest.of("description", problem)
        body = given(
            description=description,
            amount=amount_text("price", price),
            expiresAt=None if expires_on is None else expires_on.isoformat(),
            reusable=reusable,
        )
        link = yield from post(PAYMENT_LINKS, WirePaymentLink, body)
        return link.to_result()

    def get_payment_link(self, link_id: str) -> Flow[PaymentLink]:
        """Read a payment link (`plk_...`)."""
        link = yield from get(path(PAYMENT_LINK, _link(link_id)), WirePaymentLink)
        return link.to_result()

    def list_payment_links(self, cursor: str | None = None) -> Flow[Page[PaymentLink]]:
        """List payment links, one page at a time."""
        return self._read_page(
            PAYMENT_LINKS, Listing[WirePaymentLink], WirePaymentLink.to_result, cursor
        )

    def close_payment_link(self, link_id: str) -> Flow[PaymentLink]:
        """Close a payment link, so that it cannot be paid; closing it again is `Rejected`."""
        # DELETE closes the link and answers with it; it can still be read afterwards
        link = yield from delete(path(PAYMENT_LINK, _link(link_id)), WirePaymentLink)
        return link.to_result()

    def list_payment_link_payments(
        self, cursor: str | None, link_id: str
    ) -> Flow[Page[PaymentLinkPayment]]:
        """List the payments through a link, one page at a time."""
        place = path(PAYMENT_LINK_PAYMENTS, _link(link_id))
        return self._read_page(place, Listing[WirePayment], WirePayment.to_result, cursor)


def _link(link_id: str) -> str:
    return own_id("link_id", link_id, "plk_")
