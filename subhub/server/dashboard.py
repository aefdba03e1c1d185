"""The dashboard: the accounts, and each one's requests as they happen, its state and its settings.

It works without JavaScript. The script only fetches the page again and inserts what is new, and
copies.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.commands import AdvanceClock, InvalidCommand, ScheduleFault
from subhub.server.dashboard_panels import charges, clock, faults, state, webhooks
from subhub.server.dashboard_requests import requests
from subhub.server.exchange_commands import ListExchanges, Replay
from subhub.server.forms import form_fields, html, number_in, redirect
from subhub.server.markup import Markup, document, tag
from subhub.server.tables import row, table, whole
from subhub.server.webhook_commands import Resend

FILTERS = ("method", "status", "path")


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the dashboard."""

    async def overview(_: Request) -> Response:
        return html(_overview(sandbox))

    async def account(request: Request) -> Response:
        found = sandbox.accounts.get(_path(request))
        if found is None:
            return html(
                _frame("Unknown account", tag("p", tag("a", "All accounts", href="/"))), 404
            )
        try:
            return html(_account(found, _wanted(request.query_params)))
        except InvalidCommand as error:
            return _not_possible(error)

    async def act(request: Request) -> Response:
        found = sandbox.accounts.get(_path(request))
        form = await form_fields(request)
        if found is None:
            return redirect("/")
        try:
            _act(found, form)
        except InvalidCommand as error:
            return _not_possible(error)
        query = f"?{request.url.query}" if request.url.query else ""
        return redirect(f"/_dashboard/{found.path}{query}")

    path = "/_dashboard/{provider}/{name}"
    return [
        Route("/", overview),
        Route(path, account),
        Route(path, act, methods=["POST"]),
    ]


def _path(request: Request) -> str:
    return "{provider}/{name}".format_map(request.path_params)


def _wanted(query: Mapping[str, str]) -> ListExchanges:
    """Return which requests to show."""
    chosen = {name: query[name] for name in FILTERS if name in query}
    return ListExchanges.read({**chosen, "after": number_in(query.get("after", "")) or 0})


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
        case "replay":
            _ = Replay.read({"number": form.get("number")}).carry_out(account)
        case "resend":
            Resend.read({"webhook": form.get("webhook")}).carry_out(account)
        case other:
            message = f"unknown action {other!r}"
            raise InvalidCommand(message)


def _overview(sandbox: Sandbox) -> str:
    lead = "Use a base URL and its API key in your client."
    rows = [_overview_row(account) for account in sandbox.accounts.values()]
    heads = ("Account", "Base URL", "API key", "Plans", "Requests")
    return _frame("Sandbox", tag("p", lead), table("Accounts", heads, rows))


def _overview_row(account: ServedAccount) -> Markup:
    return row(
        {
            "Account": tag("a", account.path, href=f"/_dashboard/{account.path}"),
            "Base URL": whole(account.base_url),
            "API key": whole(account.fake.api_key),
            "Plans": _plans(account),
            "Requests": str(account.request_log.total),
        }
    )


def _plans(account: ServedAccount) -> Markup:
    named = account.plan_ids.items()
    return tag("ul", *(tag("li", key, ": ", whole(plan_id)) for key, plan_id in named))


def _account(account: ServedAccount, wanted: ListExchanges) -> str:
    facts = {
        "Base URL": whole(account.base_url),
        "API key": whole(account.fake.api_key),
        "Plans": _plans(account),
    }
    listed = [tag("dt", name) + tag("dd", value) for name, value in facts.items()]
    return _frame(
        account.path,
        tag("dl", *map(Markup, listed), class_="facts"),
        requests(account, wanted),
        tag("div", clock(account), faults(account), class_="pair"),
        charges(account),
        webhooks(account),
        state(account),
        live=True,
    )


def _not_possible(error: InvalidCommand) -> Response:
    return html(_frame("Not possible", tag("p", str(error), role="alert")), error.status)


def _frame(title: str, *parts: str, live: bool = False) -> str:
    links = {"All accounts": "/", "Control API": "/_sandbox/api"}
    ways = [tag("a", name, href=href) for name, href in links.items()]
    header = tag("header", tag("p", "subhub sandbox"), tag("nav", *ways, aria_label="Accounts"))
    main = tag("main", tag("h1", title), *parts, id="main", class_="wide-page")
    return document(f"{title} - subhub sandbox", header, main, live=live)
