"""How many requests a provider takes in how long. A value; it counts nothing and keeps no time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from subhub.errors import ConfigError

MOST = 1_000_000  # each is a permit, of eight bytes
_ROUNDING = 1e-9  # 0.29 of 100 requests is 28.999... to a computer


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most *requests* in any *per* seconds: `RateLimit(60, per=60.0)`.

    A `ConfigError` says which of the two is no such number.
    """

    requests: int
    per: float = field(kw_only=True)

    def __post_init__(self) -> None:
        if not _whole(self.requests) or not 1 <= self.requests <= MOST:
            message = f"a rate limit's `requests` is a whole number from 1 to {MOST}, not "
            raise ConfigError(message + repr(self.requests))
        if not _number(self.per) or not 0 < self.per < math.inf:
            message = f"a rate limit's `per` is a number of seconds above zero, not {self.per!r}"
            raise ConfigError(message)

    def divided(self, share: float) -> RateLimit:
        """The part of the limit that one of several machines may use, rounded down."""
        if not _number(share) or not 0 < share <= 1:
            message = f"`share` is a part of the limit, above 0 and at most 1, not {share!r}"
            raise ConfigError(message)
        requests = math.floor(self.requests * share + _ROUNDING)
        if not requests:
            message = f"a `share` of {share!r} leaves none of {self.requests} requests: raise it"
            raise ConfigError(message)
        return RateLimit(requests, per=self.per)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
