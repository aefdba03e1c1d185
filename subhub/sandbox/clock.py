"""A clock that is frozen until it is advanced."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Final

from subhub.sandbox.agenda import Agenda, Entry

END: Final = dt.datetime(3000, 1, 1, tzinfo=dt.UTC)
"""Where the calendar of a sandbox ends, so that a fake can add any period to the current time."""


class VirtualClock:
    """The time inside a sandbox. It starts at *start*, by default now, and nothing sleeps.

    While it advances, it stops at every entry of its agenda. Entries and callbacks run outside the
    lock, because they may read or advance the clock themselves.
    """

    def __init__(self, start: dt.datetime | None = None) -> None:
        self.agenda: Agenda | None = None
        """What happens while the clock advances; the clock of a `Fake` has that of the fake."""
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
            target = self._now + step
            entry = self._step(target)
        self._run(entry, target)
        self._notify()
        return self._now

    def reach(self, moment: dt.datetime) -> None:
        """Advance the clock to *moment*, unless it is already later.

        Several threads may wait for the same moment: the clock moves once, not once per thread.
        """
        with self._lock:
            moved = moment > self._now
            entry = self._step(moment)
        self._run(entry, moment)
        if moved:
            self._notify()

    def set(self, moment: dt.datetime) -> None:
        """Set the time without running callbacks, for a sandbox that was not used yet."""
        self._now = _start(moment)

    def watch(self, callback: Callable[[], None]) -> None:
        """Call *callback* each time the clock was advanced."""
        self._callbacks.append(callback)

    def _step(self, target: dt.datetime) -> Entry | None:
        """Go to the next entry and return it, or to *target* if there is none until then."""
        entry = self.agenda.take(target) if self.agenda is not None else None
        # an entry may be overdue, and the clock may have been advanced further meanwhile
        self._now = max(self._now, target if entry is None else entry.at)
        return entry

    def _run(self, entry: Entry | None, target: dt.datetime) -> None:
        while entry is not None and self.agenda is not None:
            self.agenda.carry_out(entry)
            with self._lock:
                entry = self._step(target)

    def _notify(self) -> None:
        for callback in self._callbacks:
            callback()


def _start(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        message = f"the sandbox's clock needs a datetime with a time zone, got {moment!r}"
        raise ValueError(message)
    # providers write whole seconds, so a clock with microseconds would not survive a round trip
    return moment.astimezone(dt.UTC).replace(microsecond=0)
