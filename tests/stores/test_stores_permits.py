"""Permits in a real Redis and a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import psycopg
import pytest

from subhub import AsyncClient, Client, ConfigError, NotSent, RateLimit
from subhub.models.identity import Identity
from subhub.plugin import Provider
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.permits import Permits
from subhub.sending.ratelimit.presence import MACHINES, WIDTH
from subhub.sending.ratelimit.registry import limiters
from subhub.sending.ratelimit.remote import RemoteQueue
from subhub.sending.steps import monotonic
from subhub.stores.cells import SwappedCells
from subhub.stores.registry import StorePlace
from tests.stores.counting import WINDOWS, CountingServer, Window
from tests.stores.gaps import CUSTOMER, gaps_of
from tests.stores.servers import PASSWORD, PostgreSQLServer, RedisServer, redis_at

KEY = "test_0123456789"
LIMIT = RateLimit(5, per=0.5)


def opened(url: str, permits: Permits, name: str = "name") -> Any:
    store = StorePlace("permits", url).permits(name, permits)
    assert isinstance(store, SwappedCells)
    return store


def seed(url: str, limit: RateLimit, name: str = "name") -> None:
    """Write down that all permits are free: a Redis that has just started would be waited for."""
    permits = Permits(limit, 120.0, notes=MACHINES * WIDTH)
    with closing(opened(url, permits, name)) as store:
        content = store._head + bytes(8 * permits.cells)
        assert store.swap(store.read().version, b"seeded!!", content)


@contextmanager
def machine(url: str, limit: RateLimit = LIMIT, share: float = 1.0) -> Generator[Any]:
    address = StorePlace("permits", url)
    limiter = RateLimiter.over(RemoteQueue.over(limit, share, partial(address.permits, "name")))
    try:
        yield limiter
    finally:
        limiter.close()


def send(limiter: Any, most: int = 100) -> int:
    for sent in range(most):
        ticket = limiter.enter()
        if ticket.wait(monotonic()) > 0:
            ticket.leave()
            return sent
        ticket.answered(monotonic(), {}, 200)
    return most


def test_machines_share_them(store_url: str) -> None:
    limit = RateLimit(5, per=2.0)
    seed(store_url, limit)
    with machine(store_url, limit) as one, machine(store_url, limit) as other:
        assert send(one, 3) == 3
        one._queue._write_ends()
        assert send(other) == 2
        assert send(one) == 0
        time.sleep(2.05)
        assert send(one) == 5


def test_machines_must_have_the_same_limit(store_url: str) -> None:
    seed(store_url, LIMIT)
    with (
        machine(store_url, RateLimit(6, per=0.5)) as other,
        pytest.raises(ConfigError, match=r"5 requests per 0\.5 s, but .* 6 per 0\.5 s"),
    ):
        _ = send(other)


def test_they_are_compared_and_set(store_url: str) -> None:
    permits = Permits(LIMIT, 120.0)
    with closing(opened(store_url, permits)) as one, closing(opened(store_url, permits)) as other:
        assert one.read().version == b""
        assert one.swap(b"", b"version1", b"content")
        assert not other.swap(b"", b"version2", b"other")
        assert other.read()[:2] == (b"version1", b"content")
        assert other.swap(b"version1", b"version2", b"other")
        assert not one.swap(b"version1", b"version3", b"content")
        assert one.read()[:2] == (b"version2", b"other")


def test_the_time_is_the_servers(store_url: str) -> None:
    with closing(opened(store_url, Permits(LIMIT, 120.0))) as store:
        first, later = store.read().now, store.read().now
        assert abs(first - time.time()) < 60
        assert first < later < first + 10


def test_a_cut_connection_is_opened_again(store_url: str) -> None:
    seed(store_url, LIMIT)
    with machine(store_url) as limiter:
        assert send(limiter, 2) == 2
        limiter._queue._write_ends()
        cut_all(store_url)
        assert send(limiter) == 3


def test_a_forked_child_has_a_connection_of_its_own(store_url: str) -> None:
    limit = RateLimit(5, per=30.0)  # nothing is free again before the end, on a busy machine too
    seed(store_url, limit)
    with machine(store_url, limit) as limiter:
        assert send(limiter, 1) == 1
        child = os.fork()
        if not child:
            _ = signal.alarm(20)
            sent = 0
            try:
                sent = send(limiter, 2)
                limiter._queue._write_ends()
            finally:
                os._exit(sent)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
        assert send(limiter) == 2


def cut_all(url: str) -> None:
    """Cut every other connection on the side of the server."""
    if url.startswith("redis"):
        with redis_at(url) as client:
            _ = client.client_kill_filter(_type="normal", skipme=True)
        return
    with psycopg.connect(url) as connection:
        _ = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
            " AND application_name = 'subhub'"
        )


@pytest.fixture
def provider() -> Iterator[CountingServer]:
    server = CountingServer(LIMIT.requests, LIMIT.per)
    yield server
    server.close()


@pytest.fixture
def client(toy: type[Provider], provider: CountingServer) -> Iterator[Callable[..., Client]]:
    """Open a client with a key and the address of the counting provider."""
    made: list[Client] = []

    def make(permits: str, **settings: Any) -> Client:
        given: dict[str, Any] = {"rate_limit": LIMIT, "deadline": 0.4, **settings}
        made.append(Client(toy, api_key=KEY, base_url=provider.url, permits=permits, **given))
        return made[-1]

    yield make
    for each in made:
        each.close()
    limiters(None).clear()


class TestARedisThatIsKilled:
    def test_stops_everything(
        self,
        own_redis: RedisServer,
        client: Callable[..., Client],
        provider: CountingServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        seed(own_redis.url, LIMIT, account_of(provider.url))
        billing = client(own_redis.url, deadline=6)
        _ = billing.create_customer(CUSTOMER)
        own_redis.kill()
        with pytest.raises(NotSent, match=r"the permits in redis://127\.0\.0\.1:\d+/0 cannot be"):
            _ = billing.with_options(deadline=0.5).create_customer(CUSTOMER)
        assert len(provider.times) == 1
        assert caplog.text.count("nothing is sent until it is back") == 1
        own_redis.start()
        _ = billing.create_customer(CUSTOMER)
        assert len(provider.times) == 2

    @pytest.mark.slow
    def test_with_its_data_is_waited_for(
        self, own_redis: RedisServer, client: Callable[..., Client], provider: CountingServer
    ) -> None:
        billing = client(own_redis.url, deadline=10)
        _ = billing.create_customer(CUSTOMER)
        own_redis.kill()
        own_redis.lose_data()
        own_redis.start()
        for _ in range(5):
            _ = billing.create_customer(CUSTOMER)
        assert provider.times[1] - provider.times[0] > LIMIT.per  # it is unknown what was sent
        assert provider.most_in_a_window() <= LIMIT.requests
        assert provider.refused == []

    def test_leaves_a_share(
        self, own_redis: RedisServer, client: Callable[..., Client], provider: CountingServer
    ) -> None:
        seed(own_redis.url, LIMIT, account_of(provider.url))
        billing = client(own_redis.url, share=0.4, deadline=6)
        _ = billing.create_customer(CUSTOMER)
        own_redis.kill()
        began = time.monotonic()
        for _ in range(4):
            _ = billing.create_customer(CUSTOMER)
        took = time.monotonic() - began
        assert LIMIT.per < took < 4 * LIMIT.per  # two of five in each window
        own_redis.start()
        for _ in range(3):
            _ = billing.create_customer(CUSTOMER)
        assert provider.refused == []

    def test_is_a_wrong_address_at_first(
        self, client: Callable[..., Client], provider: CountingServer
    ) -> None:
        billing = client(f"redis://:{PASSWORD}@127.0.0.1:1/0")
        with pytest.raises(ConfigError, match="Check the address, and that the server runs"):
            _ = billing.create_customer(CUSTOMER)
        assert provider.times == []

    def test_with_a_wrong_password_is_refused(
        self, redis_server: RedisServer, client: Callable[..., Client], provider: CountingServer
    ) -> None:
        billing = client(redis_server.url.replace(PASSWORD, "wrong"))
        with pytest.raises(ConfigError, match=r"refused the permits: .*(WRONGPASS|invalid)"):
            _ = billing.create_customer(CUSTOMER)
        assert provider.times == []

    def test_that_has_another_kind_of_value_is_refused(self, redis_server: RedisServer) -> None:
        with redis_at(redis_server.url) as other:
            _ = other.lpush("subhub:permits:name", "a list")
        with (
            machine(redis_server.url) as limiter,
            pytest.raises(ConfigError, match=r"refused the permits: .*WRONGTYPE"),
        ):
            _ = send(limiter)

    def test_that_is_loading_is_waited_for(self, own_redis: RedisServer) -> None:
        seed(own_redis.url, LIMIT)
        with machine(own_redis.url) as limiter:
            assert send(limiter, 1) == 1
            with redis_at(own_redis.url) as other:
                _ = other.replicaof("127.0.0.1", "1")  # it answers, and takes no writes
            ticket = limiter.enter()
            assert ticket.wait(monotonic()) > 0
            assert "cannot be reached" in ticket.obstacle

    def test_forgets_what_no_longer_matters(self, redis_server: RedisServer) -> None:
        seed(redis_server.url, LIMIT)
        with redis_at(redis_server.url) as other:
            left: Any = other.pttl("subhub:permits:name")
        assert 120_000 < left <= 121_001

    def test_may_be_closed_twice(self) -> None:
        store = opened("redis://127.0.0.1:1/0", Permits(LIMIT, 1.0))
        for _ in range(2):
            store.close()

    def test_has_an_address_that_can_be_read(self) -> None:
        with pytest.raises(ConfigError, match=r"`permits` redis://.* cannot be used"):
            _ = opened("redis://127.0.0.1/0?socket_timeout=never", Permits(LIMIT, 1.0))


class TestPostgreSQL:
    def test_that_crashes_stops_everything(
        self,
        postgresql_server: PostgreSQLServer,
        client: Callable[..., Client],
        provider: CountingServer,
    ) -> None:
        billing = client(postgresql_server.url)
        _ = billing.create_customer(CUSTOMER)
        postgresql_server.kill()
        try:
            with pytest.raises(NotSent, match=r"the permits in postgresql://.* cannot be reached"):
                _ = billing.create_customer(CUSTOMER)
        finally:
            postgresql_server.start()
        assert len(provider.times) == 1
        _ = billing.with_options(deadline=10).create_customer(CUSTOMER)

    def test_with_a_wrong_password_is_refused(
        self, postgresql_server: PostgreSQLServer, client: Callable[..., Client]
    ) -> None:
        billing = client(postgresql_server.url.replace(PASSWORD, "wrong"))
        with pytest.raises(ConfigError, match=r"cannot be used: .*authentication failed"):
            _ = billing.create_customer(CUSTOMER)

    def test_whose_table_was_changed_is_refused(self, postgresql_server: PostgreSQLServer) -> None:
        with closing(opened(postgresql_server.url, Permits(LIMIT, 120.0))) as store:
            assert not store.read().version
            with psycopg.connect(postgresql_server.url) as other:
                _ = other.execute("ALTER TABLE subhub.permits RENAME COLUMN content TO contents")
            with pytest.raises(ConfigError, match=r"cannot be used: column .* does not exist"):
                _ = store.read()

    def test_with_an_address_that_is_none_is_refused(self) -> None:
        url = f"postgresql://owner:{PASSWORD}@127.0.0.1/db?nonsense=1"
        with (
            closing(opened(url, Permits(LIMIT, 120.0))) as store,
            pytest.raises(ConfigError, match=r"cannot be used: invalid URI query parameter"),
        ):
            _ = store.read()


@pytest.mark.parametrize("kind", ["redis", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_the_event_loop_never_stands_still(
    toy: type[Provider], kind: str, request: pytest.FixtureRequest
) -> None:
    """The server is stopped, so that it takes a connection and never answers."""
    server: Any = request.getfixturevalue(f"{kind}_server")
    transport = httpx.MockTransport(lambda _: httpx.Response(201, json={"id": "cst_1"}))
    stores: dict[str, Any] = {"permits": server.url}
    seed(server.url, RateLimit(50, per=0.5), account_of(toy.base_url))
    if kind == "postgresql":
        stores["journal"] = server.url
    gaps = anyio.run(
        gaps_of,
        lambda: AsyncClient(
            toy, api_key=KEY, transport=transport, rate_limit=RateLimit(50, per=0.5), **stores
        ),
        server,
    )
    limiters(None).clear()
    assert len(gaps) > 100
    assert max(gaps) < 0.25  # this machine is busy: `benchmarks.stores` has the figure


def account_of(address: str) -> str:
    return Identity.of("toy", address, "unknown", KEY, None).of_key.name


WORKER = """
import sys, threading
import subhub.sending.steps as steps
number = int(sys.argv[7])
real, began = steps.monotonic, steps.monotonic()
ahead, rate = (0, 86_400, -40_000, 3_600)[number], (1.0, 1.01, 0.99, 1.005)[number]
steps.monotonic = lambda: 200_000 + ahead + began + (real() - began) * rate
from subhub import Client, CustomerDraft, RateLimit
sys.path.insert(0, {root!r})
from tests.conftest import Toy

