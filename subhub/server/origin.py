"""Who may use the pages and the control API: this machine's programs, and pages of this server.

A web site that somebody visits while a sandbox runs must not be able to use it through the browser.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
READING = frozenset({"GET", "HEAD"})


def refused(request: Request, origin: str) -> PlainTextResponse | None:
    """The refusal of a request that comes from somewhere else; `None` for a welcome one."""
    host = request.headers.get("host", "")
    served = urlsplit(origin).hostname
    if served in LOOPBACK and urlsplit(f"//{host}").hostname not in LOOPBACK:
        return PlainTextResponse(f"this sandbox answers at {origin} only\n", 421)
    sender = request.headers.get("origin")
    if request.method not in READING and sender not in {None, f"http://{host}"}:
        return PlainTextResponse("a page of another site may not change this sandbox\n", 403)
    return None
