"""How long an event loop stands still while a store is asked, and while it never answers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import anyio

from subhub import AsyncClient, ConfigError, CustomerDraft, JournalError, NotSent
from tests.stores.servers import Server

CUSTOMER = CustomerDraft(name="me", email="me@person.example")


async def gaps_of(open_client: Callable[[], AsyncClient], server: Server) -> list[float]:
    """Return the seconds between two turns of the loop; a task asks for one each 2 ms.

    Meanwhile the client sends a few requests, and one more while *server*, which has its store, is
    stopped: it takes a connection and never answers.
    """
    gaps: list[float] = []

    async def tick(until: anyio.Event) -> None:
        last = time.monotonic()
        while not until.is_set():
            await anyio.sleep(0.002)
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    async with open_client() as billing:
        _ = await billing.create_customer(CUSTOMER)  # modules are loaded, tables created
        ended = anyio.Event()
        async with anyio.create_task_group() as tasks:
            _ = tasks.start_soon(tick, ended)
            for _ in range(5):
                _ = await billing.create_customer(CUSTOMER)
            stop(server)
            try:
                _ = await billing.with_options(deadline=0.3).create_customer(CUSTOMER)
                raise AssertionError("it was sent without the store")
            except (NotSent, ConfigError, JournalError):
                pass
            finally:
                resume(server)
            ended.set()
    return gaps


def stop(server: Server) -> None:
    for pid in _family(server.pid):
        os.kill(pid, signal.SIGSTOP)


def resume(server: Server) -> None:
    for pid in _family(server.pid):
        os.kill(pid, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    """The process *pid* and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]
