"""What a cancellation, a pause or a change of plan returns, at every provider.

A provider's answer to it may look like that to an immediate one. What was asked for is known here,
for every provider; the moment is only what the provider says.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from subhub.errors import Conflict, NotFound, PreconditionFailed, Rejected, SubhubError
from subhub.models import Scheduled, Status, Subscription, SubscriptionChange
from subhub.recovery.reconcile import OVER

if TYPE_CHECKING:
    from subhub.plugin.flows import Flow
    from subhub.plugin.provider import Provider

NOT_PAUSED: Final = frozenset(
    {Status.PENDING, Status.SCHEDULED, Status.ACTIVE, Status.PAST_DUE},
)
"""A subscription with one of these is neither paused nor over."""


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
    """Run *flow*, which cancels a subscription; one that is over already is returned as it is."""
    return _once(flow, provider, subscription_id, OVER)


def paused_once(
    flow: Flow[Subscription], provider: Provider, subscription_id: str
) -> Flow[Subscription]:
    """Run *flow*, which pauses a subscription; one that is paused is returned as it is."""
    return _once(flow, provider, subscription_id, {Status.PAUSED})


def resumed_once(
    flow: Flow[Subscription], provider: Provider, subscription_id: str
) -> Flow[Subscription]:
    """Run *flow*, which resumes a subscription; one that is not paused is returned as it is."""
    return _once(flow, provider, subscription_id, NOT_PAUSED)


def _once(
    flow: Flow[Subscription],
    provider: Provider,
    subscription_id: str,
    already: Collection[Status],
) -> Flow[Subscription]:
    """Run *flow*; a subscription with a status of *already* is returned as it is.

    Providers refuse a second cancellation, pause or resumption in ways of their own. So after a
    refusal the subscription is read, where that is possible; if it has another status, or cannot be
    read, the refusal counts.
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
        if found.status not in already:
            raise
        return found
