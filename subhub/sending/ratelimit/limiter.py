"""The rate limiter: a queue in front of the permits of one account.

It is called with the time and returns how long to wait; it reads no clock, never sleeps and sends
nothing. Any number of tasks and threads may use one rate limiter.
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_left
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import ClassVar, Self, TypeAlias, TypeVar

from subhub.errors import ConfigError
from subhub.forks import Forkable
from subhub.plugin.rate_limits import HEADERS, SILENT, RateLimit, read
from subhub.sending.ratelimit.permits import Cells, Permit, Permits
from subhub.sending.ratelimit.stores import PermitStore, Store, StoreUnavailable
from subhub.sending.steps import FIRST_TRY, LAST_TRY

T = TypeVar("T")

_TOO_MANY_REQUESTS = 429


class RateLimiter:
    """Keeps the requests of one account within *limit*, in FIFO order.

    Args:
        limit: What the provider allows.
        store: Where the permits are; a `SharedStore` serves all processes of this machine.
        share: This machine's part of the limit, when several machines use it. If it is less than
            1, what the server says about the rest of the limit is ignored.
    """

    def __init__(self, limit: RateLimit, store: Store | None = None, share: float = 1.0) -> None:
        self._use(Queue.of(limit, LocalStore() if store is None else store, share))

    @property
    def remote(self) -> bool:
        """Whether a ticket may wait for another machine, and so has to be asked in a thread."""
        return self._queue.remote

    @classmethod
    def over(cls, queue: Queue) -> Self:
        """Return a rate limiter that has *queue* in common with others."""
        limiter = cls.__new__(cls)
        limiter._use(queue)  # noqa: SLF001 - it is one of the same class
        return limiter

    def enter(self) -> Ticket:
        """Join the queue at its end."""
        return Ticket(self._queue)

    def close(self) -> None:
        """Leave the queue to others; the last of them closes the store."""
        _ = self._leave()
        self._queue.close()

    def _use(self, queue: Queue) -> None:
        self._queue = queue
        user = object()
        queue.users.add(user)
        # Also without `close`, from the garbage collector, at any moment: it takes no lock.
        self._leave = weakref.finalize(self, queue.users.discard, user)
        self._leave.atexit = False


class Ticket:
    """A place in the queue, then a permit. Whoever has one must call `leave` in the end.

    A ticket ends once: only the first of `answered`, `unsent`, `lost` and `leave` has an effect.
    Where the store is locked, the end takes effect at the next use of the queue.
    """

    __slots__ = ("_permit", "_pool", "_queue", "_serial", "_tries", "obstacle", "remote")

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._pool = queue.pool
        self._permit: Permit | None = None
        self._serial: int | None = queue.join()
        self._tries = 0
        self.obstacle = ""
        """What the last wait was for, when it was not for a permit."""
        self.remote = queue.remote
        """Whether `wait` may wait for another machine, and so has to be called in a thread."""

    def wait(self, now: float) -> float:
        """Return 0.0 if the request may be sent now, else the seconds until asking again."""
        if self._permit is not None:
            return 0.0
        try:
            wait = self._queue.use(now, self._find, self._undo)
        except StoreUnavailable as unavailable:
            return self._wait_for_store(unavailable)
        self._tries, self.obstacle = 0, ""
        if not wait:
            with self._queue.lock:
                self._quit()
        return wait

    def answered(self, now: float, headers: Mapping[str, str], status: int) -> None:
        """Return the permit after a response: it is free one window from *now*.

        Args:
            now: When the response came, in seconds.
            headers: Its headers, with names in lower case.
            status: Its HTTP status; 429 makes every caller wait.
        """
        permit, permits = self._permit, self._pool.permits
        if permit is not None:
            end = permits.refused if status == _TOO_MANY_REQUESTS else permits.answered
            silent = HEADERS.isdisjoint(headers)
            reading = SILENT if silent else read(headers, permits.limit.per)
            self._end(now, lambda cells, then: end(cells, permit, then, reading))

    def unsent(self, now: float) -> None:
        """Return the permit of a request that provably never left: it is as it was before."""
        permit, permits = self._permit, self._pool.permits
        if permit is not None:
            self._end(now, lambda cells, _: permits.unsent(cells, permit))

    def lost(self, now: float) -> None:
        """Return the permit of a request without a response: it is free one window from *now*."""
        permit, permits = self._permit, self._pool.permits
        if permit is not None:
            self._end(now, lambda cells, then: permits.lost(cells, permit, then))

    def leave(self) -> None:
        """Leave the queue; a permit without a response counts as lost.

        No time is given here, so such a permit is free one window after the next use of the queue.
        """
        if self._serial is None and self._permit is None:
            return  # as usual: the ticket ended before
        with self._queue.lock:
            self._quit()
            if self._permit is not None:
                self._pool.ends.append((None, partial(_abandon, self._pool.permits, self._permit)))
                self._permit = None
        self._queue.wake()

    def _find(self, pool: Pool, cells: Cells, now: float) -> float:
        """Take a permit of *pool*; it may be asked again where another process was quicker.

        In this order, an interrupt between any two of these loses no permit: `leave` returns the
        permit that is known here, whether or not it was already taken in the cells.
        """
        self._permit = None
        if self._serial is None:
            raise RuntimeError("this ticket has ended: enter the queue again")
        found = pool.permits.find(cells, now, self._queue.place(self._serial), pool.kept)
        if not isinstance(found, Permit):
            return found
        self._pool = pool
        self._permit = found
        pool.permits.take(cells, found)
        return 0.0

    def _undo(self) -> None:
        """Return what may have been taken when the store failed; nothing was sent with it."""
        permit, self._permit = self._permit, None
        if permit is not None:
            permits = self._pool.permits
            self._pool.ends.append((None, lambda cells, _: permits.unsent(cells, permit)))

    def _wait_for_store(self, unavailable: StoreUnavailable) -> float:
        self.obstacle = str(unavailable)
        self._tries = min(self._tries + 1, 10)
        return min(LAST_TRY, FIRST_TRY * 2.0**self._tries)

    def _end(self, now: float, end: End) -> None:
        with self._queue.lock:
            self._pool.ends.append((now, end))
            self._permit = None
        if self.remote:
            self._queue.wake()
            return
        # A store that fails must not take the place of an answer: the next request raises it.
        with suppress(ConfigError):
            self._queue.use(now, nothing, no_undo)

    def _quit(self) -> None:
        if self._serial is not None:
            self._queue.quit(self._serial)
            self._serial = None


End: TypeAlias = Callable[[Cells, float], None]
"""How a permit is returned; called with the cells, and when it ended by the store's clock."""

