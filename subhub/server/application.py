"""The ASGI application: the providers' APIs directly, everything else through starlette."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from subhub.sandbox.fake import PAGES
from subhub.server import api, checkout_pages, control, dashboard
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.connection import Receive, Scope, Send

SAVE_INTERVAL: Final = 1.0
"""The shortest time between two writes of the state file, in seconds."""
SAVE_SHARE: Final = 10
"""How many times as long as the last write it is at least, so that writing never fills the time."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
READING: Final = frozenset({"GET", "HEAD"})


class Application:
    """An ASGI application for *sandbox*.

    Requests to the APIs bypass starlette: the fakes do their own routing.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        static = StaticFiles(packages=[("subhub.server", "static")])
        self._pages = Starlette(
            routes=[
                *control.routes(sandbox),
                *dashboard.routes(sandbox),
                Mount("/_static", static),
                *checkout_pages.routes(sandbox),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":  # the lifespan
            return await self._pages(scope, receive, send)
        account = self._account(scope)
        if account is None:
            return await self._page(scope, receive, send)
        return await api.answer(self.sandbox, account, scope, receive, send)

    def _account(self, scope: Scope) -> ServedAccount | None:
        """Return the account whose API is called; `None` for pages and the control API."""
        # the raw path, because an id can contain a quoted slash
        path: str = scope["raw_path"].decode("latin-1")
        parts = path.split("/", 4)
        if len(parts) < len(("", "provider", "name", "path")) or f"/{parts[3]}" == PAGES:
            return None
        return self.sandbox.accounts.get(f"{parts[1]}/{parts[2]}")

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = csrf_refusal(Request(scope), self.sandbox.origin)
        if refusal is not None:
            return await refusal(scope, receive, send)
        if scope["method"] not in READING:
            self.sandbox.changes += 1
        return await self._pages(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, pages: Starlette) -> AsyncGenerator[None]:
        """Write the state file regularly, and once more at the end."""
        del pages
        # kept in a variable: the event loop holds tasks weakly, and would drop an unreferenced one
        saving = asyncio.create_task(self._keep_saving())
        yield
        _ = saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        self.sandbox.save()

    async def _keep_saving(self) -> None:
        took = 0.0
        while True:
            await asyncio.sleep(max(SAVE_INTERVAL, SAVE_SHARE * took))
            began = perf_counter()
            self.sandbox.save()
            took = perf_counter() - began


def csrf_refusal(request: Request, origin: str) -> Response | None:
    """Return the refusal of a request that another web site sends through the user's browser.

    The pages and the control API have no key. The check of `Host` stops DNS rebinding (a foreign
    name that resolves to this machine), the check of `Origin` stops forms on foreign pages (CSRF).
    Programs send no `Origin` and pass.
    """
    host = request.headers.get("host", "")
    served = urlsplit(origin).hostname
    if served in LOOPBACK and urlsplit(f"//{host}").hostname not in LOOPBACK:
        return PlainTextResponse(f"this sandbox is only served at {origin}\n", 421)
    sender = request.headers.get("origin")
    if request.method not in READING and sender not in {None, f"http://{host}"}:
        return PlainTextResponse("a page of another site cannot change this sandbox\n", 403)
    return None
