"""Once on several machines: workers that are killed, and connections to PostgreSQL that are cut."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from subhub_afternoon import Afternoon

from tests.served import Serve, serving, sold
from tests.stores.servers import PostgreSQLServer
from tests.test_once_killed import Queue, killed_repeatedly

CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT 1"""


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as serve:
        yield serve


@pytest.mark.parametrize(
    ("kind", "items", "workers", "kills", "cuts", "seed"),
    [
        ("sync", 12, 2, 1, 4, 1),
        pytest.param("sync", 400, 4, 20, 40, 2, marks=pytest.mark.slow),
        pytest.param("async", 400, 4, 20, 40, 3, marks=pytest.mark.slow),
    ],
)
def test_each_task_is_done_once_while_workers_are_killed_and_connections_are_cut(
    serve: Serve,
    postgresql_server: PostgreSQLServer,
    tmp_path: Path,
    kind: str,
    items: int,
    workers: int,
    kills: int,
    cuts: int,
    seed: int,
) -> None:
    """The session of a worker whose connection is cut looks ended, and its request is under way."""
    server = serve(Afternoon, seed)
    account: dict[str, Any] = {"journal": postgresql_server.url, "deadline": 5.0}
    options: dict[str, Any] = {"account": account, "grace_period": 5.1, "kind": kind}
    queue = Queue(server, tmp_path, items, workers, once=True, **options)
    stop, cut = threading.Event(), list[bool]()

    def cut_repeatedly() -> None:
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        with psycopg.connect(postgresql_server.url, autocommit=True) as connection:
            while len(cut) < cuts and not stop.wait(chance.uniform(0.02, 0.3)):
                cut.extend(done for (done,) in connection.execute(CUT).fetchall())

    cutting = threading.Thread(target=cut_repeatedly)
    cutting.start()
    try:
        killed_repeatedly(queue, kills, seed)
    finally:
        stop.set()
        cutting.join()

    assert len(cut) >= cuts // 8  # on a busy machine the work may be done before
    people, subscribed = sold(server)
    assert (len(people), set(people.values())) == (items, {1})
    assert (len(subscribed), set(subscribed.values())) == (items, {1})
    assert queue.open() == 0
