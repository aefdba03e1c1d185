"""Portal links: Stripe's customer portal; see https://docs.stripe.com/customer-management."""

from __future__ import annotations

from typing import Final

from pydantic import AwareDatetime

from subhub.models import PortalLink
from subhub.plugin import Flow, Provider, Wire, post
from subhub_stripe.customers import PROVIDER
from subhub_stripe.keys import keyed

PORTAL_SESSIONS: Final = "/billing_portal/sessions"


class StripePortalSession(Wire):
    """A `billing_portal.session` object; how long its page works is not documented."""

    id: str
    url: str
    customer: str | None = None
    created: AwareDatetime | None = None


class Portal(Provider):
    """The operation on the customer portal."""

    def create_portal_link(
        self,
        *,
        customer: str,
        return_url: str | None = None,
        configuration: str | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[PortalLink]:
        """Create a page of the customer portal, which works for a short time.

        Args:
            customer: The customer's id.
            return_url: Where the page leads back to; by default what the dashboard says.
            configuration: The id of a portal configuration, which says what customers may do; by
                default the one of the dashboard.
            idempotency_key: With a key, the call is safe to repeat.
        """
        body = {"customer": customer, "return_url": return_url, "configuration": configuration}
        session = yield from post(
            PORTAL_SESSIONS, StripePortalSession, body, keyed(idempotency_key)
        )
        return PortalLink(
            provider=PROVIDER,
            id=session.id,
            url=session.url,
            customer_id=session.customer,
            created_at=session.created,
            raw=session.raw,
        )
