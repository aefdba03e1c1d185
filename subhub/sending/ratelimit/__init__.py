"""Pacing: never more requests in a provider's window than it allows, and hardly ever fewer.

It says who may send when; it sends nothing, sleeps for nobody and reads no clock. The permit file
of several processes is in `subhub.sending.ratelimit.shared`, which only those load that use it.
"""

from __future__ import annotations

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.limiter import LocalStore, RateLimiter, Store, Ticket

__all__ = ["LocalStore", "RateLimit", "RateLimiter", "Store", "Ticket"]
