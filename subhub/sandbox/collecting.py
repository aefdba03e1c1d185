"""Collecting: a charge is attempted, attempted again, given up or paid back, as time passes.

No provider documents all of this. How often and when a charge is attempted again are assumptions
of the fake, and so is what it then does with the subscription.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Protocol

from subhub.models import Money
from subhub.sandbox.agenda import Agenda
from subhub.sandbox.charge_plan import ChargePlan
from subhub.sandbox.charges import Charge, ChargeBook, Outcome
from subhub.sandbox.clock import VirtualClock

AGAIN: Final = "collect_again"
PAY_BACK: Final = "pay_back"
TASKS: Final = frozenset({AGAIN, PAY_BACK})
"""The tasks of the agenda that belong to collecting; their subject is the number of a charge."""


class Collector(Protocol):
    """Who collects; every `Fake` does.

    Attributes:
        charges: The charges so far.
        charge_plan: The charges that are planned to go wrong.
        agenda: Where the next attempt is planned.
        retries: How many times a failed charge is attempted again.
        retry_days: The days from a failed charge to the next attempt.
        paid_back_days: The days from a charge to its refund.
    """

    charges: ChargeBook
    charge_plan: ChargePlan
    agenda: Agenda
    retries: int
    retry_days: int
    paid_back_days: int

    @property
    def clock(self) -> VirtualClock:
        """The clock."""
        ...

    def email_of(self, customer_id: str) -> str:
        """Return the e-mail address of a customer."""
        ...

    def is_owed(self, charge: Charge) -> bool:
        """Return whether a failed charge is to be attempted again."""
        ...

    def charge_made(self, charge: Charge) -> None:
        """Do what the provider does after a charge."""
        ...


def collect(
    by: Collector,
    *,
    subscription_id: str,
    customer_id: str,
    first_on: dt.date,
    last_on: dt.date,
    amount: Money,
) -> Charge:
    """Charge a period, and plan what follows if it goes wrong.

    Args:
        by: The fake.
        subscription_id: The subscription.
        customer_id: The customer who pays.
        first_on: The first day of the period.
        last_on: The last day of the period.
        amount: The amount.
    """
    first = not by.charges.of_subscription(subscription_id)
    problem = by.charge_plan.pick(customer_id, by.email_of(customer_id), amount, first=first)
    charge = by.charges.add(
        subscription_id=subscription_id,
        customer_id=customer_id,
        first_on=first_on,
        last_on=last_on,
        amount=amount,
        charged_at=by.clock.now(),
        outcome="failed" if problem not in {"", "charged_back"} else "paid",
        reason=problem,
    )
    _follow_up(by, charge)
    by.charge_made(charge)
    return charge


def carry_out(by: Collector, task: str, number: int) -> None:
    """Carry out a task of the agenda for the charge with that number."""
    charge = by.charges[number - 1]
    if task == PAY_BACK:
        by.charge_made(_enter(by, charge, "refunded", charge.reason))
    elif by.is_owed(charge):
        # `late` is the kind whose second attempt succeeds
        outcome: Outcome = "paid" if charge.reason == "late" else "failed"
        again = _enter(by, charge, outcome, charge.reason)
        _follow_up(by, again)
        by.charge_made(again)


def attempts(book: ChargeBook, charge: Charge) -> int:
    """Return how many times the period of a charge was attempted."""
    tried = book.of_subscription(charge.subscription_id)
    return sum(one.first_on == charge.first_on and one.outcome != "refunded" for one in tried)


def _follow_up(by: Collector, charge: Charge) -> None:
    now = by.clock.now()
    if charge.outcome == "paid":
        if charge.reason == "charged_back":
            days = dt.timedelta(days=by.paid_back_days)
            by.agenda.add(now + days, PAY_BACK, str(charge.number))
    elif charge.reason != "mandate_expired" and attempts(by.charges, charge) <= by.retries:
        by.agenda.add(now + dt.timedelta(days=by.retry_days), AGAIN, str(charge.number))


def _enter(by: Collector, charge: Charge, outcome: Outcome, reason: str) -> Charge:
    return by.charges.add(
        subscription_id=charge.subscription_id,
        customer_id=charge.customer_id,
        first_on=charge.first_on,
        last_on=charge.last_on,
        amount=charge.amount,
        charged_at=by.clock.now(),
        outcome=outcome,
        reason=reason,
    )
