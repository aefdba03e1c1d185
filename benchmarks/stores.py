"""What stores on other machines cost, and whether they keep the limit, with real servers.

The journal is measured over a bare commit of one row to the same PostgreSQL, on this disk. The rate
limit is measured with four processes, which stand for machines: their clocks are off by up to a day
and drift by 1 %, and they send through sockets to a provider that counts. Its books say how many
requests it refused, how much of the possible speed was reached, and whether the machines had equal
parts (Jain's index). The possible speed is that of a client which does not know when a window
begins: the limit, then a window of waiting. In the outages, Redis is killed for ten windows, or one
machine is cut off from it, while each machine has a share of a quarter; at the beginning up to one
window is lost. An event loop is asked for a turn every two milliseconds while a server is stopped,
so that it takes a connection and never answers: the longest time between two turns is given.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any

import anyio
import httpx
import psycopg

from benchmarks import provider
from benchmarks.cable import Cable
from benchmarks.calls import UNHURRIED
from benchmarks.figure import Figure, table
from benchmarks.rounds import excess, interleaved
from benchmarks.server import serving
from subhub import AsyncClient, Client, RateLimit
from tests.conftest import Toy
from tests.stores.counting import WINDOWS, CountingServer, Window
from tests.stores.gaps import gaps_of
from tests.stores.servers import PostgreSQLServer, RedisServer, Server

ROUNDS = 15
CALLS = 60
MACHINES = 4
EACH = 120
LIMIT, PER = 60, 2.0
THREADS = 8
OUTAGE = 10 * PER

_MACHINE = """
import sys, threading, time
import subhub.sending.steps as steps
number = int(sys.argv[1])
real, began = steps.monotonic, steps.monotonic()
ahead, rate = (0, 86_400, -40_000, 3_600)[number], (1.0, 1.01, 0.99, 1.005)[number]
steps.monotonic = lambda: 200_000 + ahead + began + (real() - began) * rate
from subhub import Client, CustomerDraft, NotSent, RateLimit
from tests.conftest import Toy
billing = Client(Toy, api_key="test_0123456789", base_url=sys.argv[2], permits=sys.argv[3],
                 rate_limit=RateLimit(int(sys.argv[4]), per=float(sys.argv[5])),
                 share=float(sys.argv[6]), deadline=None)
draft = CustomerDraft(name=f"machine {number}", email="me@person.example")
left, lock = [int(sys.argv[7])], threading.Lock()
def work():
    while True:
        with lock:
            if not left[0]:
                return
            left[0] -= 1
        billing.create_customer(draft)
ticket = billing._account.retries.limiter.enter()  # connects, and sends nothing
while ticket.wait(steps.monotonic()):
    time.sleep(0.1)
