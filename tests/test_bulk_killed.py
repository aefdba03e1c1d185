"""Bulk and `kill -9`: however often a run is killed, each item is done exactly once in the end.

The provider is a fake behind a server on this machine, in the process of the test. It carries out a
change, waits a little, and answers then; so a kill hits between the two as well.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
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
        self.progress = threading.Condition()
        self.requests = 0
        self.changes = 0
        self.unanswered = 0
        self.answering = threading.Event()
        self.answering.set()

    @property
    def address(self) -> str:
        return self.fake.site + self.fake.prefix

    def reached(self, change: int, request: int, living: Callable[[], bool]) -> bool:
        """Wait for so many changes, or so many requests, and return whether they came."""
        with self.progress:
            while self.changes < change and self.requests < request and living():
                _ = self.progress.wait(0.05)
            return self.changes >= change or self.requests >= request

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
        status, content = self._carried_out()
        self._count(change=1, unanswered=1)
        try:
            time.sleep(self.served.chance.uniform(0.005, 0.02))
            self._respond(status, content)
        finally:
            self._count(unanswered=-1)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def _carried_out(self) -> tuple[int, bytes]:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.served.fake.clock.reach(
            dt.datetime.now(dt.UTC)
        )  # as that of the `Date` of its answers
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


@pytest.fixture
def serve() -> Iterator[Serve]:
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


PROGRAM = """
    import asyncio
    import json
    import signal
    import sys

    from subhub import AsyncClient, Client, CustomerDraft, RateLimit

    task = json.loads(sys.argv[1])

    def person(number):
        return CustomerDraft(
            name=f"Person {number}",
            email=f"person{number}@test.com",
            address="Teststreet 123",
            postal_code="1234AB",
            city="Amsterdam",
            country="NL",
            external_id=f"{task['job']}_{number}" if task["external_ids"] else None,
        )

    def report(result):
        error = repr(result.error) if result.error else None
        out.write(json.dumps([result.item, error, result.earlier, result.object_id]) + "\\n")
        out.flush()

    def items():
        print("started", flush=True)
        yield from range(task["items"])

    account = {**task["account"], "rate_limit": RateLimit(100000, per=1.0)}
    options = {"in_flight": task["in_flight"], "job": task["job"], "key": str, "grace_period": 0.1}

    def in_threads():
        with Client(**account) as billing:
            sell = lambda item: billing.subscribe(plan=task["plan"], customer=person(item))
            with billing.bulk(sell, items(), **options) as results:
                signal.signal(signal.SIGTERM, lambda *_: results.stop())
                for result in results:
                    report(result)

    async def in_tasks():
        async with AsyncClient(**account) as billing:
            async def sell(item):
                return await billing.subscribe(plan=task["plan"], customer=person(item))
            async with billing.bulk(sell, items(), **options) as results:
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, results.stop)
                async for result in results:
                    report(result)

    with open(task["reported"], "a", encoding="utf-8") as out:
        if task["kind"] == "sync":
            in_threads()
        else:
            asyncio.run(in_tasks())
"""


class Job:
    """A bulk job for a number of new customers, run by a program of its own."""

    def __init__(self, server: Served, folder: Path, kind: str, items: int, **task: Any) -> None:
        self.server = server
        self.items = items
        self.account: dict[str, Any] = {
            "provider": server_provider(server),
            "api_key": server.fake.api_key,
            "base_url": server.address,
            "journal": str(folder / "journal.db"),
        }
        self.plan = server.fake.add_plan("phone", PHONE)
        self._folder = folder
        self._runs = 0
        self._task = {
            "kind": kind,
            "items": items,
            "in_flight": 10,
            "job": "move",
            "plan": self.plan,
            "account": self.account,
            "external_ids": False,
            **task,
        }

    def start(self) -> subprocess.Popen[str]:
        """Start or resume the job."""
        self._runs += 1
        task = {**self._task, "reported": str(self._report(self._runs))}
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), json.dumps(task)],
            env=compiled(self._folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> list[list[Any]]:
        """Run it to its end, and return what it reported."""
        program = self.start()
        _, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0, errors
        return self.reported(self._runs)

    def reported(self, run: int) -> list[list[Any]]:
        """Return what a run reported: [item, error, earlier, object id] of each whole line."""
        lines = self._report(run).read_text("utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def reported_before(self, run: int) -> set[int]:
        return {reported[0] for earlier in range(1, run) for reported in self.reported(earlier)}

    @property
    def runs(self) -> int:
        return self._runs

    def open(self) -> int:
        """Return the number of open changes in the journal."""
        with Client(**self.account) as billing:
            return len(billing.open_intents())

    def _report(self, run: int) -> Path:
        return self._folder / f"{self._task['job']}-{run}.jsonl"


def compiled(folder: Path) -> dict[str, str]:
    """An environment in which a program that is started again is not compiled again."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    _ = environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def server_provider(server: Served) -> str:
    return "afternoon" if type(server.fake).__module__.startswith("subhub_afternoon") else PORTAL


