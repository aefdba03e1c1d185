"""Subscriptions of the fake: https://docs.mollie.com/reference/subscriptions-api."""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_mollie.sandbox.fields import (
    ADDRESS,
    AMOUNT,
    COUNT,
    DAY,
    INTERVAL,
    MANDATE,
    MANDATE_METHOD,
    METADATA,
    TEXT,
)
from subhub_mollie.sandbox.payments import PaymentRoutes
from subhub_mollie.sandbox.schedule import Schedule, later

CREATE: Final = {
    "amount": AMOUNT.needed(),
    "interval": INTERVAL.needed(),
    "description": TEXT.needed(),
    "times": COUNT,
    "startDate": DAY,
    "method": MANDATE_METHOD,
    "mandateId": MANDATE,
    "webhookUrl": ADDRESS,
    "metadata": METADATA,
}
UPDATE: Final = {
    "amount": AMOUNT,
    "interval": INTERVAL,
    "description": TEXT,
    "times": COUNT,
    "startDate": DAY,
    "mandateId": MANDATE,
    "webhookUrl": ADDRESS,
    "metadata": METADATA,
}
OVER: Final = frozenset({"canceled", "completed"})


class SubscriptionRoutes(PaymentRoutes):
    """The endpoints of subscriptions."""

    @route("POST", "/customers/{}/subscriptions")
    def create_subscription(self, received: Received, customer_id: str) -> Reply:
        """Create a subscription, which charges for the first time on its first day."""
        _ = self.customer(customer_id)
        body = self.accepted(received, CREATE)
        if "method" in body and "mandateId" in body:
            raise self.refused(422, "method and mandateId exclude one another", "method")
        self._check_description(customer_id, body["description"])
        mandate = self._mandate_for(customer_id, body)
        start = body.get("startDate", self.today().isoformat())
        if dt.date.fromisoformat(start) < self.today():
            raise self.refused(422, "The start date should not be in the past", "startDate")
        subscription: JsonObject = {
            "resource": "subscription",
            "id": f"sub_{self.ids.text(10)}",
            "mode": self.mode,
            "status": "active" if mandate["status"] == "valid" else "pending",
            **dict.fromkeys(("method", "webhookUrl", "metadata", "times")),
            **body,
            "timesRemaining": body.get("times"),
            "startDate": start,
            "nextPaymentDate": start,
            "customerId": customer_id,
            "mandateId": mandate["id"],
            "createdAt": self.clock.now().isoformat(),
        }
        self.subscriptions[subscription["id"]] = subscription
        schedule = Schedule(dt.date.fromisoformat(start), self.profile_id)
        self.schedules[subscription["id"]] = schedule
        self.charge(subscription)
        return self.answer(201, self._subscription_shown(subscription))

    @route("GET", "/customers/{}/subscriptions")
    def list_subscriptions(self, received: Received, customer_id: str) -> Reply:
        """Return one page of the subscriptions of a customer."""
        _ = self.customer(customer_id)
        found = self.subscriptions_of(customer_id)
        return self.listed(received, "subscriptions", list(map(self._subscription_shown, found)))

    @route("GET", "/subscriptions")
    def list_all_subscriptions(self, received: Received) -> Reply:
        """Return one page of all subscriptions, or of those of a profile."""
        shown = [
            self._subscription_shown(found)
            for found in filter(self.sees, self.subscriptions.values())
            if self.listed_profile in {None, self.schedules[found["id"]].profile}
        ]
        return self.listed(received, "subscriptions", shown, sorts=False)

    @route("GET", "/customers/{}/subscriptions/{}")
    def get_subscription(self, received: Received, customer_id: str, subscription_id: str) -> Reply:
        """Return one subscription."""
        del received
        found = self.subscription(customer_id, subscription_id)
        return self.answer(200, self._subscription_shown(found))

    @route("PATCH", "/customers/{}/subscriptions/{}")
    def update_subscription(
        self, received: Received, customer_id: str, subscription_id: str
    ) -> Reply:
        """Change the terms of the payments to come."""
        subscription = self.subscription(customer_id, subscription_id)
        body = self.accepted(received, UPDATE)
        if subscription["status"] in OVER:
            raise self.refused(422, "A canceled subscription cannot be updated")
        if body.get("description", subscription["description"]) != subscription["description"]:
            self._check_description(customer_id, body["description"])
        if "mandateId" in body:
            _ = self._mandate_for(customer_id, body)
            subscription["method"] = None
        self._reschedule(subscription, body)
        subscription.update(body)
        self.advance(subscription)
        self.charge(subscription)
        return self.answer(200, self._subscription_shown(subscription))

    @route("DELETE", "/customers/{}/subscriptions/{}")
    def cancel_subscription(
        self, received: Received, customer_id: str, subscription_id: str
    ) -> Reply:
        """Cancel a subscription at once, and return it."""
        del received
        subscription = self.subscription(customer_id, subscription_id)
        if subscription["status"] in OVER:
            raise self.refused(self.second_cancel_status, "The subscription has been canceled")
        self.cancel(subscription)
        return self.answer(200, self._subscription_shown(subscription))

    def subscription(self, customer_id: str, subscription_id: str) -> JsonObject:
        """Return a subscription of that customer, or raise the refusal."""
        _ = self.customer(customer_id)
        found = self.subscriptions.get(subscription_id)
        if found is None or found["customerId"] != customer_id:
            raise self.missing(subscription_id)
        return found

    def _check_description(self, customer_id: str, description: str) -> None:
        """Refuse a description that another active subscription of the customer has."""
        for subscription in self.subscriptions_of(customer_id):
            if subscription["status"] not in OVER and subscription["description"] == description:
                detail = "A subscription with the same description already exists for this customer"
                raise self.refused(self.equal_descriptions_status, detail, "description")

    def _mandate_for(self, customer_id: str, body: JsonObject) -> JsonObject:
        """Return the mandate that is named, or the one to use; a valid one comes first."""
        found = [
            mandate
            for mandate in self.mandates_of(customer_id)
            if mandate["status"] in {"valid", "pending"}
            and body.get("mandateId", mandate["id"]) == mandate["id"]
            and body.get("method", mandate["method"]) == mandate["method"]
        ]
        if not found:
            field = "mandateId" if "mandateId" in body else None
            raise self.refused(422, "No suitable mandates found for customer", field)
        return max(found, key=lambda mandate: bool(mandate["status"] == "valid"))

    def _reschedule(self, subscription: JsonObject, body: JsonObject) -> None:
        schedule = self.schedules[subscription["id"]]
        if body.get("times", schedule.charged) < schedule.charged:
            raise self.refused(422, "times is less than the payments that were made", "times")
        if "startDate" in body:
            if schedule.charged or dt.date.fromisoformat(body["startDate"]) <= self.today():
                raise self.refused(422, "The start date cannot be changed any more", "startDate")
            schedule.anchor = dt.date.fromisoformat(body["startDate"])
        if "interval" in body and schedule.charged:
            # The documents say that the new interval counts from the last payment.
            schedule.anchor = later(schedule.anchor, subscription["interval"], schedule.steps - 1)
            schedule.steps = 1

    def _subscription_shown(self, subscription: JsonObject) -> JsonObject:
        place = f"/customers/{subscription['customerId']}"
        links: JsonObject = {
            "self": self.link(f"{place}/subscriptions/{subscription['id']}"),
            "customer": self.link(place),
            "mandate": self.link(f"{place}/mandates/{subscription['mandateId']}"),
            "profile": self.dashboard(
                f"settings/profiles/{self.schedules[subscription['id']].profile}"
            ),
            "documentation": self.documentation("reference/get-subscription"),
        }
        return {**subscription, "_links": links}
