"""A queue whose permits are on another machine, which may be away.

Nobody waits for the store with the queue's lock. While the store is away nothing is sent, unless a
share of the limit is set aside for that: then this machine uses its share, in its own memory. Ends
of requests are written in the background, so that no answer waits for them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from random import random
from typing import ClassVar, Final, TypeVar

from subhub.background import Background
from subhub.errors import ConfigError
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.limiter import Change, LocalStore, Pool, Queue, no_undo, nothing
from subhub.sending.ratelimit.permits import RETRY, Cells, Permits
from subhub.sending.ratelimit.presence import MACHINES, WIDTH, Machine
from subhub.sending.ratelimit.stores import LEASE, PermitStore, StoreUnavailable
from subhub.sending.steps import monotonic

T = TypeVar("T")

logger: Final = logging.getLogger("subhub")


class RemoteStore:
    """A store for `Queue`: permits that *opener* keeps on another machine.

    A permit that is taken is recognised by the end of its lease. Two processes may ask at the same
    microsecond, so each has another lease.
    """

    def __init__(self, opener: Callable[[Permits], PermitStore]) -> None:
        self.lease = LEASE + random()  # noqa: S311 - it need not be a secret
        self._opener = opener

    def open(self, permits: Permits) -> PermitStore:
        """Return the store; nothing is connected yet."""
        return self._opener(permits)


class RemoteQueue(Queue):
    """What the tickets of rate limiters share, with permits in a store that several machines use.

    Args:
        pool: The permits of the whole limit, in the store.
        spare: Those of this machine's share of the limit, for the time without the store.
        clock: That of this process, in seconds: waiting for the store takes its time.
    """

    remote: ClassVar[bool] = True

    def __init__(
        self, pool: Pool, spare: Pool | None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._spare = spare
        self._clock = clock
        self._known = False  # whether the store was ever reached
        # Seconds from the time of the last look until each permit is free, and that time.
        self._seen: tuple[list[float], float] | None = None
        self._background = Background(self._write_ends)
        self._share = 0 if spare is None else spare.permits.limit.requests
        super().__init__(pool)

    @classmethod
    def over(
        cls,
        limit: RateLimit,
        share: float,
        opener: Callable[[Permits], PermitStore],
        clock: Callable[[], float] = monotonic,
    ) -> RemoteQueue:
        """Return the queue for *limit*, in a store; a *share* of it is enough without it."""
        part = limit.divided(share)
        spare = None if share == 1 else Pool.of(part, LocalStore(), alone=False)
        store = RemoteStore(opener)
        permits = Permits(limit, store.lease, notes=MACHINES * WIDTH)
        return cls(Pool(permits, store), spare, clock)

    def use(self, now: float, change: Change[T], undo: Callable[[], None]) -> T:
        """See `Queue.use`; the time is read again, when it is this call's turn to ask the store."""
        with self._asking:
            now = self._clock()
            if self._away_at is not None and now < self._away_at + RETRY:
                return self._without_store(change)
            try:
                return self._with_store(now, change)
            except StoreUnavailable as problem:
                with self.lock:
                    undo()
                self._is_away(now, problem)
            return self._without_store(change)

    def wake(self) -> None:
        """Have the ends of permits written in the background."""
        self._background.wake()

    def close(self) -> None:
        """Write what is left to be written, and close the store, unless a rate limiter uses it."""
        if not self.users:
            with self._ending:
                self._try_to_write_ends()
                with self._asking:
                    self.pool.store.close()

    def is_idle(self, now: float) -> bool:
        """Return whether the queue can be forgotten: what counts is in the store."""
        del now
        return not self.users and not self.pool.ends and self._away_at is None

    def _begin(self) -> None:
        super()._begin()
        self._asking = threading.Lock()
        self._ending = threading.Lock()
        self._away_at: float | None = None  # when it was last found to be away
        self._problem: StoreUnavailable | None = None
        self._machine = Machine(self._share, self.pool.permits.lease)
        self._noted = False  # whether others see that requests wait here

    def _with_store(self, now: float, change: Change[T]) -> T:
        pool, away = self.pool, self._away_at

        def changed(state: Cells, time: float) -> tuple[T, int]:
            cells, notes = state[: pool.permits.end], state[pool.permits.end :]
            with self.lock:  # it may be called again, so nothing is forgotten before it returns
                count = len(pool.ends)
                self._noted = self._machine.note(notes, time, waiting=bool(self._waiting))
                pool.kept = self._machine.missing(notes, time)
                if away is not None and self._spare is not None:
                    own = self._own(self._spare, time - now)
                    pool.permits.rejoin(cells, time, away + (time - now), own)
                _apply(pool, cells, time, now)
                self._seen = [free - time for free in pool.permits.free_at(cells)], now
                return change(pool, cells, time), count

        found, count = pool.store.update(now, changed)
        with self.lock:
            del pool.ends[:count]
        self._known, self._away_at = True, None
        if away is not None:
            logger.warning("the store of the rate limit can be used again")
        return found

    def _own(self, spare: Pool, ahead: float) -> list[float]:
        """Return when the permits of this machine are free, on a clock that is *ahead* of ours."""
        now = self._clock()
        _apply(spare, _cells(spare), now, now)
        spare.ends.clear()
        return [free + ahead for free in spare.permits.free_at(_cells(spare))]

    def _without_store(self, change: Change[T]) -> T:
        assert self._problem is not None  # noqa: S101 - it is away for a reason
        spare = self._spare
        if spare is None:
            raise StoreUnavailable(str(self._problem))  # another one: each keeps its traceback
        with self.lock:
            now = self._clock()
            _apply(spare, _cells(spare), now, now)
            spare.ends.clear()
            return change(spare, _cells(spare), now)

    def _is_away(self, now: float, problem: StoreUnavailable) -> None:
        spare, again = self._spare, self._away_at is not None
        self._problem = problem
        if not again and spare is None and not self._known:
            raise ConfigError(f"{problem}. Check the address, and that the server runs")
        self._away_at = self._clock()
        if again:
            return
        if spare is None:
            logger.warning("%s: nothing is sent until it is back", problem)
            return
        limit = spare.permits.limit
        logger.warning(
            "%s: until it is back, this machine uses its share of %d requests per %g s",
            problem,
            limit.requests,
            limit.per,
        )
        with self.lock:
            left, at = self._seen or ([0.0] * self.pool.permits.limit.requests, now)
            spare.permits.divide(_cells(spare), now, [at + seconds for seconds in left])

    def _write_ends(self) -> None:
        # One at a time: after `close` there is nothing left that would open the store again.
        with self._ending:
            self._try_to_write_ends()

    def _try_to_write_ends(self) -> None:
        """Write the ends; while the store is away, that is tried again when it is next used."""
        if self.pool.ends or (self._noted and not self._waiting):
            try:
                self.use(0.0, nothing, no_undo)
            except ConfigError as problem:
                logger.debug("the end of a request is noted later: %s", problem)


def _apply(pool: Pool, cells: Cells, time: float, now: float) -> None:
    """Enter what has happened into *cells*, whose clock shows *time*; ours shows *now*.

    It may be done again, which has no effect.
    """
    pool.permits.check_clock(cells, time)
    for ended_at, end in pool.ends:
        end(cells, time if ended_at is None else ended_at + (time - now))


def _cells(spare: Pool) -> Cells:
    assert isinstance(spare.store, LocalStore)  # noqa: S101 - it is in our memory
    return spare.store.cells
