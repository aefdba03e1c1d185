"""Rules: what both accounts have to be able to do, and what a subscription has to look like.

They are pure: a subscription goes in, and what is wrong with it comes out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.client.base import account_of
from subhub.errors import ConfigError, InvalidRequest, Unsupported
from subhub.models import PlanDraft, Status, Subscription
from subhub.plugin.capabilities import Absence
from subhub.plugin.likeness import canonical
from subhub.recovery.reconcile import OVER

if TYPE_CHECKING:
    from subhub import Client
    from subhub.switching.rows import SwitchRow

RUNNING: Final = frozenset({Status.ACTIVE})
"""The statuses in which a subscription moves: paid for, and renewed by itself."""
ONE_UNIT: Final = frozenset({None, 1})
"""The quantities that move; most providers have none."""
_API: Final = (
    "subscribe",
    "subscribe:starts_on",
    "get_subscription",
    "list_subscriptions",
    "cancel_subscription",
    "cancel_subscription:now",
)
_LINK: Final = ("create_signup_link", "follow_signup_link", "get_subscription")
EXISTING: Final = "create_signup_link:existing_customer"


def needed(rows: Iterable[SwitchRow], target: Client) -> tuple[list[str], list[str]]:
    """Return the capabilities that the ways of *rows* need, of the source and of the target."""
    source: dict[str, None] = {}
    found: dict[str, None] = {}
    for row in rows:
        if row.way == "leave":
            continue
        source |= dict.fromkeys(
            ("get_subscription", "cancel_subscription", f"cancel_subscription:{row.end}")
        )
        found |= dict.fromkeys(_API if row.way == "api" else _LINK)
        if row.way == "link" and not links_existing(target):
            found["create_signup_link:new_customer"] = None
        elif not row.to_customer:
            found["create_customer"] = None
        if row.payment_method:
            found["subscribe:payment_method"] = None
    return list(source), list(found)


def links_existing(target: Client) -> bool:
    """Return whether signup links are for customers who exist: then they are created first."""
    return target.supports(EXISTING)


def lacking(rows: Iterable[SwitchRow], source: Client, target: Client) -> list[str]:
    """Return what one of the accounts cannot do and the switch needs, with the reasons."""
    asked = needed(rows, target)
    return [
        f"accounts.{account_of(client).name} ({client.provider}): no `{name}`: {found.reason}"
        + (f"; instead: {found.alternative}" if found.alternative else "")
        for client, names in zip((source, target), asked, strict=True)
        for name in names
        if isinstance(found := client.capabilities[name].found, Absence)
    ]


def require(rows: Iterable[SwitchRow], source: Client, target: Client) -> None:
    """Raise `Unsupported` if a step of a way cannot be done at one of the accounts."""
    if found := lacking(rows, source, target):
        lines = "\n  ".join(found)
        raise Unsupported(
            f"nothing was changed, because a step of the switch cannot be done:\n  {lines}",
            operation="switch",
            reason=found[0],
            kind="provider",
        )


def plan_problem(row: SwitchRow, target: Client) -> str:
    """Return why the row's plan cannot be sold at the target for what the customer pays now."""
    draft = target.plans.get(row.plan)
    try:
        _ = plan_id(row.plan, target)
    except ConfigError as error:
        return f"no_plan: {error}"
    if draft is None:
        return ""
    if draft.price != row.price:
        return f"price_differs: the plan {row.plan!r} costs {draft.price}, and they pay {row.price}"
    if row.interval is not None and draft.interval != row.interval:
        return f"interval_differs: the plan bills every {draft.interval}, now every {row.interval}"
    return ""


def plan_id(plan: str, target: Client) -> str | None:
    """Return the target's id of a plan; `None` where its terms are sent instead."""
    account = account_of(target)
    inline = account.inline_plan(plan) if plan in account.plans else None
    return None if isinstance(inline, PlanDraft) else account.plan_id(plan)


def check_rows(rows: Iterable[SwitchRow], source: Client, target: Client) -> None:
    """Refuse rows that cannot be moved as they are, before anything is sent."""
    problems = [
        f"key {row.key!r}: {problem}"
        for row in rows
        if row.way != "leave" and (problem := plan_problem(row, target))
    ]
    if problems:
        lines = "\n  ".join(problems)
        raise InvalidRequest(f"the switch cannot be run, and nothing was sent:\n  {lines}")
    require(rows, source, target)


def has_ended(old: Subscription) -> bool:
    """Return whether a subscription has ended, or shows that it will."""
    scheduled = old.scheduled
    return old.status in OVER or (scheduled is not None and scheduled.change == "cancel")


def several_units(quantity: object) -> str:
    """Return why a subscription of several units is left: the new one would bill one of them."""
    return f"it bills {quantity} units, and a switch moves subscriptions of one"


def renewal(old: Subscription) -> dt.date:
    """Return the next renewal of a subscription that shows one; see `changed`."""
    assert old.renews_on is not None  # noqa: S101 - `changed` refuses the others
    return old.renews_on


def changed(old: Subscription, row: SwitchRow) -> str:
    """Return what is not as it was when the switch was planned, or why it cannot move."""
    if old.status not in RUNNING:
        return f"its status is {old.raw_status or old.status.value!r}"
    if old.renews_on is None:
        return "it shows no renewal"
    if old.quantity not in ONE_UNIT:
        return several_units(old.quantity)
    shown = {"customer": old.customer_id, "price": old.price, "interval": old.interval}
    planned = {"customer": row.customer, "price": row.price, "interval": row.interval}
    return _difference(shown, planned, "the plan of the switch says")


def unlike(
    new: Subscription,
    row: SwitchRow,
    target: Client,
    *,
    customer: str,
    starts_on: dt.date | None,
) -> str:
    """Return what the target shows of a new subscription that is not as it was asked for.

    What the provider does not show cannot be compared.

    Args:
        new: The subscription as it was read back.
        row: What was asked for.
        target: The account.
        customer: The customer at the target.
        starts_on: The first day that was asked for.
    """
    if new.status in OVER:
        return f"its status is {new.raw_status or new.status.value!r}"
    if starts_on and new.starts_on is None and new.renews_on and new.renews_on < starts_on:
        return f"it renews on {new.renews_on}, before its start on {starts_on}"
    shown = {
        "customer": new.customer_id,
        "starts_on": new.starts_on,
        "plan": new.plan_id,
        "price": new.price,
        "interval": new.interval,
    }
    asked = {
        "customer": customer,
        "starts_on": starts_on,
        "plan": plan_id(row.plan, target),
        "price": row.price,
        "interval": row.interval,
    }
    return _difference(shown, asked, "asked for was")


def _difference(shown: dict[str, Any], expected: dict[str, Any], words: str) -> str:
    return "; ".join(_differences(shown, expected, words))


def _differences(shown: dict[str, Any], expected: dict[str, Any], words: str) -> Iterator[str]:
    for name, value in shown.items():
        wanted = expected[name]
        if value is not None and wanted is not None and canonical(value) != canonical(wanted):
            yield f"its {name} is {value}, and {words} {wanted}"
