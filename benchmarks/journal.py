"""What a journal adds to a call that changes something, in milliseconds.

Before the request its intent is written durably, which waits for the disk; after the response it is
taken out again, which does not. The same client is measured without a journal, in the same rounds.

A durable write costs a call more than its own time: while the disk works, the processor and the
server fall asleep. So the share of the disk is measured in the same way: a client without a journal
writes a page to a plain file before each call. What a journal takes above that is ours. Where there
is a file system in memory, a journal is measured there as well.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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
PAGE = b"x" * 4096


def figures() -> list[Figure]:
    """Milliseconds per call, above those of a client without a journal."""
    with serving(provider.ANSWER) as address, tempfile.TemporaryDirectory(dir=".") as folder:
        whole, disk, ours = _sync(address, folder)
        found = [
            Figure("journal, one call after the other", whole, "ms"),
            Figure("of it a durable write of one page", disk, "ms"),
            Figure("of it the journal, over the disk", ours, "ms", GOAL),
            Figure(f"journal, {CONCURRENCY} calls at a time", _async(address, folder), "ms"),
        ]
        if MEMORY.is_dir():
            with tempfile.TemporaryDirectory(dir=MEMORY) as memory:
                without, _, _ = _sync(address, memory)
            found.append(Figure("journal in memory", without, "ms", GOAL))
    return found


def _sync(address: str, folder: str) -> tuple[float, float, float]:
    """Return what a journal adds to a call, what a bare durable write adds, and the difference."""
    path = Path(folder)
    with (
        Client(provider.Bench, api_key="x", base_url=address, rate_limit=UNHURRIED) as plain,
        Client(
            provider.Bench,
            api_key="x",
            base_url=address,
            rate_limit=UNHURRIED,
            journal=path / "sync.db",
        ) as kept,
        (path / "pages").open("wb", buffering=0) as pages,
    ):
        _ = pages.write(PAGE * CALLS)  # its size is settled, as that of a journal in use is
        os.fsync(pages.fileno())
        taken = interleaved(
            {
                "plain": _repeating(plain),
                "written": _repeating(plain, pages.fileno()),
                "kept": _repeating(kept),
            },
            ROUNDS,
        )
    return (
        excess(taken["kept"], taken["plain"]),
        excess(taken["written"], taken["plain"]),
        excess(taken["kept"], taken["written"]),
    )


def _repeating(client: Client, pages: int | None = None) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for number in range(CALLS):
            if pages is not None:
                _ = os.pwrite(pages, PAGE, number * len(PAGE))
                os.fdatasync(pages)
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


if __name__ == "__main__":
    print(table(figures()))
