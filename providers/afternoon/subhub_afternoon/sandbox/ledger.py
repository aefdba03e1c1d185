"""The lifecycle of the fake's subscriptions: they start, renew, change plan and end over time."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from subhub.sandbox import JsonObject
from subhub_afternoon.sandbox.company import Company
from subhub_afternoon.sandbox.fields import moment, written


@dataclass(frozen=True, slots=True)
class Planned:
    """What happens at the end of a period: a change to *plan_code*, or without one the end.

    *replaces* tells whether the change creates another subscription.
    """

    at: dt.datetime
    plan_code: str | None = None
    replaces: bool = False


class Ledger(Company):
    """The subscriptions of the company, brought up to date whenever the clock advances."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.planned: dict[str, Planned] = {}
        self._caught_up_at: dt.datetime | None = None
        self.clock.watch(self.catch_up)

    def subscription(self, subscription_id: str) -> JsonObject:
        """Return a subscription as of now, or refuse the request with 404."""
        self.catch_up()
        if subscription_id not in self.subscriptions:
            raise self.missing("Subscription")
        return self.subscriptions[subscription_id]

    def known_plan(self, plan_code: str) -> str:
        """Return the code of an existing plan, or refuse the request with 404."""
        if plan_code not in self.plans:
            raise self.missing("Plan")
        return plan_code

    def start(self, customer_id: str, plan_code: str, status: str, day: int) -> JsonObject:
        """Start a subscription.

        Args:
            customer_id: Whose subscription it is.
            plan_code: The plan.
            status: The first status; only the active one renews.
            day: The day of the month on which it is billed.
        """
        subscription: JsonObject = {
            "id": self.cuid(),
            "customer_id": customer_id,
            "plan_id": self.plans[plan_code],
            "plan_code": plan_code,
            "status": status,
            "billing_anchor_day": day,
            "next_renewal_date": None,
            "canceled_at": None,
        }
        if status == self.active_status:
            renews = next_anchor(self.clock.now(), day)
            subscription["next_renewal_date"] = written(renews)
        self.subscriptions[subscription["id"]] = subscription
        return subscription

    def cancel(self, subscription: JsonObject, at: dt.datetime) -> None:
        """End a subscription; one that ended before is not changed."""
        # a change that stayed scheduled would start a subscription for a customer who left
        _ = self.planned.pop(subscription["id"], None)
        if subscription["status"] != "canceled":
            subscription["status"] = "canceled"
            subscription["canceled_at"] = written(at)
            subscription["next_renewal_date"] = None

    def move(self, subscription: JsonObject, plan_code: str) -> None:
        """Change the plan of a subscription, which keeps its id."""
        subscription.update(plan_code=plan_code, plan_id=self.plans[plan_code])

    def replace(self, old: JsonObject, plan_code: str, at: dt.datetime) -> JsonObject:
        """End a subscription, and start one with another plan for the same customer.

        Args:
            old: The subscription that ends.
            plan_code: The plan of the new one.
            at: When the old one ends.
        """
        # read before `cancel` overwrites it: the new subscription continues in this status
        status = old["status"]
        self.cancel(old, at)
        return self.start(old["customer_id"], plan_code, status, old["billing_anchor_day"])

    def plan_ahead(
        self, subscription: JsonObject, plan_code: str | None = None, *, replaces: bool = False
    ) -> None:
        """Schedule a change for the end of the period; the subscription does not show it before.

        Args:
            subscription: The subscription.
            plan_code: The plan to change to; without one it ends.
            replaces: Whether the change creates another subscription.
        """
        end = next_anchor(self.clock.now(), subscription["billing_anchor_day"])
        self.planned[subscription["id"]] = Planned(end, plan_code, replaces)

    def catch_up(self) -> None:
        """Apply everything that was due by now."""
        now = self.clock.now()
        # it is called for every read, and with a frozen clock there is nothing to do
        if now == self._caught_up_at:
            return
        self._caught_up_at = now
        # a copy, because a change of plan adds a subscription
        for subscription in list(self.subscriptions.values()):
            # first, because an ended subscription does not renew
            planned = self.planned.get(subscription["id"])
            if planned is not None and planned.at <= now:
                del self.planned[subscription["id"]]
                self._carry_out(subscription, planned)
            renews = moment(subscription["next_renewal_date"])
            if renews is not None and renews <= now:
                later = next_anchor(now, subscription["billing_anchor_day"])
                subscription["next_renewal_date"] = written(later)

    def _carry_out(self, subscription: JsonObject, planned: Planned) -> None:
        if planned.plan_code is None:
            self.cancel(subscription, planned.at)
        elif planned.replaces:
            _ = self.replace(subscription, planned.plan_code, planned.at)
        else:
            self.move(subscription, planned.plan_code)


def next_anchor(after: dt.datetime, day: int) -> dt.datetime:
    """Return the first midnight in UTC, later than *after*, on that day of a month.

    In a shorter month it is the last day: that rule is assumed, the documentation has none.
    """
    this_month = _anchor(after.year, after.month, day)
    if this_month > after:
        return this_month
    return _anchor(after.year + after.month // 12, after.month % 12 + 1, day)


def _anchor(year: int, month: int, day: int) -> dt.datetime:
    last = calendar.monthrange(year, month)[1]
    return dt.datetime(year, month, min(day, last), tzinfo=dt.UTC)
