"""Once in the tasks of real queues: Celery on Redis, Procrastinate and DBOS on PostgreSQL.

Their workers are killed, connections to PostgreSQL are cut, and PostgreSQL crashes. The queues
deliver a task again, as they document it: Celery when it was not acknowledged in time,
Procrastinate when the worker that has it gives no sign of life, DBOS when a worker of the same name
is started. What a queue lost is sent again, as docs/scaling.md says. The provider's own books say
how often something was sold. The same run without `once` shows that there was something to prevent.

    uv run --group queues pytest -m "" -s tests/stores/test_stores_queues.py
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest
from subhub_afternoon import Afternoon

from subhub import Client, RateLimit
from tests.served import PHONE, Serve, Served, compiled, serving, sold
from tests.stores.conftest import running
from tests.stores.servers import PostgreSQLServer, RedisServer, Server, redis_at
from tests.stores.test_stores_once import CUT

PATIENCE = 540.0
"""Seconds for a whole run."""
TASKS = """
    import asyncio
    import json
    import os

    from subhub import Client, CustomerDraft, RateLimit
    from subhub import InProgress, JournalError, NotSent, OutcomeUnknown

    LATER = (InProgress, JournalError, NotSent, OutcomeUnknown)  # the next try looks first

    told = json.loads(os.environ["TOLD"])
    billing = Client(**told["account"], rate_limit=RateLimit(100000, per=1.0))


    def sell(number):
        customer = CustomerDraft(
            name=f"Person {number}",
            email=f"person{number}@test.com",
            country="NL",
            external_id=f"ours_{number}",
        )
        call = lambda client: client.subscribe(plan=told["plan"], customer=customer)
        if told["once"]:
            billing.once("move", str(number), call, grace_period=3.5)
        else:
            call(billing)


    if told["kind"] == "celery":
        from celery import Celery

        app = Celery("tasks", broker=told["queue"])
        app.conf.update(
            broker_transport_options={"visibility_timeout": 8},
            broker_connection_retry_on_startup=True,
            task_ignore_result=True,
            worker_prefetch_multiplier=1,
        )

        @app.task(
            name="sell",
            acks_late=True,
            reject_on_worker_lost=True,
            autoretry_for=LATER,
            default_retry_delay=1,
            max_retries=None,
        )
        def sell_task(number):
            sell(number)

        def work():
            app.worker_main(
                "worker --pool solo --loglevel ERROR --without-gossip --without-mingle".split()
            )
    elif told["kind"] == "dbos":
        import time

        from dbos import DBOS


        @DBOS.step(
            retries_allowed=True,
            max_attempts=1000,
            backoff_rate=1,
            should_retry=lambda error: isinstance(error, LATER),
        )
        def sell_step(number):
            sell(number)


        @DBOS.workflow(name="sell", max_recovery_attempts=None)
        def sell_task(number):
            sell_step(number)


        def work():
            name = dict(name="tasks", executor_id=os.environ["WORKER"], application_version="1")
            DBOS(config={**name, "system_database_url": told["queue"], "log_level": "ERROR"})
            DBOS.launch()
            DBOS.register_queue("sales", worker_concurrency=1, polling_interval_sec=0.1)
            while True:
                time.sleep(60)
    else:
        import procrastinate

        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=told["queue"]))

        @app.task(
            name="sell",
            retry=procrastinate.RetryStrategy(wait=1, retry_exceptions=LATER),
        )
        def sell_task(number):
            sell(number)

        def work():
            async def main():
                async with app.open_async():
                    await app.run_worker_async(
                        fetch_job_polling_interval=0.5,
                        update_heartbeat_interval=0.5,
                        stalled_worker_timeout=3,
                    )

            asyncio.run(main())

    if __name__ == "__main__":
        work()
"""


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as serve:
        yield serve


@pytest.fixture
def database() -> Iterator[Server]:
    """A PostgreSQL of the test's own, that it may let crash."""
    yield from running(PostgreSQLServer)


class CeleryQueue:
    """Celery's messages, in Redis."""

    def __init__(self, broker: RedisServer) -> None:
        self.url = broker.url

    def send(self, tasks: Any, numbers: Iterable[int]) -> None:
        for number in numbers:
            tasks.sell_task.delay(number)

    def revive(self) -> None:
        """Celery does it itself: what is not acknowledged in time is delivered again."""

    def left(self) -> int:
        with redis_at(self.url) as client:
            return int(client.llen("celery")) + int(client.hlen("unacked"))


