"""The dashboard: the accounts, their state, and the requests as they happen.

It works without JavaScript. The script only fetches the page again and inserts what is new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subhub.sandbox.charges import Charge, ChargeBook
from subhub.sandbox.faults import KINDS, Rule
from subhub.sandbox.outbox import Outbox, WebhookDelivery
from subhub.sandbox.snapshot import encode, state_of
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.commands import AdvanceClock, InvalidCommand, ScheduleFault
from subhub.server.forms import form_fields, html, number_in, redirect
from subhub.server.markup import Markup, document, tag
from subhub.server.request_log import LogEntry
from subhub.server.webhook_commands import Resend

NEWEST: Final = 10
"""The number of objects of a kind that are shown."""


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the dashboard."""

    async def overview(_: Request) -> Response:
        return html(_overview(sandbox))

    async def account(request: Request) -> Response:
        found = sandbox.accounts.get(_path(request))
        if found is None:
            overview = tag("a", "All accounts", href="/")
            return html(_frame("Unknown account", tag("p", overview)), 404)
        after = number_in(request.query_params.get("after", ""))
        return html(_account(found, after or 0))

    async def act(request: Request) -> Response:
        found = sandbox.accounts.get(_path(request))
        form = await form_fields(request)
        if found is None:
            return redirect("/")
        try:
            _act(found, form)
        except InvalidCommand as error:
            return html(_frame("Not possible", tag("p", str(error), role="alert")), 400)
        return redirect(f"/_dashboard/{found.path}")

    path = "/_dashboard/{provider}/{name}"
    return [
        Route("/", overview),
        Route(path, account),
        Route(path, act, methods=["POST"]),
    ]


def _path(request: Request) -> str:
    return "{provider}/{name}".format_map(request.path_params)


def _act(account: ServedAccount, form: Mapping[str, str]) -> None:
    match form.get("do"):
        case "advance":
            AdvanceClock.read({"days": form.get("days")}).carry_out(account)
        case "fault":
            given = {name: form[name] for name in ("kind", "times", "after") if name in form}
            ScheduleFault.read(given).carry_out(account)
        case "clear":
            account.fake.faults.clear()
        case "reset":
            account.reset()
        case "resend":
            Resend.read({"webhook": form.get("webhook")}).carry_out(account)
        case other:
            message = f"unknown action {other!r}"
            raise InvalidCommand(message)


def _overview(sandbox: Sandbox) -> str:
    lead = "Use a base URL and its API key in your client."
    rows = [_overview_row(account) for account in sandbox.accounts.values()]
    heads = ("Account", "Base URL", "API key", "Plans")
    return _frame("Sandbox", tag("p", lead), _table("Accounts", heads, rows))


def _overview_row(account: ServedAccount) -> Markup:
    plans = [
        tag("li", key, ": ", tag("code", plan_id)) for key, plan_id in account.plan_ids.items()
    ]
    return tag(
        "tr",
        tag("th", tag("a", account.path, href=f"/_dashboard/{account.path}"), scope="row"),
        tag("td", tag("code", account.base_url)),
        tag("td", tag("code", account.fake.api_key)),
        tag("td", tag("ul", *plans)),
    )


def _account(account: ServedAccount, after: int) -> str:
    return _frame(
        account.path,
        tag("nav", tag("a", "All accounts", href="/"), aria_label="Accounts"),
        _time(account),
        _faults(account),
        tag("section", tag("h2", "Charges"), _charges(account.fake.charges), id="charges"),
        tag("section", tag("h2", "Webhooks"), _webhooks(account.fake.outbox), id="webhooks"),
        tag("section", tag("h2", "State"), _state(account), id="state"),
        _exchanges(account, after),
        live=True,
    )


