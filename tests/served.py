"""A fake behind a server on this machine, for programs that are killed.

It is in the process of the test. It carries out a change, waits a little, and answers then; so a
kill hits between the two as well.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client, Interval, Money, PlanDraft
from subhub.plugin import Provider
from subhub.sandbox import Fake

PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
PATIENCE = 120.0
"""Seconds after which a program is taken to hang."""


class Served(ThreadingHTTPServer):
    """A fake on a port of this machine, which counts the changes that it has not answered yet."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fake: Fake, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        fake.site = f"http://127.0.0.1:{self.server_address[1]}"
        fake.enforce_limits = False
        self.fake = fake
        self.chance = random.Random(seed)  # noqa: S311 - not for secrets
        self.slowness = (0.005, 0.02)  # seconds from a change to its answer
        self.ahead = dt.timedelta()  # how far its clock is ahead of the machine's
        self.losing = 0.0  # how likely the answer to a change is lost, after or before it is made
        self.lost = 0
        self.progress = threading.Condition()
        self.requests = 0
        self.changes = 0
        self.unanswered = 0
        self.held_from = math.inf  # which change is the first that is not answered yet
        self.answering = threading.Event()
        self.answering.set()

    @property
    def address(self) -> str:
        return self.fake.site + self.fake.prefix

    def reached(self, change: float, request: float, living: Callable[[], bool]) -> bool:
        """Wait for so many changes, or so many requests, and return whether they came."""
        with self.progress:
            while self.changes < change and self.requests < request and living():
                _ = self.progress.wait(0.05)
            return self.changes >= change or self.requests >= request

    def kill(
        self,
        program: subprocess.Popen[str],
        chance: random.Random,
        within: int,
        *,
        requests: float = math.inf,
        hold: bool,
    ) -> int:
        """Kill a program *within* so many changes, and return how many were not answered.

        With *hold* at least one was not, if the program was still running: its answer waits for the
        kill, which a busy machine delays. Without, a kill comes at any other moment too, and at the
        latest after so many *requests*.
        """
        change = self.changes + chance.randint(1, within)
        request = math.inf if hold else self.requests + requests
        with self.progress:
            self.held_from = change if hold else math.inf
        _ = self.reached(change, request, lambda: program.poll() is None)
        time.sleep(chance.uniform(0, 0.02))
        program.kill()
        with self.progress:  # before it answers the dead
            unanswered = self.unanswered
            self.held_from = math.inf
            self.progress.notify_all()
        _, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode in {0, -signal.SIGKILL}, errors
        assert "Error" not in errors, errors
        return unanswered

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the client was killed
            super().handle_error(request, client_address)


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer goes out whole

    @property
    def served(self) -> Served:
        assert isinstance(self.server, Served)
        return self.server

    def do_GET(self) -> None:
        self._count(request=1)
        self._respond(*self._carried_out())

    def do_POST(self) -> None:
        self._count(request=1)
        _ = self.served.answering.wait(PATIENCE)
        time.sleep(self.served.chance.uniform(0, 0.003))
        loses = self.served.chance.random() < self.served.losing
        if loses and self.served.chance.random() < 0.5:
            return self._lose()
        status, content = self._carried_out()
        if loses:
            return self._lose()
        self._count(change=1, unanswered=1)
        try:
            time.sleep(self.served.chance.uniform(*self.served.slowness))
            self._wait_until_released()
            self._respond(status, content)
        finally:
            self._count(unanswered=-1)

    do_DELETE = do_PATCH = do_POST  # noqa: N815 - the names that http.server calls

    def date_time_string(self, timestamp: float | None = None) -> str:
        del timestamp
        return format_datetime(self.served.fake.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def _lose(self) -> None:
        self.served.lost += 1
        self.close_connection = True

    def _wait_until_released(self) -> None:
        served = self.served
        with served.progress:
            _ = served.progress.wait_for(lambda: served.changes < served.held_from, PATIENCE)

    def _carried_out(self) -> tuple[int, bytes]:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        present = dt.datetime.now(dt.UTC) + self.served.ahead
        self.served.fake.clock.reach(present)  # as that of the `Date` of its answers
        reply = self.served.fake.handle(self.command, self.path, dict(self.headers), content)
        return reply.status, reply.content

    def _respond(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        _ = self.wfile.write(content)
        self.wfile.flush()

    def _count(self, request: int = 0, change: int = 0, unanswered: int = 0) -> None:
        with self.served.progress:
            self.served.requests += request
            self.served.changes += change
            self.served.unanswered += unanswered
            self.served.progress.notify_all()


Serve = Callable[[type[Provider], int], Served]


@contextmanager
def serving() -> Generator[Serve]:
    """Serve the fake of a provider, without its rate limit, with waits of a seed."""
    running: list[tuple[Served, threading.Thread]] = []

    def serve(provider: type[Provider], seed: int) -> Served:
        server = Served(provider.sandbox(), seed)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        running.append((server, thread))
        thread.start()
        return server

    yield serve
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def compiled(folder: Path) -> dict[str, str]:
    """An environment in which a program that is started again is not compiled again."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    _ = environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def server_provider(server: Served) -> str:
    return "afternoon" if type(server.fake).__module__.startswith("subhub_afternoon") else PORTAL


PORTAL = "mijnklantportaal"


def sold(server: Served) -> tuple[Counter[str], Counter[str]]:
    """Return how many customers each address has, and how many subscriptions each customer."""
    server.fake.site = ""  # asked without the server, it answers in the provider's own name
    provider = MijnKlantportaal if server_provider(server) == PORTAL else Afternoon
    with Client(provider, sandbox=server.fake) as billing:
        people = Counter(str(customer.email) for customer in billing.list_customers())
        return people, Counter(
            str(subscription.customer_id) for subscription in billing.list_subscriptions()
        )