PORTAL = "mijnklantportaal"


def kill(job: Job, chance: random.Random, within: int) -> int:
    """Kill a run *within* so many changes, and return how many changes were left unanswered."""
    server = job.server
    program = job.start()
    assert program.stdout is not None
    try:
        _ = program.stdout.readline()
        change = server.changes + chance.randint(1, within)
        request = server.requests + chance.choice([5, 40, 10**9])  # or while it looks what was done
        running = server.reached(change, request, lambda: program.poll() is None)
        time.sleep(chance.uniform(0, 0.02))
    finally:
        program.kill()
        with server.progress:  # now, because the server goes on answering the dead
            unanswered = server.unanswered
        _, errors = program.communicate(timeout=PATIENCE)
    assert running or program.returncode == 0, errors
    assert "Error" not in errors, errors
    return unanswered


def sold(server: Served) -> tuple[Counter[str], Counter[str]]:
    """Return how many customers each address has, and how many subscriptions each customer."""
    server.fake.site = ""  # asked without the server, it answers in the provider's own name
    provider = MijnKlantportaal if server_provider(server) == PORTAL else Afternoon
    with Client(provider, sandbox=server.fake) as billing:
        people = Counter(str(customer.email) for customer in billing.list_customers())
        return people, Counter(
            str(subscription.customer_id) for subscription in billing.list_subscriptions()
        )


