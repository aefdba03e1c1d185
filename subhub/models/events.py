"""Events: something changed at a provider."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from subhub.models.record import ORIGIN, Result
from subhub.models.subscriptions import Subscription

Change = Literal["created", "changed", "ended", "deleted", "unknown"]
"""What an event reports of its object; see `Event`."""
RefetchState = Literal["found", "deleted", "unknown"]


class Event(Result):
    """A report that something changed at a provider; read the object to learn its state.

    `about` is the kind of object: `"subscription"`, `"customer"`, `"plan"`, `"invoice"`,
    `"payment"`, `"signup_link"`, another noun where the provider has other objects, or `"unknown"`.
    `change` is `"unknown"` for an event type that the plugin does not know, and `word` is the
    provider's own name for the event type. `word`, `object_id` and `occurred_at` are `None` where
    the provider did not send them.

    `key` is the same in every delivery of the event. It is the provider's event id, unique within
    one account. For a provider without event ids it is `"sha256:"` and a digest of `word` and the
    body: two events with equal bodies then share a key, so only skip an event as already handled
    if its key does not begin with `"sha256:"`.

    `raw` is the decoded body. It may be old, out of order or, without a signature, forged: never
    take an object's state from it.
    """

    # two accounts may use one id for two events
    _ignored: ClassVar[frozenset[str]] = ORIGIN - {"account"}

    account: str = Field(default=...)  # required
    about: Annotated[str, Field(min_length=1)]
    change: Change
    word: str | None = None
    object_id: str | None = None
    key: Annotated[str, Field(min_length=1)]
    occurred_at: AwareDatetime | None = None


class Refetched(Result):
    """The state of what an event is about, read at the provider.

    Attributes:
        event: The event.
        state: `found`; `deleted`, if the provider has no object with this id (any more); or
            `unknown`, if the event does not say which object it is, or nothing reads such an
            object.
        reason: Why, in a sentence without personal data.
        found: The object, if it was found: a `Plan`, a `Customer`, a `Subscription`, or a result
            that only this provider has, such as a payment.
        subscription: The subscription that it is or belongs to, if there is one.
    """

    event: Event
    state: RefetchState
    reason: str
    found: Result | None = None
    subscription: Subscription | None = None