Change: TypeAlias = Callable[["Pool", Cells, float], T]
"""What is done with the cells of a pool, at a time of its clock."""


class LocalStore:
    """Permits in the memory of this process, for one queue, whose lock guards them."""

    # A lease is there for requests of processes that were killed. Here they end together.
    lease = 3600.0
    remote = False

    def open(self, permits: Permits) -> LocalStore:
        """Start with all permits free."""
        self.cells: Cells = memoryview(bytearray(8 * permits.cells)).cast("d")
        return self

    def update(self, now: float, change: Callable[[Cells, float], T]) -> T:
        """Call *change*: no other caller has these cells."""
        return change(self.cells, now)

    def close(self) -> None:
        """Do nothing: nothing is held open."""


def _abandon(permits: Permits, permit: Permit, cells: Cells, now: float) -> None:
    permits.lost(cells, permit, now)


class Pool:
    """Permits in one store, and those of its ends that are not in the store yet.

    An end has the time at which it happened, by the clock of this process, unless it is unknown.
    `kept` is how many permits are left to other machines that cannot reach the store.
    """

    def __init__(self, permits: Permits, store: Store) -> None:
        self.permits = permits
        self.kept = 0
        self.ends: list[tuple[float | None, End]] = []
        self.store: PermitStore = store.open(permits)

    @classmethod
    def of(cls, limit: RateLimit, store: Store, *, alone: bool) -> Pool:
        """Return the permits of *limit*, in *store*; see `Permits` for *alone*."""
        return cls(Permits(limit, store.lease, alone=alone), store)


