"""Signing up: what is looked for before something is created, so that it is not created twice.

Each flow here reads first and then may continue with a provider's flow. Both are one change, which
an earlier run of a bulk job has done or not.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from subhub.errors import Ambiguous
from subhub.models import Customer, CustomerDraft, Status, Subscription
from subhub.plugin.flows import Flow
from subhub.plugin.pagination import walk
from subhub.recovery.reconcile import OVER

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider


def find_or_create(
    provider: Provider, draft: CustomerDraft, found: list[Customer]
) -> Flow[Customer]:
    """Return the customer with the draft's `external_id`, who is created if there is none.

    Where the provider cannot search by `external_id`, the customer is created.

    Args:
        provider: Where to look.
        draft: Describes the new customer; one who exists is used unchanged.
        found: Receives the customer if there is one, and stays empty otherwise.
    """
    searchable = provider.capabilities().supports("find_customer:external_id")
    if draft.external_id is not None and searchable:
        known = yield from provider.find_customer(external_id=draft.external_id)
        if known is not None:
            found.append(known)
            return known
    return (yield from provider.create_customer(draft))


def unless_active(
    provider: Provider, customer: str, subscribing: Flow[Subscription]
) -> Flow[Subscription]:
    """Return the running subscription of *customer*; if there is none, continue with *subscribing*.

    Raises `Ambiguous` if several run, or if one may run: in a status that is not known.
    """
    with closing(subscribing):
        running = yield from walk(
            lambda cursor: provider.list_subscriptions(cursor, customer=customer),
            lambda listed: listed.customer_id in {None, customer} and listed.status not in OVER,
        )
        if not running:
            return (yield from subscribing)
    (first, *others) = running
    if not others and first.customer_id == customer and first.status is not Status.UNKNOWN:
        return first
    words = ", ".join(f"{listed.id} ({listed.raw_status or listed.status})" for listed in running)
    message = (
        f"the customer {customer} may have a running subscription: {words}. Look at `candidates`, "
        "and leave out `unless_active` to subscribe the customer all the same."
    )
    raise Ambiguous(message, candidates=running)
