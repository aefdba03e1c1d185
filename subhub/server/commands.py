"""Commands: what the control API and the dashboard ask of an account, validated.

Every mistake is an `InvalidCommand` with a message for the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from subhub.sandbox.charge_plan import ChargePlan, ChargeRule
from subhub.sandbox.faults import Fault, Rule
from subhub.server.accounts import ServedAccount

LARGEST: Final = 1_000_000_000
"""The largest count of a command; nobody schedules more faults, and any JSON reader can read it."""
SHOWN: Final = 60
"""How much of an invalid value is shown, in characters."""
_Count = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
_Text = Annotated[str, Field(max_length=1000)]
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than_equal": "must be >= 0",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": f"must be <= {LARGEST}",
    "int_type": "must be a whole number",
    "less_than_equal": f"must be <= {LARGEST}",
    "string_too_long": "is too long",
    "string_type": "must be text",
}


class InvalidCommand(ValueError):
    """A command is not valid; the message says what is wrong."""


class Command(BaseModel):
    """The fields of a command; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, fields: object) -> Self:
        """Read a command from decoded JSON or the fields of a form."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            problems = [_problem(details) for details in error.errors(include_url=False)]
            raise InvalidCommand("; ".join(problems)) from error


class AdvanceClock(Command):
    """Advance the clock."""

    days: float = Field(default=0, ge=0)
    hours: float = Field(default=0, ge=0)
    seconds: float = Field(default=0, ge=0)

    def carry_out(self, account: ServedAccount) -> None:
        """Advance the clock of *account*."""
        try:
            _ = account.fake.clock.advance(days=self.days, hours=self.hours, seconds=self.seconds)
        except OverflowError as error:
            message = "the clock cannot go that far: it ends with the year 2999"
            raise InvalidCommand(message) from error


class ScheduleFault(Command):
    """Schedule a fault for the next *times* requests, or by a rule until it is cleared."""

    kind: _Text
    after: bool = False
    status: _Count = 500
    seconds: float | None = None
    method: _Text | None = None
    path: _Text | None = None
    times: _Count | None = None
    every: _Count | None = None
    probability: float | None = None
    seed: _Count = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.times is not None and self.by_rule:
            message = "give `times` for the next requests, or `every` and `probability` for a rule"
            raise ValueError(message)
        return self

    @property
    def by_rule(self) -> bool:
        """Whether the fault stays until it is cleared."""
        return self.every is not None or self.probability is not None

    def carry_out(self, account: ServedAccount) -> None:
        """Schedule the fault in *account*."""
        try:
            fault = Fault(self.kind, self.after, self.status, self.seconds)
            self._schedule(fault, account)
        except ValueError as error:
            raise InvalidCommand(str(error)) from error

    def _schedule(self, fault: Fault, account: ServedAccount) -> None:
        faults = account.fake.faults
        if not self.by_rule:
            times = 1 if self.times is None else self.times
            return faults.next(fault, times=times, method=self.method, path=self.path)
        every = 1 if self.every is None else self.every
        probability = 1.0 if self.probability is None else self.probability
        return faults.rule(
            fault,
            method=self.method,
            path=self.path,
            every=every,
            probability=probability,
            seed=self.seed,
        )


class PlanCharges(Command):
    """Let charges go wrong: the next *times* ones, or by a rule until it is cleared."""

    kind: _Text
    customer_id: _Text | None = None
    first: bool = False
    times: _Count | None = None
    every: _Count | None = None
    probability: float | None = None
    seed: _Count = 0

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


def planned(rule: Rule) -> dict[str, Any]:
    """Return a scheduled fault as JSON."""
    return {
        "kind": rule.fault.kind,
        "after": rule.fault.carried_out,
        "method": rule.method,
        "path": rule.path,
        "left": rule.left,
        "every": rule.every,
        "probability": rule.probability,
    }


def _problem(details: ErrorDetails) -> str:
    """Return one of pydantic's errors in our own words."""
    name = ".".join(map(str, details["loc"]))
    if details["type"] == "extra_forbidden":
        return f"unknown field `{name}`"
    if details["type"] == "missing":
        return f"`{name}` is required"
    if details["type"] == "value_error":
        return details["msg"].removeprefix("Value error, ")
    if not name:
        return "send a JSON object"
    shown = repr(details["input"])
    value = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}..."
    return f"`{name}` {_EXPECTED.get(details['type'], 'is not valid')}, got {value}"
