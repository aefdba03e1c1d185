"""Reconciling: was a change carried out whose answer was lost?

What was meant is compared with what the provider lists. Nothing here changes anything there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from subhub.errors import OutcomeUnknown
from subhub.models import Status
from subhub.plugin.capabilities import LOOKUPS
from subhub.plugin.flows import Flow, done
from subhub.plugin.operations import OPERATIONS
from subhub.plugin.pagination import walk
from subhub.recovery.intents import Intent

if TYPE_CHECKING:
    from subhub.plugin.flows import Page
    from subhub.plugin.provider import Provider
    from subhub.recovery.journal.items import PreviousStep

OVER: Final = frozenset({Status.CANCELED, Status.ENDED})
NO_WAY: Final = "the provider lists nothing that could show it"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The outcome of a change: it is done, with its `result`; it is not done; or it is ambiguous.

    `ambiguous` means that looking cannot decide it: one of the `candidates` may be what the call
    created, or, when there are none, the provider shows nothing that could decide it.
    """

    outcome: Literal["done", "not_done", "ambiguous"]
    reason: str
    result: object = None
    candidates: tuple[object, ...] = ()


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
    group: Sequence[Intent], provider: Provider, taken: Collection[str] = ()
) -> Flow[list[Resolution]]:
    """Look at the provider once for what each of *group* would have done.

    Args:
        group: Intents that `together` has put together.
        provider: Where to look.
        taken: The ids of what others of the group are known to have created.
    """
    way = LOOKUPS.get(group[0].operation)
    if way is None or not provider.capabilities().supports(way.reading):
        return done([Resolution("ambiguous", NO_WAY) for _ in group])
    return _LOOKS[group[0].operation](group, provider, taken)


_Look: TypeAlias = Callable[[Sequence[Intent], Any, Collection[str]], Flow[list[Resolution]]]


def _made(listing: Callable[[Any, str | None, str | None], Flow[Page[Any]]]) -> _Look:
    def look(
        group: Sequence[Intent], provider: Provider, taken: Collection[str]
    ) -> Flow[list[Resolution]]:
        listed = yield from walk(
            lambda cursor: listing(provider, cursor, group[0].owner),
            lambda listed: any(_may_be_of(intent, listed) for intent in group),
        )
        fitting = [[item for item in listed if _may_be_of(intent, item)] for intent in group]
        claims = Counter([*taken, *(item.id for found in fitting for item in found)])
        return [
            _judged(intent, found, claims) for intent, found in zip(group, fitting, strict=True)
        ]

    return look


def _may_be_of(intent: Intent, found: Any) -> bool:
    of_another = intent.owner is not None and found.customer_id != intent.owner
    return not of_another and intent.may_have_made(found)


def _judged(intent: Intent, fitting: Sequence[Any], claims: Mapping[str, int]) -> Resolution:
    """Judge whether *intent* was carried out.

    Each call created one object of its own. So an object that several of them may have created
    proves none of them done: it is the work of one, and the others are still open.

    Args:
        intent: What was meant.
        fitting: The objects that it may have created.
        claims: How many lost calls may have created an object, by its id.
    """
    if not fitting:
        return Resolution("not_done", "nothing that is listed fits")
    (first, *others) = fitting
    dated = getattr(first, "created_at", None) is not None
    if others:
        reason = "more than one object fits"
    elif claims[first.id] > 1:
        reason = "what fits may be the work of another lost call"
    elif dated or intent.key:
        return Resolution("done", "one object fits, and only this call can have created it", first)
    else:
        reason = "what fits may be older than the call: the provider gives no date of creation"
    return Resolution("ambiguous", reason, candidates=tuple(fitting))


def _single(look: Callable[[Intent, Any], Flow[Resolution]]) -> _Look:
    """Look at what one call was to change: it is a group by itself, and claims nothing."""

    def look_at_it(
        group: Sequence[Intent], provider: Provider, taken: Collection[str]
    ) -> Flow[list[Resolution]]:
        del taken
        (intent,) = group
        return [(yield from look(intent, provider))]

    return look_at_it


def _changed(read: Callable[[Any, str], Flow[Any]]) -> _Look:
    def look(intent: Intent, provider: Provider) -> Flow[Resolution]:
        found = yield from read(provider, intent.target or "")
        if intent.fits(found):
            return Resolution("done", "it has the new values", found)
        return Resolution("not_done", "it does not have the new values")

    return _single(look)


def _canceled(intent: Intent, provider: Provider) -> Generator[Any, Any, Resolution]:
    found = yield from provider.get_subscription(intent.target or "")
    if found.status in OVER:
        return Resolution("done", "the subscription is over", found)
    if intent.at_once:
        return Resolution("not_done", "the subscription is not over")
    reason = "the provider does not show a cancellation that is still to come"
    return Resolution("ambiguous", reason, candidates=(found,))


_LOOKS: Final[Mapping[str, _Look]] = {
    "create_plan": _made(lambda provider, cursor, _: provider.list_plans(cursor)),
    "create_customer": _made(lambda provider, cursor, _: provider.list_customers(cursor)),
    "subscribe": _made(
        lambda provider, cursor, of: provider.list_subscriptions(cursor, customer=of)
    ),
    "cancel_subscription": _single(_canceled),
    "update_plan": _changed(lambda provider, key: provider.get_plan(key)),
    "update_customer": _changed(lambda provider, key: provider.get_customer(key)),
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
    flow: Flow[Any] = getattr(provider, way)(past.object_id)
    return flow
