"""Ctrl-C and canceled tasks, on real sockets: what was under way is never forgotten."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import AsyncClient, Client, OutcomeUnknown
from tests.faults.cells import CHANGES, Change, World
from tests.faults.server import BreakingServer, Line, Script

Serve = Callable[..., BreakingServer]
MOMENTS = ["before the change", "after the change"]


def waits(act: Callable[[], object], *, after: bool) -> Script:
    """Do *act* while the client waits for its answer, before or after the change is made."""

    def script(line: Line) -> None:
        asked = line.request()
        if after:
            _ = line.server.fake.receive(asked)
        _ = act()
        line.silence()

    return script


def press_ctrl_c() -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def settings(world: World, server: BreakingServer, journal: Path) -> dict[str, Any]:
    return {
        "journal": journal,
        "api_key": world.fake.api_key,
        "base_url": server.url,
        "clock": world.fake.clock.now,
        "timeout": 15,
    }


def token_of(stopped: BaseException, change: Change) -> str:
    """The token of the change that was interrupted."""
    (known,) = [each for each in chain(stopped) if isinstance(each, OutcomeUnknown)]
    assert "may have been carried out" in str(known)
    assert len(known.completed) == change.made_before
    assert known.token is not None
    return known.token


def check(
    world: World, change: Change, given: dict[str, Any], *, after: bool, token: str | None = None
) -> None:
    """The journal has the change that was under way, and it can be found out."""
    assert len(world.made) - change.made_before == after
    with world.asked_again(given["base_url"], journal=given["journal"]) as billing:
        (left,) = billing.open_intents()
        assert not left.in_flight
        found = billing.resolve(token or left.token, grace_period=1)
        assert found.outcome == (change.done if after else "not_done")
        assert bool(billing.open_intents()) == (found.outcome == "ambiguous")


@pytest.mark.parametrize("after", [False, True], ids=MOMENTS)
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_ctrl_c_tells_of_the_change_under_way(
    serve: Serve,
    tmp_path: Path,
    change: Change,
    after: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    world = World(change.provider)
    server = serve(world.fake)
    given = settings(world, server, tmp_path / "journal")
    server.break_after(change.before, waits(press_ctrl_c, after=after))
    with (
        Client(change.provider, **given) as billing,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        change.call(billing, world)
    check(world, change, given, after=after, token=token_of(caught.value, change))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("after", [False, True], ids=MOMENTS)
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_canceled_task_tells_of_the_change_under_way(
    serve: Serve,
    tmp_path: Path,
    change: Change,
    backend: str,
    after: bool,  # noqa: FBT001
) -> None:
    world = World(change.provider)
    server = serve(world.fake)
    given = settings(world, server, tmp_path / "journal")
    waiting = threading.Event()
    server.break_after(change.before, waits(waiting.set, after=after))
    stopped: list[BaseException] = []

    async def call() -> None:
        async with AsyncClient(change.provider, **given) as billing:
            try:
                await change.call(billing, world)
            except anyio.get_cancelled_exc_class() as canceled:
                stopped.append(canceled)
                raise

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            _ = tasks.start_soon(call)
            assert await anyio.to_thread.run_sync(waiting.wait, 15)
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)

    (error,) = stopped
    check(world, change, given, after=after, token=token_of(error, change))


CHILD = """
import sys
from datetime import datetime
from subhub import Client
url, key, journal, plan, customer, now = sys.argv[1:]
clock = lambda: datetime.fromisoformat(now)  # that of the sandbox, which is frozen
with Client("mijnklantportaal", api_key=key, base_url=url, journal=journal, clock=clock) as billing:
    billing.subscribe(plan=plan, customer=customer)
"""


@pytest.mark.parametrize("after", [False, True], ids=MOMENTS)
def test_a_process_that_is_killed_leaves_the_change_in_the_journal(
    serve: Serve,
    tmp_path: Path,
    after: bool,  # noqa: FBT001
) -> None:
    world = World(MijnKlantportaal)
    server = serve(world.fake)
    started: queue.Queue[subprocess.Popen[bytes]] = queue.Queue()
    server.break_after(0, waits(lambda: started.get(timeout=15).kill(), after=after))
    journal = tmp_path / "journal"
    words = [server.url, world.fake.api_key, str(journal), world.plan, world.other]
    words.append(world.fake.clock.now().isoformat())
    with subprocess.Popen([sys.executable, "-c", CHILD, *words]) as child:
        started.put(child)
        assert child.wait(15) == -signal.SIGKILL
    change = next(each for each in CHANGES if str(each) == "mijnklantportaal subscribe")
    check(world, change, settings(world, server, journal), after=after)


def test_an_interrupted_read_leaves_nothing_open(serve: Serve, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    world = World(MijnKlantportaal)
    server = serve(world.fake)
    server.break_after(0, waits(press_ctrl_c, after=False))
    with (
        Client(MijnKlantportaal, **settings(world, server, journal)) as billing,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        _ = billing.get_customer(world.customer)
    with Client(MijnKlantportaal, **settings(world, server, journal)) as billing:
        assert billing.open_intents() == []
    assert not [each for each in chain(caught.value) if isinstance(each, OutcomeUnknown)]
