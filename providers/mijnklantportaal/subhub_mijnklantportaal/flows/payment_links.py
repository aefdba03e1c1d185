"""The flows of payment links, which only MijnKlantportaal has.

Each is performed with `client.call(MijnKlantportaal.create_payment_link, ...)`, and each list with
`client.walk(MijnKlantportaal.list_payment_links)`.
"""

from __future__ import annotations

import datetime as dt

from subhub.models import Money
from subhub.plugin import Flow, Page, delete, get, path, post
from subhub_mijnklantportaal.addresses import PAYMENT_LINK, PAYMENT_LINK_PAYMENTS, PAYMENT_LINKS
from subhub_mijnklantportaal.objects import Listing, Lists, own_id
from subhub_mijnklantportaal.payment_links import (
    WirePayment,
    WirePaymentLink,
    payment_link_body,
)
from subhub_mijnklantportaal.results import PaymentLink, PaymentLinkPayment


class PaymentLinkFlows(Lists):
    """Make, read and close payment links."""

    def create_payment_link(
        self,
        description: str,
        price: Money,
        *,
        expires_on: dt.date | None = None,
        reusable: bool = False,
    ) -> Flow[PaymentLink]:
        """Make a payment link of *price* in euros, for one payment unless it is *reusable*.

        The payer's bank statement shows *description*. See
        https://docs.developers.mijnklantportaal.nl/api-reference/payment-links-api/create-payment-link
        """
        body = payment_link_body(description, price, expires_on=expires_on, reusable=reusable)
        link = yield from post(PAYMENT_LINKS, WirePaymentLink, body)
        return link.to_result()

    def get_payment_link(self, link_id: str) -> Flow[PaymentLink]:
        """Read one payment link (`plk_...`)."""
        link = yield from get(path(PAYMENT_LINK, _link(link_id)), WirePaymentLink)
        return link.to_result()

    def list_payment_links(self, cursor: str | None = None) -> Flow[Page[PaymentLink]]:
        """Read one page of the payment links."""
        return self._read_page(
            PAYMENT_LINKS, Listing[WirePaymentLink], WirePaymentLink.to_result, cursor
        )

    def close_payment_link(self, link_id: str) -> Flow[PaymentLink]:
        """Close a payment link, so that nobody can pay with it; a closed one is `Rejected`."""
        link = yield from delete(path(PAYMENT_LINK, _link(link_id)), WirePaymentLink)
        return link.to_result()

    def list_payment_link_payments(
        self, cursor: str | None, link_id: str
    ) -> Flow[Page[PaymentLinkPayment]]:
        """Read one page of the payments made through a link."""
        place = path(PAYMENT_LINK_PAYMENTS, _link(link_id))
        return self._read_page(place, Listing[WirePayment], WirePayment.to_result, cursor)


def _link(link_id: str) -> str:
    return own_id("link_id", link_id, "plk_")
