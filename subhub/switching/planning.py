"""Planning a switch: what is to happen to each subscription of an export. Nothing is changed.

A subscription that cannot be moved safely is left, with a reason code, for a person to decide.
"""

from __future__ import annotations

import calendar
import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from subhub.client.base import account_of
from subhub.client.validation import choice, whole_number
from subhub.errors import InvalidRequest
from subhub.models import Interval, Money, Status, When
from subhub.switching.report import Report, report_of
from subhub.switching.rows import (
    OWN,
    WAYS,
    SwitchRow,
    Way,
    at,
    optional,
    read_table,
    word,
)
from subhub.switching.rules import (
    RUNNING,
    lacking,
    links_existing,
    plan_problem,
    several_units,
)
from subhub.switching.sides import check_apart

if TYPE_CHECKING:
    from subhub import Client

Choice = Literal["auto", "api", "link"]
"""Which way those move whom the file does not give one: `auto` is `api` for those who have a
`payment_method`, and a link for the others, because mandates do not travel."""
OVERLAP_DAYS: Final = 14
_NEEDED: Final = ("subscription", "customer", "status", "price", "interval", "renews_on")


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """What is to happen to each subscription, and what that means."""

    rows: Sequence[SwitchRow]
    report: Report


def plan(
    source: Client,
    target: Client,
    customers: str | os.PathLike[str],
    *,
    way: Choice = "auto",
    end: When | None = None,
    overlap_days: int = OVERLAP_DAYS,
    plans: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> SwitchPlan:
    """Plan a switch from an export.

    The file may have columns of your own: `key`, `plan`, `way`, `payment_method`, `to_customer`
    and `external_id` come before what is found out here. If `report.missing` is not empty, a step
    cannot be done at one of the accounts, and `run` would refuse the plan.

    Args:
        source: The account that the customers leave.
        target: The account that they go to.
        customers: The CSV file of `subhub export`; see `write_table`.
        way: How those move to whom the file gives no way.
        end: When an old subscription ends; by default at the end of its period, where the source
            can do that, and otherwise at once: it is paid for until its renewal either way.
        overlap_days: How many days before a renewal a link may be paid at the earliest.
        plans: The target's plan for a plan of the source, by the id or description that the
            export has; otherwise the configured plan that is linked to it, or costs the same.
        options: What only the target's provider knows of `subscribe`, for all.
    """
    check_apart(source, target)
    planner = _Planner(
        source,
        target,
        choice("way", way, get_args(Choice)),
        choice("end", end or _gentlest(source), get_args(When)),
        whole_number("overlap_days", overlap_days, 1),
        plans or {},
        options or {},
    )
    path = Path(customers)
    try:
        rows = [
            planner.row(line, cells)
            for line, cells in read_table(path, _NEEDED)
            if cells["subscription"]
        ]
    except InvalidRequest as error:
        raise InvalidRequest(f"{error} (nothing was written)") from error
    if not rows:
        raise InvalidRequest(f"{path} has no subscription: nothing can be planned")
    missing = lacking(rows, source, target)
    return SwitchPlan(rows, report_of(rows, source, target, missing))


@dataclass(frozen=True, slots=True)
class _Planner:
    """Decides about each subscription; see `plan` for the arguments."""

    source: Client
    target: Client
    way: Choice
    end: When
    overlap_days: int
    plans: Mapping[str, str]
    options: Mapping[str, Any]

    def row(self, line: int, cells: Mapping[str, str]) -> SwitchRow:
        """Return what is to happen to the subscription of a line."""
        try:
            row = self._row(cells)
        except InvalidRequest as error:
            raise InvalidRequest(f"line {line}, {error}") from error
        reason = "by_hand" if row.way == "leave" else self._reason(row, cells)
        return at(row, way="leave", note=_noted(reason, row.note)) if reason else row

    def _row(self, cells: Mapping[str, str]) -> SwitchRow:
        day, example = dt.date.fromisoformat, "2026-12-28"
        renews_on = optional("renews_on", cells["renews_on"], day, example)
        price = optional("price", cells["price"], Money.parse, "12.95 EUR")
        interval = optional("interval", cells["interval"], Interval.parse, "1 month")
        begun_on = optional("starts_on", cells.get("starts_on", ""), day, example)
        known = self._plan(cells, price, interval)
        draft = self.source.plans.get(known)
        if draft is not None and price is None:  # a provider that shows no price of a subscription
            price, interval = draft.price, draft.interval
        more = {name: value for name, value in cells.items() if name not in OWN}
        if not more.get("external_id") and self._keeps_ids():
            more["external_id"] = cells["customer"]  # a customer is then found, and not made twice
        more["interval"] = str(interval or "")
        way = word("way", cells.get("way") or self._way(cells), WAYS)
        return SwitchRow(
            key=cells.get("key") or cells["subscription"],
            subscription=cells["subscription"],
            customer=cells["customer"],
            way=way,
            source=account_of(self.source).name,
            target=account_of(self.target).name,
            plan=known,
            renews_on=renews_on,
            price=price,
            starts_on=renews_on,
            end=self.end,
            overlap_days=self.overlap_days if way == "link" else 0,
            note=cells.get("note", ""),
            to_customer=cells.get("to_customer", ""),
            payment_method=cells.get("payment_method", ""),
            options={**self._billing_day(renews_on, begun_on), **self.options}
            if way == "api"
            else {},
            more=more,
        )

    def _way(self, cells: Mapping[str, str]) -> Way:
        if self.way == "auto":
            return "api" if cells.get("payment_method") else "link"
        return self.way

    def _plan(
        self, cells: Mapping[str, str], price: Money | None, interval: Interval | None
    ) -> str:
        """Return the key of the target's plan, or nothing if it is not clear."""
        for name in (cells.get("plan_id", ""), cells.get("description", "")):
            if name in self.plans:
                return self.plans[name]
        if cells.get("plan"):
            return cells["plan"]
        linked = account_of(self.source).plan_ids
        by_id = [key for key, plan_id in linked.items() if plan_id == cells.get("plan_id")]
        fitting = by_id or [
            key
            for key, draft in self.target.plans.items()
            if draft.price == price and draft.interval == interval
        ]
        return fitting[0] if len(fitting) == 1 else ""

    def _billing_day(self, renews_on: dt.date | None, begun_on: dt.date | None) -> dict[str, int]:
        """Return the option that keeps the day of the month, also that of a 31st in February."""
        option = account_of(self.target).provider.billing_day_option
        if not option or renews_on is None:
            return {}
        last = calendar.monthrange(renews_on.year, renews_on.month)[1]
        day = renews_on.day
        if day == last and begun_on is not None:
            day = max(day, begun_on.day)
        return {option: day}

    def _keeps_ids(self) -> bool:
        return self.target.supports("create_customer") and self.target.supports(
            "create_customer:external_id"
        )

    def _reason(self, row: SwitchRow, cells: Mapping[str, str]) -> str:
        """Return why a subscription is left: a code, and after a colon more for people."""
        status = cells["status"]
        if status not in RUNNING:
            shown = cells.get("raw_status") or status
            code = status if status != Status.UNKNOWN else "unknown_status"
            return f"{code}: its status is {shown!r}"
        for code, missing in (
            ("no_customer", not row.customer),
            ("no_renewal", row.renews_on is None),
            ("no_price", row.price is None),
        ):
            if missing:
                return f"{code}: the source does not show it"
        if cells.get("quantity", "") not in {"", "1"}:
            return f"quantity: {several_units(cells['quantity'])}"
        if not row.plan:
            return "no_plan: no configured plan is linked to it or alone costs the same; add `plan`"
        return plan_problem(row, self.target) or self._person_problem(row)

    def _person_problem(self, row: SwitchRow) -> str:
        if row.to_customer:
            return ""
        try:
            draft = row.draft()
        except InvalidRequest as error:
            return f"invalid_customer: {', '.join(error.fields)}"
        operation = "create_customer"
        if row.way == "link" and not links_existing(self.target):
            operation = "create_signup_link:new_customer"
        if not self.target.supports(operation):
            return ""  # the whole plan cannot be run, and the report says why
        fields = self.target.capabilities.fields(operation.partition(":")[0])
        lost = [name for name in fields.required if getattr(draft, name) is None]
        return f"missing_field: {', '.join(lost)}" if lost else ""


def _gentlest(source: Client) -> When:
    return "period_end" if source.supports("cancel_subscription:period_end") else "now"


def _noted(reason: str, note: str) -> str:
    return f"{reason} ({note})" if note else reason
