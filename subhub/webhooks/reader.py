"""The reader: from the bytes of a webhook call to events, or a refusal.

Nothing here sends, stores, logs or imports a web framework; the only clock is the one given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from subhub.errors import WebhookRefused
from subhub.messages import is_object
from subhub.models import Change, Event, Raw
from subhub.webhooks.bodies import RawBody, json_body, raw_bytes
from subhub.webhooks.headers import HeaderInput, Headers
from subhub.webhooks.schemes import Proof, Scheme

MAX_BYTES: Final = 1_000_000
"""The longest body that is read, unless the reader is given another limit."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified call, from which a plugin reads the events.

    `payload` is the decoded body. `path` is the path of the URL that was called, which no scheme
    signs. `event_id` is the event id that the scheme verified, if it has one.
    """

    provider: str
    account: str
    path: str
    body: bytes = field(repr=False)
    payload: Any = field(repr=False)
    event_id: str | None = None

    def event(
        self,
        word: str | None,
        *,
        about: str = "unknown",
        change: Change = "unknown",
        object_id: str | None = None,
        key: str | None = None,
        occurred_at: dt.datetime | None = None,
        raw: Raw | None = None,
    ) -> Event:
        """Return an event of this delivery; see `Event` for the fields.

        Args:
            word: The provider's name for the event type; None if it does not send one.
            about: The kind of object that changed.
            change: What happened to it.
            object_id: The object's id at the provider.
            key: The provider's event id; a body with several events needs one for each. If it is
                left out: the delivery's `event_id`, or else a digest of *word* and the body.
            occurred_at: When it happened, with a time zone.
            raw: The part of the body that is about this event; the whole body if left out.
        """
        whole: Raw = self.payload if is_object(self.payload) else {}
        return Event(
            provider=self.provider,
            account=self.account,
            about=about,
            change=change,
            word=word,
            object_id=object_id,
            key=key if key is not None else self.event_id or self._digest(word),
            occurred_at=occurred_at,
            raw=whole if raw is None else raw,
        )

    def _digest(self, word: str | None) -> str:
        # The word too: a customer's creation and deletion may both be sent as {"id": "cst_1"}, each
        # to its own URL. Neither the path nor the headers: they may differ between deliveries.
        digest = hashlib.sha256((word or "").encode() + b"\0" + self.body)
        return f"sha256:{digest.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How a provider's webhook calls are verified and read.

    `read` returns the events of a delivery; for an event type that it does not know, one whose
    `change` is `"unknown"`. `decode` turns the body into the delivery's `payload`, and raises
    `ValueError` for a body that it cannot read.

    `reads` names the extension that reads an object of a kind that no neutral operation reads, such
    as `{"payment": "get_payment"}`. If its result has a `subscription_id`, `client.refetch` reads
    that subscription as well.

    `events` are the types of events that can be registered. `typed_by_path` says that a call need
    not hold its type, so that each type has an address of its own, which ends with it.
    `registering` says how calls are asked for where no operation registers them.
    """

    scheme: Scheme
    read: Callable[[Delivery], Iterable[Event]]
    decode: Callable[[bytes], Any] = json_body
    reads: Mapping[str, str] = field(default_factory=dict[str, str])
    events: Sequence[str] = ()
    typed_by_path: bool = False
    registering: str = ""


@dataclass(frozen=True, slots=True)
class WebhookReader:
    """The webhooks of one account.

    `secrets` are the account's `webhook_secrets`: a call that fits any of them is accepted, so that
    a secret can be replaced without losing calls. `clock` returns the present with a time zone. A
    body of more than `max_bytes` is refused.
    """

    webhooks: Webhooks
    provider: str
    account: str
    secrets: Sequence[str] = field(repr=False)
    clock: Callable[[], dt.datetime]
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        if isinstance(self.secrets, str):
            raise TypeError("`secrets` must be a list of secrets, not text: one letter would do")

    @property
    def proof(self) -> Proof:
        """The proof of an accepted call: `"signed"`, `"secret"` or `"refetch"`; see `Proof`."""
        return self.webhooks.scheme.proof

    def read(self, path: str, headers: HeaderInput, body: RawBody) -> list[Event]:
        """Verify a call and return its events.

        Args:
            path: The path of the URL that was called.
            headers: The request's headers, as a mapping or as pairs.
            body: The request's body: the bytes as they arrived.

        Raises:
            WebhookRefused: The call is not accepted; answer it with the error's `status`.
            TypeError: *body* is not bytes.
        """
        content = raw_bytes(body)
        # before the signature: hashing a huge body would be work done for anyone
        if len(content) > self.max_bytes:
            raise WebhookRefused(f"the body has {len(content)} bytes, more than {self.max_bytes}")
        scheme = self.webhooks.scheme
        event_id = scheme.verify(Headers.of(headers), content, self.secrets, self.clock())
        try:
            payload = self.webhooks.decode(content)
        except ValueError as error:
            raise WebhookRefused(str(error)) from error
        return self._events(Delivery(self.provider, self.account, path, content, payload, event_id))

    def _events(self, delivery: Delivery) -> list[Event]:
        try:
            events = list(self.webhooks.read(delivery))
        except WebhookRefused:
            raise
        except Exception as error:
            # Providers change their bodies. As a refusal, the call is at least sent again later.
            reason = f"the plugin {self.provider!r} cannot read the body: {type(error).__name__}"
            raise WebhookRefused(reason, status=500) from error
        # an application that handles each key once would lose the second event
        if len({event.key for event in events}) < len(events):
            reason = f"the plugin {self.provider!r} gave two events of one call the same key"
            raise WebhookRefused(reason, status=500)
        return events
