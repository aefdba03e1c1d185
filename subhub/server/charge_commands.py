"""Charges in the control API: the books, and what is planned to go wrong."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from subhub.sandbox.charge_plan import ChargePlan, ChargeRule
from subhub.sandbox.exchange import JsonObject
from subhub.server.accounts import ServedAccount
from subhub.server.commands import LARGEST, Command, Count, InvalidCommand, ShortText


class ListCharges(Command):
    """List the charges after the one with this number."""

    after: int = Field(default=0, ge=0, le=LARGEST)


class PlanCharges(Command):
    """Let charges go wrong: the next *times* ones, or by a rule until it is cleared."""

    kind: ShortText
    customer_id: ShortText | None = None
    first: bool = False
    times: Count | None = None
    every: Count | None = None
    probability: float | None = None
    seed: Count = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.times is not None and self.by_rule:
            message = "give `times` for the next charges, or `every` and `probability` for a rule"
            raise ValueError(message)
        return self

    @property
    def by_rule(self) -> bool:
        """Whether it stays until it is cleared."""
        return self.every is not None or self.probability is not None

    def carry_out(self, account: ServedAccount) -> None:
        """Plan it in *account*."""
        try:
            self._plan(account.fake.charge_plan)
        except ValueError as error:
            raise InvalidCommand(str(error)) from error

    def _plan(self, plan: ChargePlan) -> None:
        who, first = self.customer_id, self.first
        if not self.by_rule:
            times = 1 if self.times is None else self.times
            return plan.next(self.kind, times=times, customer_id=who, first=first)
        every = 1 if self.every is None else self.every
        probability = 1.0 if self.probability is None else self.probability
        return plan.rule(
            self.kind,
            every=every,
            probability=probability,
            customer_id=who,
            first=first,
            seed=self.seed,
        )


def planned_charges(rule: ChargeRule) -> dict[str, Any]:
    """Return what is planned for charges as JSON."""
    return {
        "kind": rule.kind,
        "customer_id": rule.customer_id,
        "first": rule.first,
        "left": rule.left,
        "every": rule.every,
        "probability": rule.probability,
    }


def charges(account: ServedAccount, command: ListCharges) -> JsonObject:
    """Return the charges of *account*."""
    book = account.fake.charges
    return {"total": len(book), "charges": [one.as_json() for one in book.after(command.after)]}


def charge_plan(account: ServedAccount, command: Command) -> JsonObject:
    """Return what is planned for the charges of *account*."""
    del command
    return {"planned": [planned_charges(rule) for rule in account.fake.charge_plan.planned]}


def plan_charges(account: ServedAccount, command: PlanCharges) -> JsonObject:
    """Let charges of *account* go wrong."""
    command.carry_out(account)
    return charge_plan(account, command)


def clear_charge_plan(account: ServedAccount, command: Command) -> JsonObject:
    """Let no charges of *account* go wrong any more."""
    account.fake.charge_plan.clear()
    return charge_plan(account, command)
