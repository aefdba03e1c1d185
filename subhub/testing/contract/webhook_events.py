"""Contract tests of the events in a webhook call: what they are about, what happened, their key.

They read each of `webhook_calls` again with other values in its body, JSON or a form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlencode

from subhub.messages import is_object
from subhub.models import Event
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.defaults import others
from subhub.testing.contract.flows import SEPARATOR
from subhub.testing.contract.replies import Place, leaves, places_in, replaced, shown
from subhub.testing.contract.statuses import NEW_WORD
from subhub.testing.contract.webhooks import EVENT_ID, calling, declared_by, read
from subhub.webhooks import form_body, json_body

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

Change: TypeAlias = "Callable[[object], object]"
DIGEST: Final = "sha256:"
"""How a key begins that two events may share."""
NOUNS: Final = (
    *("subscription", "customer", "plan", "price", "product", "invoice", "payment", "mandate"),
    *("subscriptions", "customers", "plans", "prices", "products", "invoices", "payments"),
)
"""Words of providers for what an event is about."""
IDS: Final = ("event_id", "eventId", "id")
"""Where a body names its event; an `id` only if it begins as one of an event."""
_PREFIX: Final = re.compile("[A-Za-z]+_")


@dataclass(frozen=True, slots=True)
class ReadCall:
    """A call of the provider, which is sent and read."""

    provider: type[Provider]
    path: str
    body: bytes

    @property
    def payload(self) -> Any:
        """The decoded body, `None` if it is neither JSON nor a form."""
        for decode in (json_body, form_body):
            with suppress(ValueError):
                return decode(self.body)
        return None

    @property
    def values(self) -> list[object]:
        """The values in the body."""
        return [value for _, value in leaves(self.payload)]

    def events(self, event_id: str = EVENT_ID) -> list[Event]:
        """Return the events of the call; a refusal fails the test."""
        return read(self.provider, self.path, self.body, event_id=event_id)

    def abouts(self) -> set[str]:
        """Return what the events are about; nothing if the call is refused."""
        with suppress(AssertionError):
            return {event.about for event in self.events()}
        return set()

    def but(self, change: Change, only: Place | None = None) -> ReadCall:
        """Return the call with other values in its body, all of them or that at one place."""
        payload = changed = self.payload
        for place, value in leaves(payload):
            if only in {None, place}:
                changed = replaced(changed, place, change(value))
        if changed == payload:
            return self
        form = not self.body.lstrip().startswith((b"{", b"["))
        body = urlencode(changed) if form else json.dumps(changed, default=float)
        return replace(self, body=body.encode())


class WebhookEventTests(ContractConfig):
    """Events say what their body says, and no more."""

    @for_each(calling)
    def test_an_event_is_what_its_body_says(self, case: Case) -> None:
        """Its `raw` is the body or a part of it, and its object is named there by its own id."""
        del case
        for call in self._calls():
            for event in call.events():
                expect_none(_made_up(call, event))

    @for_each(calling)
    def test_the_key_of_an_event_is_its_own(self, case: Case) -> None:
        """Another event of the same object has another key, and an event's id is in its key."""
        del case
        for call in self._calls():
            keys = {event.key for event in call.events()}
            for event in call.events():
                named = _event_id(call.payload, event)
                expect(named in event.key, f"the key of the event {named!r} is {event.key!r}")
            same = {key for key in keys & _other_keys(call) if not key.startswith(DIGEST)}
            expect(not same, f"two events have the key {same!r}: an application skips the second")

    @for_each(calling)
    def test_an_unknown_word_of_a_call_is_unknown(self, case: Case) -> None:
        """What the plugin does not know is `"unknown"`, and never read as something else."""
        del case
        for call in self._calls():
            expect_none((*_mistyped(call), *_misnamed(call), *_misowned(call)))

    def _calls(self) -> list[ReadCall]:
        return [ReadCall(self.provider, path, body) for path, body in self.webhook_calls]


def _made_up(call: ReadCall, event: Event) -> Iterator[str]:
    parts = [call.payload, *(part for _, part in places_in(call.payload))]
    if event.raw not in parts and is_object(call.payload):
        yield f"`.raw` is {event.raw!r}, which is not in the body"
    if event.object_id is None:
        return
    said = {*map(str, call.values), *call.path.split("/")}
    if not {event.object_id, *SEPARATOR.split(event.object_id)[::2]} & said:
        yield f"`.object_id` is {event.object_id!r}, which is not in the call"
    prefix = call.provider.id_prefixes.get(event.about.replace("_", " "), "")
    if not event.object_id.startswith(prefix):
        yield f"`.object_id` is {event.object_id!r}: that of a {event.about} begins with {prefix!r}"


def _event_id(payload: Any, event: Event) -> str:
    """Return the id of the event, as far as the body has one."""
    for name in IDS if is_object(payload) else ():
        found = payload.get(name)
        sure = name != "id" or str(found).startswith("ev")
        if isinstance(found, str) and found != event.object_id and sure:
            return found
    return ""


def _other_keys(call: ReadCall) -> set[str]:
    """Return the keys of another call about the same objects; none if it cannot be read."""
    own = {event.object_id for event in call.events()}
    for number in (0, 1, -1):  # one of these other values can be read, also of an id or a date

        def another(value: object, number: int = number) -> object:
            variants = [] if value in own else [*others(value)]
            return variants[min(number, len(variants) - 1)] if variants else value

        with suppress(AssertionError):
            return {event.key for event in call.but(another).events(EVENT_ID + "2")}
    return set()


def _mistyped(call: ReadCall) -> Iterator[str]:
    """Yield what happened by an unknown type of event."""
    words = {event.word for event in call.events() if event.word}
    parts = {part for word in words for part in (word, *re.split(r"[.:/_-]", word))}
    strange = call.but(lambda value: NEW_WORD if value in parts else value)
    if declared_by(call.provider).typed_by_path:
        strange = replace(strange, path=f"{call.path.rpartition('/')[0]}/{NEW_WORD}")
    with suppress(AssertionError):  # a plugin may refuse it
        for event in strange.events() if words else ():
            if event.change != "unknown":
                yield f"the unknown type {event.word!r} is read as {event.change!r}"


def _misnamed(call: ReadCall) -> Iterator[str]:
    """Yield each place that says what an event is about, and where an unknown word does too."""
    usual = call.abouts()
    for place, value in leaves(call.payload) if is_object(call.payload) else ():
        others = (call.but(lambda _, noun=noun: noun, place) for noun in NOUNS)  # type: ignore[misc]
        if isinstance(value, str) and any(other.abouts() - usual for other in others):
            found = call.but(lambda _: NEW_WORD, place).abouts() - {"unknown"}
            if found:
                yield f"`{shown(place)}` is {NEW_WORD!r}, and it is about {found!r}"


def _misowned(call: ReadCall) -> Iterator[str]:
    """Yield what a body that is nothing but an id is about, if it is the id of something else."""
    for event in call.events():
        own = _PREFIX.match(event.object_id or "")
        if own is None or {*call.values} != {event.object_id}:
            continue
        rest = str(event.object_id)[own.end() :]
        for kind, prefix in call.provider.id_prefixes.items():
            strange = call.but(lambda _, new=prefix + rest: new)  # type: ignore[misc]
            found = strange.abouts() - {"unknown", kind.replace(" ", "_")}
            if found and prefix != own[0]:
                yield f"an id that begins with {prefix!r}, as of a {kind}, is about {found!r}"
