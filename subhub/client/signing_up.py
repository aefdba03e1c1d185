"""Signing up: what is looked for before something is created, so that it is not created twice.

Each flow here reads first and then may continue with a provider's flow. Both are one change, which
an earlier run of a bulk job has done or not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Final, TypeVar

from subhub.errors import Ambiguous
from subhub.models import Customer, CustomerDraft, Status, Subscription
from subhub.plugin.flows import Flow
from subhub.plugin.pagination import walk
from subhub.recovery.reconcile import OVER

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

T = TypeVar("T")

CHOICE: Final = "`customer=error.candidates[0].id`"
"""How the call is repeated with one of the customers who fit."""


def find(provider: Provider, draft: CustomerDraft) -> Flow[Customer | None]:
    """Return the customer with the draft's `external_id`; `None` if there is none.

    It is also `None` where the draft has no `external_id`, or the provider cannot search by it.
    Several are `Ambiguous`, and the error says how to go on with one of them.
    """
    searchable = provider.capabilities().supports("find_customer:external_id")
    if draft.external_id is None or not searchable:
        return None
    try:
        return (yield from provider.find_customer(external_id=draft.external_id))
    except Ambiguous as error:
        message = f"{error} To go on with one of them, give its id: {CHOICE}."
        raise Ambiguous(message, candidates=error.candidates) from error


def find_or_create(
    provider: Provider, draft: CustomerDraft, creating: Flow[Customer], found: list[Customer]
) -> Flow[Customer]:
    """Return the customer with the draft's `external_id`, or continue with *creating*.

    Args:
        provider: Where to look.
        draft: Describes the new customer; one who exists is used unchanged.
        creating: The provider's flow that creates the customer.
        found: Receives the customer if there is one, and stays empty otherwise.
    """
    with closing(creating):
        known = yield from find(provider, draft)
        if known is None:
            return (yield from creating)
    found.append(known)
    return known


def find_or_link(
    provider: Provider, draft: CustomerDraft, link: Callable[[str | CustomerDraft], Flow[T]]
) -> Flow[T]:
    """Link the customer with the draft's `external_id`, or the new one if there is none.

    Args:
        provider: Where to look.
        draft: Describes the new customer; one who exists is used unchanged.
        link: Returns the provider's flow for a customer's id or for a new customer.
    """
    known = None
    if provider.capabilities().supports("create_signup_link:existing_customer"):
        known = yield from find(provider, draft)
    return (yield from link(draft if known is None else known.id))


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
