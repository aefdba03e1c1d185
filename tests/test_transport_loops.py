"""An `AsyncClient` outlives an event loop; connections that it was lent do not."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading

import httpx
import pytest

from subhub import AsyncClient
from tests.capture import Answer, Asked, capturing

KEY = "k" * 20


def customer(_: Asked) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps({"id": "cst_1"}).encode()


async def read(billing: AsyncClient) -> str:
    return (await billing.get_customer("cst_1")).id


def test_a_client_may_be_used_in_one_loop_after_the_other() -> None:
    with capturing(customer) as server:
        billing = AsyncClient("mijnklantportaal", api_key=KEY, base_url=server.url, attempts=1)
        assert [asyncio.run(read(billing)) for _ in range(3)] == ["cst_1"] * 3
        asyncio.run(billing.close())


def test_a_client_may_be_used_in_two_loops_at_a_time() -> None:
    found: list[str] = []
    with capturing(customer) as server:
        billing = AsyncClient("mijnklantportaal", api_key=KEY, base_url=server.url, attempts=1)

        async def several() -> None:
            found.extend([await read(billing) for _ in range(5)])

        threads = [threading.Thread(target=asyncio.run, args=(several(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asyncio.run(billing.close())

    assert found == ["cst_1"] * 10


PROGRAM = """
import asyncio, sys, httpx
from subhub import AsyncClient
lent = {"http_client": httpx.AsyncClient, "transport": httpx.AsyncHTTPTransport}[sys.argv[2]]()
billing = AsyncClient("mijnklantportaal", api_key="k" * 20, base_url=sys.argv[1], attempts=1,
                      **{sys.argv[2]: lent})
async def read():
    await billing.get_customer("cst_1")
asyncio.run(read())
asyncio.run(read())
"""


@pytest.mark.parametrize("lent", ["http_client", "transport"])
def test_lent_connections_of_another_loop_are_named(lent: str) -> None:
    """In a program of its own, because httpx leaves the connections of the first loop open."""
    with capturing(customer) as server:
        command = [sys.executable, "-c", PROGRAM, server.url, lent]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)

    assert ran.returncode == 1
    assert "RuntimeError: Event loop is closed" in ran.stderr
    assert "has connections of another event loop. Create a client for each loop" in ran.stderr


@pytest.mark.parametrize("said", ["Event loop is closed", "no more paper"])
@pytest.mark.parametrize("again", [True, False])
def test_only_that_failure_in_another_loop_is_explained(said: str, again: bool) -> None:  # noqa: FBT001
    class Lent(httpx.AsyncBaseTransport):
        fails = not again

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if self.fails:
                raise RuntimeError(said)
            self.fails = True
            return httpx.Response(200, json={"id": "cst_1"}, request=request)

    billing = AsyncClient("mijnklantportaal", api_key=KEY, transport=Lent(), attempts=1)
    if again:
        _ = asyncio.run(read(billing))
    with pytest.raises(RuntimeError) as caught:
        _ = asyncio.run(read(billing))

    explained = again and "loop" in said
    assert bool(getattr(caught.value, "__notes__", [])) is explained
