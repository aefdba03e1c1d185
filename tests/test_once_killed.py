"""Once and `kill -9`: workers of a queue, several at a time, which get each task until it is done.

A queue delivers a task again when its worker died, and sometimes to two workers at a time. The
tests do the same: what a killed worker has not acknowledged is given to the next one.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client
from subhub.plugin import Provider
from tests.served import PATIENCE, PHONE, Serve, Served, compiled, server_provider, serving, sold

WORKER = """
    import asyncio
    import json
    import random
    import sys
    import threading
    import time
    from pathlib import Path

    from subhub import AsyncClient, Client, CustomerDraft, InProgress, JournalError, RateLimit

    task = json.loads(sys.argv[1])
    queue = list(task["items"])
    random.Random(task["seed"]).shuffle(queue)
    account = {**task["account"], "rate_limit": RateLimit(100000, per=1.0)}
    grace = task["grace_period"]
    paused = Path(task["paused"])

    def sale(number):
        return {
            "plan": task["plan"],
            "customer": CustomerDraft(
                name=f"Person {number}",
                email=f"person{number}@test.com",
                address="Teststreet 123",
                postal_code="1234AB",
                city="Amsterdam",
                country="NL",
                external_id=f"ours_{number}" if task["external_ids"] else None,
            ),
        }

    def acknowledge(number):
        acknowledged.write(f"{number}\\n")
        acknowledged.flush()

    def in_threads():
        def work():
            while queue:
                while paused.exists():
                    time.sleep(0.01)
                try:
                    number = queue.pop()
                except IndexError:
                    return
                call = lambda billing: billing.subscribe(**sale(number))
                try:
                    if task["once"]:
                        billing.once("move", str(number), call, grace_period=grace)
                    else:
                        call(billing)
                except (InProgress, JournalError):
                    queue.insert(0, number)
                    time.sleep(0.02)
                else:
                    acknowledge(number)

        with Client(**account) as billing:
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    async def in_tasks():
        async def work():
            while queue:
                while paused.exists():
                    await asyncio.sleep(0.01)
                if not queue:
                    return
                number = queue.pop()
                call = lambda billing: billing.subscribe(**sale(number))
                try:
                    await billing.once("move", str(number), call, grace_period=grace)
                except (InProgress, JournalError):
                    queue.insert(0, number)
                    await asyncio.sleep(0.02)
                else:
                    acknowledge(number)

        async with AsyncClient(**account) as billing:
            await asyncio.gather(*[work() for _ in range(4)])

    with open(task["acknowledged"], "a", encoding="utf-8") as acknowledged:
        print("started", flush=True)
        if task["kind"] == "sync":
            in_threads()
        else:
            asyncio.run(in_tasks())
"""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve the fake of a provider, without its rate limit, with waits of a seed."""
    with serving() as serve:
        yield serve