ticket.unsent(steps.monotonic())
print("ready", flush=True)
input()
threads = [threading.Thread(target=work) for _ in range(int(sys.argv[8]))]
for thread in threads: thread.start()
for thread in threads: thread.join()
billing.close()
"""


def figures() -> Iterator[Figure]:
    """Milliseconds of the journal; requests refused, speed that was lost, unequal parts."""
    with running(PostgreSQLServer) as postgresql, running(RedisServer) as redis:
        yield from _journal(postgresql.url)
        for kind, url in (("Redis", redis.url), ("PostgreSQL", postgresql.url)):
            for window in WINDOWS:
                yield from _limit(kind, url, window)
        yield _longest_gap("Redis", redis, {"permits": redis.url})
        both = {"permits": postgresql.url, "journal": postgresql.url}
        yield _longest_gap("PostgreSQL", postgresql, both)
        yield from _outage(redis)
        yield from _cut_off(redis)


@contextmanager
def running(create: Callable[[], Server]) -> Iterator[Server]:
    server = create()
    if isinstance(server, PostgreSQLServer):
        server.settings["fsync"] = "on"  # as it is where a journal is kept
    server.start()
    try:
        yield server
    finally:
        server.close()


def _journal(url: str) -> Iterator[Figure]:
    with (
        serving(provider.ANSWER) as address,
        tempfile.TemporaryDirectory(dir=".") as folder,
        psycopg.connect(url, autocommit=True) as bare,
    ):
        _ = bare.execute("CREATE TABLE bare (name TEXT PRIMARY KEY, token TEXT)")

        def opened(journal: Any) -> Client:
            return Client(
                provider.Bench,
                api_key="x",
                base_url=address,
                rate_limit=UNHURRIED,
                journal=journal,
            )

        with opened(None) as plain, opened(url) as kept, opened(Path(folder) / "x.db") as local:
            taken = interleaved(
                {
                    "plain": _repeating(plain),
                    "committed": _repeating(plain, bare),
                    "kept": _repeating(kept),
                    "local": _repeating(local),
                },
                ROUNDS,
            )
    yield Figure("a bare commit to PostgreSQL", excess(taken["committed"], taken["plain"]), "ms")
    yield Figure("a journal in PostgreSQL", excess(taken["kept"], taken["plain"]), "ms")
    over = excess(taken["kept"], taken["committed"])
    yield Figure("of it over a bare commit", over, "ms", 1.0)
    yield Figure("a journal in SQLite, to compare", excess(taken["local"], taken["plain"]), "ms")


def _repeating(client: Client, bare: Any = None) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for _ in range(CALLS):
            if bare is not None:
                name = os.urandom(8).hex()
                bare.execute("INSERT INTO bare VALUES (%s, %s)", (name, "x" * 600))
            _ = client.create_plan(provider.draft())
        return (time.perf_counter() - began) / CALLS * 1000

    return measure


def _limit(kind: str, url: str, window: Window) -> Iterator[Figure]:
    with counting(window) as server:
        machines = [_machine(number, server, url, 1.0, EACH) for number in range(MACHINES)]
        _start(machines)
        _finish(machines)
    lasted = server.times[-1] - server.times[0]
    fastest = (-(-len(server.times) // LIMIT) - 1) * PER
    name = f"{kind}, {window} windows"
    yield Figure(f"{name}: refused", len(server.refused), "requests", 0)
    yield Figure(f"{name}: speed lost", 100 * (1 - fastest / lasted), "%", 5)
    yield Figure(f"{name}: 1 - fairness", 1 - _jain(server), "", 0.05)


def _longest_gap(kind: str, server: Server, stores: dict[str, Any]) -> Figure:
    answer = httpx.MockTransport(lambda _: httpx.Response(201, json={"id": "cst_1"}))
    limit = RateLimit(50, per=0.5)

    def opened() -> AsyncClient:
        return AsyncClient(
            Toy, api_key="test_0123456789", transport=answer, rate_limit=limit, **stores
        )

    gaps = anyio.run(gaps_of, opened, server)
    return Figure(f"{kind} stopped: longest gap of an event loop", 1000 * max(gaps), "ms", 50)


def _outage(redis: Server) -> Iterator[Figure]:
    def kill() -> None:
        redis.kill()
        time.sleep(OUTAGE)
        redis.start()

    yield from _while_away("Redis killed", [redis.url] * MACHINES, kill)


def _cut_off(redis: Server) -> Iterator[Figure]:
    cable = Cable(redis.port)

    def cut() -> None:
        cable.cut()
        time.sleep(OUTAGE)
        cable.mend()

    others = [redis.url] * (MACHINES - 1)
    try:
        yield from _while_away("one machine cut off", [cable.through(redis.url), *others], cut)
    finally:
        cable.close()


def _while_away(name: str, urls: list[str], outage: Callable[[], None]) -> Iterator[Figure]:
    """Measure machines with a share each, whose stores have these *urls*, in an *outage*."""
    with counting("rolling") as server:
        machines = [
            _machine(number, server, url, 1 / MACHINES, 3 * EACH) for number, url in enumerate(urls)
        ]
        _start(machines)
        time.sleep(2 * PER)
        away = time.monotonic()
        outage()
        back = time.monotonic()
        _finish(machines)
    during = sum(away <= moment < back for moment in server.times)
    refused = 100 * len(server.refused) / (len(server.times) + len(server.refused))
    yield Figure(f"{name}, with shares: refused", refused, "%", 2)
    lost = 100 * (1 - during / ((back - away) / PER * LIMIT))
    yield Figure(f"{name}, with shares: speed lost meanwhile", lost, "%", 10)


@contextmanager
def counting(window: Window) -> Iterator[CountingServer]:
    server = CountingServer(LIMIT, PER, window)
    try:
        yield server
    finally:
        server.close()


def _machine(
    number: int, server: CountingServer, url: str, share: float, each: int
) -> subprocess.Popen[bytes]:
    given = [number, server.url, url, LIMIT, PER, share, each, THREADS]
    command = [sys.executable, "-c", _MACHINE, *map(str, given)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _start(machines: list[subprocess.Popen[bytes]]) -> None:
    """Let all begin together, once each has reached its store."""
    for machine in machines:
        assert machine.stdout is not None
        assert machine.stdout.readline() == b"ready\n"
        machine.stdout.close()
    for machine in machines:
        assert machine.stdin is not None
        machine.stdin.write(b"\n")
        machine.stdin.flush()


def _finish(machines: list[subprocess.Popen[bytes]]) -> None:
    assert [machine.wait(120) for machine in machines] == [0] * len(machines)


def _jain(server: CountingServer) -> float:
    """Jain's index of what each machine had done when the first of them had done all."""
    first = min(times[-1] for times in server.by_user.values())
    done = [sum(moment <= first for moment in times) for times in server.by_user.values()]
    return fmean(done) ** 2 / fmean(count**2 for count in done)


def main() -> int:
    """Measure and print; 1 when a goal was missed."""
    found = list(figures())
    print(table(found))
    return int(any(figure.reached == "NO" for figure in found))


if __name__ == "__main__":
    sys.exit(main())
