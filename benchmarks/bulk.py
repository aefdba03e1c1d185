"""Bulk work under rate limits, against a client that knows the server's windows.

Run it with `python -m benchmarks.bulk`; it takes half a minute. Time is virtual, so the
figures are the same on every machine. Each is the worst of three seeds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.figure import Figure, table
from benchmarks.windows import ROUND_TRIP, SERVERS, Server, Worker, run
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.shared import SharedStore

_WINDOWS = 10
_AT_ONCE = 20  # the connections of a client
_SEEDS = (1, 2, 3)
_PROCESSES = 4
# MijnKlantportaal says when its window restarts only in a refusal, Afternoon in every answer.
_LIMITS = ((RateLimit(60, per=60.0), False), (RateLimit(1000, per=60.0), True))
_ARRANGEMENTS = ("one process", "four, one permit file", "four, a share each")


@dataclass(frozen=True, slots=True)
class _Result:
    loss: float
    refusals: int
    unfairness: float


def figures() -> Iterator[Figure]:
    """Every arrangement at every server; the aligned one, that costs half a window, has none."""
    for limit, resets in _LIMITS:
        for kind, make in SERVERS.items():
            for arrangement in _ARRANGEMENTS:
                results = [
                    _measured(make(limit, resets=resets), arrangement, seed) for seed in _SEEDS
                ]
                name = f"{limit.requests}/min {kind}, {arrangement}"
                yield from _rows(name, results, alone=arrangement == _ARRANGEMENTS[0], kind=kind)


def _rows(name: str, results: Sequence[_Result], *, alone: bool, kind: str) -> Iterator[Figure]:
    goal = None if kind == "aligned" else 1.0 if alone else 2.0
    yield Figure(
        f"{name}: slower than clairvoyant", max(result.loss for result in results), "%", goal
    )
    yield Figure(f"{name}: 429s", max(result.refusals for result in results), "", 0)
    if not alone:
        unfairness = max(result.unfairness for result in results)
        yield Figure(f"{name}: 1 - Jain fairness", unfairness, "", 0.05)


def _measured(server: Server, arrangement: str, seed: int) -> _Result:
    jobs = server.limit.requests * _WINDOWS
    with tempfile.TemporaryDirectory() as directory:
        limiters = list(_limiters(server.limit, arrangement, Path(directory)))
        count = len(limiters)
        workers = [Worker(limiter, jobs // count, _AT_ONCE // count) for limiter in limiters]
        run(server, workers, seed)
        for limiter in limiters:
            limiter.close()
    taken = max(worker.done_at[-1] for worker in workers)
    loss = 100 * (1 - _clairvoyant(server, jobs) / taken)
    return _Result(loss, server.refusals, 1 - _fairness(workers))


def _limiters(limit: RateLimit, arrangement: str, directory: Path) -> Iterator[RateLimiter]:
    if arrangement == _ARRANGEMENTS[0]:
        yield RateLimiter(limit)
        return
    for _ in range(_PROCESSES):
        if arrangement == _ARRANGEMENTS[1]:
            yield RateLimiter(limit, SharedStore(directory, "key"))
        else:
            yield RateLimiter(limit, share=1 / _PROCESSES)


def _clairvoyant(server: Server, jobs: int) -> float:
    """The time of a client that knows the windows, with as many connections."""
    last = -(-server.limit.requests // _AT_ONCE) * ROUND_TRIP
    return server.fastest(jobs) + last


def _fairness(workers: Sequence[Worker]) -> float:
    """Jain's index of what each worker had done when the first of them had done all."""
    first = min(worker.done_at[-1] for worker in workers)
    done = [sum(time <= first for time in worker.done_at) for worker in workers]
    return fmean(done) ** 2 / fmean(count**2 for count in done)


def main() -> int:
    """Measure and print; 1 when a goal was missed."""
    found = list(figures())
    print(table(found))
    return int(any(figure.reached == "NO" for figure in found))


if __name__ == "__main__":
    sys.exit(main())