class Queue:
    """Tasks to sell something to a customer each, and the workers that have them.

    Args:
        server: The provider.
        folder: Where the journal is, and what workers have acknowledged.
        items: How many tasks there are.
        workers: How many workers there are at a time.
        once: Whether the workers use `once`. If not, each has tasks of its own.
        task: What else a worker is told.
    """

    def __init__(
        self, server: Served, folder: Path, items: int, workers: int, *, once: bool, **task: Any
    ) -> None:
        self.server = server
        server.slowness = (0.05, 0.1)  # more than a kill takes, on a machine that is not busy
        self.account: dict[str, Any] = {
            "provider": server_provider(server),
            "api_key": server.fake.api_key,
            "base_url": server.address,
            "journal": str(folder / "journal.db"),
            **task.pop("account", {}),
        }
        self._folder = folder
        self._paused = folder / "paused"  # while it exists, no worker takes a task
        self._once = once
        self._items = items
        self._task = {
            "kind": "sync",
            "plan": server.fake.add_plan("phone", PHONE),
            "account": self.account,
            "external_ids": server_provider(server) == "afternoon",
            "grace_period": 0.1,
            "once": once,
            "paused": str(self._paused),
            **task,
        }
        self._started = 0
        self.workers = [self._start(number, workers) for number in range(workers)]

    def kill(self, chance: random.Random, *, hold: bool) -> int:
        """Kill a worker in the middle, start another, and return how many changes were open."""
        number = chance.randrange(len(self.workers))
        requests = chance.choice([5, 40, math.inf])
        worker = self.workers[number]
        unanswered = self.server.kill(worker, chance, 12, requests=requests, hold=hold)
        self.workers[number] = self._start(number, len(self.workers))
        return unanswered

    def finish(self) -> None:
        """Wait until the tasks are done."""
        for worker in self.workers:
            _, errors = worker.communicate(timeout=PATIENCE)
            assert worker.returncode == 0, errors
            assert "Error" not in errors, errors

    def close(self) -> None:
        """End the workers that are left, after a failure."""
        for worker in self.workers:
            worker.kill()
            _ = worker.communicate(timeout=PATIENCE)

    def open(self) -> int:
        """Return the number of open changes in the journal."""
        with Client(**self.account) as billing:
            return len(billing.open_intents())

    def _start(self, number: int, workers: int) -> subprocess.Popen[str]:
        self._started += 1
        done = self._acknowledged()
        tasks = range(self._items) if self._once else range(number, self._items, workers)
        task = {
            **self._task,
            "seed": self._started,
            "items": [item for item in tasks if item not in done],
            "acknowledged": str(self._folder / f"{self._started}.done"),
        }
        self._paused.touch()  # or the others do all of the tasks before this one has started
        worker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), json.dumps(task)],
            env=compiled(self._folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert worker.stdout is not None
        _ = worker.stdout.readline()
        self._paused.unlink()
        return worker

    def _acknowledged(self) -> set[int]:
        lines = [file.read_text("utf-8").splitlines() for file in self._folder.glob("*.done")]
        return {int(line) for found in lines for line in found}


def killed_repeatedly(queue: Queue, kills: int, seed: int) -> None:
    """Kill workers, see to it that kills hit changes on their way, and wait for the rest."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    try:
        unanswered = [queue.kill(chance, hold=number % 2 == 0) for number in range(kills)]
        queue.finish()
    finally:
        queue.close()
    hits = sum(map(bool, unanswered))
    # half of them are held, and some come when the work is done
    assert hits >= kills // 4, f"only {hits} kills came between a change and its response"


@pytest.mark.parametrize(
    ("provider", "kind", "items", "workers", "kills", "seed"),
    [
        (Afternoon, "sync", 16, 2, 2, 1),
        pytest.param(Afternoon, "sync", 400, 4, 24, 2, marks=pytest.mark.slow),
        pytest.param(Afternoon, "async", 400, 4, 24, 3, marks=pytest.mark.slow),
        pytest.param(MijnKlantportaal, "sync", 300, 3, 20, 4, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_each_task_is_done_once_however_often_its_workers_are_killed(
    serve: Serve,
    tmp_path: Path,
    provider: type[Provider],
    kind: str,
    items: int,
    workers: int,
    kills: int,
    seed: int,
) -> None:
    server = serve(provider, seed)
    queue = Queue(server, tmp_path, items, workers, once=True, kind=kind)
    killed_repeatedly(queue, kills, seed)

    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (items, {1})
    assert (len(subscribed), set(subscribed.values())) == (items, {1})
    assert queue.open() == 0


@pytest.mark.slow
def test_without_once_some_tasks_are_done_twice(serve: Serve, tmp_path: Path) -> None:
    """The test above can fail: these workers have tasks of their own, and are killed as often."""
    for seed in (5, 6, 7):  # on a busy machine, few kills may hit a change on its way
        server, folder = serve(MijnKlantportaal, seed), tmp_path / str(seed)
        folder.mkdir()
        killed_repeatedly(Queue(server, folder, 300, 3, once=False), 20, seed)

        people, _ = sold(server)
        assert len(people) == 300
        if sum(people.values()) > 300:
            return
    pytest.fail("nothing was done twice")