address, permits, name, count = sys.argv[1:5]
limit, per = int(sys.argv[5]), float(sys.argv[6])
billing = Client(Toy, api_key="test_0123456789", base_url=address, permits=permits,
                 rate_limit=RateLimit(limit, per=per))
draft = CustomerDraft(name=name, email="me@person.example")
def work():
    for _ in range(int(count)):
        _ = billing.create_customer(draft)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
billing.close()
"""


def run_processes(
    url: str, provider: CountingServer, processes: int, each: int, timeout: float
) -> None:
    root = str(Path(__file__).parents[2])
    limit = [str(provider.limit), str(provider.per)]
    code = WORKER.format(root=root)
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", code, provider.url, url),
                *(f"machine {number}", str(each), *limit, str(number)),
            ],
            cwd=root,
        )
        for number in range(processes)
    ]
    try:
        assert [process.wait(timeout) for process in running] == [0] * processes
    finally:
        for process in running:
            process.kill()


def test_four_processes_together_keep_the_limit(store_url: str) -> None:
    """More requests at a time than there is room for, so that most of the writes meet.

    Their clocks are off by up to a day, and drift by 1 %.
    """
    provider = CountingServer(12, 0.3)
    name = account_of(provider.url)
    seed(store_url, RateLimit(12, per=0.3), name)
    try:
        run_processes(store_url, provider, 4, 3, 60)
        assert provider.refused == []
        assert len(provider.times) == 48
        assert provider.most_in_a_window() <= 12
    finally:
        provider.close()


@pytest.mark.slow
@pytest.mark.parametrize("window", WINDOWS)
def test_no_kind_of_window_gets_a_request_too_many(store_url: str, window: Window) -> None:
    provider = CountingServer(20, 1.0, window)
    seed(store_url, RateLimit(20, per=1.0), account_of(provider.url))
    try:
        run_processes(store_url, provider, 4, 8, 120)
        assert provider.refused == []
        assert len(provider.times) == 128
        lasted = provider.times[-1] - provider.times[0]
        assert lasted < 1.5 * 6  # six windows of waiting; `benchmarks.stores` measures it
    finally:
        provider.close()
