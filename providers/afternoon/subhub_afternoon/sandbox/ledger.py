"""The lifecycle of the fake's subscriptions: they start, renew, change plan and end over time.

Each of these is a task of the agenda, so it happens at its own moment.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from subhub.sandbox import Charge, JsonObject, attempts
from subhub_afternoon.sandbox.company import PENDING
from subhub_afternoon.sandbox.fields import moment, written
from subhub_afternoon.sandbox.invoicing import Invoicing

START: Final = "start"
RENEW: Final = "renew"
END_PERIOD: Final = "end_period"


@dataclass(frozen=True, slots=True)
class Planned:
    """What happens at the end of a period: a change to *plan_code*, or without one the end.

    *replaces* tells whether the change creates another subscription.
    """

    at: dt.datetime
    plan_code: str | None = None
    replaces: bool = False


class Ledger(Invoicing):
    """The subscriptions of the company."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.planned: dict[str, Planned] = {}
        self.starts: dict[str, dt.datetime] = {}
        """When subscriptions start that have not started yet, by id."""

    def subscription(self, subscription_id: str) -> JsonObject:
        """Return a subscription, or refuse the request with 404."""
        if subscription_id not in self.subscriptions:
            raise self.missing("Subscription")
        return self.subscriptions[subscription_id]

    def known_plan(self, plan_code: str) -> str:
        """Return the code of an existing plan, or refuse the request with 404."""
        if plan_code not in self.plans:
            raise self.missing("Plan")
        return plan_code

    def start(
        self,
        customer_id: str,
        plan_code: str,
        status: str,
        day: int,
        at: dt.datetime | None = None,
    ) -> JsonObject:
        """Create a subscription.

        Args:
            customer_id: Whose subscription it is.
            plan_code: The plan.
            status: The first status; only the active one is charged and renews.
            day: The day of the month on which it is billed.
            at: When it starts; by default now.
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
        self.subscriptions[subscription["id"]] = subscription
        if at is not None and at > self.clock.now():
            self.starts[subscription["id"]] = at
            self.agenda.add(at, START, subscription["id"])
            if status == self.active_status:
                subscription["next_renewal_date"] = written(at)
        elif status == self.active_status:
            self.renew(subscription)
        return subscription

    def cancel(self, subscription: JsonObject) -> None:
        """End a subscription now; one that ended before is not changed."""
        # a change that stayed scheduled would start a subscription for a customer who left
        _ = self.planned.pop(subscription["id"], None)
        _ = self.starts.pop(subscription["id"], None)
        if subscription["status"] != "canceled":
            subscription["status"] = "canceled"
            subscription["canceled_at"] = written(self.clock.now())
            subscription["next_renewal_date"] = None

    def move(self, subscription: JsonObject, plan_code: str) -> None:
        """Change the plan of a subscription, which keeps its id."""
        subscription.update(plan_code=plan_code, plan_id=self.plans[plan_code])

    def replace(self, old: JsonObject, plan_code: str) -> JsonObject:
        """End a subscription now, and start one with another plan for the same customer."""
        # read before `cancel` overwrites it: the new subscription continues in this status
        status, starts_at = old["status"], self.starts.get(old["id"])
        self.cancel(old)
        day = old["billing_anchor_day"]
        return self.start(old["customer_id"], plan_code, status, day, starts_at)

    def plan_ahead(
        self, subscription: JsonObject, plan_code: str | None = None, *, replaces: bool = False
    ) -> None:
        """Schedule a change for the end of the period; the subscription does not show it before.

        Args:
            subscription: The subscription.
            plan_code: The plan to change to; without one it ends.
            replaces: Whether the change creates another subscription.
        """
        end = moment(subscription["next_renewal_date"])
        if end is None:
            end = self.next_anchor(subscription["billing_anchor_day"])
        self.planned[subscription["id"]] = Planned(end, plan_code, replaces)
        self.agenda.add(end, END_PERIOD, subscription["id"])

    def carry_out(self, task: str, subject: str) -> None:
        """Start, renew, change or end a subscription, if that is still due."""
        subscription, now = self.subscriptions[subject], self.clock.now()
        # first, because an ended subscription does not renew
        planned = self.planned.get(subject)
        if planned is not None and planned.at <= now:
            del self.planned[subject]
            self._carry_out_planned(subscription, planned)
        starts = task == START and self.starts.pop(subject, None) is not None
        if starts and subscription["status"] == PENDING and self.pending_starts:
            subscription["status"] = self.active_status
            self.renew(subscription)
        renews = moment(subscription["next_renewal_date"])
        running = subscription["status"] in {self.active_status, self.past_due_status}
        if renews is not None and renews <= now and running:
            self.renew(subscription)

    def renew(self, subscription: JsonObject) -> None:
        """Charge the period that begins now, and plan the next renewal."""
        until = self.charge(subscription)
        if subscription["status"] != "canceled":  # because it could not be charged
            subscription["next_renewal_date"] = written(until)
            self.plan_renewal(subscription)

    def is_owed(self, charge: Charge) -> bool:
        """Return whether the subscription is still past due."""
        return bool(self.subscriptions[charge.subscription_id]["status"] == self.past_due_status)

    def charge_made(self, charge: Charge) -> None:
        """Let a subscription be past due after a charge that failed, until one is paid."""
        subscription = self.subscriptions[charge.subscription_id]
        before, after = self.active_status, self.past_due_status
        if charge.outcome == "paid":
            before, after = after, before
        if charge.outcome != "refunded" and subscription["status"] == before:
            subscription["status"] = after
        last = charge.reason == "mandate_expired" or attempts(self.charges, charge) > self.retries
        if charge.outcome == "failed" and last and self.unpaid_ends:
            self.cancel(subscription)

    def plan_renewal(self, subscription: JsonObject) -> None:
        """Plan the renewal at the date that the subscription shows, if it shows one."""
        renews = moment(subscription["next_renewal_date"])
        if renews is not None:
            self.agenda.add(renews, RENEW, subscription["id"])

    def _carry_out_planned(self, subscription: JsonObject, planned: Planned) -> None:
        if planned.plan_code is None:
            self.cancel(subscription)
        elif planned.replaces:
            _ = self.replace(subscription, planned.plan_code)
        else:
            self.move(subscription, planned.plan_code)
