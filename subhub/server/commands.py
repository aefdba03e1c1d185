"""Commands: what the control API and the dashboard ask of an account, validated.

Every mistake is an `InvalidCommand` with a message for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from subhub.errors import InvalidRequest
from subhub.models import Interval, Money, PlanDraft, Tax
from subhub.sandbox.faults import Fault, Rule
from subhub.server.accounts import ServedAccount
from subhub.server.forms import LONGEST

LARGEST: Final = 1_000_000_000
"""The largest count of a command; nobody schedules more faults, and any JSON reader can read it."""
SHOWN: Final = 60
"""How much of an invalid value is shown, in characters."""
Count = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
ShortText = Annotated[str, Field(max_length=1000)]
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
    "string_pattern_mismatch": "must be such as 404, 4xx or none",
    "string_too_long": "is too long",
    "string_type": "must be text",
}


class InvalidCommand(ValueError):
    """A command is not valid, or cannot be carried out; the message says what is wrong.

    `status` is the HTTP status of the answer.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Command(BaseModel):
    """The fields of a command; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    longest: ClassVar[int] = LONGEST
    """The longest body that it is read from, in bytes."""

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

    kind: ShortText
    after: bool = False
    status: Count = 500
    seconds: float | None = None
    method: ShortText | None = None
    path: ShortText | None = None
    times: Count | None = None
    every: Count | None = None
    probability: float | None = None
    seed: Count = 0

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


class AddPlan(Command):
    """Create a plan, in the words of `[plans.KEY]` in subhub.toml."""

    key: ShortText
    name: ShortText
    price: ShortText
    interval: ShortText
    tax_rate: str | float | None = None
    tax: Tax | None = None
    description: ShortText | None = None
    public: bool | None = None

    def carry_out(self, account: ServedAccount) -> None:
        """Create the plan in *account*; its key must be new."""
        if self.key in account.plan_ids:
            message = f"there is a plan {self.key!r} already: {account.plan_ids[self.key]}"
            raise InvalidCommand(message, 409)
        try:
            draft = PlanDraft(
                code=self.key,
                name=self.name,
                price=Money.parse(self.price),
                interval=Interval.parse(self.interval),
                tax_rate=None if self.tax_rate is None else str(self.tax_rate),
                tax=self.tax,
                description=self.description,
                public=self.public,
            )
            account.plan_ids[self.key] = account.fake.add_plan(self.key, draft)
        except InvalidRequest as error:
            raise InvalidCommand(str(error)) from error


class Pay(Command):
    """Pay on a checkout page, as a customer does."""

    url: ShortText

    def carry_out(self, account: ServedAccount) -> None:
        """Pay in *account*."""
        self._visit(account, account.fake.pay)

    def _visit(self, account: ServedAccount, act: Callable[[str], None]) -> None:
        if not account.fake.checkout_page(self.url):
            raise InvalidCommand(f"there is no checkout page at {self.url[:SHOWN]!r}", 404)
        try:
            act(self.url)
        except (LookupError, ValueError) as error:
            raise InvalidCommand(str(error), 409) from error


class Decline(Pay):
    """Decline on a checkout page: nothing is sold, and the customer can try again."""

    def carry_out(self, account: ServedAccount) -> None:
        """Decline in *account*."""
        self._visit(account, account.fake.decline)


class Assume(Command):
    """Decide what the provider's documentation leaves open."""

    name: ShortText
    value: bool | int | str

    def carry_out(self, account: ServedAccount) -> None:
        """Change the assumption in *account*; the value must be of the kind of the present one."""
        present = account.fake.assumed_values().get(self.name)
        if present is not None and type(present) is not type(self.value):
            kind = type(present).__name__
            raise InvalidCommand(f"`value` of {self.name!r} must be a {kind}, got {self.value!r}")
        try:
            account.fake.assume({self.name: self.value})
        except ValueError as error:
            raise InvalidCommand(str(error)) from error


class RestoreState(Command):
    """Continue from a state that was read before, of this account or another of its provider."""

    longest: ClassVar[int] = 64 * 1024 * 1024

    state: dict[str, Any]

    def carry_out(self, account: ServedAccount) -> None:
        """Restore the state in *account*."""
        try:
            account.restore(self.state)
        except (ValueError, KeyError, TypeError) as error:
            message = f"this is not a state of {account.path}: {type(error).__name__}: {error}"
            raise InvalidCommand(message) from error


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
