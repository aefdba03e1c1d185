"""What becomes of the fake's subscriptions: they start, renew, move and end as time passes.

No endpoint is answered here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from subhub.sandbox import JsonObject
from subhub_afternoon.sandbox.company import Company
from subhub_afternoon.sandbox.fields import moment, written
from subhub_afternoon.sandbox.renewal import next_anchor


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to happen at the end of a period: a move to a plan, or, without one, the end."""

    at: dt.datetime
    plan_code: str | None = None
    replaces: bool = False


class Ledger(Company):
    """The subscriptions of the company."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.planned: dict[str, Planned] = {}
        self._settled_at: dt.datetime | None = None
        self.clock.watch(self.settle)

    def subscription(self, subscription_id: str) -> JsonObject:
        """A subscription as it stands now, or the refusal that there is none."""
        self.settle()
        if subscription_id not in self.subscriptions:
            raise self.missing("Subscription")
        return self.subscriptions[subscription_id]

    def known_plan(self, plan_code: str) -> str:
        """The code of a plan that exists, or the refusal that there is none."""
        if plan_code not in self.plans:
            raise self.missing("Plan")
        return plan_code

    def start(self, customer_id: str, plan_code: str, status: str, day: int) -> JsonObject:
        """Make a subscription."""
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
        """End a subscription; one that has ended stays as it is."""
        _ = self.planned.pop(subscription["id"], None)
        if subscription["status"] != "canceled":
            subscription["status"] = "canceled"
            subscription["canceled_at"] = written(at)
            subscription["next_renewal_date"] = None

    def move(self, subscription: JsonObject, plan_code: str) -> None:
        """Change the plan of a subscription, which keeps its id."""
        subscription.update(plan_code=plan_code, plan_id=self.plans[plan_code])

    def replace(self, old: JsonObject, plan_code: str, at: dt.datetime) -> JsonObject:
        """End a subscription, and make one to the other plan in its place."""
        status = old["status"]
        self.cancel(old, at)
        return self.start(old["customer_id"], plan_code, status, old["billing_anchor_day"])

    def plan_ahead(
        self, subscription: JsonObject, plan_code: str | None = None, *, replaces: bool = False
    ) -> None:
        """Have something happen at the end of the period; the subscription does not show it."""
        end = next_anchor(self.clock.now(), subscription["billing_anchor_day"])
        self.planned[subscription["id"]] = Planned(end, plan_code, replaces)

    def settle(self) -> None:
        """Let happen what the clock has passed."""
        now = self.clock.now()
        if now == self._settled_at:
            return
        self._settled_at = now
        for subscription in list(self.subscriptions.values()):
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
