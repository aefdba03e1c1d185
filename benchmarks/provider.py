"""A provider to measure with: as small as a real one's path of creating a plan."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final, Literal

from subhub.models import Interval, Money, Plan, PlanDraft
from subhub.plugin import Evidence, Flow, Provider, Wire, post

ANSWER: Final[dict[str, Any]] = {
    "id": "plan_5f0c9d0e7a1b4c3d",
    "object": "plan",
    "name": "Phone subscription",
    "description": "1GB per month, 300min per month, and everything else that goes with it",
    "amount": 12.95,
    "currency": "EUR",
    "interval": "year",
    "interval_count": 1,
    "tax_rate": 21,
    "code": "phone",
    "public": True,
    "created_at": "2026-11-20T10:15:30+01:00",
    "updated_at": "2026-11-20T10:15:30+01:00",
    "ledger": {"number": 8000, "name": "Revenue of subscriptions", "category": "revenue"},
    "metadata": {"imported": "no", "campaign": "autumn", "channel": "web"},
}
"""What the server answers: some 500 bytes of JSON."""


class BenchPlan(Wire):
    """The answer, in the words of the server."""

    id: str
    name: str
    description: str | None = None
    amount: Decimal
    currency: str
    interval: Literal["day", "week", "month", "year"]
    interval_count: int
    tax_rate: Decimal
    code: str | None = None
    public: bool
    created_at: dt.datetime

    def to_plan(self) -> Plan:
        """The plan, in neutral words."""
        return Plan(
            provider=Bench.name,
            id=self.id,
            name=self.name,
            price=Money(self.amount, self.currency),
            interval=Interval(self.interval_count, self.interval),
            tax_rate=self.tax_rate,
            description=self.description,
            code=self.code,
            public=self.public,
            raw=self.raw,
        )


class Bench(Provider):
    """A provider that can create a plan."""

    name = "bench"
    evidence = {"create_plan": Evidence("docs", "benchmarks/provider.py")}  # noqa: RUF012 - never changed

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        """Make a plan by one request."""
        plan = yield from post("/plans", BenchPlan, body(draft))
        return plan.to_plan()


def body(draft: PlanDraft) -> dict[str, Any]:
    """The request that makes *draft*."""
    return {
        "name": draft.name,
        "description": draft.description,
        "amount": draft.price.to_text(),
        "currency": draft.price.currency,
        "interval": draft.interval.unit,
        "interval_count": draft.interval.count,
        "tax_rate": str(draft.tax_rate),
        "code": draft.code,
    }


def draft() -> PlanDraft:
    """The plan to make, validated anew for each call."""
    return PlanDraft(
        name="Phone subscription",
        price=Money("12.95", "EUR"),
        interval=Interval(1, "year"),
        tax_rate=21,
        description="1GB per month, 300min per month",
        code="phone",
    )
