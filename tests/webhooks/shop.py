"""A made-up provider, whose webhooks come in the form of any scheme."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from subhub import Event
from subhub.webhooks import (
    Delivery,
    Scheme,
    WebhookReader,
    Webhooks,
    json_body,
    signed,
    standard,
)

Read: TypeAlias = Callable[[Delivery], Iterable[Event]]

NOW = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEXT_SECRET = "whsec_b3RoZXIgc2VjcmV0IG9mIDI0IGJ5dGVz"
PATH = "/hooks/shop"
SENT = {"id": "evt_1", "type": "subscription.updated", "data": {"id": "sub_1"}}
BODY = json.dumps(SENT).encode()

STRIPE = signed(
    "Stripe-Signature", layout="t={time},v1={signature}", content="{time}.{body}"
)  # https://docs.stripe.com/webhooks#verify-manually
SLACK = signed(
    "X-Slack-Signature",
    layout="v0={signature}",
    content="v0:{time}:{body}",
    time_header="X-Slack-Request-Timestamp",
)  # https://api.slack.com/authentication/verifying-requests-from-slack
GITHUB = signed(
    "X-Hub-Signature-256", layout="sha256={signature}", content="{body}"
)  # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
STANDARD = standard()


def read(delivery: Delivery) -> list[Event]:
    """Return the one event of a body such as `SENT`."""
    word = delivery.payload["type"]
    if word != "subscription.updated":
        return [delivery.event(word)]
    return [
        delivery.event(
            word,
            about="subscription",
            change="changed",
            object_id=delivery.payload["data"]["id"],
            key=delivery.payload["id"],
        )
    ]


def reader(
    scheme: Scheme,
    *,
    secrets: Sequence[str] = (SECRET,),
    now: dt.datetime = NOW,
    read: Read = read,
    decode: Callable[[bytes], Any] = json_body,
) -> WebhookReader:
    """Return a reader of the account `main` at the time *now*."""
    webhooks = Webhooks(scheme, read, decode)
    return WebhookReader(webhooks, "shop", "main", secrets, lambda: now)


def sign(
    scheme: Scheme,
    body: bytes = BODY,
    secret: str = SECRET,
    *,
    at: dt.datetime = NOW,
    event_id: str = "msg_1",
) -> dict[str, str]:
    """Return the headers of a call that is sent at `NOW`."""
    return scheme.sign(body, secret, at=at, event_id=event_id)
