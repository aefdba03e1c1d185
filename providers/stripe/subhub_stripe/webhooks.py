"""Webhooks of Stripe: signed calls, each with one event about one object.

A payload is a copy of the object as it was at that moment, and calls come in any order: it is not
used. See https://docs.stripe.com/webhooks and https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import AwareDatetime, ValidationError

from subhub.errors import WebhookRefused
from subhub.models import Change, Event
from subhub.plugin import Delivery, Text, Webhooks, Wire, signed

KINDS: Final[Mapping[str, str]] = {
    "subscription": "subscription",
    "customer": "customer",
    "price": "plan",
    "checkout.session": "signup_link",
    "invoice": "invoice",
}
"""What an object is about, by the name that Stripe gives it."""
CHANGES: Final[Mapping[str, Change]] = {
    "customer.created": "created",
    "customer.updated": "changed",
    "customer.deleted": "deleted",
    "customer.subscription.created": "created",
    "customer.subscription.updated": "changed",
    "customer.subscription.paused": "changed",
    "customer.subscription.resumed": "changed",
    "customer.subscription.deleted": "ended",  # Stripe's word for the end: it can still be read
    "price.created": "created",
    "price.updated": "changed",
    "price.deleted": "deleted",
    "checkout.session.completed": "changed",
    "checkout.session.expired": "ended",
    "invoice.created": "created",
    "invoice.paid": "changed",
    "invoice.payment_failed": "changed",
}
"""What each event type says happened. The others are told as they are, with an unknown change."""


class EventObject(Wire):
    """What an event is about; the upcoming invoice has no id."""

    object: Text
    id: Text | None = None


class EventData(Wire):
    """The `data` of an event."""

    object: EventObject


class StripeEvent(Wire):
    """An `event` object. The thin events of API v2 have another form, and are refused."""

    id: Text
    type: Text
    created: AwareDatetime
    data: EventData


def _read(delivery: Delivery) -> list[Event]:
    try:
        sent = StripeEvent.model_validate(delivery.payload)
    except ValidationError as error:
        raise WebhookRefused("the body is not an event of Stripe, as API v1 sends it") from error
    return [
        delivery.event(
            sent.type,
            about=KINDS.get(sent.data.object.object, "unknown"),
            change=CHANGES.get(sent.type, "unknown"),
            object_id=sent.data.object.id,
            key=sent.id,
            occurred_at=sent.created,
        )
    ]


WEBHOOKS: Final = Webhooks(
    signed("Stripe-Signature", layout="t={time},v1={signature}", content="{time}.{body}"),
    _read,
    registering="add an endpoint in Stripe's dashboard, whose secret begins with whsec_",
)
"""How calls are verified and read; see https://docs.stripe.com/webhooks/signature."""
