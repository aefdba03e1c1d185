"""A queue with its permits on another machine: what it does while that is away, and afterwards."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from subhub import ConfigError, RateLimit
from subhub.errors import JournalError
from subhub.recovery.journal.storage import BufferedDatabase, Unreachable
from subhub.sending.ratelimit import LocalStore, RateLimiter
from subhub.sending.ratelimit.permits import HEADER, Permits
from subhub.sending.ratelimit.presence import MACHINES
from subhub.sending.ratelimit.remote import RemoteQueue
from subhub.sending.ratelimit.stores import StoreUnavailable
from subhub.system.background import Background
from tests.stores.memory import MemoryCells, MemoryServer, limiter_of

LIMIT = RateLimit(8, per=10.0)
DAY = 86_400.0


class World:
    """Machines whose own clocks are far from the store's, and a store that can be away."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.store = MemoryServer(lambda: self.now)

    def machine(self, share: float = 1.0, limit: RateLimit = LIMIT) -> Any:
        self._machines = getattr(self, "_machines", 0) + 1
        ahead = DAY * self._machines
        return limiter_of(self.store, limit, lambda: ahead + self.now, share)

    def send(self, limiter: Any, most: int = 100) -> int:
        """Send as many requests as may be sent now, which are answered at once."""
        for sent in range(most):
            ticket = limiter.enter()
            if ticket.wait(0) > 0:
                ticket.leave()
                return sent
            ticket.answered(limiter._queue._clock(), {}, 200)
        return most


@pytest.fixture
def world() -> World:
    return World()


def test_machines_share_the_permits_by_the_clock_of_the_store(world: World) -> None:
    one, other = world.machine(), world.machine()
    assert (world.send(one, 5), world.send(other), world.send(one)) == (5, 3, 0)
    world.now += 9.9
    assert world.send(other) == 0
    world.now += 0.2
    assert world.send(one) == 8


