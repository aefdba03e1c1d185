"""The books of a sandbox: who was charged for which days, how much, when, and with what outcome.

Providers show little or nothing of this in their APIs. A test can read here what a customer paid.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, get_args

from subhub.errors import InvalidRequest
from subhub.models import Money

Outcome = Literal["paid", "failed", "refunded"]
"""The outcome of a charge; `refunded` is an entry of its own, for the days that were paid back."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Charge:
    """An entry: *amount* for the days from *first_on* to *last_on*, both included."""

    number: int
    subscription_id: str
    customer_id: str
    first_on: dt.date
    last_on: dt.date
    amount: Money
    charged_at: dt.datetime
    outcome: Outcome = "paid"
    reason: str = ""
    """What went wrong, a name of `charge_plan.KINDS`; `canceled` for the refund at an end."""

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last_on - self.first_on).days + 1

    def as_json(self) -> dict[str, Any]:
        """Return the entry as JSON."""
        return {
            "number": self.number,
            "subscription_id": self.subscription_id,
            "customer_id": self.customer_id,
            "first_on": self.first_on.isoformat(),
            "last_on": self.last_on.isoformat(),
            "amount": str(self.amount),
            "charged_at": self.charged_at.isoformat(),
            "outcome": self.outcome,
            "reason": self.reason,
        }


class ChargeBook:
    """All charges of a sandbox, in the order in which they were made. None is ever changed."""

    def __init__(self) -> None:
        self._charges: list[Charge] = []
        self._of_customer: dict[str, list[Charge]] = {}
        self._of_subscription: dict[str, list[Charge]] = {}

    def __len__(self) -> int:
        return len(self._charges)

    def __iter__(self) -> Iterator[Charge]:
        return iter(tuple(self._charges))

    def __getitem__(self, index: int) -> Charge:
        return self._charges[index]

    def __repr__(self) -> str:
        return f"<ChargeBook: {len(self)} charges>"

    def add(
        self,
        *,
        subscription_id: str,
        customer_id: str,
        first_on: dt.date,
        last_on: dt.date,
        amount: Money,
        charged_at: dt.datetime,
        outcome: Outcome = "paid",
        reason: str = "",
    ) -> Charge:
        """Enter a charge, and return it.

        Args:
            subscription_id: The subscription.
            customer_id: The customer who pays.
            first_on: The first day that it is for.
            last_on: The last day that it is for.
            amount: The amount; that of a refund is above zero too.
            charged_at: When it was made.
            outcome: The outcome.
            reason: What went wrong.

        Raises:
            ValueError: *last_on* is before *first_on*.
        """
        if last_on < first_on:
            message = f"`last_on` must not be before `first_on` ({first_on}), got {last_on}"
            raise ValueError(message)
        charge = Charge(
            number=len(self._charges) + 1,
            subscription_id=subscription_id,
            customer_id=customer_id,
            first_on=first_on,
            last_on=last_on,
            amount=amount,
            charged_at=charged_at,
            outcome=outcome,
            reason=reason,
        )
        self._charges.append(charge)
        self._of_customer.setdefault(customer_id, []).append(charge)
        self._of_subscription.setdefault(subscription_id, []).append(charge)
        return charge

    def after(self, number: int = 0) -> Sequence[Charge]:
        """Return the charges with a higher number, oldest first."""
        return self._charges[number:]

    def of_customer(self, customer_id: str) -> Sequence[Charge]:
        """Return the charges of a customer, oldest first."""
        return tuple(self._of_customer.get(customer_id, ()))

    def of_subscription(self, subscription_id: str) -> Sequence[Charge]:
        """Return the charges of a subscription, oldest first."""
        return tuple(self._of_subscription.get(subscription_id, ()))

    def paid_days(self, customer_id: str) -> Counter[dt.date]:
        """Return how many times a customer has paid for each day, over all subscriptions.

        A day that was paid back counts one less. Days with zero are left out.
        """
        days: Counter[dt.date] = Counter()
        for charge in self._of_customer.get(customer_id, ()):
            if charge.outcome != "failed":
                sign = -1 if charge.outcome == "refunded" else 1
                for offset in range(charge.days):
                    days[charge.first_on + dt.timedelta(offset)] += sign
        return Counter({day: times for day, times in days.items() if times})

    def rows(self) -> list[list[str]]:
        """Return the charges as JSON, without their numbers."""
        return [[str(value) for value in list(charge.as_json().values())[1:]] for charge in self]

    def restore(self, rows: Iterable[Sequence[str]]) -> None:
        """Enter the charges of `rows`; `ValueError` if they are not charges."""
        for subscription, customer, first, last, amount, at, outcome, reason in rows:
            _ = self.add(
                subscription_id=subscription,
                customer_id=customer,
                first_on=dt.date.fromisoformat(first),
                last_on=dt.date.fromisoformat(last),
                amount=_money(amount),
                charged_at=dt.datetime.fromisoformat(at),
                outcome=_outcome(outcome),
                reason=reason,
            )


@lru_cache
def chargeable(amount: str, currency: str) -> Money | None:
    """Return an amount as providers write it; `None` for one with more digits than money has."""
    try:
        return Money(amount, currency)
    except InvalidRequest:
        return None


def _outcome(word: str) -> Outcome:
    for outcome in OUTCOMES:
        if outcome == word:
            return outcome
    message = f"unknown outcome {word!r}: known are {', '.join(OUTCOMES)}"
    raise ValueError(message)


_money: Final = lru_cache(Money.parse)
