"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import datetime as dt


class VirtualClock:
    """The time inside a sandbox; it begins now, unless told otherwise, and nothing sleeps."""

    def __init__(self, start: dt.datetime | None = None) -> None:
        moment = start or dt.datetime.now(dt.UTC)
        if moment.tzinfo is None:
            message = f"a sandbox starts at a moment with a time zone, not {moment!r}"
            raise ValueError(message)
        self._now = moment.astimezone(dt.UTC).replace(microsecond=0)

    def now(self) -> dt.datetime:
        """The present, in UTC."""
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> dt.datetime:
        """Let time pass, and tell the new present."""
        step = dt.timedelta(days=days, hours=hours, seconds=seconds)
        if step < dt.timedelta():
            message = f"time does not run backwards: {step}"
            raise ValueError(message)
        self._now += step
        return self._now