def test_without_a_share_nothing_is_sent_while_the_store_is_away(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    machine = world.machine()
    assert world.send(machine, 1) == 1
    world.store.away = True
    ticket = machine.enter()
    waits = [ticket.wait(0) for _ in range(20)]
    assert all(0 < wait <= 0.05 for wait in waits)
    assert "memory://server cannot be reached" in ticket.obstacle
    assert caplog.text.count("nothing is sent until it is back") == 1
    world.store.away = False
    assert ticket.wait(0) > 0  # it is not asked again before a second has passed
    world.now += 1.1
    assert ticket.wait(0) == 0
    assert "can be used again" in caplog.text


def test_a_store_that_was_never_reached_is_taken_for_a_wrong_address(world: World) -> None:
    world.store.away = True
    with pytest.raises(ConfigError, match="Check the address, and that the server runs"):
        _ = world.machine().enter().wait(0)


def test_with_a_share_machines_together_send_what_was_left(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    machines = [world.machine(0.5), world.machine(0.5)]
    assert [world.send(machine, 3) for machine in machines] == [3, 3]
    world.now += 6
    assert world.send(machines[0], 1) == 1
    assert world.send(machines[1], 0) == 0
    _ = machines[1].enter().wait(0)  # takes one, so that both have seen the same but this
    world.store.away = True
    assert [world.send(machine) for machine in machines] == [0, 0]
    assert "uses its share of 4 requests per 10 s" in caplog.text
    world.now += 4.1  # the first six are free again: three of them for each
    assert [world.send(machine) for machine in machines] == [3, 3]
    world.now += 6
    assert [world.send(machine) for machine in machines] == [1, 1]


def test_a_machine_that_saw_nothing_waits_for_a_window(world: World) -> None:
    world.store.away = True
    machine = world.machine(0.25)
    assert world.send(machine) == 0
    world.now += 9.9
    assert world.send(machine) == 0
    world.now += 0.2
    assert world.send(machine) == 2


def test_what_was_sent_alone_counts_when_the_store_is_back(world: World) -> None:
    """The first to notice takes nothing of the other's share, which may still be in use."""
    machines = [world.machine(0.5), world.machine(0.5)]
    for machine in machines:
        assert world.send(machine, 1) == 1
    world.store.away = True
    for machine in machines:
        assert world.send(machine) == 0
    world.now += 12
    assert [world.send(machine) for machine in machines] == [4, 4]
    world.store.lose_data()
    world.now += 10.1
    world.store.away = False
    assert world.send(machines[0]) == 4  # its own, and no more
    world.now += 0.5
    assert world.send(machines[1]) == 4
    assert [world.send(machine) for machine in machines] == [0, 0]
    world.now += 10.1
    assert world.send(machines[1]) == 8


class TestAMachineThatIsCutOff:
    """The others leave its share to it, as long as requests may be waiting there."""

    def cut_off(self, world: World) -> tuple[Any, Any, Any]:
        """Return a machine and another one, which is cut off, and its request that waits."""
        machine, alone = world.machine(0.5), world.machine(0.25)
        assert world.send(machine) == 8
        ticket = alone.enter()
        assert ticket.wait(0) > 0
        alone._queue.pool.store.cut_off = True
        assert ticket.wait(0) > 0
        return machine, alone, ticket

    def test_keeps_its_share_of_the_permits(self, world: World) -> None:
        machine, alone, ticket = self.cut_off(world)
        world.now += 10.1
        assert world.send(machine) == 6
        assert ticket.wait(0) == 0
        ticket.answered(alone._queue._clock(), {}, 200)
        assert world.send(alone) == 1
        assert world.send(machine) == 0

    def test_has_them_in_common_with_the_others_again_when_it_is_back(self, world: World) -> None:
        machine, alone, ticket = self.cut_off(world)
        world.now += 5
        assert world.send(machine) == 0
        alone._queue.pool.store.cut_off = False
        world.now += 5.1
        assert ticket.wait(0) == 0
        ticket.unsent(alone._queue._clock())
        assert world.send(machine) == 8

    def test_is_waited_for_no_longer_than_for_a_request_of_one_that_was_killed(
        self, world: World
    ) -> None:
        _ = self.cut_off(world)
        machine = world.machine()
        world.now += 119
        assert world.send(machine) == 6
        world.now += 10.1
        assert world.send(machine) == 8

    def test_may_have_shared_nothing_with_one_that_has_no_share(self, world: World) -> None:
        whole = world.machine()
        _ = self.cut_off(world)
        world.now += 10.1
        assert world.send(whole) == 6

    @pytest.mark.parametrize("end", ["answered", "left"])
    def test_is_not_missed_when_nothing_waits_there(self, world: World, end: str) -> None:
        machine, alone = world.machine(0.5), world.machine(0.25)
        assert world.send(machine) == 8
        ticket = alone.enter()
        assert ticket.wait(0) > 0
        if end == "answered":
            world.now += 10.1
            assert ticket.wait(0) == 0
            ticket.answered(alone._queue._clock(), {}, 200)
        ticket.leave()
        alone._queue.pool.store.cut_off = True
        world.now += 10.1
        assert world.send(machine) == 8

    def test_can_be_one_of_many(self, world: World) -> None:
        """There is room for the notes of sixteen machines; a row is used again."""
        limit = RateLimit(200, per=10.0)
        waiting = [world.machine(0.05, limit) for _ in range(MACHINES + 1)]
        machine = world.machine(1, limit)
        assert world.send(machine, 200) == 200
        tickets = [each.enter() for each in waiting]
        assert all(ticket.wait(0) > 0 for ticket in tickets)
        world.now += 10.1
        assert world.send(machine, 200) == 200 - 10 * MACHINES
        world.now += 121
        assert all(ticket.wait(0) == 0 for ticket in tickets)

    def test_has_noted_itself_four_times_a_second_at_most(self, world: World) -> None:
        machine = world.machine(0.5)
        assert world.send(machine) == 8
        ticket, versions = machine.enter(), set[bytes]()
        for _ in range(100):
            assert ticket.wait(0) > 0
            versions.add(world.store.version)
            world.now += 0.01
        assert len(versions) == 4

    def test_is_missed_after_the_clock_of_the_store_has_jumped_back_as_well(
        self, world: World
    ) -> None:
        machine, alone = world.machine(), world.machine(0.25)
        assert world.send(machine) == 8
        ticket = alone.enter()
        assert ticket.wait(0) > 0
        world.now -= 500
        assert ticket.wait(0) > 0
        alone._queue.pool.store.cut_off = True
        world.now += 10.1
        assert world.send(machine) == 6


def test_a_machine_that_comes_back_late_holds_nothing_up(world: World) -> None:
    early, late = world.machine(0.5), world.machine(0.5)
    for machine in (early, late):
        assert world.send(machine, 1) == 1
    world.store.away = True
    for machine in (early, late):
        assert world.send(machine) == 0
    world.store.away = False
    world.now += 30
    assert world.send(early, 3) == 3
    world.now += 13
    assert world.send(early, 6) == 6
    world.now += 2
    assert world.send(late) == 2


def test_more_shares_than_there_are_release_nothing_that_was_not_held() -> None:
    permits = Permits(LIMIT, 120.0)
    cells = memoryview(bytearray(8 * permits.cells)).cast("d")
    for shares in ([1.0] * 4, [2.0] * 3, [1005.0] * 3):
        permits.rejoin(cells, 1000.0, 900.0, shares)
    assert sorted(cells[HEADER:].tolist()) == [1.0] * 2 + [2.0] * 3 + [1005.0] * 3


def test_a_store_that_lost_its_data_begins_with_a_pause(world: World) -> None:
    world.store.lose_data()
    machine = world.machine()
    assert world.send(machine) == 0
    world.now += 11.9
    assert world.send(machine) == 0
    world.now += 0.2
    assert world.send(machine) == 8


def test_a_permit_whose_taking_was_cut_off_is_not_lost(world: World) -> None:
    machine = world.machine()
    for _ in range(3):
        ticket = machine.enter()
        world.store.cut = True
        assert ticket.wait(0) == 0  # the store says that it was taken
        ticket.unsent(0)
    assert world.send(machine) == 8


def test_a_permit_that_may_have_been_taken_is_returned(world: World) -> None:
    class Failing(MemoryCells):
        def swap(self, old: bytes, new: bytes, content: bytes) -> bool:
            done = super().swap(old, new, content)
            if failing:
                world.store.away = True
                failing.clear()
                raise StoreUnavailable("memory://server cannot be reached")
            return done

    failing: list[bool] = []
    queue = RemoteQueue.over(
        LIMIT, 1.0, lambda permits: Failing(world.store, permits), lambda: world.now
    )
    machine = RateLimiter.over(queue)
    assert machine.remote
    ticket = machine.enter()
    assert ticket.wait(0) == 0
    ticket.unsent(0)
    failing.append(True)
    ticket = machine.enter()
    assert ticket.wait(0) > 0
    ticket.leave()
    world.store.away = False
    world.now += 1.1
    taken = [machine.enter().wait(0) for _ in range(9)]
    assert taken.count(0) == 8


def test_a_refusal_stops_every_machine(world: World) -> None:
    one, other = world.machine(), world.machine()
    ticket = one.enter()
    assert ticket.wait(0) == 0
    ticket.answered(DAY + world.now, {"retry-after": "17"}, 429)
    assert other.enter().wait(0) == pytest.approx(17)


def test_an_end_that_cannot_be_written_is_written_later(world: World) -> None:
    machine = world.machine()
    tickets = [machine.enter() for _ in range(8)]
    assert {ticket.wait(0) for ticket in tickets} == {0}
    world.store.away = True
    for ticket in tickets:
        ticket.answered(DAY + world.now, {}, 200)
    world.store.away = False
    world.now += 10.1
    assert world.send(machine) == 8  # since the answers, not since they could be written


def test_what_is_given_up_counts_as_sent(world: World) -> None:
    machine = world.machine()
    ticket = machine.enter()
    assert ticket.wait(0) == 0
    ticket.leave()
    world.now += 10.1
    assert world.send(machine) == 8


def test_looking_writes_nothing(world: World) -> None:
    machine = world.machine()
    assert world.send(machine) == 8
    version = world.store.version
    for _ in range(5):
        ticket = machine.enter()
        assert ticket.wait(0) > 0
        ticket.leave()
    assert world.store.version == version


def test_too_many_writers_are_waited_for(world: World) -> None:
    class Busy(MemoryCells):
        def swap(self, old: bytes, new: bytes, content: bytes) -> bool:
            del old, new, content
            return False

    store = Busy(world.store, Permits(LIMIT, 120.0))
    with pytest.raises(StoreUnavailable, match="too many processes at a time"):
        store.update(0.0, lambda cells, now: cells.__setitem__(HEADER, now))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"another program's", "is not permits of subhub"),
        (b"short", "is not permits of subhub"),
        (b"subhub-1, then", "are of another version of subhub"),
    ],
)
def test_what_is_not_ours_is_refused(world: World, content: bytes, problem: str) -> None:
    world.store.version, world.store.content = b"12345678", content * 3
    with pytest.raises(ConfigError, match=problem):
        _ = world.machine().enter().wait(0)


