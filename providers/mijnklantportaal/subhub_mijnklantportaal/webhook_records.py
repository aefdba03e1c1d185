"""Webhook records, an extension of MijnKlantportaal: which events are sent to which URL.

Use `client.call(MijnKlantportaal.create_webhook, ...)`, and for the list
`client.walk(MijnKlantportaal.list_webhooks)`. What the portal then sends is read in
`subhub_mijnklantportaal.webhooks`. See
https://docs.developers.mijnklantportaal.nl/api-reference/webhooks-api/create-webhook-record
"""

from __future__ import annotations

import difflib
from urllib.parse import urlsplit

from subhub.errors import InvalidRequest
from subhub.plugin import Core, Flow, Moment, Page, Text, get, path, post
from subhub_mijnklantportaal.addresses import NAME, WEBHOOK, WEBHOOKS
from subhub_mijnklantportaal.results import WebhookRecord
from subhub_mijnklantportaal.webhooks import EVENTS
from subhub_mijnklantportaal.wire import Listing, Lists, PortalObject, own_id


class Webhook(PortalObject):
    """A webhook record."""

    id: Text
    type: Core[str | None] = None
    url: str | None = None
    secret: Core[str | None] = None
    created_at: Moment | None = None

    def to_result(self) -> WebhookRecord:
        """Convert to a `WebhookRecord`."""
        return WebhookRecord(
            provider=NAME,
            id=self.id,
            event=self.type,
            url=self.url,
            secret=self.secret,
            created_at=self.created_at,
            raw=self.raw,
        )


class WebhookRecordFlows(Lists):
    """The operations on webhook records; changing and deleting are not documented."""

    def create_webhook(self, url: str, event: str) -> Flow[WebhookRecord]:
        """Have one type of event sent to a URL; the result has the secret of its calls.

        What is sent may not name its type: use a URL of its own for each type.

        Args:
            url: Where it is sent.
            event: The type, such as `subscription-created`.
        """
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidRequest.of("url", f"must be a web address with https://, got {url!r}")
        if event not in EVENTS:
            close = difflib.get_close_matches(event, EVENTS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"one of {', '.join(EVENTS)}"
            raise InvalidRequest.of("event", f"unknown event {event!r}: {hint}")
        record = yield from post(WEBHOOKS, Webhook, {"url": url, "type": event})
        return record.to_result()

    def get_webhook(self, webhook_id: str) -> Flow[WebhookRecord]:
        """Read a webhook record (`wbh_...`), with its secret."""
        record = yield from get(path(WEBHOOK, _webhook(webhook_id)), Webhook)
        return record.to_result()

    def list_webhooks(self, cursor: str | None = None) -> Flow[Page[WebhookRecord]]:
        """List webhook records, one page at a time, with their secrets."""
        return self._read_page(WEBHOOKS, Listing[Webhook], Webhook.to_result, cursor)


def _webhook(webhook_id: str) -> str:
    return own_id("webhook_id", webhook_id, "wbh_")
