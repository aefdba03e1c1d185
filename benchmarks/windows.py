"""Servers with a rate limit, and clients that work through it, in virtual time.

Exact and repeatable: every request takes 30 ms and an exponential 20 ms more each way.
"""

from __future__ import annotations

import heapq
import itertools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random
from typing import TypeAlias

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import RateLimiter

_EPOCH = 1_790_000_000  # when virtual time begins, as Unix time
_OK, _TOO_MANY = 200, 429
_LEAST, _MORE = 0.030, 0.020  # seconds of latency: the least, and the mean of what comes on top


class Server(ABC):
    """Counts requests against *limit*; with *resets*, each answer says when it restarts."""

    def __init__(self, limit: RateLimit, *, resets: bool) -> None:
        self.limit = limit
        self.resets = resets
        self.refusals = 0

    def answer(self, now: float) -> tuple[int, Mapping[str, str]]:
        """Count a request that arrives *now*; the status and the headers of its answer."""
        used, reset = self.used(now)
        taken = used < self.limit.requests
        if taken:
            self.count(now)
            used, reset = self.used(now)
        else:
            self.refusals += 1
        headers = {
            "date": format_datetime(datetime.fromtimestamp(int(_EPOCH + now), UTC), usegmt=True),
            "x-ratelimit-limit": str(self.limit.requests),
            "x-ratelimit-remaining": str(self.limit.requests - used),
        }
        if self.resets or not taken:
            headers["x-ratelimit-reset"] = str(int(_EPOCH + reset))
        if not taken:
            headers["retry-after"] = str(int(reset - now) + 1)
        return (_OK if taken else _TOO_MANY), headers

    @abstractmethod
    def used(self, now: float) -> tuple[int, float]:
        """How many requests the window holds, and when it gives room again."""

    @abstractmethod
    def count(self, now: float, /) -> None:
        """Count one more."""

    def fastest(self, requests: int) -> float:
        """When the last window of *requests* can begin, if the first request comes at 0."""
        return (-(-requests // self.limit.requests) - 1) * self.limit.per


class Aligned(Server):
    """A fixed window that follows the server's clock; time 0 is the middle of one."""

    _window = -1
    _used = 0

    def used(self, now: float) -> tuple[int, float]:
        per = self.limit.per
        window = int((now + per / 2) // per)
        if window != self._window:
            self._window, self._used = window, 0
        return self._used, (window + 1) * per - per / 2

    def count(self, _now: float, /) -> None:
        self._used += 1

    def fastest(self, requests: int) -> float:
        return super().fastest(requests) - self.limit.per / 2


class Anchored(Server):
    """A fixed window that begins with the first request after the one before has ended."""

    _until = 0.0
    _used = 0

    def used(self, now: float) -> tuple[int, float]:
        if now >= self._until:
            self._until, self._used = now + self.limit.per, 0
        return self._used, self._until

    def count(self, _now: float, /) -> None:
        self._used += 1


class Rolling(Server):
    """Any stretch of time as long as the window."""

    def __init__(self, limit: RateLimit, *, resets: bool) -> None:
        super().__init__(limit, resets=resets)
        self._counted = deque[float]()

    def used(self, now: float) -> tuple[int, float]:
        while self._counted and self._counted[0] <= now - self.limit.per:
            _ = self._counted.popleft()
        oldest = self._counted[0] if self._counted else now
        return len(self._counted), oldest + self.limit.per

    def count(self, now: float, /) -> None:
        self._counted.append(now)


@dataclass(slots=True)
class Worker:
    """One process: so many jobs, and when each was done."""

    limiter: RateLimiter
    jobs: int
    at_once: int
    done_at: list[float] = field(default_factory=list[float])


Task: TypeAlias = Generator[float, None, None]


def run(server: Server, workers: Sequence[Worker], seed: int) -> None:
    """Let *workers* do their jobs at *server*; afterwards they say when each was done."""
    dice = Random(seed)
    clock = _Clock()
    for worker in workers:
        left = itertools.repeat(None, worker.jobs)
        for _ in range(min(worker.jobs, worker.at_once)):
            clock.start(_task(worker, left, server, clock, dice), dice)
    clock.run(dice)


def _task(
    worker: Worker,
    jobs: itertools.repeat[None],
    server: Server,
    clock: _Clock,
    dice: Random,
) -> Task:
    for _ in jobs:
        status = 0
        while status != _OK:
            status = yield from _exchange(worker.limiter, server, clock, dice)
        worker.done_at.append(clock.now)


def _exchange(
    limiter: RateLimiter, server: Server, clock: _Clock, dice: Random
) -> Generator[float, None, int]:
    ticket = limiter.enter()
    try:
        while (pause := ticket.wait(clock.now)) > 0:
            yield pause
        yield _LEAST + dice.expovariate(1 / _MORE)
        status, headers = server.answer(clock.now)
        yield _LEAST + dice.expovariate(1 / _MORE)
        ticket.answered(clock.now, headers, status)
        return status
    finally:
        ticket.leave()


class _Clock:
    """Virtual time: whoever sleeps is woken in order, and among equals by chance."""

    def __init__(self) -> None:
        self.now = 0.0
        self._asleep: list[tuple[float, float, int, Task]] = []
        self._serial = itertools.count()

    def start(self, task: Task, dice: Random) -> None:
        heapq.heappush(self._asleep, (self.now, dice.random(), next(self._serial), task))

    def run(self, dice: Random) -> None:
        while self._asleep:
            self.now, _, _, task = heapq.heappop(self._asleep)
            pause = next(task, None)
            if pause is not None:
                until = self.now + pause
                heapq.heappush(self._asleep, (until, dice.random(), next(self._serial), task))


SERVERS: Mapping[str, type[Server]] = {"aligned": Aligned, "anchored": Anchored, "rolling": Rolling}
ROUND_TRIP = 2 * (_LEAST + _MORE)
