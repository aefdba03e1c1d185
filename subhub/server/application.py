"""The application that is served: the providers' APIs at once, everything else by starlette."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from subhub.sandbox.fake import PAGES
from subhub.server import api, control, dashboard, origin, static_files
from subhub.server import checkout_pages as hosted
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.connection import Receive, Scope, Send

SAVING: Final = 1.0
"""How many seconds are at least between two writings of the state file."""
SHARE: Final = 10
"""And how many times as long as a writing takes, so that writing never takes up the server."""


class Application:
    """An ASGI application for *sandbox*.

    The APIs do not pass through starlette: their paths are the providers', and looking them up is
    the fakes' business.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._pages = Starlette(
            routes=[
                *control.routes(sandbox),
                *dashboard.routes(sandbox),
                *static_files.routes(),
                *hosted.routes(sandbox),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self._pages(scope, receive, send)
        account = self._account(scope)
        if account is None:
            return await self._page(scope, receive, send)
        return await api.answer(self.sandbox, account, scope, receive, send)

    def _account(self, scope: Scope) -> ServedAccount | None:
        """The account whose API is asked; `None` for a page or for the control API."""
        path: str = scope["raw_path"].decode("latin-1")
        parts = path.split("/", 4)
        if len(parts) < len(("", "provider", "name", "path")) or f"/{parts[3]}" == PAGES:
            return None
        return self.sandbox.accounts.get(f"{parts[1]}/{parts[2]}")

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal: Response | None = origin.refused(Request(scope), self.sandbox.origin)
        if refusal is not None:
            return await refusal(scope, receive, send)
        if scope["method"] not in origin.READING:
            self.sandbox.changes += 1
        return await self._pages(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, pages: Starlette) -> AsyncGenerator[None]:
        """Write the state file now and then, and at the end."""
        del pages
        saving = asyncio.create_task(self._keep_saving())
        yield
        _ = saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        self.sandbox.save()

    async def _keep_saving(self) -> None:
        took = 0.0
        while True:
            await asyncio.sleep(max(SAVING, SHARE * took))
            began = perf_counter()
            self.sandbox.save()
            took = perf_counter() - began
