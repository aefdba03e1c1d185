"""Refetching: the state of what an event is about, read at the provider.

An event is a hint. It may be old, repeated or forged, so nothing here takes a state from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from subhub.client.validation import instance
from subhub.errors import InvalidRequest, NotFound
from subhub.models import Event, Refetched, RefetchState, Result, Subscription
from subhub.sending.engine import steps
from subhub.sending.steps import Steps

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.operations import Operations
    from subhub.plugin.flows import Flow

READS: Final = {name: f"get_{name}" for name in ("plan", "customer", "subscription", "invoice")}
"""The neutral operation that reads an object of each kind."""
_LISTS: Final = "`changes(since=...)` finds what changed"


def refetch(event: Event, operations: Operations, account: Account) -> Steps[Refetched]:
    """Return the steps that read what *event* is about; see `Client.refetch`."""
    event = instance("event", event, Event)
    provider = operations.provider.name
    if (event.provider, event.account) != (provider, account.name):
        raise InvalidRequest.of(
            "event",
            f"it is of the account {event.account!r} at {event.provider}, and this client is of "
            f"{account.name!r} at {provider}: use the client of that account",
        )
    return _looked(event, operations)


def _looked(event: Event, operations: Operations) -> Steps[Refetched]:
    reading = _reading(event, operations)
    if isinstance(reading, str):
        return _outcome(event, "unknown", reading)
    try:
        found = yield from reading
    except NotFound:
        reason = f"the provider has no {_noun(event)} with this id (any more)"
        return _outcome(event, "deleted", reason)
    subscription, reason = yield from _owner(found, operations)
    return _outcome(event, "found", reason or f"the {_noun(event)} was read", found, subscription)


def _reading(event: Event, operations: Operations) -> Steps[Result] | str:
    """Return the steps that read what *event* is about, or the reason why there are none."""
    if event.object_id is None:
        return f"the event does not say which {_noun(event)} it is about: {_LISTS}"
    name = READS.get(event.about)
    if name is not None:
        if not operations.capabilities.supports(name):
            return f"the provider has no `{name}`: {_LISTS}"
        read: Callable[[str], Steps[Result]] = getattr(operations, name)
        return read(event.object_id)
    declared = operations.provider.webhooks
    extension = None if declared is None else declared.reads.get(event.about)
    if extension is None:
        return f"no operation reads this kind of object ({event.about})"
    flow: Flow[Result] = getattr(operations.provider, extension)(event.object_id)
    return steps(operations.rules.begin(extension), flow, None, operations.rules)


def _owner(found: Result, operations: Operations) -> Steps[tuple[Subscription | None, str]]:
    """Return the subscription that *found* is or belongs to, and why there is none."""
    if isinstance(found, Subscription):
        return found, ""
    subscription: object = getattr(found, "subscription_id", None)
    if not isinstance(subscription, str):
        return None, ""
    try:
        return (yield from operations.get_subscription(subscription)), ""
    except NotFound:
        return None, "it was read, and its subscription is deleted"


def _outcome(
    event: Event,
    state: RefetchState,
    reason: str,
    found: Result | None = None,
    subscription: Subscription | None = None,
) -> Refetched:
    return Refetched(
        provider=event.provider,
        account=event.account,
        request_id=found and found.request_id,
        raw={} if found is None else found.raw,
        event=event,
        state=state,
        reason=reason,
        found=found,
        subscription=subscription,
    )


def _noun(event: Event) -> str:
    return "object" if event.about == "unknown" else event.about.replace("_", " ")