class ProcrastinateQueue:
    """Procrastinate's jobs, in PostgreSQL."""

    def __init__(self, database: PostgreSQLServer) -> None:
        self.url = database.url
        self._prepared = False

    def send(self, tasks: Any, numbers: Iterable[int]) -> None:
        self._app = tasks.app
        with self._app.open():
            if not self._prepared:
                self._app.schema_manager.apply_schema()
                self._prepared = True
            for number in numbers:
                _ = tasks.sell_task.defer(number=number)

    def revive(self) -> None:
        """Deliver the jobs of dead workers again, as a periodic task of an application does."""
        procrastinate = import_module("procrastinate")
        away = (procrastinate.exceptions.ConnectorException, psycopg.Error)

        async def revive() -> None:
            connector = procrastinate.PsycopgConnector(conninfo=self.url, min_size=1, timeout=2)
            async with self._app.with_connector(connector).open_async() as app:
                for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=3):
                    await app.job_manager.retry_job(job)

        with suppress(*away):
            anyio.run(revive)

    def left(self) -> int:
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            ).fetchone()
        return int(found[0]) if found else 0


class DbosQueue:
    """The workflows of DBOS, in PostgreSQL."""

    def __init__(self, database: PostgreSQLServer) -> None:
        self.url = database.url

    def send(self, tasks: Any, numbers: Iterable[int]) -> None:
        del tasks  # the client sends by name
        library = import_module("dbos")
        library.run_dbos_database_migrations(self.url)
        client = library.DBOSClient(system_database_url=self.url)
        try:
            for number in numbers:
                client.enqueue({"workflow_name": "sell", "queue_name": "sales"}, number)
        finally:
            client.destroy()

    def revive(self) -> None:
        """DBOS does it itself, when a worker of the same name is started."""

    def left(self) -> int:
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM dbos.workflow_status WHERE status IN"
                " ('ENQUEUED', 'DELAYED', 'PENDING')"
            ).fetchone()
        return int(found[0]) if found else 0


class Workers:
    """Worker processes, which are started again whenever they end."""

    def __init__(self, program: Path, environment: dict[str, str], count: int) -> None:
        self._command = [sys.executable, str(program)]
        self._environment = environment
        self._log = program.with_suffix(".log").open("wb")
        self.running = [self._start(number) for number in range(count)]

    def kill(self, chance: random.Random) -> None:
        worker = chance.choice(self.running)
        worker.kill()
        _ = worker.wait(30)

    def keep(self) -> None:
        self.running = [
            worker if worker.poll() is None else self._start(number)
            for number, worker in enumerate(self.running)
        ]

    def close(self) -> None:
        for worker in self.running:
            worker.kill()
            _ = worker.wait(30)
        self._log.close()

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        environment = {**self._environment, "WORKER": f"worker-{number}"}
        return subprocess.Popen(self._command, env=environment, stdout=self._log, stderr=self._log)


