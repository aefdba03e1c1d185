"""The ASGI application: the providers' APIs directly, everything else through starlette."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from subhub.errors import ConfigError
from subhub.sandbox.fake import PAGES
from subhub.server import api, checkout_pages, control, control_description, dashboard
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.connection import READ_TIMEOUT, Receive, Scope, Send
from subhub.server.courier import Courier
from subhub.server.origin_guard import csrf_refusal, host_refusal

SAVE_INTERVAL: Final = 1.0
"""The shortest time between two writes of the state file, in seconds."""
TICK: Final = 0.5
"""How often the clocks are advanced, in seconds."""
SAVE_SHARE: Final = 10
"""How many times as long as the last write it is at least, so that writing never fills the time."""
READING: Final = frozenset({"GET", "HEAD"})

log = logging.getLogger("subhub.sandbox")


class Application:
    """An ASGI application for *sandbox*.

    Requests to the APIs bypass starlette: the fakes do their own routing.

    Args:
        sandbox: The sandbox.
        exposed: Whether other machines can reach it, under names that are not known here.
        hosts: More names that it may be reached by, besides that of the sandbox's origin.
        read_timeout: How many seconds a request may take to arrive.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        exposed: bool = False,
        hosts: Iterable[str] = (),
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self.sandbox = sandbox
        self.hosts = frozenset(host.lower() for host in hosts)
        self.exposed = exposed
        self.read_timeout = read_timeout
        self._unsaved = ""
        static = StaticFiles(packages=[("subhub.server", "static")])
        self._pages = Starlette(
            routes=[
                *control_description.routes(),
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
        origin = self.sandbox.origin
        refusal = host_refusal(scope, origin, exposed=self.exposed, hosts=self.hosts)
        refusal = refusal or csrf_refusal(scope, origin)
        if refusal is not None:
            return await refusal(scope, receive, send)
        # a client that leaves in the middle of a request gets no answer, and changes nothing
        with suppress(ClientDisconnect):
            return await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        if scope["method"] not in READING:
            self.sandbox.changes += 1
        self.sandbox.catch_up()
        return await self._pages(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, pages: Starlette) -> AsyncGenerator[None]:
        """Save, advance the clocks and deliver webhooks regularly; save once more at the end."""
        del pages
        # kept in a variable: the event loop holds tasks weakly, and would drop an unreferenced one
        running = [asyncio.create_task(self._keep_saving()), asyncio.create_task(self._keep_time())]
        courier = Courier(self.sandbox)
        courier.start()
        yield
        await asyncio.to_thread(courier.end)
        for task in running:
            _ = task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._save()

    async def _keep_time(self) -> None:
        """Let happen what is due, such as a renewal, without waiting for a request."""
        while True:
            await asyncio.sleep(TICK)
            self.sandbox.catch_up()

    async def _keep_saving(self) -> None:
        took = 0.0
        while True:
            await asyncio.sleep(max(SAVE_INTERVAL, SAVE_SHARE * took))
            began = perf_counter()
            self._save()
            took = perf_counter() - began

    def _save(self) -> None:
        """Write the state file. A failure is logged once, and the next time it is tried again."""
        try:
            self.sandbox.save()
            problem = ""
        except ConfigError as error:
            problem = str(error)
        if problem and problem != self._unsaved:
            log.error("the state is not saved: %s", problem)
        self._unsaved = problem
