"""The network block: what it refuses, what it lets through, and that it ends."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from pytest_socket import SocketConnectBlockedError

from subhub.testing.network import NetworkBlocked, no_network

WHY = "this test runs in a sandbox"
BY_NAME = "https://api.afternoon.co/v1/customers"
BY_ADDRESS = "https://192.0.2.1/v1/customers"
"""An address for documentation (RFC 5737): no machine has it."""

pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use socket")  # pytest-socket's


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def ask(address: str) -> None:
    async with httpx.AsyncClient() as client:
        _ = await client.get(address)


async def ask_in_a_worker_thread(address: str) -> None:
    _ = await anyio.to_thread.run_sync(httpx.get, address)


@pytest.mark.parametrize("get", [httpx.get, urllib.request.urlopen], ids=["httpx", "urllib"])
def test_every_library_is_refused_by_name_with_reason_and_remedy(get: Callable[..., Any]) -> None:
    with no_network(WHY), pytest.raises(NetworkBlocked) as caught:
        get(BY_NAME)

    assert f"api.afternoon.co:443 cannot be reached, because {WHY}." in str(caught.value)
    assert "subhub_allowed_hosts" in str(caught.value)


def test_an_address_is_refused_too() -> None:
    with no_network(WHY), pytest.raises(SocketConnectBlockedError, match=r"192\.0\.2\.1"):
        _ = httpx.get(BY_ADDRESS)


@pytest.mark.parametrize("work", [ask, ask_in_a_worker_thread], ids=["task", "worker thread"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_code_is_refused_by_name(backend: str, work: Callable[..., Any]) -> None:
    with no_network(WHY), pytest.raises(NetworkBlocked, match=WHY):
        anyio.run(work, BY_NAME, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_code_is_refused_by_address_inside_the_group_of_its_attempts(backend: str) -> None:
    with no_network(WHY), pytest.raises(BaseExceptionGroup) as caught:
        anyio.run(ask, BY_ADDRESS, backend=backend)

    assert caught.group_contains(SocketConnectBlockedError)


def test_bare_asyncio_is_refused() -> None:
    with no_network(WHY), pytest.raises(SocketConnectBlockedError):
        _ = asyncio.run(asyncio.open_connection("192.0.2.1", 443))


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

    assert [type(error) for error in caught] == [NetworkBlocked]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.1.2.3"])
def test_this_machine_can_be_reached(host: str, listening: int) -> None:
    with no_network(WHY), suppress(ConnectionRefusedError):  # only the first of them listens
        socket.create_connection((host, listening), timeout=5).close()


@pytest.mark.parametrize(
    "host", ["::1", "::ffff:127.0.0.1", "192.0.2.1", "", None, b"localhost", "me.localhost"]
)
def test_addresses_and_local_names_may_be_looked_up(host: Any) -> None:
    with no_network(WHY), suppress(socket.gaierror):  # a machine need not know them
        _ = socket.getaddrinfo(host, 80)


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


def test_an_allowed_host_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("192.0.2.7", 9))]

    def look_up(*_: object) -> object:
        return found

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with (
        no_network(WHY, allowed=["DB"]),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        assert socket.getaddrinfo("db", 9) == found
        datagrams.connect(("192.0.2.7", 9))
        with pytest.raises(SocketConnectBlockedError):
            datagrams.connect(("192.0.2.8", 9))


def test_the_network_is_back_after_a_failure() -> None:
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
        with pytest.raises(SocketConnectBlockedError):
            _ = httpx.get(BY_ADDRESS)