@pytest.mark.parametrize(
    ("provider", "kind", "items", "kills", "seed"),
    [
        (Afternoon, "sync", 60, 2, 9),
        pytest.param(MijnKlantportaal, "sync", 1000, 8, 1, marks=pytest.mark.slow),
        pytest.param(MijnKlantportaal, "async", 1000, 8, 2, marks=pytest.mark.slow),
        pytest.param(Afternoon, "sync", 300, 8, 3, marks=pytest.mark.slow),
        pytest.param(Afternoon, "async", 300, 8, 4, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_run_that_is_killed_repeatedly_does_each_item_once(
    serve: Serve,
    tmp_path: Path,
    provider: type[Provider],
    kind: str,
    items: int,
    kills: int,
    seed: int,
) -> None:
    server = serve(provider, seed)
    job = Job(server, tmp_path, kind, items, external_ids=provider is Afternoon)
    chance = random.Random(seed)  # noqa: S311 - not for secrets

    unanswered = [kill(job, chance, 2 * items // kills) for _ in range(kills)]
    last = job.finish()

    assert sum(unanswered) > 0, "no kill came between a change and its response: nothing is proven"
    assert [reported for reported in last if reported[1] is not None] == []
    assert sorted(reported[0] for reported in last) == list(range(items))
    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (items, {1})
    assert (len(subscribed), set(subscribed.values())) == (items, {1})
    assert job.open() == 0
    for run in range(2, job.runs + 1):  # what a run skips was reported by an earlier one
        skipped = {reported[0] for reported in job.reported(run) if reported[2]}
        assert skipped <= job.reported_before(run)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, -signal.SIGINT)])
def test_a_run_that_is_signalled_to_end_leaves_nothing_open(
    serve: Serve, tmp_path: Path, kind: str, number: signal.Signals, code: int
) -> None:
    server = serve(MijnKlantportaal, 5)
    job = Job(server, tmp_path, kind, 60)
    program = job.start()
    assert server.reached(20, 10**9, lambda: program.poll() is None)
    program.send_signal(number)
    _, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == code, errors
    assert 0 < len(sold(server)[0]) < 60
    assert job.open() == 0

    server.fake.site = job.account["base_url"].removesuffix(server.fake.prefix)
    assert [reported[1] for reported in job.finish()] == [None] * 60
    people, subscribed = sold(server)
    assert (set(people.values()), set(subscribed.values())) == ({1}, {1})
    assert (len(people), len(subscribed)) == (60, 60)


@pytest.mark.slow
def test_two_programs_share_a_journal_with_a_job_each(serve: Serve, tmp_path: Path) -> None:
    server = serve(Afternoon, 6)
    jobs = [Job(server, tmp_path, "sync", 60, job=name, external_ids=True) for name in "ab"]
    programs = [job.start() for job in jobs]
    for program in programs:
        _, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0, errors
    for job in jobs:
        assert sorted(reported[0] for reported in job.reported(1)) == list(range(60))
        assert [reported[1] for reported in job.reported(1)] == [None] * 60
        assert job.open() == 0
    assert sum(sold(server)[1].values()) == 120


@pytest.mark.slow
def test_two_programs_cannot_work_on_the_same_job(serve: Serve, tmp_path: Path) -> None:
    server = serve(MijnKlantportaal, 7)
    job = Job(server, tmp_path, "sync", 40)
    server.answering.clear()
    first = job.start()
    assert first.stdout is not None
    assert first.stdout.readline() == "started\n"
    second = job.start()
    _, refused = second.communicate(timeout=PATIENCE)
    server.answering.set()
    _, errors = first.communicate(timeout=PATIENCE)
    assert (first.returncode, second.returncode) == (0, 1), errors
    assert "another process is working on the job 'move'" in refused
    people, subscribed = sold(server)
    assert (sum(people.values()), sum(subscribed.values())) == (40, 40)


ACCOUNT = """
[accounts.main]
provider = "mijnklantportaal"
api_key = "{api_key}"
base_url = "{base_url}"
rate_limit = "100000 per 1"
"""


@pytest.mark.slow
def test_a_command_that_is_killed_can_be_resumed(serve: Serve, tmp_path: Path) -> None:
    server = serve(MijnKlantportaal, 8)
    job = Job(server, tmp_path, "", 200)
    _ = (tmp_path / "subhub.toml").write_text(ACCOUNT.format(**job.account), "utf-8")
    rows = [
        f"p{number},P {number},p{number}@test.com,Street 1,1234AB,Amsterdam"
        for number in range(200)
    ]
    head = "key,name,email,address,postal_code,city"
    _ = (tmp_path / "people.csv").write_text("\n".join([head, *rows]), "utf-8")
    words = ["subscribe", "--from", "people.csv", "--plan", job.plan, "--grace-period", "0.1"]
    chance = random.Random(8)  # noqa: S311 - not for secrets
    unanswered = 0
    for number in range(4):
        program = command(tmp_path, *words, *(["--resume"] if number else []))
        change = server.changes + chance.randint(20, 90)
        assert server.reached(change, 10**9, lambda: program.poll() is None)  # noqa: B023
        time.sleep(chance.uniform(0, 0.02))
        program.kill()
        _ = program.communicate(timeout=PATIENCE)
        with server.progress:
            unanswered += server.unanswered
    last = command(tmp_path, *words, "--resume", "--json")
    reported, errors = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, errors
    summary = json.loads(reported)

    assert unanswered > 0, "no kill came between a change and its response: nothing is proven"
    assert summary["done"] + summary["done_earlier"] == summary["rows"] == 200
    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (200, {1})
    assert (len(subscribed), set(subscribed.values())) == (200, {1})
    lines = (tmp_path / "people.results.csv").read_text("utf-8").splitlines()
    done = [line.split(",")[1] for line in lines if ",done" in line]
    assert sorted(done) == sorted(f"p{number}" for number in range(200))


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    """The program `subhub`, at work in *folder*."""
    return subprocess.Popen(
        [sys.executable, "-c", "from subhub.cli import main; main()", *words],
        cwd=folder,
        env=compiled(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
