"""Progress of a bulk command: a bar on a terminal, with an estimate that knows the rate limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn

from subhub.cli.output import console
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


class Bar:
    """The bar on a terminal; without a terminal, nothing is shown."""

    def __init__(self, estimate: Estimate) -> None:
        self._estimate = estimate
        self._errors = 0
        stderr = console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.completed}/{task.total}"),
            BarColumn(),
            TextColumn("{task.description}"),
            console=stderr,
            disable=not stderr.is_terminal,
        )
        self._task = self._progress.add_task(self._description(), total=estimate.total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, *, failed: bool) -> None:
        """Count one more row."""
        self._estimate.done += 1
        self._errors += failed
        self._progress.update(self._task, advance=1, description=self._description())

    def _description(self) -> str:
        seconds = self._estimate.seconds()
        left = "" if seconds is None else f", {_duration(seconds)} left"
        return f"{self._errors} failed{left}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"about {hours} h {rest} min" if hours else f"about {minutes} min"
