"""The fake's endpoints for payment links."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final, Literal

from subhub.sandbox import JsonObject, Received, Refusal, Reply, route
from subhub_mijnklantportaal.sandbox import checks
from subhub_mijnklantportaal.sandbox.checks import Body
from subhub_mijnklantportaal.sandbox.portal import ZONE, Portal

LinkStatus = Literal["open", "paid", "expired", "closed"]
CREATE: Final = Body(
    required={"description": checks.text, "amount": checks.money},
    optional={"expiresAt": checks.day, "reusable": checks.flag},
)


@dataclass
class StoredLink:
    """A payment link with its payments."""

    id: str
    url: str
    body: JsonObject
    expires_at: dt.datetime | None
    created_at: dt.datetime
    closed: bool = False
    payments: list[JsonObject] = field(default_factory=list[JsonObject])

    def status(self, now: dt.datetime) -> LinkStatus:
        """Return the status at *now*."""
        if self.closed:
            return "closed"
        # a reusable link stays open however often it is paid
        if self.payments and not self.body.get("reusable", False):
            return "paid"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "open"


class PaymentLinkRoutes(Portal):
    """The endpoints for payment links and their payments."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.payment_links: dict[str, StoredLink] = {}
        """The payment links, by id."""

    @route("POST", "/payment-links")
    def create_payment_link(self, received: Received) -> Reply:
        """Create a payment link."""
        body = self.checked(received, CREATE)
        self.connected_to_be_paid()
        link_id = self.new_id("plk_")
        link = StoredLink(
            id=link_id,
            url=self.page_address(f"/payment-link/{link_id}"),
            body=body,
            expires_at=_end_of(body["expiresAt"]) if "expiresAt" in body else None,
            created_at=self.clock.now(),
        )
        self.payment_links[link_id] = link
        self.emit("payment-link-created", self._link_shown(link))
        return self.created(self._link_shown(link))

    @route("GET", "/payment-links")
    def list_payment_links(self, received: Received) -> Reply:
        """List payment links, one page at a time."""
        return self.listing(received, self.payment_links.values(), self._link_shown)

    @route("GET", "/payment-links/{}")
    def get_payment_link(self, _: Received, link_id: str) -> Reply:
        """Read a payment link."""
        return Reply.json(200, self._link_shown(self._link(link_id)))

    @route("DELETE", "/payment-links/{}")
    def close_payment_link(self, _: Received, link_id: str) -> Reply:
        """Close a payment link; it is not deleted, and the response shows it."""
        link = self._link(link_id)
        if link.closed:
            raise Refusal(self.malformed("The payment link is already closed."))
        link.closed = True
        return Reply.json(200, self._link_shown(link))

    @route("GET", "/payment-links/{}/payments")
    def list_payments(self, received: Received, link_id: str) -> Reply:
        """List the payments through a link, one page at a time."""
        return self.listing(received, self._link(link_id).payments)

    def pay_link(self, link: StoredLink) -> None:
        """Pay through an open link. Raises `ValueError` if it is not open."""
        status = link.status(self.clock.now())
        if status != "open":
            message = f"cannot pay at {link.url!r} because the link is {status}"
            raise ValueError(message)
        link.payments.append(
            {
                "id": self.new_id("plp_"),
                "paymentLinkId": link.id,
                "currency": "EUR",
                "amount": link.body["amount"],
                "status": "paid",
                "payersName": "John Doe",
                "integration": "mollie",
                "integrationId": f"tr_{self.ids.text(10)}",
                "createdAt": self.atom(self.clock.now()),
            }
        )
        self.emit("payment-link-paid", self._link_shown(link))

    def _link(self, link_id: str) -> StoredLink:
        if link_id not in self.payment_links:
            raise Refusal(self.not_found())
        return self.payment_links[link_id]

    def _link_shown(self, link: StoredLink) -> JsonObject:
        status = link.status(self.clock.now())
        return {
            "id": link.id,
            "description": link.body["description"],
            "currency": "EUR",
            "amount": link.body["amount"],
            "reusable": link.body.get("reusable", False),
            "expiresAt": self.atom(link.expires_at),
            "status": status,
            "checkoutUrl": link.url if status == "open" else None,
            "createdAt": self.atom(link.created_at),
        }


def _end_of(day: str) -> dt.datetime:
    # midnight in the Netherlands; two days of the year do not have 24 hours
    following = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    return dt.datetime.combine(following, dt.time(), ZONE)
