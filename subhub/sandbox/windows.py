"""Rate-limit windows: how many requests a provider accepts per period."""

from __future__ import annotations

import datetime as dt
from collections import deque
from typing import Final

WINDOWS: Final = ("aligned", "anchored", "rolling")
"""The kinds of windows: aligned to the wall clock, starting with the first request, or rolling."""


class RateWindow:
    """A limit of *allowed* requests per *seconds*; requests over it are not counted.

    *kind* is how the provider's windows are: `"aligned"` to the wall clock, `"anchored"`, so that
    one starts with the first request, or `"rolling"`. A fake asks in `authenticate`:

        now = self.clock.now()
        if not self._requests.take(now, "rolling") and self.enforce_limits:
            wait = self._requests.free_at(now, "rolling") - now
            raise Refusal(self.too_many(wait.total_seconds()))
    """

    def __init__(self, allowed: int, seconds: int) -> None:
        self.allowed = allowed
        self._span = dt.timedelta(seconds=seconds)
        self._seconds = seconds
        self._taken: deque[dt.datetime] = deque()
        self._start = dt.datetime.min.replace(tzinfo=dt.UTC)

    def take(self, now: dt.datetime, kind: str) -> bool:
        """Count a request, and return whether it is within the limit."""
        self._expire(now, kind)
        if len(self._taken) >= self.allowed:
            return False
        self._taken.append(now)
        return True

    def left(self, now: dt.datetime, kind: str) -> int:
        """Return how many more requests are allowed at *now*."""
        self._expire(now, kind)
        return self.allowed - len(self._taken)

    def free_at(self, now: dt.datetime, kind: str) -> dt.datetime:
        """Return the next moment at which more requests are allowed than at *now*."""
        self._expire(now, kind)
        if kind == "rolling":
            return (self._taken[0] if self._taken else now) + self._span
        return self._start + self._span

    def _expire(self, now: dt.datetime, kind: str) -> None:
        """Drop the requests that no longer count at *now*."""
        if kind == "rolling":
            while self._taken and self._taken[0] + self._span <= now:
                _ = self._taken.popleft()
            return
        start = self._start_of_window(now, kind)
        if start != self._start:
            self._start = start
            self._taken.clear()

    def _start_of_window(self, now: dt.datetime, kind: str) -> dt.datetime:
        # a window without requests is not running: the next request starts one
        if self._taken and self._start <= now < self._start + self._span:
            return self._start
        if kind == "anchored":
            return now
        if kind != "aligned":
            message = f"unknown kind of window {kind!r}: known are {', '.join(WINDOWS)}"
            raise ValueError(message)
        return now - dt.timedelta(seconds=now.timestamp() % self._seconds)