class Queue(Forkable):
    """What the tickets of rate limiters share: who waits, in FIFO order, and how permits ended.

    `lock` guards everything here. In this class it also guards the store, whose own lock is between
    processes only, and would let two threads of one process in. `users` are the rate limiters that
    have this queue.
    """

    remote: ClassVar[bool] = False

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.users: set[object] = set()
        self._forked = False
        self._begin()
        super().__init__()

    @classmethod
    def of(cls, limit: RateLimit, store: Store, share: float) -> Queue:
        """Return the queue for a *share* of *limit*."""
        return cls(Pool.of(limit.divided(share), store, alone=share == 1))

    def use(self, now: float, change: Change[T], undo: Callable[[], None]) -> T:
        """Apply what has happened until *now*, then *change*, and return its result.

        Args:
            now: The time in seconds.
            change: What to do; it is called with the lock.
            undo: Called with the lock, if it is unknown whether the change was written.
        """
        del undo  # a store of this machine fails before anything is changed
        pool = self.pool

        def changed(cells: Cells, time: float) -> T:
            if self._forked:
                self._start_again(cells, time)
            pool.permits.check_clock(cells, time)
            # Removed last: an interrupt may repeat this, which has no effect, but cannot skip it.
            while pool.ends:
                ended_at, end = pool.ends[0]
                end(cells, time if ended_at is None else ended_at)
                del pool.ends[0]
            return change(pool, cells, time)

        with self.lock:
            if isinstance(pool.store, LocalStore):
                return changed(pool.store.cells, now)
            return pool.store.update(now, changed)

    def wake(self) -> None:
        """Have the ends of permits noted in the background; here they are noted at once."""

    def close(self) -> None:
        """Close the store, unless a rate limiter uses it."""
        with self.lock:
            if not self.users:
                self.pool.store.close()

    def is_idle(self, now: float) -> bool:
        """Return whether the permits can be forgotten: no rate limiter has them, and all are free.

        A store that cannot be read is kept.
        """
        with suppress(ConfigError):
            return not self.users and self.use(now, _is_idle, no_undo)
        return False

    def join(self) -> int:
        """Return the number of a new place at the end."""
        with self.lock:
            self._joined += 1
            self._waiting.append(self._joined)
            return self._joined

    def place(self, serial: int) -> int:
        """Return how many wait before the place *serial*."""
        return bisect_left(self._waiting, serial)

    def quit(self, serial: int) -> None:
        """Give the place *serial* up."""
        del self._waiting[self.place(serial)]

    def after_fork_in_child(self) -> None:
        """Begin again: whoever waits, or has a permit, is a thread of the parent."""
        self._begin()
        self._forked = True

    def _start_again(self, cells: Cells, now: float) -> None:
        # A file is the parent's as well, and what the parent does counts there.
        if isinstance(self.pool.store, LocalStore):
            self.pool.permits.after_fork(cells, now)
        self._forked = False

    def _begin(self) -> None:
        self.lock = threading.Lock()
        self.pool.ends.clear()
        self._waiting: list[int] = []  # in ascending order, as serials are
        self._joined = 0


def nothing(pool: Pool, cells: Cells, now: float) -> None:
    """Change nothing: only what has happened is applied."""
    del pool, cells, now


def _is_idle(pool: Pool, cells: Cells, now: float) -> bool:
    return pool.permits.is_idle(cells, now)


def no_undo() -> None:
    """Have nothing to undo."""
