"""Capacity: never more requests in flight than connections, and nobody waits inside of the pool."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import CodeType
from typing import Any

import anyio
import httpx
import pytest

from subhub import AsyncClient, Client, NotSent, Plan, PlanDraft
from subhub.plugin import Provider
from subhub.sending.transport.http import CONNECTIONS, HttpSender

KEY = "test_0123456789"
BODY = json.dumps({"id": "pln_1", "name": "Phone"}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
CROWD = 60


class Counter:
    """A server on loopback that counts its connections; it answers while `open` is set."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.open = threading.Event()
        self.requests = self.connections = self.most = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def await_requests(self, number: int) -> None:
        """Wait until so many have come in."""
        while self.requests < number:
            time.sleep(0.001)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self.most = max(self.most, self.connections)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while b"\r\n\r\n" in (received := connection.recv(65536)):
                assert received.count(b"HTTP/1.1") == 1
                with self._lock:
                    self.requests += 1
                _ = self.open.wait()
                time.sleep(0.002)  # so that those which are in flight overlap
                connection.sendall(ANSWER)
        with self._lock:
            self.connections -= 1


@pytest.fixture
def server() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.open.set()
    counter.listening.close()


class TestThreads:
    def test_of_a_crowd_share_the_connections(self, toy: type[Provider], server: Counter) -> None:
        server.open.set()
        with (
            Client(toy, api_key=KEY, base_url=server.address) as billing,
            ThreadPoolExecutor(CROWD) as threads,
        ):
            calls = [threads.submit(billing.get_plan, "pln_1") for _ in range(3 * CROWD)]
            assert {each.result().id for each in calls} == {"pln_1"}
        assert server.requests == 3 * CROWD
        assert 1 < server.most <= CONNECTIONS

    def test_that_find_no_connection_free_have_sent_nothing(
        self, toy: type[Provider], server: Counter, draft: PlanDraft
    ) -> None:
        with ExitStack() as stack:
            billing = stack.enter_context(Client(toy, api_key=KEY, base_url=server.address))
            threads = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
            held = [threads.submit(billing.get_plan, "pln_1") for _ in range(CONNECTIONS)]
            server.await_requests(CONNECTIONS)
            hasty = billing.with_options(timeout=0.01, attempts=1)
            with pytest.raises(NotSent, match=r"all 20 connections were in use for 0\.01 s"):
                _ = hasty.create_plan(draft)
            server.open.set()
            assert {each.result().id for each in held} == {"pln_1"}
            assert hasty.with_options(timeout=5).create_plan(draft).id == "pln_1"
        assert server.requests == CONNECTIONS + 1

    def test_that_ctrl_c_ends_in_line_have_sent_nothing(
        self, toy: type[Provider], server: Counter, draft: PlanDraft
    ) -> None:
        main = threading.main_thread().ident
        assert main is not None
        with ExitStack() as stack:
            billing = stack.enter_context(Client(toy, api_key=KEY, base_url=server.address))
            threads = stack.enter_context(ThreadPoolExecutor(CONNECTIONS + 1))
            held = [threads.submit(billing.get_plan, "pln_1") for _ in range(CONNECTIONS)]
            server.await_requests(CONNECTIONS)

            def press() -> None:
                await_code(main, HttpSender.send.__code__)  # it waits there for a free connection
                signal.pthread_kill(main, signal.SIGINT)

            pressed = threads.submit(press)
            with pytest.raises(KeyboardInterrupt) as caught:
                _ = billing.create_plan(draft)
            assert isinstance(caught.value.__cause__, NotSent)
            pressed.result()
            server.open.set()
            assert {each.result().id for each in held} == {"pln_1"}
            again = [threads.submit(billing.get_plan, "pln_1") for _ in range(CONNECTIONS)]
            assert {each.result().id for each in again} == {"pln_1"}
        assert server.requests == 2 * CONNECTIONS

    def test_that_give_up_leave_their_places_to_others(
        self, toy: type[Provider], server: Counter
    ) -> None:
        with ExitStack() as stack:
            billing = stack.enter_context(Client(toy, api_key=KEY, base_url=server.address))
            threads = stack.enter_context(ThreadPoolExecutor(2 * CONNECTIONS))
            held = [threads.submit(billing.get_plan, "pln_1") for _ in range(CONNECTIONS)]
            server.await_requests(CONNECTIONS)
            hasty = billing.with_options(timeout=0.01, attempts=1)
            for _ in range(2):  # who gave up the first time has made no room for the second
                tried = [threads.submit(hasty.get_plan, "pln_1") for _ in range(CONNECTIONS)]
                assert all("all 20 connections" in str(each.exception()) for each in tried)
            server.open.set()
            assert {each.result().id for each in held} == {"pln_1"}
            server.open.clear()
            again = [threads.submit(billing.get_plan, "pln_1") for _ in range(CONNECTIONS)]
            server.await_requests(2 * CONNECTIONS)  # all of them at once
            server.open.set()
            assert {each.result().id for each in again} == {"pln_1"}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