def test_other_terms_and_damage_are_refused(world: World) -> None:
    assert world.send(world.machine(), 1) == 1
    with pytest.raises(ConfigError, match=r"of 8 requests per 10 s, but .* 9 per 10 s"):
        _ = world.machine(limit=RateLimit(9, per=10.0)).enter().wait(0)
    whole = world.store.content
    for damaged in (whole[:-8], whole[:-8] + b"\xff" * 8):
        world.store.content = damaged
        with pytest.raises(ConfigError, match="are damaged: remove them"):
            _ = world.machine().enter().wait(0)


def test_the_last_limiter_closes_the_store(world: World) -> None:
    first = world.machine()
    queue: Any = first._queue
    second = RateLimiter.over(queue)
    store = queue.pool.store
    assert isinstance(store, MemoryCells)
    first.close()
    assert [store.closed] == [0]
    assert not queue.is_idle(0)
    second.close()
    assert [store.closed] == [1]
    assert queue.is_idle(0)


def test_a_fork_begins_again_with_the_same_store(world: World) -> None:
    machine = world.machine(0.5)
    assert world.send(machine, 2) == 2
    machine._queue.after_fork_in_child()
    assert world.send(machine) == 6


def test_permits_in_memory_are_a_store_as_well() -> None:
    store = LocalStore().open(Permits(LIMIT, 120.0))
    assert store.update(7.0, lambda cells, now: (len(cells), now)) == (15, 7.0)
    assert not store.remote
    store.close()


