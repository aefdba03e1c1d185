"""Outcomes: finding out whether a change was carried out whose answer was lost.

The error carries a token that says what was meant, in ids and fingerprints: it can be stored and
logged, because nobody's data is in it. Resolving it reads what the provider lists, and compares.
Nothing here changes anything at the provider.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from subhub.errors import InvalidRequest, OutcomeUnknown
from subhub.flow import Flow, done
from subhub.models import Customer, Plan, Record, Status, Subscription
from subhub.pages import walk
from subhub.wire import is_object

if TYPE_CHECKING:
    from subhub.provider import Provider

T = TypeVar("T")

SKEW: Final = dt.timedelta(minutes=5)
"""How far the provider's clock may be behind ours."""
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


@dataclass(frozen=True, slots=True)
class Intent:
    """What a call was meant to do; *marks* are the salted fingerprints of its fields.

    *target* is the id of what was to be changed, and *owner* the customer of a new subscription.
    *key* is the field that belongs to one object only, as an id of the application's own does.
    *at_once* says that a cancellation is to show at once.
    """

    provider: str
    account: str
    operation: str
    sent_at: str
    target: str | None = None
    owner: str | None = None
    key: str | None = None
    at_once: bool = False
    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    marks: Mapping[str, str] = field(default_factory=dict[str, str])

    def marked(self, fields: Mapping[str, object]) -> Intent:
        """The same, to be recognised by those of *fields* that have a value."""
        marks = {name: self._mark(value) for name, value in fields.items() if value is not None}
        return replace(self, marks=marks)

    def token(self) -> str:
        """The intent as text."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def read(cls, token: str) -> Intent:
        """The intent that *token* says; `InvalidRequest` when it says none."""
        try:
            decoded: object = json.loads(base64.urlsafe_b64decode(token.encode()))
            if is_object(decoded) and is_object(decoded.get("marks")):
                return cls(**decoded)
        except (ValueError, TypeError):
            pass
        raise InvalidRequest.of("token", "this is no token of an OutcomeUnknown")

    def fits(self, found: object) -> bool:
        """Whether what *found* shows is as it was meant, and the key, if any, is shown."""
        shown = {name: getattr(found, name, None) for name in self.marks}
        told = {name: self._mark(value) for name, value in shown.items() if value is not None}
        if not told or (self.key is not None and self.key not in told):
            return False
        return all(self.marks[name] == mark for name, mark in told.items())

    def may_have_made(self, found: object) -> bool:
        """Whether *found* fits and is no older than the call; what tells no time may be."""
        made = getattr(found, "created_at", None)
        recent = made is None or made >= dt.datetime.fromisoformat(self.sent_at) - SKEW
        return recent and self.fits(found)

    def _mark(self, value: object) -> str:
        text = str(value.normalize()) if isinstance(value, Decimal) else str(value)
        return hashlib.blake2b(text.encode(), salt=bytes.fromhex(self.salt)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Intents:
    """Writes down what the calls of one account are meant to do, and reads it again."""

    provider: str
    account: str
    clock: Callable[[], dt.datetime]

    def of(
        self,
        operation: str,
        *,
        fields: Record | Mapping[str, object] | None = None,
        target: str | None = None,
        owner: str | None = None,
        key: str | None = None,
        at_once: bool = False,
    ) -> Callable[[], Intent]:
        """What a call is meant to do; it is only written down when its answer is lost."""
        sent_at = self.clock()

        def intent() -> Intent:
            return Intent(
                self.provider,
                self.account,
                operation,
                sent_at.isoformat(),
                target=target,
                owner=owner,
                key=key,
                at_once=at_once,
            ).marked(dict(fields or {}))

        return intent

    def read(self, token: str) -> Intent:
        """The intent of *token*, which has to be this account's."""
        intent = Intent.read(token)
        if (intent.provider, intent.account) != (self.provider, self.account):
            problem = f"it is of the account {intent.account!r} at {intent.provider}"
            raise InvalidRequest.of("token", f"{problem}, and this is {self.account!r}")
        return intent


def resolvable(flow: Flow[T], intent: Callable[[], Intent]) -> Flow[T]:
    """*flow*, which says on an `OutcomeUnknown` what it was meant to do."""
    try:
        return (yield from flow)
    except OutcomeUnknown as error:
        error.token = error.token or intent().token()
        raise


def lookup(intent: Intent, provider: Provider) -> Flow[Resolution]:
    """Look at the provider for what *intent* would have done."""
    way = _WAYS.get(intent.operation)
    if way is None or not provider.capabilities().supports(way.reading):
        return done(Resolution("ambiguous", NO_WAY))
    return way.look(intent, provider)


@dataclass(frozen=True, slots=True)
class _Way:
    """How one operation is looked for, and the operation that this takes."""

    reading: str
    look: Callable[[Intent, Any], Flow[Resolution]]


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
    "create_plan": _Way("list_plans", _made(_plans)),
    "create_customer": _Way("list_customers", _made(_customers)),
    "subscribe": _Way("list_subscriptions", _made(_subscriptions)),
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
