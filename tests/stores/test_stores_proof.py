"""Machines with one store never exceed the limit, whatever their own clocks show."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from subhub.plugin.rate_limits import RateLimit
from tests.stores.memory import MemoryServer, limiter_of
from tests.test_pacing_proof import JOBS, SERVERS, Clock, Job, Server, W, seconds, work

CLOCKS = st.lists(
    st.tuples(st.integers(-86_400, 86_400), st.sampled_from((0.99, 1.0, 1.01))),
    min_size=2,
    max_size=4,
)
OUTAGES = st.lists(st.tuples(seconds(3 * W), seconds(2 * W)), max_size=3)


class OnOwnClock:
    """A limiter and its tickets, told the time by the clock of their machine."""

    def __init__(self, used: Any, clock: Callable[[], float]) -> None:
        self._used = used
        self._clock = clock

    def enter(self) -> OnOwnClock:
        return OnOwnClock(self._used.enter(), self._clock)

    def wait(self, _: float) -> float:
        found: float = self._used.wait(self._clock())
        return found

    def answered(self, _: float, headers: Mapping[str, str], status: int) -> None:
        self._used.answered(self._clock(), headers, status)

    def lost(self, _: float) -> None:
        self._used.lost(self._clock())

    def unsent(self, _: float) -> None:
        self._used.unsent(self._clock())

    def leave(self) -> None:
        self._used.leave()


def shown(clock: Clock, ahead: int, rate: float) -> Callable[[], float]:
    return lambda: 200_000 + ahead + clock.now * rate


@settings(max_examples=150, deadline=None)
@given(server=SERVERS, jobs=JOBS, clocks=CLOCKS)
def test_with_clocks_that_are_off_by_a_day_and_drift(
    server: Server, jobs: list[Job], clocks: list[tuple[int, float]]
) -> None:
    perform(server, jobs, clocks, [])


@settings(max_examples=150, deadline=None)
@given(server=SERVERS, jobs=JOBS, clocks=CLOCKS, outages=OUTAGES)
def test_while_the_store_is_away(
    server: Server,
    jobs: list[Job],
    clocks: list[tuple[int, float]],
    outages: list[tuple[float, float]],
) -> None:
    perform(server, jobs, clocks, outages)


def perform(
    server: Server,
    jobs: list[Job],
    clocks: list[tuple[int, float]],
    outages: list[tuple[float, float]],
) -> None:
    clock = Clock()
    store = MemoryServer(lambda: clock.now)
    limit = RateLimit(server.limit, per=W)
    shows = [shown(clock, *each) for each in clocks]
    limiters: list[Any] = [OnOwnClock(limiter_of(store, limit, own), own) for own in shows]
    for limiter in limiters:  # a store that was never reached is taken for a wrong address
        ticket = limiter.enter()
        _ = ticket.wait(0)
        ticket.unsent(0)
        ticket.leave()
    users = itertools.cycle(limiters)
    tasks = [(job.begins, work(job, next(users), server, clock)) for job in jobs]

    def breaking(lasts: float) -> Generator[float, None, None]:
        store.away = True
        yield lasts
        store.away = False

    tasks += [(begins, breaking(lasts)) for begins, lasts in outages]
    clock.run(tasks)
    assert server.refused == 0
    assert len(server.counted) >= sum(job.fate not in {"unsent", "gone"} for job in jobs)
