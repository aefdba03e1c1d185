"""The requests on the dashboard: a filter, and for each its bodies, a curl command and a replay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from subhub.server.accounts import ServedAccount
from subhub.server.exchange_commands import ListExchanges, curl_command
from subhub.server.markup import Markup, tag
from subhub.server.pretty import pretty
from subhub.server.request_log import LogEntry
from subhub.server.tables import code_block, row, table

HEADS: Final = ("Number", "Request", "Response", "Duration", "Time")
METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")
CLASSES: Final = ("2xx", "3xx", "4xx", "5xx", "none")
ERRORS: Final = 400
"""The status from which a response is an error."""


def requests(account: ServedAccount, wanted: ListExchanges) -> Markup:
    """Return the section with the requests that are *wanted*, newest first."""
    entries = wanted.found(account)
    shown = len(wanted.model_copy(update={"after": 0}).found(account))
    total = account.request_log.total
    return tag(
        "section",
        tag("h2", "Requests"),
        _filter(account, wanted),
        tag("p", _count(total, shown), id="total", data_total=str(total)),
        table("Requests", HEADS, [_request(account, entry) for entry in reversed(entries)]),
        id="exchanges",
    )


def _count(total: int, shown: int) -> str:
    if not total:
        return "0 requests: use the base URL and the API key in your client."
    return f"{total} requests, newest first; {shown} shown."


def _filter(account: ServedAccount, wanted: ListExchanges) -> Markup:
    seen = {str(entry.status) for entry in account.request_log if entry.status}
    path = tag("input", id="path", name="path", type="search", value=wanted.path)
    every = tag("a", "Show all", href="?")
    return tag(
        "form",
        tag("label", "Method", for_="method"),
        _select("method", METHODS, wanted.method),
        tag("label", "Status", for_="status"),
        _select("status", (*CLASSES, *sorted(seen)), wanted.status),
        tag("label", "Path contains", for_="path"),
        path,
        tag("button", "Filter"),
        every if wanted.method or wanted.status or wanted.path else "",
        id="filter",
        role="search",
    )


def _select(name: str, values: Iterable[str], chosen: str) -> Markup:
    known = [*dict.fromkeys((*values, chosen))]
    options = [tag("option", each, value=each, selected=each == chosen) for each in known if each]
    return tag("select", tag("option", "any", value=""), *options, id=name, name=name)


def _request(account: ServedAccount, entry: LogEntry) -> Markup:
    status = str(entry.status or "none")
    good = 0 < entry.status < ERRORS
    return row(
        {
            "Number": str(entry.number),
            "Request": tag("details", tag("summary", *_asked(entry)), *_inside(account, entry)),
            "Response": f"{status}, {entry.fault}" if entry.fault else status,
            "Duration": duration(entry.seconds),
            "Time": tag("time", entry.at[11:19], datetime=entry.at, title=entry.at),
        },
        {"Response": "good" if good else "bad"},
        data_number=str(entry.number),
        data_open=entry.seconds is None,
    )


def _asked(entry: LogEntry) -> Iterable[str]:
    yield tag("code", tag("b", entry.method), f" {entry.path}")
    if entry.replay_of is not None:
        yield tag("span", f" replay of {entry.replay_of}", class_="hint")


def _inside(account: ServedAccount, entry: LogEntry) -> Iterable[Markup]:
    yield tag(
        "div",
        _body("Request", entry.request, entry.content_type),
        _body("Response", entry.reply),
        class_="pair",
    )
    if not entry.complete:
        yield tag("p", "Too long to be replayed, or not text.", class_="none")
        return
    curl = code_block(curl_command(account, entry), class_="curl")
    copy = tag("button", "Copy as curl", type="button", class_="copy")
    number = tag("input", type="hidden", name="number", value=str(entry.number))
    again = tag("button", "Replay", name="do", value="replay")
    yield tag("div", tag("h3", "As curl"), curl)
    yield tag("form", copy, number, again, method="post")


def _body(title: str, text: str, content_type: str = "") -> Markup:
    return tag("div", tag("h3", title), code_block(pretty(text, content_type) or "empty"))


def duration(seconds: float | None) -> str:
    """Return how long a request took, in words; it is `None` while it is answered."""
    if seconds is None:
        return "running"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
