"""Reconciling: was a change carried out whose answer was lost?

What was meant is compared with what the provider lists; `judgement` decides what that proves.
Nothing here changes anything at the provider.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from subhub.errors import NotFound, OutcomeUnknown
from subhub.models import DeletedCustomer, Status
from subhub.plugin.capabilities import LOOKUPS
from subhub.plugin.flows import Flow, done
from subhub.plugin.operations import OPERATIONS
from subhub.plugin.pagination import walk
from subhub.recovery.intents import Intent
from subhub.recovery.judgement import Resolution, judge, may_concern

if TYPE_CHECKING:
    from subhub.plugin.flows import Page
    from subhub.plugin.provider import Provider
    from subhub.recovery.journal.items import PreviousStep
    from subhub.recovery.sending_time import Ahead

OVER: Final = frozenset({Status.CANCELED, Status.ENDED})
NO_WAY: Final = "the provider lists nothing that could show it"


def together(intents: Iterable[Intent]) -> list[list[Intent]]:
    """Group *intents* that can have created the same object: one listing shows all of them.

    A change of an existing object is a group by itself.
    """
    groups: dict[tuple[str | None, ...], list[Intent]] = {}
    for intent in intents:
        way = LOOKUPS.get(intent.operation)
        creates = way is not None and way.kind is not None
        place = (intent.operation, intent.owner) if creates else (intent.salt,)
        groups.setdefault(place, []).append(intent)
    return list(groups.values())


def lookup(
    group: Sequence[Intent],
    provider: Provider,
    ahead: Callable[[], Ahead | None],
    taken: Collection[str] = (),
) -> Flow[list[Resolution]]:
    """Look at the provider once for what each of *group* would have done.

    Args:
        group: Intents that `together` has put together.
        provider: Where to look.
        ahead: Returns, after a list was read, how far the provider's clock is ahead of ours.
        taken: The ids of what others of the group are known to have created.
    """
    way = LOOKUPS.get(group[0].operation)
    if way is None or not provider.capabilities().supports(way.reading):
        return done([Resolution("ambiguous", NO_WAY) for _ in group])
    return _LOOKS[group[0].operation](group, provider, ahead, taken)


_Look: TypeAlias = Callable[
    [Sequence[Intent], Any, Callable[[], "Ahead | None"], Collection[str]], Flow[list[Resolution]]
]


def _made(listing: Callable[[Any, str | None, str | None], Flow[Page[Any]]]) -> _Look:
    def look(
        group: Sequence[Intent],
        provider: Provider,
        ahead: Callable[[], Ahead | None],
        taken: Collection[str],
    ) -> Flow[list[Resolution]]:
        # A list that does not come to its real end raises `InvalidReply`: nothing is judged by it.
        listed = yield from walk(
            lambda cursor: listing(provider, cursor, group[0].owner),
            lambda listed: any(may_concern(intent, listed) for intent in group),
        )
        return judge(group, listed, ahead(), taken)

    return look


def _single(look: Callable[[Intent, Any], Flow[Resolution]]) -> _Look:
    """Look at what one call was to change: it is a group by itself, and claims nothing."""

    def look_at_it(
        group: Sequence[Intent],
        provider: Provider,
        ahead: Callable[[], Ahead | None],
        taken: Collection[str],
    ) -> Flow[list[Resolution]]:
        del ahead, taken
        (intent,) = group
        return [(yield from look(intent, provider))]

    return look_at_it


def _changed(read: Callable[[Any, str], Flow[Any]]) -> _Look:
    def look(intent: Intent, provider: Provider) -> Flow[Resolution]:
        found = yield from read(provider, intent.target or "")
        shown = set(intent.compared(found).values())
        if shown == {"same"}:
            return Resolution("done", "it has the new values", found)
        if "other" in shown:
            return Resolution("not_done", "it does not have the new values")
        reason = (
            "it has the new values, written differently, or the old ones"
            if shown
            else "the provider does not show what was to be changed"
        )
        return Resolution("ambiguous", reason, candidates=(found,))

    return _single(look)


def _customer_deleted(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    try:
        _ = yield from provider.get_customer(intent.target or "")
    except NotFound:
        gone = DeletedCustomer(provider=provider.name, id=intent.target or "")
        return Resolution("done", "the customer is gone", gone)
    return Resolution("not_done", "the customer can still be read")


def _canceled(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    found = yield from provider.get_subscription(intent.target or "")
    if found.status in OVER:
        return Resolution("done", "the subscription is over", found)
    if found.status is Status.UNKNOWN:
        reason = f"unknown status {found.raw_status!r}: it may mean that the subscription is over"
        return Resolution("ambiguous", reason, candidates=(found,))
    if provider.end_field and found.raw.get(provider.end_field) is not None:
        reason = f"the subscription still runs, and its {provider.end_field!r} is set: look again"
        return Resolution("ambiguous", reason, candidates=(found,))
    if intent.at_once:
        return Resolution("not_done", "the subscription is not over")
    reason = "the provider does not show a cancellation that is still to come"
    return Resolution("ambiguous", reason, candidates=(found,))


def _uncanceled(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    found = yield from provider.get_subscription(intent.target or "")
    if found.status in OVER:
        return Resolution("not_done", "the subscription is over")
    if found.ends_at is not None or found.scheduled is not None:
        return Resolution("not_done", "the subscription still has an end")
    reason = "the subscription shows no end, which not every provider shows before it has come"
    return Resolution("ambiguous", reason, candidates=(found,))


def _paused(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    found = yield from provider.get_subscription(intent.target or "")
    if found.status is Status.PAUSED:
        return Resolution("done", "the subscription is paused", found)
    if found.status is Status.UNKNOWN:
        reason = f"unknown status {found.raw_status!r}: it may mean that the subscription is paused"
        return Resolution("ambiguous", reason, candidates=(found,))
    return Resolution("not_done", "the subscription is not paused")


def _resumed(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    found = yield from provider.get_subscription(intent.target or "")
    if found.status in {Status.ACTIVE, Status.PAST_DUE}:
        return Resolution("done", "the subscription is running", found)
    if found.status in OVER:
        return Resolution("not_done", "the subscription is over")
    reason = f"the subscription is {found.status}, as it may be until it is paid"
    return Resolution("ambiguous", reason, candidates=(found,))


_LOOKS: Final[Mapping[str, _Look]] = {
    "create_plan": _made(lambda provider, cursor, _: provider.list_plans(cursor)),
    "create_customer": _made(lambda provider, cursor, _: provider.list_customers(cursor)),
    "subscribe": _made(
        lambda provider, cursor, of: provider.list_subscriptions(cursor, customer=of)
    ),
    "cancel_subscription": _single(_canceled),
    "uncancel_subscription": _single(_uncanceled),
    "pause_subscription": _single(_paused),
    "resume_subscription": _single(_resumed),
    "update_plan": _changed(lambda provider, key: provider.get_plan(key)),
    "update_customer": _changed(lambda provider, key: provider.get_customer(key)),
    "delete_customer": _single(_customer_deleted),
    "update_subscription": _changed(lambda provider, key: provider.get_subscription(key)),
}
"""How each operation of `LOOKUPS` is looked for."""


def reread(past: PreviousStep, provider: Provider) -> Flow[Any]:
    """Read what an earlier run of a job created or changed, instead of doing it again."""
    row = OPERATIONS.get(past.operation)
    way = row.read_by if row is not None else ""
    if not way or past.object_id is None or not provider.capabilities().supports(way):
        error = OutcomeUnknown(
            f"`{past.operation}` was carried out by an earlier run of the job, as "
            f"{past.object_id or 'something without an id'}, and cannot be read again: "
            "look at the provider"
        )
        error.token = past.token
        raise error
    if row is not None and row.deletes:
        return done(DeletedCustomer(provider=provider.name, id=past.object_id))
    flow: Flow[Any] = getattr(provider, way)(past.object_id)
    return flow
