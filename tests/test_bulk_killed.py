"""Bulk and `kill -9`: however often a run is killed, each item is done exactly once in the end.

The provider is a fake behind a server on this machine; see `served`.
"""

from __future__ import annotations

import json
import math
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client
from subhub.plugin import Provider
from tests.served import PATIENCE, PHONE, Serve, Served, compiled, server_provider, serving, sold


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve the fake of a provider, without its rate limit, with waits of a seed."""
    with serving() as serve:
        yield serve


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


def kill(job: Job, chance: random.Random, within: int, *, hold: bool) -> int:
    """Kill a run *within* so many changes, and return how many changes were left unanswered."""
    program = job.start()
    assert program.stdout is not None
    _ = program.stdout.readline()
    looking = chance.choice([5, 40, math.inf])  # or while it looks what was done
    return job.server.kill(program, chance, within, requests=looking, hold=hold)


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

    within = 2 * items // kills
    unanswered = [kill(job, chance, within, hold=number % 2 == 0) for number in range(kills)]
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


@pytest.mark.parametrize(
    ("kind", "items", "kills", "seed"),
    [
        ("sync", 40, 1, 7),
        pytest.param("sync", 400, 20, 10, marks=pytest.mark.slow),
        pytest.param("async", 400, 20, 11, marks=pytest.mark.slow),
    ],
)
def test_several_programs_work_on_the_same_job_and_are_killed(
    serve: Serve, tmp_path: Path, kind: str, items: int, kills: int, seed: int
) -> None:
    server = serve(Afternoon, seed)
    server.slowness = (0.05, 0.1)
    job = Job(server, tmp_path, kind, items, external_ids=True)
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    programs = [(job.start(), job.runs) for _ in range(2)]
    unanswered = 0
    for kill in range(kills):
        number = chance.randrange(len(programs))
        unanswered += server.kill(programs[number][0], chance, 20, hold=kill % 2 == 0)
        programs[number] = (job.start(), job.runs)
    for program, _ in programs:
        _, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0, errors

    assert unanswered > 0, "no kill came between a change and its response: nothing is proven"
    for _, run in programs:  # each has a result for each item, whoever did it
        reported = job.reported(run)
        assert sorted(result[0] for result in reported) == list(range(items))
        assert [result for result in reported if result[1] is not None] == []
    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (items, {1})
    assert (len(subscribed), set(subscribed.values())) == (items, {1})
    assert job.open() == 0


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
        unanswered += server.kill(program, chance, 90, hold=number % 2 == 0)
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


@pytest.mark.slow
def test_two_commands_work_on_the_same_file(serve: Serve, tmp_path: Path) -> None:
    server = serve(MijnKlantportaal, 12)
    job = Job(server, tmp_path, "", 60)
    _ = (tmp_path / "subhub.toml").write_text(ACCOUNT.format(**job.account), "utf-8")
    rows = [f"P {number},p{number}@test.com,Street 1,1234AB,Amsterdam" for number in range(60)]
    _ = (tmp_path / "people.csv").write_text(
        "\n".join(["name,email,address,postal_code,city", *rows]), "utf-8"
    )
    words = ["subscribe", "--from", "people.csv", "--plan", job.plan, "--json"]
    first = command(tmp_path, *words)
    assert server.reached(10, 10**9, lambda: first.poll() is None)
    server.answering.clear()  # until the second one has started with items of its own
    time.sleep(0.5)
    asked = server.requests + 10
    second = command(tmp_path, *words, "--resume", "--result", "second.csv")
    assert server.reached(10**9, asked, lambda: second.poll() is None)
    server.answering.set()
    summaries: list[dict[str, Any]] = []
    for program in (first, second):
        reported, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0, errors
        summaries.append(json.loads(reported))
    assert sum(summary["done"] for summary in summaries) == 60
    assert [summary["done"] + summary["done_earlier"] for summary in summaries] == [60, 60]
    assert summaries[1]["done"] > 0
    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (60, {1})
    assert (len(subscribed), set(subscribed.values())) == (60, {1})


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
