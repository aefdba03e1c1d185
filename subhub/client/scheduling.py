"""Scheduling: the result of a change that was accepted and takes effect later says so.

A provider's answer to it may look like that to an immediate one. What was asked for is known here,
for every provider; the moment is only what the provider says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.models import Scheduled, Subscription, SubscriptionChange
from subhub.recovery.reconcile import OVER

if TYPE_CHECKING:
    from subhub.plugin.flows import Flow


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
