"""The dashboard: the accounts, what they hold, and the exchanges as they happen.

It works without a script; the script only fetches the page again and puts in what is new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subhub.sandbox.faults import KINDS, Rule
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.commands import FaultOrder, InvalidOrder, Step
from subhub.server.forms import fields, html, see
from subhub.server.markup import Markup, document, tag
from subhub.server.request_log import Entry
from subhub.server.snapshot import plain, state_of

NEWEST: Final = 10
"""How many objects of a kind are shown."""


def routes(sandbox: Sandbox) -> list[Route]:
    """Where the dashboard is."""

    async def overview(_: Request) -> Response:
        return html(_overview(sandbox))

    async def account(request: Request) -> Response:
        found = sandbox.accounts.get(_place(request))
        if found is None:
            return html(_frame("No such account", tag("p", "Begin at the overview.")), 404)
        after = request.query_params.get("after", "")
        return html(_account(found, int(after) if after.isdecimal() else 0))

    async def act(request: Request) -> Response:
        found = sandbox.accounts.get(_place(request))
        asked = await fields(request)
        if found is None:
            return see("/")
        try:
            _act(found, asked)
        except InvalidOrder as error:
            return html(_frame("Not done", tag("p", str(error), role="alert")), 400)
        return see(f"/_dashboard/{found.place}")

    path = "/_dashboard/{provider}/{name}"
    return [
        Route("/", overview),
        Route(path, account),
        Route(path, act, methods=["POST"]),
    ]


def _place(request: Request) -> str:
    return f"{request.path_params['provider']}/{request.path_params['name']}"


def _act(account: ServedAccount, asked: Mapping[str, str]) -> None:
    match asked.get("do"):
        case "advance":
            Step.read({"days": asked.get("days")}).carry_out(account)
        case "fault":
            given = {name: asked[name] for name in ("kind", "times", "after") if name in asked}
            FaultOrder.read(given).carry_out(account)
        case "clear":
            account.fake.faults.clear()
        case "reset":
            account.reset()
        case _:
            message = "that is nothing that this page can do"
            raise InvalidOrder(message)


def _overview(sandbox: Sandbox) -> str:
    lead = "Give a client one of these addresses as its base URL, and the key beside it."
    rows = [_overview_row(each) for each in sandbox.accounts.values()]
    heads = ("Account", "Base URL", "API key", "Plans")
    return _frame("Sandbox", tag("p", lead), _table("Accounts", heads, rows))


def _overview_row(account: ServedAccount) -> Markup:
    plans = [
        tag("li", key, " is ", tag("code", plan_id)) for key, plan_id in account.plan_ids.items()
    ]
    return tag(
        "tr",
        tag("th", tag("a", account.place, href=f"/_dashboard/{account.place}"), scope="row"),
        tag("td", tag("code", account.base_url)),
        tag("td", tag("code", account.fake.api_key)),
        tag("td", tag("ul", *plans)),
    )


def _account(account: ServedAccount, after: int) -> str:
    return _frame(
        account.place,
        tag("nav", tag("a", "All accounts", href="/"), aria_label="Accounts"),
        _time(account),
        _faults(account),
        tag("section", tag("h2", "State"), _state(account), id="state"),
        _exchanges(account, after),
        live=True,
    )


def _time(account: ServedAccount) -> Markup:
    now = f"{account.fake.clock.now():%A %d %B %Y, %H:%M:%S} UTC"
    days = tag("input", id="days", name="days", type="number", min="1", value="30", required=True)
    return tag(
        "section",
        tag("h2", "Clock"),
        tag("p", "It stands at ", tag("strong", now, id="now"), "."),
        tag(
            "form",
            tag("label", "Days to go on", for_="days"),
            days,
            tag("button", "Advance the clock", name="do", value="advance"),
            method="post",
        ),
        tag(
            "form",
            tag("button", "Reset this account", name="do", value="reset"),
            tag("span", "Forgets everything but the plans.", class_="hint"),
            method="post",
        ),
    )


def _faults(account: ServedAccount) -> Markup:
    planned = [tag("li", _planned(each)) for each in account.fake.faults.planned]
    after = tag("input", id="after", name="after", type="checkbox", value="true")
    kinds = [tag("option", f"{kind}: {told}", value=kind) for kind, told in KINDS.items()]
    return tag(
        "section",
        tag("h2", "Faults"),
        tag("ul", *planned) if planned else tag("p", "Nothing is to go wrong.", class_="none"),
        tag(
            "form",
            tag("label", "What goes wrong", for_="kind"),
            tag("select", *kinds, id="kind", name="kind"),
            tag("label", "How many requests", for_="times"),
            tag("input", id="times", name="times", type="number", min="1", value="1"),
            tag("label", after, "after the change was made", for_="after"),
            tag("button", "Plan it", name="do", value="fault"),
            tag("button", "Clear all", name="do", value="clear"),
            method="post",
        ),
    )


def _planned(rule: Rule) -> str:
    which = f"{rule.method or 'any request'} {rule.path or ''}".strip()
    often = f"the next {rule.left}" if rule.left is not None else f"every {rule.every}"
    return f"{rule.fault.kind}: {often}, {which}"


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
    told = json.dumps({key: plain(value) for key, value in newest}, indent=2, ensure_ascii=False)
    title = f"{name} ({len(objects)})"
    hint = f"the newest {NEWEST} of them" if len(objects) > NEWEST else "all of them"
    return tag(
        "details", tag("summary", title), tag("p", hint, class_="hint"), _code(told), id=f"s-{name}"
    )


def _exchanges(account: ServedAccount, after: int) -> Markup:
    entries = account.journal.after(after)
    heads = ("Number", "Time", "Request", "Answer", "What was said")
    return tag(
        "section",
        tag("h2", "Exchanges"),
        tag("p", f"{account.journal.total} in all, the newest first.", id="total"),
        _table("Exchanges", heads, [_exchange(each) for each in reversed(entries)]),
        id="exchanges",
    )


def _exchange(entry: Entry) -> Markup:
    bodies = tag(
        "details",
        tag("summary", f"bodies of {entry.number}"),
        tag("h3", "Request"),
        _code(entry.request or "empty"),
        tag("h3", "Answer"),
        _code(entry.reply or "empty"),
    )
    kind = "good" if 0 < entry.status < 400 else "bad"  # noqa: PLR2004 - where refusals begin
    answer = tag("td", str(entry.status or "none"), class_=kind)
    if entry.fault:
        answer = tag("td", str(entry.status or "none"), tag("br"), entry.fault, class_=kind)
    return tag(
        "tr",
        tag("td", str(entry.number)),
        tag("td", entry.at.replace("T", " ").removesuffix("+00:00")),
        tag("td", tag("code", entry.asked)),
        answer,
        tag("td", bodies),
        data_number=str(entry.number),
    )


def _code(text: str) -> Markup:
    return tag("pre", tag("code", text), tabindex="0")


def _table(caption: str, heads: tuple[str, ...], rows: list[Markup]) -> Markup:
    head = tag("tr", *(tag("th", each, scope="col") for each in heads))
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
