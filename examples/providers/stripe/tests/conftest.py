"""Shared fixtures: localstripe as a server, and both clients behind one interface."""

from __future__ import annotations

import asyncio
import inspect
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest
from subhub import AsyncClient, Client

from subhub_stripe_example import Stripe

PROGRAM = Path(__file__).with_name("prices.py")
PATIENCE = 30.0

Ask = Callable[..., Awaitable[Any]]
Scenario = Callable[[Ask], Coroutine[Any, Any, None]]
Through = Callable[..., None]


@pytest.fixture(scope="session")
def localstripe() -> Generator[str]:
    """Return the base URL of a localstripe without data."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", str(PROGRAM), str(port)]
    with subprocess.Popen(command) as server:
        try:
            _until_it_listens(server, port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


@pytest.fixture(params=["sync", "async"])
def through(request: pytest.FixtureRequest) -> Through:
    """Run a scenario with one of the clients: `through(scenario, base_url=...)`."""
    return {"sync": _blocking, "async": _concurrent}[request.param]


def _blocking(scenario: Scenario, **settings: Any) -> None:
    with Client(Stripe, **settings) as client:

        async def ask(name: str, /, *args: Any, **kwargs: Any) -> Any:
            found = getattr(client, name)(*args, **kwargs)
            return list(found) if hasattr(found, "__next__") else found

        asyncio.run(scenario(ask))


def _concurrent(scenario: Scenario, **settings: Any) -> None:
    async def play() -> None:
        async with AsyncClient(Stripe, **settings) as client:

            async def ask(name: str, /, *args: Any, **kwargs: Any) -> Any:
                found = getattr(client, name)(*args, **kwargs)
                if inspect.isawaitable(found):
                    return await found
                return [item async for item in found]

            await scenario(ask)

    asyncio.run(play())


def _until_it_listens(server: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > ends:
                pytest.fail("localstripe does not start")
            time.sleep(0.05)
        else:
            return
