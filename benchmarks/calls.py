"""The cost of one call: a POST with a JSON body and a parsed answer, against peers.

A call of ours validates the draft, runs the flow and validates the answer; a raw call encodes a
dictionary and decodes one. The server is the same for all, and runs on another core.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks import provider
from benchmarks.figure import Figure, table
from benchmarks.rounds import interleaved, ratio
from benchmarks.server import serving
from subhub import AsyncClient, Client, RateLimit
from subhub.plugin import Provider
from subhub.plugin.registry import names

ROUNDS = 25
CALLS = 200
SYNC_GOAL = 0.95
ASYNC_GOAL = 1.0
PLUGIN = "mijnklantportaal"
"""A plugin that is measured too, where it is installed."""

UNHURRIED = RateLimit(100_000, per=1)  # the plugin's own limit would have it wait
_KEY = {"Authorization": "Bearer x"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for a number of calls."""

    cpu: float
    wall: float


def figures() -> list[Figure]:
    """CPU and wall time of our calls, over those of raw httpx."""
    with serving(provider.ANSWER) as address:
        found = [
            *_sync(address, "subhub", provider.Bench),
            *_async(address, 1),
            *_async(address, 16),
        ]
    if PLUGIN in names():
        with Client(PLUGIN, sandbox=True) as fake:
            answer = dict(fake.create_plan(provider.draft()).raw)
        with serving(answer) as address:
            found += _sync(address, PLUGIN, PLUGIN)
    return found


def _sync(address: str, name: str, kind: str | type[Provider]) -> list[Figure]:
    body = provider.body(provider.draft())
    with ExitStack() as stack:
        raw = stack.enter_context(httpx.Client(headers=_KEY))
        ours = stack.enter_context(
            Client(kind, api_key="x", base_url=address, rate_limit=UNHURRIED)
        )
        candidates: dict[str, Callable[[], object]] = {
            "httpx": lambda: raw.post(address + "/plans", json=body).json(),
            name: lambda: ours.create_plan(provider.draft()),
        }
        if name != PLUGIN and importlib.util.find_spec("stripe"):
            candidates["stripe"] = _stripe(address)
        taken = interleaved({each: _repeating(call) for each, call in candidates.items()}, ROUNDS)
    return _compared("call", taken, SYNC_GOAL)


def _stripe(address: str) -> Callable[[], object]:
    stripe: Any = importlib.import_module("stripe")
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": address})
    params = {"amount": 1295, "currency": "eur", "interval": "year", "nickname": "Phone", "id": "x"}
    call: Callable[[], object] = lambda: client.v1.plans.create(params=params)  # noqa: E731
    return call


def _repeating(call: Callable[[], object]) -> Callable[[], Cost]:
    def measure() -> Cost:
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(CALLS):
            _ = call()
        return Cost(time.process_time() - cpu, time.perf_counter() - wall)

    return measure


def _async(address: str, concurrency: int) -> list[Figure]:
    body = provider.body(provider.draft())
    with asyncio.Runner() as runner:
        raw = httpx.AsyncClient(headers=_KEY)
        ours = AsyncClient(provider.Bench, api_key="x", base_url=address)

        async def post() -> object:
            answer = await raw.post(address + "/plans", json=body)
            return answer.json()

        async def create() -> object:
            return await ours.create_plan(provider.draft())

        taken = interleaved(
            {
                "httpx": lambda: runner.run(_measure(post, concurrency)),
                "subhub": lambda: runner.run(_measure(create, concurrency)),
            },
            ROUNDS,
        )
        runner.run(raw.aclose())
        runner.run(ours.close())
    return _compared(f"async call, {concurrency} at a time", taken, ASYNC_GOAL)


async def _measure(call: Callable[[], Awaitable[object]], concurrency: int) -> Cost:
    async def work() -> None:
        for _ in range(CALLS // concurrency):
            _ = await call()

    cpu, wall = time.process_time(), time.perf_counter()
    _ = await asyncio.gather(*(work() for _ in range(concurrency)))
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def _compared(what: str, taken: dict[str, list[Cost]], goal: float) -> list[Figure]:
    base = taken.pop("httpx")
    found: list[Figure] = []
    for name, costs in taken.items():
        cpu = ratio([each.cpu for each in costs], [each.cpu for each in base])
        wall = ratio([each.wall for each in costs], [each.wall for each in base])
        found += [
            Figure(f"{what}: {name}, CPU", cpu, "x httpx", None if name == "stripe" else goal),
            Figure(f"{what}: {name}, wall", wall, "x httpx"),
        ]
    return found


if __name__ == "__main__":
    print(table(figures()))
