"""What the tests of Stripe share: both clients behind one interface."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from subhub_stripe import Stripe

from subhub import AsyncClient, Client

Ask = Callable[..., Awaitable[Any]]
Scenario = Callable[[Ask], Coroutine[Any, Any, None]]
Through = Callable[..., None]


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
