"""The network block: what it refuses, what it lets through, and that it ends."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from subhub.testing.network import NetworkBlocked, no_network

WHY = "this test has a sandbox"
BY_NAME = "https://api.afternoon.co/v1/customers"
BY_ADDRESS = "https://192.0.2.1/v1/customers"
"""An address for documentation: nobody has it."""


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def ask(address: str) -> None:
    async with httpx.AsyncClient() as client:
        _ = await client.get(address)


@pytest.mark.parametrize("address", [BY_NAME, BY_ADDRESS])
def test_a_client_that_is_not_ours_is_refused_at_once_and_told_why(address: str) -> None:
    with no_network(WHY), pytest.raises(NetworkBlocked, match=WHY) as caught:
        _ = httpx.get(address)

    assert "443" in str(caught.value)
    assert "subhub_allowed_hosts" in str(caught.value)


def test_a_client_of_another_library_is_refused_too() -> None:
    with no_network(WHY), pytest.raises(NetworkBlocked, match=r"api\.afternoon\.co:443"):
        urllib.request.urlopen(BY_NAME)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_clients_are_refused_by_name(backend: str) -> None:
    with no_network(WHY), pytest.raises(NetworkBlocked, match=WHY):
        anyio.run(ask, BY_NAME, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_clients_are_refused_by_address_within_the_group_of_their_attempts(
    backend: str,
) -> None:
    with no_network(WHY), pytest.raises(BaseExceptionGroup) as caught:
        anyio.run(ask, BY_ADDRESS, backend=backend)

    assert caught.group_contains(NetworkBlocked, match=WHY)


def test_bare_asyncio_is_refused() -> None:
    async def connect() -> None:
        _ = await asyncio.open_connection("192.0.2.1", 443)

    with no_network(WHY), pytest.raises(NetworkBlocked, match=r"192\.0\.2\.1:443"):
        asyncio.run(connect())


def test_a_thread_is_refused() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            _ = httpx.get(BY_NAME)
        except AssertionError as error:
            caught.append(error)

    with no_network(WHY):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert [type(each) for each in caught] == [NetworkBlocked]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("connect", [("192.0.2.1", 9)]),
        ("connect_ex", [("192.0.2.1", 9)]),
        ("sendto", [b"x", ("192.0.2.1", 9)]),
        ("sendto", [b"x", 0, ("192.0.2.1", 9)]),
    ],
)
def test_every_way_out_of_a_socket_is_refused(method: str, arguments: list[Any]) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        no_network(WHY),
        pytest.raises(NetworkBlocked),
    ):
        getattr(datagrams, method)(*arguments)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.1.2.3"])
def test_the_machine_itself_can_be_reached(host: str, listening: int) -> None:
    with no_network(WHY), suppress(ConnectionRefusedError):  # only the first of them listens
        socket.create_connection((host, listening), timeout=5).close()


@pytest.mark.parametrize(
    "host", ["::1", "::ffff:127.0.0.1", "", None, b"localhost", "me.localhost"]
)
def test_local_names_and_addresses_are_looked_up(host: Any) -> None:
    with no_network(WHY), suppress(socket.gaierror):  # a machine need not know them
        _ = socket.getaddrinfo(host, 80)


def test_an_address_may_be_read_as_long_as_nobody_connects_to_it() -> None:
    with no_network(WHY):
        assert socket.getaddrinfo("192.0.2.1", 80)


def test_unix_sockets_and_event_loops_work(tmp_path: Path) -> None:
    with no_network(WHY):
        with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as asking:
            listening.bind(str(tmp_path / "s"))
            listening.listen()
            asking.connect(str(tmp_path / "s"))
        left, right = socket.socketpair()
        _ = left.send(b"x")
        assert right.recv(1) == b"x"
        left.close()
        right.close()
        assert asyncio.run(asyncio.sleep(0, "done")) == "done"


def test_an_allowed_host_and_the_addresses_that_it_has_can_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("192.0.2.7", 9))]

    def look_up(*_: object) -> object:
        return found

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with (
        no_network(WHY, allowed=["DB"]),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        with pytest.raises(NetworkBlocked):
            datagrams.connect(("192.0.2.7", 9))
        assert socket.getaddrinfo("db", 9) == found
        datagrams.connect(("192.0.2.7", 9))


def test_all_is_as_it_was_before_even_after_a_failure() -> None:
    before = socket.getaddrinfo, socket.socket.connect, {**vars(socket.socket)}

    with pytest.raises(NetworkBlocked), no_network("outer"), no_network("inner"):
        _ = httpx.get(BY_NAME)

    assert before == (socket.getaddrinfo, socket.socket.connect, {**vars(socket.socket)})


def test_the_inner_of_two_blocks_speaks_and_the_outer_stays() -> None:
    with no_network("outer"):
        with no_network("inner"), pytest.raises(NetworkBlocked, match="inner"):
            _ = httpx.get(BY_NAME)
        with pytest.raises(NetworkBlocked, match="outer"):
            _ = httpx.get(BY_NAME)
