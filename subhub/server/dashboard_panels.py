"""The panels of an account on the dashboard: clock, faults, charges, webhooks and state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, cast

from subhub.sandbox.charges import Charge
from subhub.sandbox.faults import KINDS, Rule
from subhub.sandbox.outbox import WebhookDelivery
from subhub.sandbox.snapshot import encode, state_of
from subhub.server.accounts import ServedAccount
from subhub.server.markup import Markup, tag
from subhub.server.tables import code_block, row, table, whole

NEWEST: Final = 10
"""The number of objects of a kind that are shown."""
CHARGES: Final = ("Number", "Time", "Customer", "Subscription", "Days", "Amount", "Outcome")
DELIVERIES: Final = ("Number", "Time", "Event", "URL", "Attempt", "Response", "Again")


def clock(account: ServedAccount) -> Markup:
    """Return the clock, with forms to advance it and to reset the account."""
    now = f"{account.fake.clock.now():%A %d %B %Y, %H:%M:%S} UTC"
    how = "Clock frozen at"
    if account.real_time:
        ahead = f", {account.ahead} ahead" if account.ahead else ""
        how = f"Clock in real time{ahead}:"
    days = tag("input", id="days", name="days", type="number", min="1", value="30", required=True)
    return tag(
        "section",
        tag("h2", "Clock"),
        tag("p", f"{how} ", tag("strong", now, id="now")),
        tag(
            "form",
            tag("label", "Advance by (days)", for_="days"),
            days,
            tag("button", "Advance", name="do", value="advance"),
            method="post",
        ),
        tag(
            "form",
            tag("button", "Reset this account", name="do", value="reset"),
            tag("span", "Deletes everything except the plans.", class_="hint"),
            method="post",
        ),
    )


def faults(account: ServedAccount) -> Markup:
    """Return the scheduled faults, with a form to schedule one."""
    planned = [tag("li", _planned(rule)) for rule in account.fake.faults.planned]
    after = tag("input", id="after", name="after", type="checkbox", value="true")
    texts = {kind: text.replace("`", "") for kind, text in KINDS.items()}  # HTML, not Markdown
    kinds = [tag("option", f"{kind}: {text}", value=kind) for kind, text in texts.items()]
    return tag(
        "section",
        tag("h2", "Faults"),
        tag("ul", *planned) if planned else tag("p", "No faults scheduled.", class_="none"),
        tag(
            "form",
            tag("label", "Fault", for_="kind"),
            tag("select", *kinds, id="kind", name="kind"),
            tag("label", "Number of requests", for_="times"),
            tag("input", id="times", name="times", type="number", min="1", value="1"),
            tag("label", after, "after the change is applied", for_="after"),
            tag("button", "Schedule", name="do", value="fault"),
            tag("button", "Clear all", name="do", value="clear"),
            method="post",
        ),
    )


def _planned(rule: Rule) -> str:
    requests = f"{rule.method or 'any request'} {rule.path or ''}".strip()
    times = f"next {rule.left}" if rule.left is not None else f"every {rule.every}"
    return f"{rule.fault.kind}: {times}, {requests}"


def state(account: ServedAccount) -> Markup:
    """Return the newest objects of each kind, as they are stored."""
    found = {
        name.replace("_", " "): cast("Mapping[str, Any]", value)
        for name, value in sorted(state_of(account.fake).items())
        if isinstance(value, dict) and not name.startswith("_")
    }
    parts = [_collection(name, objects) for name, objects in found.items() if objects]
    empty = ", ".join(name for name, objects in found.items() if not objects)
    inside = tag("div", *parts, tag("p", f"Empty: {empty or 'nothing'}.", class_="none"))
    return tag("section", tag("h2", "State"), inside, id="state")


def _collection(name: str, objects: Mapping[str, Any]) -> Markup:
    newest = [(key, objects[key]) for key in islice(reversed(list(objects)), NEWEST)]
    text = json.dumps({key: encode(value) for key, value in newest}, indent=2, ensure_ascii=False)
    title = f"{name} ({len(objects)})"
    hint = f"the newest {NEWEST}" if len(objects) > NEWEST else "all"
    return tag(
        "details",
        tag("summary", title),
        tag("p", hint, class_="hint"),
        code_block(text),
        id=f"s-{name}",
    )


def charges(account: ServedAccount) -> Markup:
    """Return the newest charges."""
    book = account.fake.charges
    newest = reversed(book.after(max(0, len(book) - NEWEST)))
    return _listed(
        "Charges", f"{len(book)} charges, newest first.", CHARGES, [_charge(one) for one in newest]
    )


def _charge(charge: Charge) -> Markup:
    return row(
        {
            "Number": str(charge.number),
            "Time": f"{charge.charged_at:%Y-%m-%d %H:%M:%S}",
            "Customer": whole(charge.customer_id),
            "Subscription": whole(charge.subscription_id),
            "Days": f"{charge.first_on} to {charge.last_on}",
            "Amount": str(charge.amount),
            "Outcome": charge.outcome,
        },
        {"Outcome": "good" if charge.outcome == "paid" else "bad"},
    )


def webhooks(account: ServedAccount) -> Markup:
    """Return the newest deliveries of webhooks, with a button to send each again."""
    outbox = account.fake.outbox
    newest = list(outbox.deliveries)[: -NEWEST - 1 : -1]
    count = f"{outbox.total} deliveries, newest first; {outbox.waiting} to come."
    return _listed("Webhooks", count, DELIVERIES, [_delivery(delivery) for delivery in newest])


def _delivery(delivery: WebhookDelivery) -> Markup:
    webhook = tag("input", name="webhook", type="hidden", value=str(delivery.webhook))
    resend = tag("button", "Resend", name="do", value="resend")
    return row(
        {
            "Number": str(delivery.number),
            "Time": f"{delivery.at:%Y-%m-%d %H:%M:%S}",
            "Event": tag("code", delivery.word),
            "URL": whole(delivery.url),
            "Attempt": str(delivery.attempt),
            "Response": str(delivery.status) if delivery.status else delivery.problem,
            "Again": tag("form", webhook, resend, method="post"),
        },
        {"Response": "good" if delivery.accepted else "bad"},
    )


def _listed(title: str, count: str, heads: tuple[str, ...], rows: list[Markup]) -> Markup:
    """Return a section that the script replaces when it changes."""
    found = table(title, heads, rows) if rows else ""
    inside = tag("div", tag("p", count, class_="hint"), found)
    return tag("section", tag("h2", title), inside, id=title.lower())
