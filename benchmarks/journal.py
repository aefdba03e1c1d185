"""What a journal adds to a call that changes something, in milliseconds.

Before the request its intent is written durably, which waits for the disk; after the answer it is
taken out again, which does not. The same client is measured without a journal, in the same rounds.
What the disk itself takes is measured beside it, and, where there is a file system in memory, what
is left without a disk.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks import provider
from benchmarks.calls import UNHURRIED
from benchmarks.figure import Figure, table
from benchmarks.rounds import excess, interleaved
from benchmarks.server import serving
from subhub import AsyncClient, Client

ROUNDS = 25
CALLS = 100
CONCURRENCY = 16
GOAL = 0.3
MEMORY = Path("/dev/shm")


def figures() -> list[Figure]:
    """Milliseconds per call, above those of a client without a journal."""
    with serving(provider.ANSWER) as address, tempfile.TemporaryDirectory(dir=".") as folder:
        found = [
            Figure("journal, one call after the other", _sync(address, folder), "ms", GOAL),
            Figure(f"journal, {CONCURRENCY} calls at a time", _async(address, folder), "ms"),
            Figure("a durable write to this disk, alone", _disk(folder), "ms"),
        ]
        if MEMORY.is_dir():
            with tempfile.TemporaryDirectory(dir=MEMORY) as memory:
                without = _sync(address, memory)
            found.append(Figure("journal in memory: all but the disk", without, "ms", GOAL))
    return found


def _sync(address: str, folder: str) -> float:
    with (
        Client(provider.Bench, api_key="x", base_url=address, rate_limit=UNHURRIED) as plain,
        Client(
            provider.Bench,
            api_key="x",
            base_url=address,
            rate_limit=UNHURRIED,
            journal=Path(folder) / "sync.db",
        ) as kept,
    ):
        taken = interleaved({"plain": _repeating(plain), "kept": _repeating(kept)}, ROUNDS)
    return excess(taken["kept"], taken["plain"])


def _repeating(client: Client) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for _ in range(CALLS):
            _ = client.create_plan(provider.draft())
        return (time.perf_counter() - began) / CALLS * 1000

    return measure


def _async(address: str, folder: str) -> float:
    with asyncio.Runner() as runner:
        plain = AsyncClient(provider.Bench, api_key="x", base_url=address, rate_limit=UNHURRIED)
        kept = AsyncClient(
            provider.Bench,
            api_key="x",
            base_url=address,
            rate_limit=UNHURRIED,
            journal=Path(folder) / "async.db",
        )
        taken = interleaved(
            {
                "plain": lambda: runner.run(_measure(plain)),
                "kept": lambda: runner.run(_measure(kept)),
            },
            ROUNDS,
        )
        for client in (plain, kept):
            runner.run(client.close())
    return excess(taken["kept"], taken["plain"])


async def _measure(client: AsyncClient) -> float:
    async def work() -> None:
        for _ in range(CALLS // CONCURRENCY):
            _ = await client.create_plan(provider.draft())

    began = time.perf_counter()
    _ = await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    calls = CALLS // CONCURRENCY * CONCURRENCY
    return (time.perf_counter() - began) / calls * 1000


def _disk(folder: str) -> float:
    """What the disk itself takes for a page, as a part of the figures above."""
    path = Path(folder) / "page"
    taken: list[float] = []
    with path.open("wb", buffering=0) as file:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            _ = file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


if __name__ == "__main__":
    print(table(figures()))
