"""Billing periods in the calendar: where one begins, and what a part of one costs."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from subhub.models import ARITHMETIC, Interval, Money


def period_start(first_on: dt.date, interval: Interval, number: int) -> dt.date:
    """Return the first day of a later period.

    A period of months starts on the same day of the month as the first one, or on the last day of a
    shorter month. It is counted from *first_on* and not from the period before, so that one from
    the 31st does not stay on the 28th after February.

    Args:
        first_on: The first day of the first period.
        interval: The length of a period.
        number: How many periods lie between; 0 is the first one itself.
    """
    count, in_days = length_of(interval)
    if in_days:
        return first_on + dt.timedelta(days=count * number)
    return day_of_month(first_on, count * number, first_on.day)


def periods_begun(first_on: dt.date, interval: Interval, day: dt.date) -> int:
    """Return how many periods have begun after the first one by *day*; -1 before the first one.

    Args:
        first_on: The first day of the first period.
        interval: The length of a period.
        day: The day.
    """
    if day < first_on:
        return -1
    count, in_days = length_of(interval)
    if in_days:
        return (day - first_on).days // count
    months = (day.year - first_on.year) * 12 + day.month - first_on.month
    # in its last month, the period may begin after that day
    begun = months // count
    return begun if period_start(first_on, interval, begun) <= day else begun - 1


def day_of_month(on: dt.date, months: int, day: int) -> dt.date:
    """Return that *day* of the month *months* after *on*'s, or the last day of a shorter one."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day, last))


@lru_cache
def length_of(interval: Interval) -> tuple[int, bool]:
    """Return the length of a period, and whether it is in days; otherwise it is in months."""
    canonical = interval.canonical
    if canonical.unit == "year":
        return canonical.count * 12, False
    return canonical.count, canonical.unit == "day"


def part_of(price: Money, days: int, period: int) -> Money:
    """Return the price of some *days* of a *period* in days, rounded to the currency's unit."""
    unit = Decimal(1).scaleb(-price.minor_digits, ARITHMETIC)
    amount = ARITHMETIC.divide(ARITHMETIC.multiply(price.amount, Decimal(days)), Decimal(period))
    return Money(amount.quantize(unit, ROUND_HALF_UP, ARITHMETIC), price.currency)
