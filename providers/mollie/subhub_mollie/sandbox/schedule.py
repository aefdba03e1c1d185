"""What the fake's subscriptions do as time passes: they charge, are suspended, complete and end.

https://docs.mollie.com/reference/create-subscription. No endpoint is answered here.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from subhub.sandbox import JsonObject, Received, chargeable, collect
from subhub_mollie.sandbox.fields import Field, problem
from subhub_mollie.sandbox.organization import Organization

TEST_PAYMENTS: Final = 10
"""After so many payments a subscription is canceled in test mode."""
MONTHS: Final = 12
CHARGE: Final = "charge"
"""The task of the agenda that creates the payment of a subscription."""


@dataclass(slots=True)
class Schedule:
    """When a subscription charges: every interval from *anchor* on, where *charged* is counted.

    *profile* is the one that it was created for.
    """

    anchor: dt.date
    profile: str
    steps: int = 0
    charged: int = 0


class Schedules(Organization):
    """The subscriptions of the organization's profiles."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.schedules: dict[str, Schedule] = {}

    def today(self) -> dt.date:
        """Return the current day."""
        return self.clock.now().date()

    def accepted(self, received: Received, fields: Mapping[str, Field]) -> JsonObject:
        """Return the body of a request, when all its fields are as documented."""
        body = self.body(received)
        wrong = problem(body, fields)
        if wrong:
            field, detail = wrong
            raise self.refused(422, detail, field)
        return body

    def customer(self, customer_id: str) -> JsonObject:
        """Return a customer of the request's mode, or raise the refusal."""
        if customer_id in self.deleted:
            raise self.refused(self.deleted_status, "The customer is no longer available")
        found = self.customers.get(customer_id)
        if found is None or not self.sees(found):
            raise self.missing(customer_id)
        return found

    def subscriptions_of(self, customer_id: str) -> list[JsonObject]:
        """Return the subscriptions of a customer, oldest first."""
        return [
            subscription
            for subscription in self.subscriptions.values()
            if subscription["customerId"] == customer_id
        ]

    def cancel(self, subscription: JsonObject) -> None:
        """Cancel a subscription that has not ended."""
        if subscription["status"] not in {"canceled", "completed"}:
            subscription["status"] = "canceled"
            subscription["canceledAt"] = self.clock.now().isoformat()
            _ = subscription.pop("nextPaymentDate", None)

    def carry_out(self, task: str, subject: str) -> None:
        """Create the payment of a subscription that is due."""
        if task != CHARGE:
            return super().carry_out(task, subject)
        return self.charge(self.subscriptions[subject])

    def charge(self, subscription: JsonObject) -> None:
        """Create the payments that are due, and plan the next one."""
        while subscription["status"] == "active" and self._next(subscription) <= self.today():
            self._charge(subscription, self.schedules[subscription["id"]])
        if "nextPaymentDate" in subscription:
            due = dt.datetime.combine(self._next(subscription), dt.time(), dt.UTC)
            if due > self.clock.now():
                self.agenda.add(due, CHARGE, subscription["id"])

    def _next(self, subscription: JsonObject) -> dt.date:
        return dt.date.fromisoformat(subscription["nextPaymentDate"])

    def _charge(self, subscription: JsonObject, schedule: Schedule) -> None:
        failed = self._enter(subscription, schedule)
        now = self.clock.now().isoformat()
        payment: JsonObject = {
            **self.new_payment(subscription["amount"], subscription["description"]),
            "mode": subscription["mode"],
            "profileId": schedule.profile,
            "status": "failed" if failed else "paid",
            "sequenceType": "recurring",
            "method": self.mandates[subscription["mandateId"]]["method"],
            "metadata": subscription["metadata"],
            "webhookUrl": subscription["webhookUrl"],
            "customerId": subscription["customerId"],
            "mandateId": subscription["mandateId"],
            "subscriptionId": subscription["id"],
            "failedAt" if failed else "paidAt": now,
        }
        self.payments[payment["id"]] = payment
        self.call_webhook(payment)
        schedule.charged += 1
        schedule.steps += 1
        self.advance(subscription)

    def email_of(self, customer_id: str) -> str:
        """Return the e-mail address of a customer."""
        return self.customers.get(customer_id, {}).get("email") or ""

    def _enter(self, subscription: JsonObject, schedule: Schedule) -> bool:
        """Enter a payment in the books, and return whether it failed."""
        until = later(schedule.anchor, subscription["interval"], schedule.steps + 1)
        amount = chargeable(subscription["amount"]["value"], subscription["amount"]["currency"])
        if amount is None:
            return False
        charge = collect(
            self,
            subscription_id=subscription["id"],
            customer_id=subscription["customerId"],
            first_on=self._next(subscription),
            last_on=until - dt.timedelta(days=1),
            amount=amount,
        )
        return charge.outcome == "failed"

    def advance(self, subscription: JsonObject) -> None:
        """Set the day of the next payment, or end the subscription when there is none."""
        schedule = self.schedules[subscription["id"]]
        if subscription["times"] is not None:
            subscription["timesRemaining"] = subscription["times"] - schedule.charged
        if subscription["timesRemaining"] == 0:
            subscription["status"] = "completed"
            _ = subscription.pop("nextPaymentDate", None)
        elif subscription["mode"] == "test" and schedule.charged >= TEST_PAYMENTS:
            self.cancel(subscription)
        else:
            due = later(schedule.anchor, subscription["interval"], schedule.steps)
            subscription["nextPaymentDate"] = due.isoformat()

    def new_payment(self, amount: JsonObject, description: str) -> JsonObject:
        """Return the fields that every payment has."""
        return {
            "resource": "payment",
            "id": f"tr_{self.ids.text(10)}",
            "mode": self.mode,
            "amount": amount,
            "description": description,
            "redirectUrl": None,
            "webhookUrl": None,
            "metadata": None,
            "profileId": self.profile_id,
            "createdAt": self.clock.now().isoformat(),
        }


def later(anchor: dt.date, interval: str, steps: int) -> dt.date:
    """Return the day that is *steps* intervals after *anchor*."""
    count, _, unit = interval.partition(" ")
    number = int(count) * steps
    if unit.startswith("day"):
        return anchor + dt.timedelta(days=number)
    if unit.startswith("week"):
        return anchor + dt.timedelta(weeks=number)
    return _months_later(anchor, number)


def _months_later(anchor: dt.date, months: int) -> dt.date:
    """Return the same day of a later month; who begins on a month's last day stays on it."""
    month = anchor.month - 1 + months
    year, number = anchor.year + month // MONTHS, month % MONTHS + 1
    last = _last_day(year, number)
    on_last = anchor.day == _last_day(anchor.year, anchor.month)
    return dt.date(year, number, last if on_last else min(anchor.day, last))


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
