"""Pacing: never more requests in a provider's window than it allows, and hardly ever fewer.

It says who may send when; it sends nothing, sleeps for nobody and reads no clock. The permit file
of several processes is in `subhub.pacing.shared`, which only those load that use it.
"""

from __future__ import annotations

from subhub.pacing.limits import RateLimit
from subhub.pacing.pacer import LocalStore, Pacer, Store, Ticket

__all__ = ["LocalStore", "Pacer", "RateLimit", "Store", "Ticket"]
