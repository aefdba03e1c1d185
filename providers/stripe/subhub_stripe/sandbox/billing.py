"""The fake's endpoints for subscriptions and Checkout.

See https://docs.stripe.com/api/subscriptions.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import replace
from typing import Final

from subhub.sandbox import CheckoutPage, CheckoutState, JsonObject, Received, Reply, route
from subhub_stripe.sandbox.catalogue import Catalogue
from subhub_stripe.sandbox.customers import CustomerRoutes
from subhub_stripe.sandbox.payment_methods import PaymentMethodRoutes
from subhub_stripe.sandbox.prorations import BEHAVIORS, Prorations

DAY: Final = 24 * 3600
PAGES: Final = "/c/pay/"
OVER: Final = {"canceled", "incomplete_expired"}
CREATE: Final = (
    "customer",
    "items",
    "default_payment_method",
    "payment_behavior",
    "default_tax_rates",
    "trial_period_days",
)
LONGEST_TRIAL: Final = 730
"""In days."""
SESSION: Final = (
    "mode",
    "customer",
    "line_items",
    "success_url",
    "cancel_url",
    "subscription_data",
    "currency",
    "payment_method_types",
)


class BillingRoutes(Catalogue, CustomerRoutes, PaymentMethodRoutes, Prorations):
    """The endpoints for subscriptions, and the checkout page."""

    first_status = "active"

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.clock.watch(self.catch_up)

    # Subscriptions --------------------------------------------------------------------------------

    @route("POST", "/subscriptions")
    def create_subscription(self, received: Received) -> Reply:
        """Create a subscription to one price."""
        given = self.accepted(received, *CREATE)
        wanted = self.needed(given, "customer")
        customer = self.found(self.customers, "customer", wanted, named=True)
        (item,) = self.needed(given, "items")
        self.check_method(given, customer)
        trial = self._trial(given)
        created = self._start(customer["id"], item, self.first_status, trial)
        created["metadata"] = given.get("metadata", {})
        return Reply.json(200, created)

    @route("GET", "/subscriptions")
    def list_subscriptions(self, received: Received) -> Reply:
        """List subscriptions, canceled ones only with a `status`, one page at a time."""
        customer, status = received.query.get("customer"), received.query.get("status")
        if customer is not None:
            _ = self.found(self.customers, "customer", customer, named=True)
        matching = [
            item
            for item in self.subscriptions.values()
            if customer in {None, item["customer"]}
            and (status in {"all", item["status"]} or (not status and item["status"] not in OVER))
        ]
        return self.listed(received, matching)

    @route("GET", "/subscriptions/{}")
    def get_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Read a subscription."""
        found = self.found(self.subscriptions, "subscription", subscription_id)
        if "latest_invoice" not in self.expanded(received):
            return Reply.json(200, found)
        return Reply.json(200, {**found, "latest_invoice": self.invoices[found["latest_invoice"]]})

    @route("POST", "/subscriptions/{}")
    def update_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Change the price of a subscription, or cancel it at the end of the period."""
        found = self.running(subscription_id)
        known = ("items", "proration_behavior", "cancel_at_period_end")
        given = self.accepted(received, *known)
        behavior = given.get("proration_behavior", "create_prorations")
        if behavior not in BEHAVIORS:
            raise self.refused(400, "Invalid proration_behavior", param="proration_behavior")
        if "cancel_at_period_end" in given:
            ends = given["cancel_at_period_end"] == "true"
            end = found["items"]["data"][0]["current_period_end"]
            found.update(cancel_at_period_end=ends, cancel_at=end if ends else None)
        for item in given.get("items", []):
            self._replace(found, item, behavior)
        return Reply.json(200, found)

    @route("DELETE", "/subscriptions/{}")
    def cancel_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Cancel a subscription now, and credit the rest of its period if that is asked for."""
        given = self.accepted(received, "prorate", "invoice_now")
        found = self.running(subscription_id)
        if given.get("prorate") == "true":
            self.credit_rest(found)
        if given.get("invoice_now") == "true":
            self.invoice_pending(found)
        self._end(found, self.now())
        return Reply.json(200, found)

    def catch_up(self) -> None:
        """End the periods that are over, and the subscriptions that end with them."""
        for subscription in self.subscriptions.values():
            item = subscription["items"]["data"][0]
            standing = OVER | {"paused"}
            while (
                item["current_period_end"] <= self.now() and subscription["status"] not in standing
            ):
                if subscription["cancel_at_period_end"]:
                    self._end(subscription, item["current_period_end"])
                else:
                    if subscription["status"] == "trialing":
                        subscription["status"] = "active"
                    start = item["current_period_end"]
                    self.begin(item, start)
                    self.bill_period(subscription, start, paid=True)

    # Checkout -------------------------------------------------------------------------------------

    @route("POST", "/checkout/sessions")
    def create_session(self, received: Received) -> Reply:
        """Create a Checkout page, which expires after 24 hours."""
        given = self.accepted(received, *SESSION)
        mode, line, kind = self.needed(given, "mode"), None, None
        if mode == "setup":
            kind = self.saved_kind(given)
        elif mode == "subscription":
            (line,) = self.needed(given, "line_items")
            _ = self.found(self.prices, "price", line["price"], named=True)
        else:
            message = "Invalid mode: this sandbox knows subscription and setup"
            raise self.refused(400, message, param="mode")
        wanted = self.needed(given, "customer")
        customer = self.found(self.customers, "customer", wanted, named=True)
        session = self.new(
            "checkout.session",
            "cs_test",
            mode=mode,
            status="open",
            customer=customer["id"],
            expires_at=self.now() + 24 * 3600,
            success_url=given.get("success_url"),
            cancel_url=given.get("cancel_url"),
            subscription=None,
            setup_intent=f"seti_{self.ids.text(14)}" if mode == "setup" else None,
        )
        trial = self._trial(given.get("subscription_data", {}))
        session["url"] = self.page_address(PAGES + session["id"])
        held = {"line": line, "session": session, "trial": trial, "kind": kind}
        self.sessions[session["id"]] = held
        return Reply.json(200, session)

    @route("GET", "/checkout/sessions/{}")
    def get_session(self, received: Received, session_id: str) -> Reply:
        """Read a session; one that is not open any more has no page."""
        del received
        held = self.found(self.sessions, "checkout.session", session_id)
        session: JsonObject = held["session"]
        if session["status"] == "open" and self._state(session) == "expired":
            session["status"] = "expired"
        shown = session["url"] if session["status"] == "open" else None
        return Reply.json(200, {**session, "url": shown})

    def pay(self, url: str) -> None:
        """Start the subscription of the page, or save a card.

        Raises `LookupError` for an unknown URL, and `ValueError` if it is paid or expired.
        """
        held = self._held(url)
        session = held["session"] if held else None
        if held is None or session is None or self._state(session) != "open":
            message = f"cannot pay at {url!r} because the page is not open"
            raise LookupError(message) if held is None else ValueError(message)
        session["status"] = "complete"
        if session["mode"] == "setup":
            _ = self.add_payment_method(session["customer"], held["kind"])
        else:
            created = self._start(session["customer"], held["line"], "active", held["trial"])
            session["subscription"] = created["id"]

    def checkout_page(self, url: str) -> CheckoutPage | None:
        """Return what the page at *url* shows, or `None` for an unknown URL."""
        held = self._held(url)
        if held is None:
            return None
        session = held["session"]
        state = self._state(session)
        page = CheckoutPage(
            title="Checkout",
            plan="",
            price="",
            interval="",
            customer=self.customers[session["customer"]]["name"] or "",
            state="declined" if state == "open" and url in self.declined else state,
            done_url=session["success_url"],
            back_url=session["cancel_url"],
        )
        return replace(page, **self._sold(held["line"])) if held["line"] else page

    def _sold(self, line: JsonObject) -> JsonObject:
        """Return what the page says of the price; in setup mode nothing is sold."""
        price = self.prices[line["price"]]
        recurring = price["recurring"]
        return {
            "plan": self.products[price["product"]]["name"],
            "price": f"{price['unit_amount']} {price['currency'].upper()}, in minor units",
            "interval": f"{recurring['interval_count']} {recurring['interval']}",
        }

    # Lifecycle ------------------------------------------------------------------------------------

    def _trial(self, given: JsonObject) -> int:
        """Return the days of the trial that is asked for; 0 without one."""
        days = given.get("trial_period_days", "0")
        if not days.isdecimal() or int(days) > LONGEST_TRIAL:
            raise self.refused(400, "Invalid trial_period_days", param="trial_period_days")
        return int(days)

    def _start(self, customer_id: str, line: JsonObject, status: str, trial: int = 0) -> JsonObject:
        """Create a subscription; during its trial it is not charged, and its invoice is of 0."""
        item, now = self._item(line), self.now()
        self.begin(item, now)
        trial_ends = now + trial * DAY if trial else None
        if trial_ends:
            status = "trialing"
            item["current_period_end"] = trial_ends
        subscription = self.new(
            "subscription",
            "sub",
            customer=customer_id,
            status=status,
            description=None,
            start_date=now,
            trial_start=now if trial else None,
            trial_end=trial_ends,
            cancel_at=None,
            cancel_at_period_end=False,
            canceled_at=None,
            ended_at=None,
            metadata={},
            items={"object": "list", "data": [item], "has_more": False},
        )
        self.subscriptions[subscription["id"]] = subscription
        self.bill_period(subscription, now, paid=status != "incomplete", free=bool(trial))
        return subscription

    def _item(self, line: JsonObject) -> JsonObject:
        price = self.found(self.prices, "price", self.needed(line, "price"), named=True)
        quantity = int(line.get("quantity", "1"))
        return self.new("subscription_item", "si", price=price, quantity=quantity)

    def _replace(self, subscription: JsonObject, line: JsonObject, behavior: str) -> None:
        """Change the item; where the interval changes, a new period begins and is billed."""
        (item,) = subscription["items"]["data"]
        if line.get("id") != item["id"]:
            message = f"No such subscription item: '{line.get('id')}'"
            raise self.refused(400, message, code="resource_missing", param="items[0][id]")
        new = self._item({"quantity": str(item["quantity"]), **line})
        same = new["price"]["recurring"] == item["price"]["recurring"]
        same = same or subscription["status"] == "trialing"  # the trial ends when it would have
        if behavior != "none":
            self.credit_rest(subscription)
        item.update(price=new["price"], quantity=new["quantity"])
        if not same:
            self.begin(item, self.now())
            self.bill_period(subscription, self.now(), paid=True)
        elif behavior != "none":
            self.charge_rest(subscription)
        if behavior == "always_invoice":
            self.invoice_pending(subscription)

    def begin(self, item: JsonObject, start: int) -> None:
        """Begin a period of *item*."""
        recurring = item["price"]["recurring"]
        end = _later(start, recurring["interval"], recurring["interval_count"])
        item.update(current_period_start=start, current_period_end=end)

    def running(self, subscription_id: str) -> JsonObject:
        """Return a subscription that can be changed; a canceled one is a 404."""
        found = self.found(self.subscriptions, "subscription", subscription_id)
        if found["status"] in OVER:
            message = f"No such subscription: '{subscription_id}'"
            raise self.refused(404, message, code="resource_missing", param="id")
        return found

    def _end(self, subscription: JsonObject, at: int) -> None:
        subscription.update(status="canceled", ended_at=at, canceled_at=at)

    def _held(self, url: str) -> JsonObject | None:
        return self.sessions.get(url.rpartition("/")[2])

    def _state(self, session: JsonObject) -> CheckoutState:
        if session["status"] == "complete":
            return "paid"
        return "expired" if session["expires_at"] <= self.now() else "open"


def _later(start: int, unit: str, count: int) -> int:
    """Return the end of a period; in a shorter month, the last day stands in for the 31st."""
    began = dt.datetime.fromtimestamp(start, dt.UTC)
    if unit in {"day", "week"}:
        days = count * (7 if unit == "week" else 1)
        return int((began + dt.timedelta(days=days)).timestamp())
    months = began.month - 1 + count * (12 if unit == "year" else 1)
    year, month = began.year + months // 12, months % 12 + 1
    day = min(began.day, calendar.monthrange(year, month)[1])
    return int(began.replace(year=year, month=month, day=day).timestamp())
