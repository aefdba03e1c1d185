"""Rate windows: how many requests a provider takes in a while. Nothing here answers or waits."""

from __future__ import annotations

import datetime as dt
from collections import deque
from typing import Final

WINDOWS: Final = ("aligned", "anchored", "rolling")
"""Windows that begin on the clock, with the first request, or with every request."""


class RateWindow:
    """So many requests in so many seconds, counted in one of three kinds of windows.

    A request that was too many is not counted.
    """

    def __init__(self, allowed: int, seconds: int) -> None:
        self.allowed = allowed
        self._span = dt.timedelta(seconds=seconds)
        self._seconds = seconds
        self._taken: deque[dt.datetime] = deque()
        self._began = dt.datetime.min.replace(tzinfo=dt.UTC)

    def take(self, now: dt.datetime, kind: str) -> bool:
        """Count a request; whether it was within the limit."""
        self._move(now, kind)
        if len(self._taken) >= self.allowed:
            return False
        self._taken.append(now)
        return True

    def left(self, now: dt.datetime, kind: str) -> int:
        """How many more requests may come."""
        self._move(now, kind)
        return self.allowed - len(self._taken)

    def free_at(self, now: dt.datetime, kind: str) -> dt.datetime:
        """When more requests may come than now."""
        self._move(now, kind)
        if kind == "rolling":
            return (self._taken[0] if self._taken else now) + self._span
        return self._began + self._span

    def _move(self, now: dt.datetime, kind: str) -> None:
        """Forget the requests that do not count any more."""
        if kind == "rolling":
            while self._taken and self._taken[0] + self._span <= now:
                _ = self._taken.popleft()
            return
        began = self._beginning(now, kind)
        if began != self._began:
            self._began = began
            self._taken.clear()

    def _beginning(self, now: dt.datetime, kind: str) -> dt.datetime:
        if self._taken and self._began <= now < self._began + self._span:
            return self._began
        if kind == "anchored":
            return now
        if kind != "aligned":
            message = f"{kind!r} is no kind of window: choose one of {', '.join(WINDOWS)}"
            raise ValueError(message)
        return now - dt.timedelta(seconds=now.timestamp() % self._seconds)
