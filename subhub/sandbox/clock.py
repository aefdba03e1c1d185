"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable


class VirtualClock:
    """The time inside a sandbox; it begins now, unless told otherwise, and nothing sleeps."""

    def __init__(self, start: dt.datetime | None = None) -> None:
        self._now = _begin(start or dt.datetime.now(dt.UTC))
        self._watching: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        """The present, in UTC."""
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> dt.datetime:
        """Let time pass, with all that happens in it, and tell the new present."""
        step = dt.timedelta(days=days, hours=hours, seconds=seconds)
        if step < dt.timedelta():
            message = f"time does not run backwards: {step}"
            raise ValueError(message)
        with self._lock:
            self._now += step
        for happen in self._watching:
            happen()
        return self._now

    def reach(self, moment: dt.datetime) -> None:
        """Let time pass until *moment*, unless it has come already."""
        with self._lock:
            passed = moment > self._now
            self._now = max(self._now, moment)
        if passed:
            for happen in self._watching:
                happen()

    def set(self, moment: dt.datetime) -> None:
        """Begin at another moment, for a sandbox in which nothing has happened yet."""
        self._now = _begin(moment)

    def watch(self, happen: Callable[[], None]) -> None:
        """Have *happen* called whenever time has passed."""
        self._watching.append(happen)


def _begin(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        message = f"a sandbox starts at a moment with a time zone, not {moment!r}"
        raise ValueError(message)
    return moment.astimezone(dt.UTC).replace(microsecond=0)
