"""Orders: what the control API and the dashboard tell an account to do, checked.

Every mistake in one is an `InvalidOrder` in words.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from subhub.sandbox.faults import Fault, Rule
from subhub.server.accounts import ServedAccount


class InvalidOrder(ValueError):
    """What is wrong with an order."""


class Command(BaseModel):
    """Some fields, all of them known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, fields: object) -> Self:
        """The order that is written in *fields*."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise InvalidOrder(_told(error)) from error


class Step(Command):
    """Time that is to pass."""

    days: float = Field(default=0, ge=0)
    hours: float = Field(default=0, ge=0)
    seconds: float = Field(default=0, ge=0)

    def carry_out(self, account: ServedAccount) -> None:
        """Let it pass."""
        try:
            _ = account.fake.clock.advance(days=self.days, hours=self.hours, seconds=self.seconds)
        except OverflowError as error:
            message = f"the sandbox's calendar does not go that far: {error}"
            raise InvalidOrder(message) from error


class FaultOrder(Command):
    """A fault, and the requests that it befalls: the next *times*, or, by rule, some of all."""

    kind: str
    after: bool = False
    status: int = 500
    seconds: float | None = None
    method: str | None = None
    path: str | None = None
    times: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.times is not None and self.by_rule:
            message = "give `times` for the next requests, or `every` and `probability` for a rule"
            raise ValueError(message)
        return self

    @property
    def by_rule(self) -> bool:
        """Whether it holds until it is cleared."""
        return self.every is not None or self.probability is not None

    def carry_out(self, account: ServedAccount) -> None:
        """Plan it."""
        try:
            fault = Fault(self.kind, self.after, self.status, self.seconds)
            self._plan(fault, account)
        except ValueError as error:
            raise InvalidOrder(str(error)) from error

    def _plan(self, fault: Fault, account: ServedAccount) -> None:
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


def planned(rule: Rule) -> dict[str, Any]:
    """What is still to go wrong, as JSON."""
    return {
        "kind": rule.fault.kind,
        "after": rule.fault.carried_out,
        "method": rule.method,
        "path": rule.path,
        "left": rule.left,
        "every": rule.every,
        "probability": rule.probability,
    }


def _told(error: ValidationError) -> str:
    found = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