def _time(account: ServedAccount) -> Markup:
    now = f"{account.fake.clock.now():%A %d %B %Y, %H:%M:%S} UTC"
    clock = "Clock frozen at"
    if account.real_time:
        ahead = f", {account.ahead} ahead" if account.ahead else ""
        clock = f"Clock in real time{ahead}:"
    days = tag("input", id="days", name="days", type="number", min="1", value="30", required=True)
    return tag(
        "section",
        tag("h2", "Clock"),
        tag("p", f"{clock} ", tag("strong", now, id="now")),
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


def _faults(account: ServedAccount) -> Markup:
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


def _state(account: ServedAccount) -> Markup:
    found = {
        name.replace("_", " "): cast("Mapping[str, Any]", value)
        for name, value in sorted(state_of(account.fake).items())
        if isinstance(value, dict) and not name.startswith("_")
    }
    parts = [_collection(name, objects) for name, objects in found.items() if objects]
    empty = ", ".join(name for name, objects in found.items() if not objects)
    return tag("div", *parts, tag("p", f"Empty: {empty or 'nothing'}.", class_="none"))


def _collection(name: str, objects: Mapping[str, Any]) -> Markup:
    newest = [(key, objects[key]) for key in islice(reversed(list(objects)), NEWEST)]
    text = json.dumps({key: encode(value) for key, value in newest}, indent=2, ensure_ascii=False)
    title = f"{name} ({len(objects)})"
    hint = f"the newest {NEWEST}" if len(objects) > NEWEST else "all"
    return tag(
        "details", tag("summary", title), tag("p", hint, class_="hint"), _code(text), id=f"s-{name}"
    )


def _charges(charges: ChargeBook) -> Markup:
    heads = ("Number", "Time", "Customer", "Subscription", "Days", "Amount", "Outcome")
    newest = reversed(charges.after(max(0, len(charges) - NEWEST)))
    return tag(
        "div",
        tag("p", f"{len(charges)} charges, newest first.", class_="hint"),
        _table("Charges", heads, [_charge(charge) for charge in newest]),
    )


def _charge(charge: Charge) -> Markup:
    kind = "good" if charge.outcome == "paid" else "bad"
    return tag(
        "tr",
        tag("td", str(charge.number)),
        tag("td", f"{charge.charged_at:%Y-%m-%d %H:%M:%S}"),
        tag("td", tag("code", charge.customer_id)),
        tag("td", tag("code", charge.subscription_id)),
        tag("td", f"{charge.first_on} to {charge.last_on}"),
        tag("td", str(charge.amount)),
        tag("td", charge.outcome, class_=kind),
    )


def _webhooks(outbox: Outbox) -> Markup:
    heads = ("Number", "Time", "Event", "URL", "Attempt", "Response", "Again")
    newest = list(outbox.deliveries)[: -NEWEST - 1 : -1]
    return tag(
        "div",
        tag(
            "p",
            f"{outbox.total} deliveries, newest first; {outbox.waiting} to come.",
            class_="hint",
        ),
        _table("Webhooks", heads, [_delivery(delivery) for delivery in newest]),
    )


def _delivery(delivery: WebhookDelivery) -> Markup:
    response = str(delivery.status) if delivery.status else delivery.problem
    return tag(
        "tr",
        tag("td", str(delivery.number)),
        tag("td", f"{delivery.at:%Y-%m-%d %H:%M:%S}"),
        tag("td", tag("code", delivery.word)),
        tag("td", tag("code", delivery.url)),
        tag("td", str(delivery.attempt)),
        tag("td", response, class_="good" if delivery.accepted else "bad"),
        tag(
            "td",
            tag(
                "form",
                tag("input", name="webhook", type="hidden", value=str(delivery.webhook)),
                tag("button", "Resend", name="do", value="resend"),
                method="post",
            ),
        ),
    )


def _exchanges(account: ServedAccount, after: int) -> Markup:
    entries = account.request_log.after(after)
    heads = ("Number", "Time", "Request", "Response", "Bodies")
    return tag(
        "section",
        tag("h2", "Requests"),
        tag("p", f"{account.request_log.total} requests, newest first.", id="total"),
        _table("Requests", heads, [_exchange(entry) for entry in reversed(entries)]),
        id="exchanges",
    )


def _exchange(entry: LogEntry) -> Markup:
    bodies = tag(
        "details",
        tag("summary", f"Bodies of request {entry.number}"),
        tag("h3", "Request"),
        _code(entry.request or "empty"),
        tag("h3", "Response"),
        _code(entry.reply or "empty"),
    )
    kind = "good" if 0 < entry.status < 400 else "bad"  # noqa: PLR2004 - where errors begin
    response = tag("td", str(entry.status or "none"), class_=kind)
    if entry.fault:
        response = tag("td", str(entry.status or "none"), tag("br"), entry.fault, class_=kind)
    return tag(
        "tr",
        tag("td", str(entry.number)),
        tag("td", entry.at.replace("T", " ").removesuffix("+00:00")),
        tag("td", tag("code", entry.asked)),
        response,
        tag("td", bodies),
        data_number=str(entry.number),
    )


def _code(text: str) -> Markup:
    return tag("pre", tag("code", text), tabindex="0")


def _table(caption: str, heads: tuple[str, ...], rows: list[Markup]) -> Markup:
    head = tag("tr", *(tag("th", name, scope="col") for name in heads))
    table = tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", head),
        tag("tbody", *rows),
    )
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=caption)


def _frame(title: str, *parts: str, live: bool = False) -> str:
    header = tag("header", tag("p", "subhub sandbox"))
    main = tag("main", tag("h1", title), *parts, id="main", class_="wide-page")
    return document(f"{title} - subhub sandbox", header, main, live=live)
