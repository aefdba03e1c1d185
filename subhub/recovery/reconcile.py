"""Outcomes: finding out whether a change was carried out whose answer was lost.

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
from subhub.plugin.pagination import walk
from subhub.recovery.intents import Intent

if TYPE_CHECKING:
    from subhub.plugin.flows import Page
    from subhub.plugin.provider import Provider
    from subhub.recovery.journal.items import PreviousStep

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


def together(intents: Iterable[Intent]) -> list[list[Intent]]:
    """*intents*, those together that can have made the same object: one listing tells of them.

    What changes an object that exists is looked at by itself.
    """
    groups: dict[tuple[str | None, ...], list[Intent]] = {}
    for each in intents:
        way = LOOKUPS.get(each.operation)
        made = way is not None and way.kind is not None
        place = (each.operation, each.owner) if made else (each.salt,)
        groups.setdefault(place, []).append(each)
    return list(groups.values())


def lookup(
    group: Sequence[Intent], provider: Provider, taken: Collection[str] = ()
) -> Flow[list[Resolution]]:
    """Look at the provider once for what each of *group*, as of `together`, would have done.

    *taken* are the ids of what others of the group are known to have made.
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
            lambda each: any(_may_be_of(intent, each) for intent in group),
        )
        fitting = [[each for each in listed if _may_be_of(intent, each)] for intent in group]
        claims = Counter([*taken, *(each.id for found in fitting for each in found)])
        return [
            _judged(intent, found, claims) for intent, found in zip(group, fitting, strict=True)
        ]

    return look


def _may_be_of(intent: Intent, found: Any) -> bool:
    of_another = intent.owner is not None and found.customer_id != intent.owner
    return not of_another and intent.may_have_made(found)


def _judged(intent: Intent, fitting: Sequence[Any], claims: Mapping[str, int]) -> Resolution:
    """What became of *intent*; *claims* tells how many lost calls may have made an object.

    Each call made one object of its own. So what several of them may have made proves none of them
    done: it is the work of one, and the others are still to be decided.
    """
    if not fitting:
        return Resolution("not_done", "nothing that is listed fits")
    (first, *others) = fitting
    dated = getattr(first, "created_at", None) is not None
    if others:
        reason = "more than one object fits"
    elif claims[first.id] > 1:
        reason = "what fits may be what another lost call made"
    elif dated or intent.key:
        return Resolution("done", "one object fits, and only the call can have made it", first)
    else:
        reason = "what fits may be older than the call: the provider does not say when it was made"
    return Resolution("ambiguous", reason, candidates=tuple(fitting))


def _single(look: Callable[[Intent, Any], Flow[Resolution]]) -> _Look:
    """The look at what one call was to change: each is a group by itself, and claims nothing."""

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
            return Resolution("done", "it is as it was to become", found)
        return Resolution("not_done", "it is not as it was to become")

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
