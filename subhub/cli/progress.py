"""Progress of a bulk command: rows, failures, and an estimate that knows the rate limit."""

from __future__ import annotations

import time
from collections.abc import Callable

from subhub.cli.activity import CURRENT
from subhub.plugin.rate_limits import RateLimit


class Estimate:
    """The time that the rest of *total* rows will take.

    The first requests, up to the *limit*, go out in a burst. So the pace so far is too optimistic,
    and the estimate is at least what the limit allows.
    """

    def __init__(
        self, total: int, limit: RateLimit | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.done = 0
        self.requests = 0
        self._limit = limit
        self._clock = clock
        self._started = clock()

    def sent(self, _: object) -> None:
        """Count a request; this is a hook of the client."""
        self.requests += 1

    def seconds(self) -> float | None:
        """Return the seconds that are left; `None` before the first row is done."""
        if not self.done:
            return None
        left = self.total - self.done
        at_this_pace = (self._clock() - self._started) / self.done * left
        if self._limit is None:
            return at_this_pace
        requests = self.requests / self.done * left
        return max(at_this_pace, requests * self._limit.per / self._limit.requests)


class RowProgress:
    """How many rows are done, as one line: "120/2000 rows, 3 failed, about 5 min left"."""

    def __init__(self, estimate: Estimate) -> None:
        self._estimate = estimate
        self._failed = 0
        activity = CURRENT.get()
        if activity is not None:
            activity.doing = self.text

    def advance(self, *, failed: bool) -> None:
        """Count one more row."""
        self._estimate.done += 1
        self._failed += failed

    def text(self) -> str:
        """Return the line."""
        seconds = self._estimate.seconds()
        left = "" if seconds is None else f", {_duration(seconds)} left"
        done = f"{self._estimate.done}/{self._estimate.total} rows"
        return f"{done}, {self._failed} failed{left}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"about {hours} h {rest} min" if hours else f"about {minutes} min"
