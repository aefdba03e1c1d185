"""The fake's endpoints for webhook records; `Portal.emit` calls their URLs."""

from __future__ import annotations

from typing import Final

from subhub.sandbox import Received, Refusal, Reply, route
from subhub_mijnklantportaal.sandbox import checks
from subhub_mijnklantportaal.sandbox.checks import Body
from subhub_mijnklantportaal.sandbox.portal import Portal

CREATE: Final = Body(required={"url": checks.address, "type": checks.event_type})
SECRET_LENGTH: Final = 20
"""As in the documented example."""


class WebhookRoutes(Portal):
    """The endpoints for webhook records."""

    @route("POST", "/webhooks")
    def create_webhook(self, received: Received) -> Reply:
        """Create a record, with a secret of its own."""
        body = self.checked(received, CREATE)
        webhook_id = self.new_id("wbh_")
        self.webhooks[webhook_id] = {
            "id": webhook_id,
            "type": body["type"],
            "url": body["url"],
            "secret": self.ids.text(SECRET_LENGTH),
            "createdAt": self.atom(self.clock.now()),
        }
        return self.created(self.webhooks[webhook_id])

    @route("GET", "/webhooks")
    def list_webhooks(self, received: Received) -> Reply:
        """List the records, one page at a time."""
        return self.listing(received, self.webhooks.values())

    @route("GET", "/webhooks/{}")
    def get_webhook(self, _: Received, webhook_id: str) -> Reply:
        """Read a record."""
        if webhook_id not in self.webhooks:
            raise Refusal(self.not_found())
        return Reply.json(200, self.webhooks[webhook_id])
