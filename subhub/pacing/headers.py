"""Reading what an answer's headers say about the rate limit. It decides nothing and keeps no time.

MijnKlantportaal (getting-started/rate-limiting) sends `X-RateLimit-Remaining` with every answer,
and `Retry-After` and `X-RateLimit-Reset`, a Unix time, with a refusal only. Afternoon
(/introduction) sends `X-RateLimit-Remaining` and `X-RateLimit-Reset` with every answer and does not
say in which unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from subhub.retry_after import retry_after

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_TRUNCATED = 1.0  # seconds: a time in whole seconds may be this much too early
_EPOCH = 1e9  # seconds since 1970 have ten digits from 2001 on; no window lasts so long
_EPOCH_MS = 1e12  # the same in milliseconds


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says, in requests and in seconds after it came; `None` where it is silent.

    `remaining` is how many requests the server would still take, `reset` when at the latest its
    window starts anew, and `retry_after` how long it asks to wait.
    """

    remaining: int | None = None
    reset: float | None = None
    retry_after: float | None = None


def read(headers: Mapping[str, str], window: float) -> Reading:
    """Read *headers*, named in lower case, of a server whose window lasts *window* seconds."""
    remaining = _number(headers.get("x-ratelimit-remaining", ""))
    reset = _number(headers.get("x-ratelimit-reset", ""))
    return Reading(
        remaining=None if remaining is None else int(remaining),
        reset=None if reset is None else _until(reset, headers.get("date", ""), window),
        retry_after=retry_after(headers),
    )


def _until(reset: float, date: str, window: float) -> float | None:
    """The seconds that `X-RateLimit-Reset` leaves, whatever its unit; `None` if it makes no sense.

    `inferred`: Afternoon's documentation names no unit. A number of nine digits or less is taken
    for the seconds left, a greater one for a Unix time in seconds or milliseconds. A Unix time is
    measured against the answer's own `Date`, so that no clock has to agree with another. A window
    restarts neither in the past nor later than one window from now; what says so is not believed.
    """
    left: float | None = reset
    if reset >= _EPOCH:
        sent = _date(date)
        seconds = reset / 1000 if reset >= _EPOCH_MS else reset
        left = None if sent is None else seconds - sent
    if left is None or not 0 <= left <= window + _TRUNCATED:
        return None
    return left + _TRUNCATED


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
