"""Following a signup link: the Checkout session itself says what came of it.

See https://docs.stripe.com/api/checkout/sessions/retrieve.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from subhub.models import Customer, Signup, SignupLink
from subhub.plugin import Core, Flow, Wire, get, path
from subhub_stripe.customers import PROVIDER
from subhub_stripe.links import SESSIONS, Links
from subhub_stripe.subscriptions import Subscriptions


class FollowedSession(Wire):
    """A `checkout.session` object: `subscription` is filled when the customer has signed up."""

    id: str
    status: Core[str | None] = None
    subscription: Core[str | None] = None
    customer: str | None = None


class Following(Links, Subscriptions):
    """The operation that follows a signup link."""

    def follow_signup_link(
        self, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        """Read the session of the link, and when it is complete, its subscription and customer.

        Args:
            link: Its id is that of the session.
            known: Not used: the session names its subscription.
        """
        del known
        session = yield from get(path(SESSIONS + "/{}", link.id), FollowedSession)
        if session.subscription is None:
            return _without(session)
        subscription = yield from self.get_subscription(session.subscription)
        customer: Customer | None = None
        if session.customer is not None:
            customer = yield from self.get_customer(session.customer)
        return Signup(
            provider=PROVIDER,
            state="completed",
            reason=f"the Checkout session names the subscription {subscription.id}",
            subscription=subscription,
            customer=customer,
            raw=session.raw,
        )


def _without(session: FollowedSession) -> Signup:
    state: Literal["open", "expired"] = "expired" if session.status == "expired" else "open"
    reason = f"the Checkout session is {session.status or 'of no known status'}"
    return Signup(provider=PROVIDER, state=state, reason=reason, raw=session.raw)
