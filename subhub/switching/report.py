"""The report of a plan: how many move in which way, who does not and why, and how long it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from subhub.client.base import account_of
from subhub.plugin.capabilities import Evidence
from subhub.switching.rows import PERSON, WAYS

if TYPE_CHECKING:
    from subhub import Client
    from subhub.switching.rows import SwitchRow

SOURCE_REQUESTS: Final = 4
"""Two reads of the old subscription, and its end, which some providers read before."""
TARGET_REQUESTS: Final[Mapping[str, int]] = {"api": 4, "link": 6}
"""Finding and creating the customer; then subscribing and reading back, or listing what they have,
the link, following it and reading the customer. Links that expire are not counted."""
NEVER: Final = (
    "mandates and cards: who moves by API is charged by a new `payment_method`, or by invoice",
    "invoices, payments and the other history of the source",
    "what the customer has paid for: it is `paid_until` in the results of `run`",
)
"""What moves to no other provider."""


@dataclass(frozen=True, slots=True)
class FieldLoss:
    """A field of customers that the target does not keep.

    Args:
        field: The field.
        customers: How many of those who move have it.
        reason: Why it is not kept.
        alternative: What to do instead.
    """

    field: str
    customers: int
    reason: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Load:
    """What a switch asks of one account.

    Args:
        account: Its name.
        requests: About how many requests.
        hours: How long they take within the rate limit; `None` where there is no limit.
    """

    account: str
    requests: int
    hours: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a plan means.

    Args:
        source: The account that customers leave.
        target: The account that they go to.
        ways: How many subscriptions move in which way.
        reasons: How many are left, by reason code.
        missing: What one of the accounts cannot do; then the plan cannot be run.
        fields: The fields of customers that the target does not keep.
        loads: The requests at both accounts.
        never: What does not travel in any case.
    """

    source: str
    target: str
    ways: Mapping[str, int]
    reasons: Mapping[str, int]
    missing: Sequence[str] = ()
    fields: Sequence[FieldLoss] = ()
    loads: Sequence[Load] = ()
    never: Sequence[str] = field(default=NEVER)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def markdown(self) -> str:
        """Return it as Markdown, which reads well in a terminal too."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# Switch from {self.source} to {self.target}"
        yield ""
        yield from (f"- {way}: {count}" for way, count in self.ways.items())
        yield from _section("Left, by reason", (f"{r}: {n}" for r, n in self.reasons.items()))
        yield from _section("Cannot be done, so this plan cannot be run", self.missing)
        lost = (
            f"{loss.field} of {loss.customers} customers: {loss.reason}"
            + (f"; instead: {loss.alternative}" if loss.alternative else "")
            for loss in self.fields
        )
        yield from _section("Fields that the target does not keep", lost)
        loads = (
            f"{load.account}: about {load.requests} requests"
            + ("" if load.hours is None else f", {load.hours:.1f} hours at its rate limit")
            for load in self.loads
        )
        yield from _section("Requests", loads)
        yield from _section("What does not travel", self.never)


def report_of(
    rows: Sequence[SwitchRow], source: Client, target: Client, missing: Sequence[str]
) -> Report:
    """Return what *rows* mean.

    Args:
        rows: The rows of the plan.
        source: The account that customers leave.
        target: The account that they go to.
        missing: What one of the accounts cannot do.
    """
    ways = Counter(row.way for row in rows)
    moving = [row for row in rows if row.way != "leave"]
    codes = Counter(row.note.partition(":")[0] for row in rows if row.way == "leave")
    requests = (
        SOURCE_REQUESTS * len(moving),
        sum(TARGET_REQUESTS[row.way] for row in moving),
    )
    return Report(
        source=account_of(source).name,
        target=account_of(target).name,
        ways={way: ways[way] for way in WAYS if ways[way]},
        reasons=dict(codes.most_common()),
        missing=missing,
        fields=list(_losses(moving, target)),
        loads=[_load(client, n) for client, n in zip((source, target), requests, strict=True)],
    )


def _section(title: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    found = [f"- {line}" for line in lines]
    if found:
        yield from ("", f"## {title}", "", *found)


def _losses(moving: Sequence[SwitchRow], target: Client) -> Iterator[FieldLoss]:
    if not target.supports("create_customer"):
        return
    fields = target.capabilities.fields("create_customer")
    for name in PERSON:
        values = [value for row in moving if (value := row.more.get(name))]
        uses = [fields.use_of(name, value) for value in values]
        lost = [use for use in uses if use.use in {"dropped", "refused"}]
        if lost:
            found = target.capabilities[f"create_customer:{name}"].found
            why = found if not isinstance(found, Evidence) else lost[0]
            yield FieldLoss(name, len(lost), why.reason, why.alternative)


def _load(client: Client, requests: int) -> Load:
    account = account_of(client)
    limit = account.rate_limit
    hours = None if limit is None else requests * limit.per / limit.requests / 3600
    return Load(account.name, requests, hours)
