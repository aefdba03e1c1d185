"""The provider's clock, as its answers show it in their `Date` header.

Every answer is kept until the next one; it is read only when it is needed, which is seldom.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_CUT_OFF: Final = 1.0
"""Seconds: a `Date` has whole seconds, so it is behind the clock by less than this."""


class ServerClock:
    """How far the provider's clock and ours are apart, by the last answer with a `Date`.

    `answer` holds that answer's headers, and the monotonic times at which its request was handed
    over and at which it was there. Our own clock may be set in between: the difference is always to
    the clock as it is when it is asked for.
    """

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: tuple[Mapping[str, str], float, float] | None = None

    def ahead(self, now: dt.datetime, monotonic: float) -> tuple[float, float] | None:
        """Return by how many seconds, at least and at most, the provider's clock is ahead of ours.

        `None` means that no answer has said it: none has a `Date`, or the last one is from a cache.

        Args:
            now: What our clock shows.
            monotonic: The monotonic time at that moment.
        """
        if self.answer is None:
            return None
        headers, began, ended = self.answer
        date = _seconds(headers.get("date", ""))
        if date is None or "age" in headers:
            return None
        # It was written after its request was handed over, and before it was there.
        ours = now.timestamp() - monotonic
        return date - (ours + ended), date + _CUT_OFF - (ours + began)


def _seconds(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    # "-0000" stands for a time in UTC that says nothing of the zone it was written in
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
