"""When a subscription of the fake renews. The rule for short months is our own."""

from __future__ import annotations

import calendar
import datetime as dt


def next_anchor(after: dt.datetime, day: int) -> dt.datetime:
    """The first midnight in UTC, after *after*, of that day of a month.

    A month that is too short for it renews on its last day.
    """
    this = _anchor(after.year, after.month, day)
    if this > after:
        return this
    return _anchor(after.year + after.month // 12, after.month % 12 + 1, day)


def _anchor(year: int, month: int, day: int) -> dt.datetime:
    last = calendar.monthrange(year, month)[1]
    return dt.datetime(year, month, min(day, last), tzinfo=dt.UTC)
