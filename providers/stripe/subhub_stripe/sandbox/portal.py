"""The fake's customer portal: its pages show subscriptions, and cancel them.

See https://docs.stripe.com/customer-management.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import JsonObject, PortalPage, PortalSubscription, Received, Reply, route
from subhub_stripe.sandbox.billing import OVER
from subhub_stripe.sandbox.pausing import PausingRoutes

PORTAL: Final = "/p/session/"


class PortalRoutes(PausingRoutes):
    """The endpoint that creates portal sessions, and their pages."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.portal_sessions: dict[str, JsonObject] = {}

    @route("POST", "/billing_portal/sessions")
    def create_portal_session(self, received: Received) -> Reply:
        """Create a page on which a customer manages subscriptions."""
        given = self.accepted(received, "customer", "return_url", "configuration")
        wanted = self.needed(given, "customer")
        customer = self.found(self.customers, "customer", wanted, named=True)
        session = self.new(
            "billing_portal.session",
            "bps",
            configuration=given.get("configuration", "bpc_sandbox"),
            customer=customer["id"],
            flow=None,
            locale=None,
            on_behalf_of=None,
            return_url=given.get("return_url"),
        )
        session["url"] = self.page_address(PORTAL + session["id"])
        self.portal_sessions[session["id"]] = session
        return Reply.json(200, session)

    def portal_page(self, url: str) -> PortalPage | None:
        """Return what the portal page at *url* shows, or `None` for an unknown URL."""
        session = self.portal_sessions.get(url.rpartition("/")[2])
        if session is None:
            return None
        theirs = [
            found
            for found in self.subscriptions.values()
            if found["customer"] == session["customer"]
        ]
        return PortalPage(
            customer=self.customers[session["customer"]]["name"] or "",
            subscriptions=tuple(map(self._shown_in_portal, reversed(theirs))),
            return_url=session["return_url"],
        )

    def cancel_at_portal(self, url: str, subscription_id: str) -> None:
        """Cancel a subscription at the end of its period, as the portal does by default."""
        self.portal_subscription(url, subscription_id)
        found = self.subscriptions[subscription_id]
        end = found["items"]["data"][0]["current_period_end"]
        found.update(cancel_at_period_end=True, cancel_at=end, canceled_at=self.now())

    def _shown_in_portal(self, found: JsonObject) -> PortalSubscription:
        (item,) = found["items"]["data"]
        price, end = item["price"], dt.datetime.fromtimestamp(item["current_period_end"], dt.UTC)
        over, ends = found["status"] in OVER, found["cancel_at_period_end"]
        return PortalSubscription(
            id=found["id"],
            plan=self.products[price["product"]]["name"],
            status=found["status"],
            note="" if over else f"{'ends' if ends else 'renews'} on {end.date().isoformat()}",
            cancelable=not (over or ends),
        )
