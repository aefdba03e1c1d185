"""Webhooks of MijnKlantportaal, as far as they are documented.

Documented: one record for each event type and URL, each with its own secret; the event types; and
that the record's secret is put into the header `X-Webhook-Signature`. Taken literally, the header
is the secret itself, so that is what is compared.

Not documented: the body, retries, and whether anything in a call says which event it is. So a body
need not be JSON, no object id is taken from it, and an event says no more than that some object of
this kind changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from subhub.models import Change, Event
from subhub.plugin import Delivery, Webhooks, is_object, json_body, static_secret

EVENTS: Final[Mapping[str, tuple[str, Change]]] = {
    "appointment-created": ("appointment", "created"),
    "appointment-canceled": ("appointment", "ended"),
    "customer-created": ("customer", "created"),
    "customer-deleted": ("customer", "deleted"),
    "offer-created": ("offer", "created"),
    "offer-deleted": ("offer", "deleted"),
    "offer-accepted": ("offer", "changed"),
    "offer-rejected": ("offer", "changed"),
    "invoice-created": ("invoice", "created"),
    "invoice-chargeback": ("invoice", "changed"),
    "invoice-paid": ("invoice", "changed"),
    "invoice-deleted": ("invoice", "deleted"),
    "payment-link-created": ("payment_link", "created"),
    "payment-link-expired": ("payment_link", "ended"),
    "payment-link-paid": ("payment_link", "changed"),
    "ticket-created": ("ticket", "created"),
    "ticket-reply-customer": ("ticket", "changed"),
    "ticket-reply-employee": ("ticket", "changed"),
    "subscription-created": ("subscription", "created"),
    "subscription-updated": ("subscription", "changed"),
    "subscription-deleted": ("subscription", "deleted"),
    "subscription-payment-created": ("payment", "created"),
    "subscription-payment-updated": ("payment", "changed"),
}
"""What each event type is about, and what it says happened.

See https://docs.developers.mijnklantportaal.nl/api-reference/webhooks-api/create-webhook-record
"""


def _decoded(content: bytes) -> Any:
    """Return the decoded JSON, or None: that a body is JSON is not documented."""
    try:
        return json_body(content)
    except ValueError:
        return None


def _event_type(delivery: Delivery) -> str | None:
    """Return the event type: the last part of the path, or else the body's `type`.

    The path is the application's own, as it was registered. `type` is what a webhook record calls
    the event type; that a call has such a field is a guess, which costs nothing when it is wrong.
    """
    last = delivery.path.partition("?")[0].rstrip("/").rpartition("/")[2]
    if last in EVENTS:
        return last
    given: object = delivery.payload.get("type") if is_object(delivery.payload) else None
    return given if isinstance(given, str) else None


def _read(delivery: Delivery) -> list[Event]:
    word = _event_type(delivery)
    about, change = EVENTS.get(word or "", ("unknown", "unknown"))
    return [delivery.event(word, about=about, change=change)]


WEBHOOKS: Final = Webhooks(
    static_secret("X-Webhook-Signature"),
    _read,
    decode=_decoded,
    events=tuple(EVENTS),
    typed_by_path=True,
)
"""How calls are verified and read.

See https://docs.developers.mijnklantportaal.nl/api-reference/webhooks-api/get-webhook-record
"""