class TestTasks:
    def test_of_a_crowd_share_the_connections(
        self, toy: type[Provider], server: Counter, backend: str
    ) -> None:
        server.open.set()
        plans: list[Plan] = []

        async def main() -> None:
            async with AsyncClient(toy, api_key=KEY, base_url=server.address) as billing:

                async def work() -> None:
                    for _ in range(3):
                        plans.append(await billing.get_plan("pln_1"))  # noqa: PERF401 - they end

                async with anyio.create_task_group() as group:
                    for _ in range(CROWD):
                        _ = group.start_soon(work)

        anyio.run(main, backend=backend)
        assert len(plans) == server.requests == 3 * CROWD
        assert 1 < server.most <= CONNECTIONS

    def test_in_line_that_run_out_of_time_or_are_canceled_have_sent_nothing(
        self, toy: type[Provider], server: Counter, draft: PlanDraft, backend: str
    ) -> None:
        causes: list[BaseException | None] = []

        async def main() -> None:
            async with AsyncClient(toy, api_key=KEY, base_url=server.address) as billing:
                hasty = billing.with_options(timeout=0.01, attempts=1)
                async with anyio.create_task_group() as group:
                    for _ in range(CONNECTIONS):
                        _ = group.start_soon(billing.get_plan, "pln_1")
                    await anyio.to_thread.run_sync(server.await_requests, CONNECTIONS)
                    with pytest.raises(NotSent, match="all 20 connections were in use"):
                        _ = await hasty.create_plan(draft)
                    with anyio.move_on_after(0.01) as scope:
                        try:
                            _ = await billing.create_plan(draft)
                        except anyio.get_cancelled_exc_class() as canceled:
                            causes.append(canceled.__cause__)
                            raise
                    assert scope.cancelled_caught
                    server.open.set()
                assert (await billing.create_plan(draft)).id == "pln_1"

        anyio.run(main, backend=backend)
        assert [type(each) for each in causes] == [NotSent]
        assert server.requests == CONNECTIONS + 1

    def test_that_are_canceled_leave_their_places_to_others(
        self, toy: type[Provider], server: Counter, backend: str
    ) -> None:
        plans: list[Plan] = []

        async def main() -> None:
            async with AsyncClient(toy, api_key=KEY, base_url=server.address) as billing:

                async def work() -> None:
                    plans.append(await billing.get_plan("pln_1"))

                for number in (1, 2):
                    async with anyio.create_task_group() as group:
                        for _ in range(CONNECTIONS):
                            _ = group.start_soon(work)
                        await anyio.to_thread.run_sync(server.await_requests, number * CONNECTIONS)
                        async with anyio.create_task_group() as waiting:
                            for _ in range(CONNECTIONS):
                                _ = waiting.start_soon(work)
                            await anyio.wait_all_tasks_blocked()
                            waiting.cancel_scope.cancel()
                        hasty = billing.with_options(timeout=0.01, attempts=1)
                        with pytest.raises(NotSent, match="all 20 connections were in use"):
                            _ = await hasty.get_plan("pln_1")
                        server.open.set()
                    server.open.clear()

        anyio.run(main, backend=backend)
        assert len(plans) == server.requests == 2 * CONNECTIONS


class Held(httpx.MockTransport):
    """Somebody else's transport, on which any number may be in flight."""

    def __init__(self) -> None:
        self.together = threading.Barrier(CONNECTIONS + 1, timeout=10)
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        del request
        _ = self.together.wait()
        return httpx.Response(200, content=BODY)


@pytest.mark.parametrize("lent", ["http_client", "transport"])
def test_somebody_elses_connections_have_limits_of_their_own(
    toy: type[Provider], lent: str
) -> None:
    with ExitStack() as stack:
        transport = Held()
        theirs: dict[str, Any] = {"transport": transport}
        if lent == "http_client":
            theirs = {"http_client": stack.enter_context(httpx.Client(transport=transport))}
        billing = stack.enter_context(Client(toy, api_key=KEY, **theirs))
        threads = stack.enter_context(ThreadPoolExecutor(CONNECTIONS + 1))
        calls = [threads.submit(billing.get_plan, "pln_1") for _ in range(CONNECTIONS + 1)]
        assert {each.result().id for each in calls} == {"pln_1"}


def await_code(thread: int, code: CodeType) -> None:
    """Wait until *thread* stays in *code* itself, in nothing that it calls."""
    seen = 0
    while seen < 20:
        time.sleep(0.005)
        frame = sys._current_frames()[thread]  # pyright: ignore[reportPrivateUsage] - documented
        seen = seen + 1 if frame.f_code is code else 0
