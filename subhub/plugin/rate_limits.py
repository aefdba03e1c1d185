"""Rate limits: how many requests a provider takes in how long, and what its answers say about it.

MijnKlantportaal (getting-started/rate-limiting) sends `X-RateLimit-Remaining` with every answer,
and `Retry-After` and `X-RateLimit-Reset`, a Unix time, with a refusal only. Afternoon
(/introduction) sends `X-RateLimit-Remaining` and `X-RateLimit-Reset` with every answer and does not
say in which unit. Nothing here counts requests or keeps time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final

from subhub.errors import ConfigError

MOST = 1_000_000  # each is a permit, of eight bytes
_ROUNDING = 1e-9  # 0.29 of 100 requests is 28.999... to a computer
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_TEXT = re.compile(r"(\d{1,9}) per (\d{1,9}(?:\.\d+)?)", re.ASCII)
_TRUNCATED = 1.0  # seconds: a time in whole seconds may be this much too early
_EPOCH = 1e9  # seconds since 1970 have ten digits from 2001 on; no window lasts so long
_EPOCH_MS = 1e12  # the same in milliseconds
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")  # at most 30 years, decimals as some write it


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most *requests* in any *per* seconds: `RateLimit(60, per=60.0)`, or `"60 per 60"` as text.

    A number that makes no sense raises `ConfigError`.
    """

    requests: int
    per: float = field(kw_only=True)

    def __post_init__(self) -> None:
        if not _whole(self.requests) or not 1 <= self.requests <= MOST:
            raise ConfigError(
                f"`requests` of a rate limit must be a whole number from 1 to {MOST}, "
                f"got {self.requests!r}"
            )
        if not _number(self.per) or not 0 < self.per < math.inf:
            raise ConfigError(f"`per` of a rate limit must be > 0 seconds, got {self.per!r}")

    @classmethod
    def parse(cls, text: str) -> RateLimit:
        """Parse text such as `"60 per 60"`: so many requests in so many seconds."""
        match = _TEXT.fullmatch(str(text))  # from a file, it may be a number
        if match is None:
            raise ConfigError(
                "`rate_limit` must be requests and seconds, written as '60 per 60', got "
                f"{str(text)[:40]!r}"
            )
        return cls(int(match[1]), per=float(match[2]))

    def divided(self, share: float) -> RateLimit:
        """Return the part of the limit that one of several machines may use, rounded down."""
        if not _number(share) or not 0 < share <= 1:
            raise ConfigError(f"`share` must be > 0 and <= 1, got {share!r}")
        requests = math.floor(self.requests * share + _ROUNDING)
        if not requests:
            raise ConfigError(
                f"`share` must leave at least one of {self.requests} requests, got {share!r}"
            )
        return RateLimit(requests, per=self.per)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says, in requests and in seconds after it came; `None` where it is silent.

    `remaining` is how many requests the server would still take, `reset` when its next window
    starts at the latest, and `retry_after` how long it asks to wait.
    """

    remaining: int | None = None
    reset: float | None = None
    retry_after: float | None = None


HEADERS: Final = frozenset({"retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"})
"""The headers that `read` reads."""
SILENT: Final = Reading()
"""What an answer without any of them says."""


def read(headers: Mapping[str, str], window: float) -> Reading:
    """Read *headers*, named in lower case, of a server whose window lasts *window* seconds."""
    remaining = _header_number(headers.get("x-ratelimit-remaining", ""))
    reset = _header_number(headers.get("x-ratelimit-reset", ""))
    return Reading(
        remaining=None if remaining is None else int(remaining),
        reset=None if reset is None else _until(reset, headers.get("date", ""), window),
        retry_after=retry_after(headers),
    )


def _until(reset: float, date: str, window: float) -> float | None:
    """Return the seconds that `X-RateLimit-Reset` leaves, in any unit; `None` for nonsense.

    `inferred`: Afternoon's documentation names no unit. A number of nine digits or less is taken
    for the seconds left, a greater one for a Unix time in seconds or milliseconds. A Unix time is
    measured against the answer's own `Date`, so that no clock has to agree with another. A window
    restarts neither in the past nor later than one window from now: other values are ignored.
    """
    left: float | None = reset
    if reset >= _EPOCH:
        sent = _date(date)
        seconds = reset / 1000 if reset >= _EPOCH_MS else reset
        left = None if sent is None else seconds - sent
    if left is None or not 0 <= left <= window + _TRUNCATED:
        return None
    return left + _TRUNCATED


def _header_number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for, written as seconds or as a date.

    A date is measured against the answer's own `Date`, so that no clock has to agree with another.
    """
    asked = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(asked):
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        sent = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date; one with, one without a zone
        return None