class TestBackground:
    def test_does_the_work_of_several_wakes_at_once(self) -> None:
        done: list[int] = []
        background: Any = Background(lambda: done.append(1))
        for _ in range(3):
            background.wake()
        deadline = time.monotonic() + 5
        while not done and time.monotonic() < deadline:
            time.sleep(0.005)
        assert 1 <= len(done) <= 3
        while background._running and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not background._running
        background.after_fork_in_child()
        background.wake()
        wait(lambda: not background._running)

    def test_gives_up_while_the_interpreter_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: threading.Thread) -> None:
            raise RuntimeError("can't create new thread at interpreter shutdown")

        background: Any = Background(lambda: None)
        monkeypatch.setattr(threading.Thread, "start", refuse)
        background.wake()
        assert not background._running


class Scripted:
    """A database on another machine that fails as it is told to."""

    remote = True
    place = "memory://server"

    def __init__(self) -> None:
        self.failure: JournalError | None = None
        self.written: list[str] = []

    def read(self, statement: str, values: object = ()) -> list[tuple[object, ...]]:
        del values
        return [(statement,)]

    def write(self, *statements: tuple[str, object], durable: bool, guarded: bool = False) -> bool:
        del durable
        if self.failure is not None:
            raise self.failure
        self.written.extend(statement for statement, _ in statements)
        return not guarded

    def session(self) -> str:
        return "me"

    def lives(self, session: str) -> bool:
        return session == "me"

    def close(self) -> None:
        pass


class TestWhatNobodyWaitsFor:
    def written(self, database: Scripted, count: int) -> Callable[[], bool]:
        return lambda: len(database.written) == count

    def test_is_written_in_the_background(self) -> None:
        database = Scripted()
        buffered = BufferedDatabase(database)
        buffered.write_soon(("one", ()))
        wait(lambda: database.written == ["one"])
        assert buffered.flush()

    def test_is_kept_while_the_database_is_away(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "subhub")
        database = Scripted()
        buffered = BufferedDatabase(database)
        database.failure = Unreachable("away")
        buffered.write_soon(("one", ()))
        wait(lambda: "noted later: away" in caplog.text)
        database.failure = None
        assert not buffered.write(("condition", ()), durable=True, guarded=True)
        assert database.written == ["one", "condition"]

    def test_is_dropped_when_it_would_fail_every_time(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        database = Scripted()
        buffered = BufferedDatabase(database)
        database.failure = JournalError("no such table")
        buffered.write_soon(("one", ()))
        wait(lambda: "stay open: no such table" in caplog.text)
        database.failure = None
        assert buffered.flush()
        buffered.close()
        assert database.written == []


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.005)
