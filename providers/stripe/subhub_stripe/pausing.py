"""Pausing and resuming subscriptions; see https://docs.stripe.com/billing/subscriptions/pause.

It is not `pause_collection`, under which a subscription stays active and is served for free:
https://docs.stripe.com/billing/subscriptions/pause-payment.
"""

from __future__ import annotations

from typing import Final

from subhub.models import Subscription
from subhub.plugin import Flow, path, post
from subhub_stripe.subscriptions import SUBSCRIPTIONS, StripeSubscription, Subscriptions

RESUMPTION: Final = {"payment_behavior": "resume_on_payment_success"}
"""Stripe's default leaves the invoice of the resumption unpaid, and the subscription paused."""


class Pausing(Subscriptions):
    """The operations that pause a subscription and resume it."""

    def pause_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Pause a subscription now; the unused rest of its period is credited on the next invoice.

        Stripe pauses subscriptions in flexible billing mode only, which is the default of this API
        version. See https://docs.stripe.com/api/subscriptions/pause.
        """
        address = path(SUBSCRIPTIONS + "/{}/pause", subscription_id)
        found = yield from post(address, StripeSubscription, {"type": "subscription"})
        return found.to_subscription(self)

    def resume_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Begin a new period now, and charge for it; until that is paid, the status is `paused`.

        See https://docs.stripe.com/api/subscriptions/resume.
        """
        address = path(SUBSCRIPTIONS + "/{}/resume", subscription_id)
        found = yield from post(address, StripeSubscription, RESUMPTION)
        return found.to_subscription(self)
