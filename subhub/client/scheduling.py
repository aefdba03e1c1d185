"""Canceling and scheduling: what a cancellation or a change of plan returns, at every provider.

A provider's answer to it may look like that to an immediate one. What was asked for is known here,
for every provider; the moment is only what the provider says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.errors import Conflict, NotFound, PreconditionFailed, Rejected, SubhubError
from subhub.models import Scheduled, Subscription, SubscriptionChange
from subhub.recovery.reconcile import OVER

if TYPE_CHECKING:
    from subhub.plugin.flows import Flow
    from subhub.plugin.provider import Provider


def canceled_later(flow: Flow[Subscription]) -> Flow[Subscription]:
    """Run *flow*, which cancels a subscription at period end; its result is `scheduled`.

    A result whose status says that the subscription is over stays as it is.
    """
    result = yield from flow
    if result.status in OVER or result.scheduled is not None:
        return result
    scheduled = Scheduled(change="cancel", at=result.ends_at)
    return result.model_copy(update={"scheduled": scheduled})


def changed_later(flow: Flow[SubscriptionChange]) -> Flow[SubscriptionChange]:
    """Run *flow*, which changes a plan at period end; its result is `scheduled`."""
    result = yield from flow
    if result.scheduled is not None:
        return result
    return result.model_copy(update={"scheduled": Scheduled(change="plan")})


def canceled_once(
    flow: Flow[Subscription], provider: Provider, subscription_id: str
) -> Flow[Subscription]:
    """Run *flow*, which cancels a subscription; one that is over already is returned as it is.

    Providers refuse a second cancellation in ways of their own. So after a refusal the subscription
    is read, where that is possible; if it is not over, or cannot be read, the refusal counts.

    Args:
        flow: The provider's.
        provider: Where it is canceled.
        subscription_id: The subscription.
    """
    try:
        return (yield from flow)
    except (Conflict, NotFound, PreconditionFailed, Rejected) as refused:
        if not provider.capabilities().supports("get_subscription"):
            raise
        try:
            found = yield from provider.get_subscription(subscription_id)
        except SubhubError:
            raise refused from None
        if found.status not in OVER:
            raise
        return found
