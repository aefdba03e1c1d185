"""A clock that is frozen until it is advanced."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Final

END: Final = dt.datetime(3000, 1, 1, tzinfo=dt.UTC)
"""Where the calendar of a sandbox ends, so that a fake can add any period to the current time."""


class VirtualClock:
    """The time inside a sandbox. It starts at *start*, by default now, and nothing sleeps.

    Callbacks run outside the lock, because a callback may read or advance the clock itself.
    """

    def __init__(self, start: dt.datetime | None = None) -> None:
        self._now = _start(start or dt.datetime.now(dt.UTC))
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        """Return the current time, in UTC."""
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> dt.datetime:
        """Advance the clock, run the callbacks, and return the new time.

        Args:
            days: Days to add.
            hours: Hours to add.
            seconds: Seconds to add. The sum must not be negative (`ValueError`), nor lead past the
                year 2999 (`OverflowError`).
        """
        step = dt.timedelta(days=days, hours=hours, seconds=seconds)
        if step < dt.timedelta():
            message = f"the clock cannot run backwards: got {step.total_seconds():g} seconds"
            raise ValueError(message)
        with self._lock:
            if step >= END - self._now:
                raise OverflowError("the clock cannot go that far: it ends with the year 2999")
            self._now += step
        self._notify()
        return self._now

    def reach(self, moment: dt.datetime) -> None:
        """Advance the clock to *moment*, unless it is already later.

        Several threads may wait for the same moment: the clock moves once, not once per thread.
        """
        with self._lock:
            moved = moment > self._now
            self._now = max(self._now, moment)
        if moved:
            self._notify()

    def set(self, moment: dt.datetime) -> None:
        """Set the time without running callbacks, for a sandbox that was not used yet."""
        self._now = _start(moment)

    def watch(self, callback: Callable[[], None]) -> None:
        """Call *callback* each time the clock was advanced."""
        self._callbacks.append(callback)

    def _notify(self) -> None:
        for callback in self._callbacks:
            callback()


def _start(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        message = f"the sandbox's clock needs a datetime with a time zone, got {moment!r}"
        raise ValueError(message)
    # providers write whole seconds, so a clock with microseconds would not survive a round trip
    return moment.astimezone(dt.UTC).replace(microsecond=0)
