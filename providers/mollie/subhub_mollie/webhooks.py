"""Webhooks of Mollie: a call holds the id of what changed, and proves nothing.

Mollie calls the `webhookUrl` that a payment or a subscription was created with. Its next-gen
webhooks, which are signed, are another service, and are not read here. See
https://docs.mollie.com/reference/webhooks
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from subhub.errors import WebhookRefused
from subhub.models import Change, Event
from subhub.plugin import Delivery, Webhooks, form_body, unsigned

KINDS: Final[Mapping[str, str]] = {"tr": "payment"}
"""What an id is of, by its prefix. A call for a subscription holds the id of its new payment."""
_ID: Final = re.compile(r"([a-z]{2,8})_[A-Za-z0-9]{1,64}")


def _read(delivery: Delivery) -> list[Event]:
    sent: Mapping[str, Any] = delivery.payload
    found = _ID.fullmatch(sent.get("id", ""))
    if found is None:
        raise WebhookRefused("the body is not `id=` with an id of Mollie")
    kind = KINDS.get(found[1], "unknown")
    change: Change = "changed" if found[1] in KINDS else "unknown"
    return [delivery.event(None, about=kind, change=change, object_id=found[0])]


WEBHOOKS: Final = Webhooks(
    unsigned(),
    _read,
    decode=form_body,
    reads={"payment": "get_payment"},
    registering="give each payment and subscription a `webhook_url`, with provider_options",
)
"""How calls are read; only `client.refetch` shows whether something changed."""
