"""The charges of the fake's subscriptions: how much, and for which days.

Afternoon's documentation names an anchor day and prepaid fees, and no more: see `assumptions`.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final

from subhub.models import Interval, Money, time_zone
from subhub.sandbox import JsonObject, collect, day_of_month, length_of, part_of
from subhub_afternoon.sandbox.company import Company

DAY: Final = dt.timedelta(days=1)


class Invoicing(Company):
    """The charges of the company."""

    def charge(self, subscription: JsonObject) -> dt.datetime:
        """Charge the period that begins now, and return its end."""
        now, interval = self._local(self.clock.now()), self._interval(subscription["plan_code"])
        until = renewal_after(now, subscription["billing_anchor_day"], interval)
        self._enter(subscription, now.date(), until.date())
        return until

    def charge_new_plan(self, subscription: JsonObject, until: dt.datetime) -> None:
        """Charge the rest of a period, after a change of plan."""
        today = self._local(self.clock.now()).date()
        self._enter(subscription, today, self._local(until).date())

    def next_anchor(self, day: int) -> dt.datetime:
        """Return the next anchor day, as a moment."""
        return next_anchor(self._local(self.clock.now()), day)

    def refund(self, subscription: JsonObject) -> None:
        """Pay back the days from today on that the subscription was charged for."""
        today = self._local(self.clock.now()).date()
        for charge in self.charges.of_subscription(subscription["id"]):
            if charge.outcome == "paid" and charge.last_on >= today:
                first_on = max(today, charge.first_on)
                days = (charge.last_on - first_on).days + 1
                _ = self.charges.add(
                    subscription_id=charge.subscription_id,
                    customer_id=charge.customer_id,
                    first_on=first_on,
                    last_on=charge.last_on,
                    amount=part_of(charge.amount, days, charge.days),
                    charged_at=self.clock.now(),
                    outcome="refunded",
                    reason="canceled",
                )

    def _local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(time_zone(self.time_zone))

    def _enter(self, subscription: JsonObject, first_on: dt.date, until: dt.date) -> None:
        """Charge the days from *first_on* to the one before *until*, a whole period or a part."""
        amount = self._price(subscription, first_on, until)
        if amount is not None and first_on < until:
            _ = collect(
                self,
                subscription_id=subscription["id"],
                customer_id=subscription["customer_id"],
                first_on=first_on,
                last_on=until - DAY,
                amount=amount,
            )

    def _interval(self, plan_code: str) -> Interval:
        # a plan that a test adds without terms renews monthly
        return _interval(self.terms.get(plan_code, {}).get("interval", "1 month"))

    def _price(self, subscription: JsonObject, first_on: dt.date, until: dt.date) -> Money | None:
        """Return the price of these days, or `None` for a plan without a price."""
        price = self.terms.get(subscription["plan_code"], {}).get("price")
        if price is None:
            return None
        days, period = (until - first_on).days, self._days_of_period(subscription, until)
        whole = days >= period or self.stub_charge == "full"
        return _money(price) if whole else part_of(_money(price), days, period)

    def _days_of_period(self, subscription: JsonObject, until: dt.date) -> int:
        """Return the length of the whole period that ends with *until*."""
        count, in_days = length_of(self._interval(subscription["plan_code"]))
        if in_days:
            return count
        return (until - day_of_month(until, -count, subscription["billing_anchor_day"])).days


def renewal_after(at: dt.datetime, day: int, interval: Interval) -> dt.datetime:
    """Return the end of the period that begins *at* a moment.

    A period of months ends on the anchor day. One that does not begin on it is shorter, and ends on
    the next one. A period of days or weeks has no anchor day.

    Args:
        at: When the period begins.
        day: The anchor day.
        interval: The interval of the plan.
    """
    count, in_days = length_of(interval)
    if in_days:
        return at + dt.timedelta(days=count)
    if at != _midnight(at, 0, day):
        return next_anchor(at, day)
    return _midnight(at, count, day)


def next_anchor(after: dt.datetime, day: int) -> dt.datetime:
    """Return the first midnight later than *after*, in its time zone, on that day of a month.

    In a shorter month it is the last day: that rule is assumed, the documentation has none.
    """
    this_month = _midnight(after, 0, day)
    return this_month if this_month > after else _midnight(after, 1, day)


def _midnight(at: dt.datetime, months: int, day: int) -> dt.datetime:
    return dt.datetime.combine(day_of_month(at.date(), months, day), dt.time(), at.tzinfo)


_money: Final = lru_cache(Money.parse)
_interval: Final = lru_cache(Interval.parse)
