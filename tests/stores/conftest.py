"""Servers for the tests of stores: one of each kind for all of them, and their own where they die.

Where a server is not installed, its tests are skipped with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.stores.servers import Missing, Pooler, PostgreSQLServer, RedisServer, Server, redis_at


def running(create: Callable[[], Server]) -> Iterator[Server]:
    try:
        server = create()
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis_of_all() -> Iterator[Server]:
    yield from running(RedisServer)


@pytest.fixture(scope="session")
def postgresql_of_all() -> Iterator[Server]:
    yield from running(PostgreSQLServer)


@pytest.fixture
def redis_server(redis_of_all: RedisServer) -> RedisServer:
    """A Redis that runs and is empty."""
    with redis_at(redis_of_all.url) as client:
        assert client.flushall()
    return redis_of_all


@pytest.fixture
def postgresql_server(postgresql_of_all: PostgreSQLServer) -> PostgreSQLServer:
    """A PostgreSQL that runs and has no tables of ours."""
    with psycopg.connect(postgresql_of_all.url, autocommit=True) as connection:
        _ = connection.execute("DROP SCHEMA IF EXISTS subhub CASCADE")
    return postgresql_of_all


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A Redis of the test's own, that it may kill."""
    yield from running(RedisServer)


@pytest.fixture(params=["redis", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of each kind of store in turn."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    return server.url


@pytest.fixture
def pooler(
    postgresql_server: PostgreSQLServer,
) -> Iterator[Callable[[str], Pooler]]:
    """Start PgBouncer with the given pool mode."""
    started: list[Pooler] = []

    def start(mode: str) -> Pooler:
        try:
            started.append(Pooler(postgresql_server, mode))
        except Missing as missing:
            pytest.skip(str(missing))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.close()
