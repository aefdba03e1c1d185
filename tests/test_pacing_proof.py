"""Whatever the network does, no window of the server's ever gets a request too many."""

from __future__ import annotations

import heapq
import itertools
import math
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, Literal, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.shared import SharedStore

W: Final = 8.0
EPOCH: Final = 1_790_000_000
GRAIN: Final = 1024  # times are binary fractions of a second, so that adding them is exact

Announcing: TypeAlias = Literal["nothing", "seconds left", "unix time", "sometimes"]
Fate: TypeAlias = Literal["answered", "failed", "lost", "abandoned", "unsent", "gone"]


@dataclass
class Server(ABC):
    limit: int
    announcing: Announcing
    phase: float
    counted: list[float] = field(default_factory=list[float])
    refused: int = 0

    @abstractmethod
    def window(self, now: float) -> tuple[int, float]:
        """How many requests are in the window of *now*, and when there is room again."""

    def answer(self, now: float) -> Mapping[str, str]:
        used, _ = self.window(now)
        self.refused += used >= self.limit
        self.counted.append(now)
        used, reset = self.window(now)
        headers = {"x-ratelimit-remaining": str(max(0, self.limit - used))}
        if self.announcing == "seconds left":
            headers["x-ratelimit-reset"] = str(int(reset - now))
        elif self.announcing == "unix time" or (self.announcing == "sometimes" and used % 2):
            headers["x-ratelimit-reset"] = str(int(EPOCH + reset))
            headers["date"] = format_datetime(datetime.fromtimestamp(int(EPOCH + now), UTC), True)  # noqa: FBT003
        return headers


class Aligned(Server):
    def window(self, now: float) -> tuple[int, float]:
        start = (now - self.phase) // W * W + self.phase
        return sum(time >= start for time in self.counted), start + W


class Anchored(Server):
    def window(self, now: float) -> tuple[int, float]:
        start, used = now, 0
        for index, time in enumerate(self.counted):
            if index == 0 or time >= start + W:
                start, used = time, 0
            used += 1
        return (0, now + W) if now >= start + W or not used else (used, start + W)


class Rolling(Server):
    def window(self, now: float) -> tuple[int, float]:
        recent = [time for time in self.counted if time > now - W]
        return len(recent), (recent[0] if recent else now) + W


@dataclass(frozen=True)
class Job:
    begins: float
    out: float
    back: float
    late: float
    fate: Fate


def seconds(most: float) -> st.SearchStrategy[float]:
    return st.integers(0, round(most * GRAIN)).map(lambda grains: grains / GRAIN)


JOBS: Final = st.lists(
    st.builds(
        Job,
        begins=seconds(2 * W),
        out=seconds(1) | seconds(2 * W),
        back=seconds(1) | seconds(2 * W),
        late=seconds(0.2),
        fate=st.sampled_from(("answered",) * 8 + ("failed", "lost", "abandoned", "unsent", "gone")),
    ),
    min_size=1,
    max_size=25,
)


def server_of(kind: type[Server], limit: int, announcing: Announcing, phase: float) -> Server:
    return kind(limit, announcing, phase)


KINDS: Final[tuple[type[Server], ...]] = (Aligned, Anchored, Rolling)
ANNOUNCING: Final[tuple[Announcing, ...]] = ("nothing", "seconds left", "unix time", "sometimes")
SERVERS: Final = st.builds(
    server_of, st.sampled_from(KINDS), st.integers(1, 5), st.sampled_from(ANNOUNCING), seconds(W)
)
Task: TypeAlias = Generator[float, None, None]


class Clock:
    now = 1000.0

    def run(self, tasks: list[tuple[float, Task]]) -> None:
        serial = itertools.count()
        asleep = [(self.now + begins, next(serial), task) for begins, task in tasks]
        heapq.heapify(asleep)
        while asleep:
            self.now, _, task = heapq.heappop(asleep)
            pause = next(task, None)
            if pause is not None:
                heapq.heappush(asleep, (self.now + pause, next(serial), task))


def work(job: Job, limiter: RateLimiter, server: Server, clock: Clock) -> Task:
    ticket = limiter.enter()
    try:
        while (pause := ticket.wait(clock.now)) > 0:
            yield math.ceil(pause * GRAIN) / GRAIN + job.late
            if job.fate == "gone":
                return
        if job.fate == "unsent":
            yield job.out
            ticket.unsent(clock.now)
            return
        yield job.out
        headers = server.answer(clock.now)
        yield job.back
        if job.fate == "lost":
            ticket.lost(clock.now)
        elif job.fate != "abandoned":
            failed = job.fate == "failed"
            ticket.answered(clock.now, {} if failed else headers, 500 if failed else 200)
    finally:
        ticket.leave()


@settings(max_examples=300, deadline=None)
@given(server=SERVERS, jobs=JOBS)
def test_one_process_is_never_refused(server: Server, jobs: list[Job]) -> None:
    limiter = RateLimiter(RateLimit(server.limit, per=W))
    perform(server, jobs, [limiter])


@settings(max_examples=150, deadline=None)
@given(server=SERVERS, jobs=JOBS, processes=st.integers(2, 4))
def test_processes_with_one_permit_file_are_never_refused(
    server: Server, jobs: list[Job], processes: int
) -> None:
    limit = RateLimit(server.limit, per=W)
    with ExitStack() as closing, tempfile.TemporaryDirectory() as directory:
        limiters = [RateLimiter(limit, SharedStore(directory, "key")) for _ in range(processes)]
        for limiter in limiters:
            _ = closing.callback(limiter.close)
        perform(server, jobs, limiters)


@settings(max_examples=150, deadline=None)
@given(server=SERVERS, jobs=JOBS, machines=st.integers(2, 5))
def test_machines_that_share_a_limit_are_never_refused(
    server: Server, jobs: list[Job], machines: int
) -> None:
    server.limit *= machines
    limit = RateLimit(server.limit, per=W)
    perform(server, jobs, [RateLimiter(limit, share=1 / machines) for _ in range(machines)])


def perform(server: Server, jobs: list[Job], limiters: list[RateLimiter]) -> None:
    clock = Clock()
    users = itertools.cycle(limiters)
    clock.run([(job.begins, work(job, next(users), server, clock)) for job in jobs])

    assert server.refused == 0
    assert len(server.counted) >= sum(job.fate not in {"unsent", "gone"} for job in jobs)
    if server.announcing == "nothing":  # then not even the best hidden window would have refused
        for start in server.counted:
            assert sum(start <= time < start + W for time in server.counted) <= server.limit
