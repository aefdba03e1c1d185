"""The fake's endpoint for signup links, and the checkout page behind them.

See https://docs.afternoon.co/api-reference/afternoon-events-api/subscription-signup-links/create
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import CheckoutPage, CheckoutState, JsonObject, Received, Reply, route
from subhub_afternoon.sandbox.fields import (
    ADDRESS,
    CUID,
    PLAN_CODE,
    REFUND_POLICY,
    TIMING,
    moment,
    written,
)
from subhub_afternoon.sandbox.subscriptions import POLICY, SubscriptionRoutes

LIFE: Final = dt.timedelta(hours=24)
LINK: Final = {
    "customer_id": CUID.needed(),
    "plan_code": PLAN_CODE.needed(),
    "success_url": ADDRESS,
    "back_url": ADDRESS,
    "previous_subscription_id": CUID,
    "change_timing_mode": TIMING,
    POLICY: REFUND_POLICY,
}


class LinkRoutes(SubscriptionRoutes):
    """The endpoint for signup links, and the checkout page behind them."""

    @route("POST", "/v1/subscription-signup-links")
    def create_signup_link(self, received: Received) -> Reply:
        """Create a link that works for 24 hours; the response always has all keys."""
        body = self.accepted(received, LINK)
        # the next two rules are only in the prose of the page, not in its schema
        if "previous_subscription_id" in body and "change_timing_mode" not in body:
            details = {"change_timing_mode": "is required with previous_subscription_id"}
            raise self.refused(400, "Validation failed", details=details)
        self._policy_fits(body, "change_timing_mode")
        known = body["customer_id"] in self.customers and body["plan_code"] in self.plans
        previous = body.get("previous_subscription_id")
        if not known or (previous is not None and previous not in self.subscriptions):
            raise self.missing("Subscription signup link")
        link = self._link(body)
        self.links[link["url"]] = link
        return self.success(201, subscription_signup_link=link)

    def pay(self, url: str) -> None:
        """Subscribe, or change the plan, as a customer does on the page at *url*.

        Raises `ValueError` if the link does not exist, was used before or has expired.
        """
        link = self.links.get(url)
        if link is None or self._used_up(url):
            message = f"{url!r} is not a signup link of this sandbox, or was used before"
            raise ValueError(message)
        if self._expired(link):
            message = f"{url!r} expired at {link['token_expiration']}. Create a new link."
            raise ValueError(message)
        if self.single_use_links:
            self.paid.add(url)
        self.declined.discard(url)
        self._sign_up(link)

    def checkout_page(self, url: str) -> CheckoutPage | None:
        """Return what the page at *url* shows; the token in the URL is not shown."""
        link = self.links.get(url)
        if link is None:
            return None
        terms = self.terms.get(link["plan_code"], {})
        customer = self.customers.get(link["customer_id"], {})
        return CheckoutPage(
            title="Sign up" if link["previous_subscription_id"] is None else "Change your plan",
            plan=str(terms.get("name", link["plan_code"])),
            price=terms.get("price", ""),
            interval=terms.get("interval", ""),
            customer=customer.get("name") or customer.get("email") or link["customer_id"],
            state=self._state(url, link),
            done_url=link["success_url"],
            back_url=link["back_url"],
        )

    def _state(self, url: str, link: JsonObject) -> CheckoutState:
        if self._used_up(url):  # first: a paid link does not expire
            return "paid"
        if self._expired(link):
            return "expired"
        return "declined" if url in self.declined else "open"

    def _used_up(self, url: str) -> bool:
        return self.single_use_links and url in self.paid

    def _expired(self, link: JsonObject) -> bool:
        expires = moment(link["token_expiration"])
        return expires is not None and self.clock.now() >= expires

    def _sign_up(self, link: JsonObject) -> None:
        previous, plan_code = link["previous_subscription_id"], link["plan_code"]
        if previous is None:
            _ = self.start(link["customer_id"], plan_code, self.active_status, 1)
        elif link["change_timing_mode"] == "now":
            self._change_now(self.subscription(previous), plan_code, link[POLICY])
        else:
            self.plan_ahead(self.subscription(previous), plan_code)

    def _change_now(self, subscription: JsonObject, plan_code: str, policy: object) -> None:
        self.pay_back(subscription, policy)
        self.move(subscription, plan_code)
        renews = moment(subscription["next_renewal_date"])
        if renews is not None and subscription["id"] not in self.starts:
            self.charge_new_plan(subscription, renews)

    def _link(self, body: JsonObject) -> JsonObject:
        now = self.clock.now()
        return {
            "id": self.cuid(),
            "plan_id": self.plans[body["plan_code"]],
            "url": self.page_address(f"/subscribe/{self.ids.text(32)}"),
            "token_expiration": written(now + LIFE),
            **dict.fromkeys(LINK),  # responses have all keys, with null for unset ones
            **body,
            "created_at": written(now),
        }