class Misfortune:
    """What happens to a run: kills, cut connections and crashes, spread over its sales."""

    def __init__(self, kills: int, cuts: int, crashes: int, items: int, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - not for secrets
        events = ["kill"] * kills + ["cut"] * cuts + ["crash"] * crashes
        self._chance.shuffle(events)
        last = int(items * 0.8)
        self._due = sorted((self._chance.randint(1, last), event) for event in events)
        self.happened: list[str] = []

    def strike(self, sales: int, workers: Workers, database: PostgreSQLServer) -> None:
        while self._due and self._due[0][0] <= sales:
            _, event = self._due.pop(0)
            if event == "kill":
                workers.kill(self._chance)
                workers.keep()
            elif event == "cut":
                with psycopg.connect(database.url, autocommit=True) as connection:
                    _ = connection.execute(CUT)
            else:
                database.kill()
                database.start()
            self.happened.append(event)
            time.sleep(self._chance.uniform(0, 0.1))


def run(
    queue: Any,
    server: Served,
    database: PostgreSQLServer,
    folder: Path,
    items: int,
    misfortune: Misfortune,
    monkeypatch: pytest.MonkeyPatch,
    *,
    once: bool,
) -> dict[str, Any]:
    account: dict[str, Any] = {
        "provider": "afternoon",
        "api_key": server.fake.api_key,
        "base_url": server.address,
        "journal": database.url,
        "deadline": 3.0,
        "timeout": 2.0,
    }
    plan = server.fake.add_plan("phone", PHONE)
    kind = {CeleryQueue: "celery", ProcrastinateQueue: "procrastinate", DbosQueue: "dbos"}
    told = {
        "account": account,
        "queue": queue.url,
        "kind": kind[type(queue)],
        "plan": plan,
        "once": once,
    }
    program = folder / "queue_tasks.py"
    _ = program.write_text(textwrap.dedent(TASKS), "utf-8")
    environment = {**compiled(folder), "TOLD": json.dumps(told), "PYTHONPATH": str(folder)}
    monkeypatch.setenv("TOLD", environment["TOLD"])
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    _ = sys.modules.pop("queue_tasks", None)
    tasks = import_module("queue_tasks")
    missing: Collection[int] = range(items)
    workers = Workers(program, environment, 4)
    began = time.monotonic()
    try:
        while missing:
            _ = queue.send(tasks, missing)
            while queue.left():
                assert time.monotonic() < began + PATIENCE, _tail(program)
                misfortune.strike(server.changes // 2, workers, database)
                workers.keep()
                _ = queue.revive()
                time.sleep(0.2)
            missing = unsold(account, items)
            _ = sys.stdout.write(f"{len(missing)} tasks were lost\n" if missing else "")
    finally:
        workers.close()
    return account


def unsold(account: dict[str, Any], items: int) -> list[int]:
    """Return the numbers that have no subscription, by the provider's books."""
    with Client(**account, rate_limit=RateLimit(100000, per=1.0)) as billing:
        owners = {subscription.customer_id for subscription in billing.list_subscriptions()}
        done = {who.external_id for who in billing.list_customers() if who.id in owners}
    return [number for number in range(items) if f"ours_{number}" not in done]


def forgotten(account: dict[str, Any]) -> list[str]:
    """Return what became of the changes whose ends a crash of PostgreSQL forgot."""
    with Client(**account, rate_limit=RateLimit(100000, per=1.0)) as billing:
        tokens = [intent.token for intent in billing.open_intents()]
        answers = billing.resolve_all(tokens, grace_period=3.5)
        assert billing.open_intents() == []
    return [getattr(answer, "outcome", str(answer)) for answer in answers]


def _tail(program: Path) -> str:
    return program.with_suffix(".log").read_text("utf-8", "replace")[-3000:]


QUEUES: dict[str, Any] = {
    "celery": CeleryQueue,
    "dbos": DbosQueue,
    "procrastinate": ProcrastinateQueue,
}
MANY = pytest.mark.slow
RUNS = [
    (60, 2, 2, 1, 1),
    pytest.param(2000, 32, 24, 2, 2, marks=MANY),
]


@pytest.mark.parametrize(("items", "kills", "cuts", "crashes", "seed"), RUNS)
@pytest.mark.parametrize("kind", sorted(QUEUES))
def test_each_customer_is_sold_to_exactly_once(
    serve: Serve,
    database: PostgreSQLServer,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    items: int,
    kills: int,
    cuts: int,
    crashes: int,
    seed: int,
) -> None:
    _ = pytest.importorskip(kind, reason="the group `queues` is not installed")
    server = serve(Afternoon, seed)
    queue = QUEUES[kind](redis_server if kind == "celery" else database)
    misfortune = Misfortune(kills, cuts, crashes, items, seed)
    account = run(queue, server, database, tmp_path, items, misfortune, monkeypatch, once=True)

    assert sorted(misfortune.happened) == sorted(
        ["crash"] * crashes + ["cut"] * cuts + ["kill"] * kills
    )
    assert set(forgotten(account)) <= {"done"}
    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (items, {1})
    assert (len(subscribed), set(subscribed.values())) == (items, {1})


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(QUEUES))
def test_without_once_some_are_sold_to_twice(
    serve: Serve,
    database: PostgreSQLServer,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    _ = pytest.importorskip(kind, reason="the group `queues` is not installed")
    server = serve(Afternoon, 3)
    queue = QUEUES[kind](redis_server if kind == "celery" else database)
    misfortune = Misfortune(32, 24, 2, 2000, 3)
    _ = run(queue, server, database, tmp_path, 2000, misfortune, monkeypatch, once=False)

    _, subscribed = sold(server)
    twice = sum(count > 1 for count in subscribed.values())
    _ = sys.stdout.write(f"{kind}, without once: {twice} of 2000 customers were sold to twice\n")
    assert twice > 0
