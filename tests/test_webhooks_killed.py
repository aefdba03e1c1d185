"""Receivers of webhooks and `kill -9`: what must happen once for an event happens once.

A provider delivers each event up to three times, and again when it is not answered. Two processes
receive them, and sell something for each event, at another provider whose books say how often. They
are killed at random. The same run without `once` shows that there was something to prevent.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
import textwrap
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from subhub_afternoon import Afternoon

from subhub import Client
from tests.events.hooked import HOOK
from tests.served import PATIENCE, PHONE, Serve, Served, compiled, serving, sold
from tests.webhooks.shop import STRIPE

RECEIVER = """
    import json
    import sys
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from subhub import Client, CustomerDraft, InProgress, OutcomeUnknown, RateLimit, WebhookRefused
    from tests.events.hooked import Hooked

    task = json.loads(sys.argv[1])
    hooks = Client(Hooked, api_key="test_1", webhook_secrets=[task["secret"]])
    billing = Client(**task["account"], rate_limit=RateLimit(100000, per=1.0))


    def sell(client, event):
        customer = CustomerDraft(
            name=event.key, email=f"{event.key}@test.com", country="NL", external_id=event.key
        )
        return client.subscribe(plan=task["plan"], customer=customer)


    def handle(event):
        if task["once"]:
            billing.once("hooks", event.key, lambda c: sell(c, event), grace_period=0.2)
        else:
            sell(billing, event)


    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(self.receive(body))
            self.send_header("content-length", "0")
            self.end_headers()

        def receive(self, body):
            try:
                for event in hooks.webhooks.read(self.path, list(self.headers.items()), body):
                    handle(event)
            except WebhookRefused as refused:
                return refused.status
            except (InProgress, OutcomeUnknown):
                return 503  # it is delivered again
            return 204

        def log_message(self, *args):
            pass


    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 100


    server = Server(("127.0.0.1", task["port"]), Receiver)
    print(server.server_port, flush=True)
    server.serve_forever()
"""


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as serve:
        yield serve


class Receivers:
    """Processes that receive webhooks; each that is killed is started again, on its port."""

    def __init__(self, folder: Path, task: dict[str, Any], count: int) -> None:
        self._folder, self._task = folder, task
        self._processes = [self._start(0) for _ in range(count)]
        self.urls = [f"http://127.0.0.1:{self._port(one)}/hooks/x" for one in self._processes]

    def kill(self, number: int) -> None:
        self._processes[number].kill()
        _ = self._processes[number].communicate(timeout=PATIENCE)
        self._processes[number] = self._start(int(self.urls[number].split(":")[2].split("/")[0]))
        _ = self._port(self._processes[number])

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            _ = process.communicate(timeout=PATIENCE)

    def _start(self, port: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                textwrap.dedent(RECEIVER),
                json.dumps(self._task | {"port": port}),
            ],
            env=compiled(self._folder),
            stdout=subprocess.PIPE,
            text=True,
        )

    def _port(self, process: subprocess.Popen[str]) -> int:
        assert process.stdout is not None
        return int(process.stdout.readline())


class Deliveries:
    """What a provider delivers: each event up to three times, and again until it is answered."""

    def __init__(self, events: int, chance: random.Random) -> None:
        self._chance = chance
        self.due = deque(
            f"evt_{number}" for number in range(events) for _ in range(chance.randint(1, 3))
        )
        chance.shuffle(self.due)
        self.repeated = 0

    def work(self, urls: list[str]) -> None:
        """Deliver what is due until nothing is."""
        until = time.monotonic() + PATIENCE
        with httpx.Client(timeout=10) as provider:
            while self.due:
                assert time.monotonic() < until
                try:
                    key = self.due.popleft()
                except IndexError:  # another thread took the last one
                    return
                if not self._delivered(provider, self._chance.choice(urls), key):
                    self.repeated += 1
                    self.due.append(key)
                    time.sleep(0.02)

    def _delivered(self, provider: httpx.Client, url: str, key: str) -> bool:
        body = json.dumps({"id": key, "data": {"id": "sub_1", "status": "active"}}).encode()
        headers = STRIPE.sign(body, HOOK, at=dt.datetime.now(dt.UTC))
        try:
            status = provider.post(url, content=body, headers=headers).status_code
        except httpx.TransportError:
            return False  # the receiver was killed
        assert status in {204, 503}, status
        return status == 204


def run(
    server: Served, folder: Path, events: int, kills: int, chance: random.Random, *, once: bool
) -> dict[str, Any]:
    """Deliver the events while receivers are killed; return the account that sold."""
    account: dict[str, Any] = {
        "provider": "afternoon",
        "api_key": server.fake.api_key,
        "base_url": server.address,
        "journal": str(folder / "journal.db"),
    }
    plan = server.fake.add_plan("phone", PHONE)
    task = {"account": account, "plan": plan, "secret": HOOK, "once": once}
    receivers = Receivers(folder, task, 2)
    deliveries = Deliveries(events, chance)
    killed = 0
    with ThreadPoolExecutor(8) as threads:
        try:
            working = [threads.submit(deliveries.work, receivers.urls) for _ in range(8)]
            first = server.changes
            for number in range(kills):
                due = first + events * number // kills  # spread over all of them
                if server.reached(due + 1, 10**9, lambda: any(not one.done() for one in working)):
                    time.sleep(chance.uniform(0, 0.03))
                    receivers.kill(chance.randrange(2))
                    killed += 1
            for one in working:
                one.result(PATIENCE)
        finally:
            receivers.close()
    assert killed == kills
    return account


@pytest.mark.parametrize(
    ("events", "kills", "seed"), [(16, 2, 1), pytest.param(400, 30, 2, marks=pytest.mark.slow)]
)
def test_each_event_has_its_effect_exactly_once(
    serve: Serve, tmp_path: Path, events: int, kills: int, seed: int
) -> None:
    chance, server = random.Random(seed), serve(Afternoon, seed)  # noqa: S311 - not for secrets
    account = run(server, tmp_path, events, kills, chance, once=True)

    with Client(**account) as billing:
        assert billing.open_intents() == []
    people, subscribed = sold(server)
    assert people == Counter(f"evt_{number}@test.com" for number in range(events))
    assert sorted(subscribed.values()) == [1] * events


@pytest.mark.slow
def test_without_once_some_events_have_it_twice(serve: Serve, tmp_path: Path) -> None:
    chance, server = random.Random(3), serve(Afternoon, 3)  # noqa: S311 - not for secrets
    _ = run(server, tmp_path, 24, 1, chance, once=False)

    _, subscribed = sold(server)
    assert max(subscribed.values()) > 1
