"""Outcomes: finding out whether a change was carried out whose answer was lost.

What was meant is compared with what the provider lists. Nothing here changes anything there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from subhub.capabilities import overrides
from subhub.errors import OutcomeUnknown
from subhub.flow import Flow, done
from subhub.intents import Intent
from subhub.models import Customer, Plan, Status, Subscription
from subhub.pages import walk

if TYPE_CHECKING:
    from subhub.journal.work import Past
    from subhub.provider import Provider

Quality = Literal["decided", "candidates", "nothing"]
"""What can be found out about a change whose answer was lost: `decided`, whether it was carried
out; `candidates`, what may be its result, for a person to choose from; or `nothing`."""
OVER: Final = frozenset({Status.CANCELED, Status.ENDED})
NO_WAY: Final = "the provider lists nothing by which it could be told"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of a change: it is done, with its `result`; it is not done; or it is ambiguous.

    `ambiguous` means that looking cannot decide it: one of the `candidates` may be what the call
    made, or, when there are none, the provider shows nothing by which it could be told.
    """

    outcome: Literal["done", "not_done", "ambiguous"]
    reason: str
    result: object = None
    candidates: tuple[object, ...] = ()


def lookup(intent: Intent, provider: Provider) -> Flow[Resolution]:
    """Look at the provider for what *intent* would have done."""
    way = _WAYS.get(intent.operation)
    if way is None or not provider.capabilities().supports(way.reading):
        return done(Resolution("ambiguous", NO_WAY))
    return way.look(intent, provider)


def quality(operation: str, provider: type[Provider]) -> Quality:
    """What looking at *provider* tells about a lost *operation*, which it supports."""
    way = _WAYS.get(operation)
    if way is None or not overrides(provider, way.reading):
        return "nothing"
    return "decided" if way.kind is None or way.kind in provider.dated else "candidates"


@dataclass(frozen=True, slots=True)
class _Way:
    """How one operation is looked for, and the operation that this takes.

    *kind* is what it makes; with `None`, the object that it changes shows whether it was changed.
    """

    reading: str
    look: Callable[[Intent, Any], Flow[Resolution]]
    kind: str | None = None


def _made(listed: Callable[[Intent, Any], Flow[list[Any]]]) -> Callable[..., Flow[Resolution]]:
    def look(intent: Intent, provider: Provider) -> Flow[Resolution]:
        fitting = yield from listed(intent, provider)
        if not fitting:
            return Resolution("not_done", "nothing that is listed fits")
        (first, *others) = fitting
        dated = getattr(first, "created_at", None) is not None
        if not others and (dated or intent.key):
            return Resolution("done", "one object fits, and only the call can have made it", first)
        reason = "what fits may be older than the call: the provider does not say when it was made"
        if others:
            reason = "more than one object fits"
        return Resolution("ambiguous", reason, candidates=tuple(fitting))

    return look


def _plans(intent: Intent, provider: Provider) -> Flow[list[Plan]]:
    return walk(provider.list_plans, intent.may_have_made)


def _customers(intent: Intent, provider: Provider) -> Flow[list[Customer]]:
    return walk(provider.list_customers, intent.may_have_made)


def _subscriptions(intent: Intent, provider: Provider) -> Flow[list[Subscription]]:
    return walk(
        lambda cursor: provider.list_subscriptions(cursor, customer=intent.owner),
        lambda each: each.customer_id == intent.owner and intent.may_have_made(each),
    )


def _changed(read: Callable[[Any, str], Flow[Any]]) -> Callable[..., Flow[Resolution]]:
    def look(intent: Intent, provider: Provider) -> Flow[Resolution]:
        found = yield from read(provider, intent.target or "")
        if intent.fits(found):
            return Resolution("done", "it is as it was to become", found)
        return Resolution("not_done", "it is not as it was to become")

    return look


def _canceled(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    found = yield from provider.get_subscription(intent.target or "")
    if found.status in OVER:
        return Resolution("done", "the subscription is over", found)
    if intent.at_once:
        return Resolution("not_done", "the subscription is not over")
    reason = "the provider does not show a cancellation that is still to come"
    return Resolution("ambiguous", reason, candidates=(found,))


_WAYS: Final[Mapping[str, _Way]] = {
    "create_plan": _Way("list_plans", _made(_plans), "plan"),
    "create_customer": _Way("list_customers", _made(_customers), "customer"),
    "subscribe": _Way("list_subscriptions", _made(_subscriptions), "subscription"),
    "cancel_subscription": _Way("get_subscription", _canceled),
    "update_plan": _Way("get_plan", _changed(lambda provider, key: provider.get_plan(key))),
    "update_customer": _Way(
        "get_customer", _changed(lambda provider, key: provider.get_customer(key))
    ),
    "update_subscription": _Way(
        "get_subscription", _changed(lambda provider, key: provider.get_subscription(key))
    ),
}
"""The operations whose outcome can be looked for; a signup link, for one, is listed nowhere."""


def reread(past: Past, provider: Provider) -> Flow[Any]:
    """Read what an earlier run of a job has made or changed, instead of doing it again."""
    way = _READ_AGAIN.get(past.operation)
    if way is None or past.object_id is None or not provider.capabilities().supports(way):
        error = OutcomeUnknown(
            f"`{past.operation}` was carried out by an earlier run of the job, as "
            f"{past.object_id or 'something without an id'}, and cannot be read again: "
            "look at the provider"
        )
        error.token = past.token
        raise error
    flow: Flow[Any] = getattr(provider, way)(past.object_id)
    return flow


_READ_AGAIN: Final[Mapping[str, str]] = {
    "create_plan": "get_plan",
    "update_plan": "get_plan",
    "create_customer": "get_customer",
    "update_customer": "get_customer",
    "subscribe": "get_subscription",
    "update_subscription": "get_subscription",
    "cancel_subscription": "get_subscription",
}
"""What reads the object of a change; a signup link is not read again."""
