"""Rate limiting: never more requests in a provider's window than it allows, and hardly ever fewer.

It decides who may send when, but sends nothing, sleeps never and reads no clock. The permit file
shared by several processes is in `subhub.sending.ratelimit.shared`, loaded only when it is used.
"""

from __future__ import annotations

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.limiter import LocalStore, RateLimiter, Ticket
from subhub.sending.ratelimit.registry import limiters, terms_of
from subhub.sending.ratelimit.stores import Store

__all__ = ["LocalStore", "RateLimit", "RateLimiter", "Store", "Ticket", "limiters", "terms_of"]
