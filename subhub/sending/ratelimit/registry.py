"""The rate limiters of this process: clients of one account have one in common.

A provider counts by key, not by client, and a program may create a client for each request. So the
permits outlive the client, by a window. It is the only state of subhub that belongs to the process;
docs/decisions/0011-one-limiter-per-key.md gives the reasons.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.limiter import LocalStore, Queue, RateLimiter
from subhub.system.forks import Forkable

if TYPE_CHECKING:
    from subhub.models.identity import Identity
    from subhub.sending.ratelimit.permits import Permits
    from subhub.sending.ratelimit.stores import PermitStore

logger: Final = logging.getLogger("subhub")

_FORGETTING: Final = 60.0
"""Seconds between two searches for permits that nobody needs any more."""


class PermitPlace(Protocol):
    """Where several machines have their permits: it is compared, and names no password."""

    def permits(self, name: str, permits: Permits) -> PermitStore:
        """Return the store for what *name* identifies; raise `ConfigError` for a wrong address."""
        ...


class Terms(NamedTuple):
    """Which permits a client uses: those who have the same terms share them.

    Args:
        limit: What the provider allows.
        share: The part of it that this machine may use; with a store on another machine, the part
            that it may use while that is away.
        permits: The folder of the permit file, if processes of this machine share the limit, or
            where the machines that share it have their permits.
    """

    limit: RateLimit
    share: float = 1.0
    permits: Path | PermitPlace | None = None

    @property
    def rate(self) -> float:
        """How many requests a second these permits allow, over time."""
        shared = self.permits is not None and not isinstance(self.permits, Path)
        part = self.limit.divided(1.0 if shared else self.share)
        return part.requests / part.per


class Limiters(Forkable):
    """The rate limiters of accounts that have one clock."""

    def __init__(self) -> None:
        self._queues: dict[tuple[Identity, Terms], Queue] = {}
        self._forgot_at = 0.0
        self._lock = threading.Lock()
        super().__init__()

    def join(self, account: Identity, terms: Terms, now: float) -> RateLimiter:
        """Return a rate limiter that shares its permits with those of the same *account*.

        Args:
            account: Whose requests are limited.
            terms: What the client says about the limit; wrong ones are a `ConfigError`.
            now: The time on the clock of all rate limiters here, in seconds.
        """
        with self._lock:
            if not 0 <= now - self._forgot_at < _FORGETTING:
                self._forget(now)
                self._forgot_at = now
            queue = self._queues.get((account, terms))
            if queue is None:
                queue = _queue(account, terms)
                others = [used for owner, used in self._queues if owner == account]
                if account.mode != "sandbox":
                    _warn(account, (*others, terms))
                self._queues[account, terms] = queue
            return RateLimiter.over(queue)

    def clear(self) -> None:
        """Begin again with all permits; clients that are open keep theirs."""
        with self._lock:
            self._queues.clear()

    def after_fork_in_child(self) -> None:
        """Let go of the lock, which another thread of the parent may have held."""
        self._lock = threading.Lock()

    def _forget(self, now: float) -> None:
        for key, queue in list(self._queues.items()):
            if queue.is_idle(now):
                queue.close()
                del self._queues[key]


_accounts: Final = Limiters()
_sandboxes: Final[WeakKeyDictionary[object, Limiters]] = WeakKeyDictionary()


def limiters(fake: object | None) -> Limiters:
    """Return the rate limiters of the real accounts, or those of a sandbox, which has its own."""
    return _accounts if fake is None else _sandboxes.setdefault(fake, Limiters())


def terms_of(
    limit: RateLimit, share: float, permits: str | os.PathLike[str] | PermitPlace | None
) -> Terms:
    """Return the terms of a client; a relative folder counts from the present working folder."""
    if isinstance(permits, str | os.PathLike):
        return Terms(limit, share, Path(permits).absolute())
    return Terms(limit, share, permits)


def _queue(account: Identity, terms: Terms) -> Queue:
    limit, share, permits = terms
    if permits is None:
        return Queue.of(limit, LocalStore(), share)
    if isinstance(permits, Path):
        from subhub.sending.ratelimit.shared import SharedStore  # noqa: PLC0415 - for a folder only

        return Queue.of(limit, SharedStore(permits, account.name), share)
    from subhub.sending.ratelimit.remote import RemoteQueue  # noqa: PLC0415 - for a URL only

    return RemoteQueue.over(limit, share, partial(permits.permits, account.name))


def _warn(account: Identity, terms: Sequence[Terms]) -> None:
    """Warn when the permits of clients with one key may be too many together."""
    whole = max(used.limit.requests / used.limit.per for used in terms)
    if len(terms) > 1 and sum(used.rate for used in terms) > whole:
        logger.warning(
            "clients with one key of %s have different rate limits, which they do not share: %s. "
            "Give all of them the same `rate_limit`, `share` and `permits`, or parts that add up "
            "to no more than the whole",
            account.provider,
            ", ".join(f"{used.limit.requests} per {used.limit.per:g} s" for used in terms),
        )
