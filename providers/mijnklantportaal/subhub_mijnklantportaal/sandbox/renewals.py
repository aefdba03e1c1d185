"""When a subscription renews: the first day of each of its periods."""

from __future__ import annotations

import calendar
import datetime as dt
from itertools import count


def renewal_after(day: dt.date, starts_on: dt.date, interval: str) -> dt.date:
    """The first renewal later than *day* of what began on *starts_on*."""
    periods = (period_start(starts_on, interval, number) for number in count(1))
    return next(each for each in periods if each > day)


def period_start(starts_on: dt.date, interval: str, number: int) -> dt.date:
    """The first day after *number* periods; a day that a month lacks becomes its last one."""
    amount, unit = interval.split()
    steps = int(amount) * number
    if unit.startswith("day"):
        return starts_on + dt.timedelta(days=steps)
    months = starts_on.month - 1 + steps * (12 if unit.startswith("year") else 1)
    year, month = starts_on.year + months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return starts_on.replace(year=year, month=month, day=min(starts_on.day, last))
