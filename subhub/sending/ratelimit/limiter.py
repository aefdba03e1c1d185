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
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from subhub.errors import ConfigError
from subhub.forks import Forkable
from subhub.plugin.rate_limits import HEADERS, SILENT, RateLimit, read
from subhub.sending.ratelimit.permits import Cells, Permit, Permits
from subhub.sending.steps import FIRST_TRY, LAST_TRY

_TOO_MANY_REQUESTS = 429


class Store(Protocol):
    """The permits of one queue: `with store as cells` locks them.

    Nothing waits for the lock. Where another process has it, the cells are `None`.
    """

    @property
    def lease(self) -> float:
        """How many seconds a request may be in flight before it counts as lost."""
        ...

    @property
    def locked(self) -> str:
        """Say that another process has locked the permits."""
        ...

    def prepare(self, permits: Permits) -> None:
        """Make room for *permits*; raise `ConfigError` if that is not possible."""
        ...

    def close(self) -> None:
        """Release what the store holds open; the permits stay as they are."""
        ...

    def after_fork(self, permits: Permits, now: float) -> None:
        """Begin again in a forked child, before the first use there."""
        ...

    def __enter__(self) -> Cells | None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class LocalStore:
    """Permits in the memory of this process, for one queue, whose lock guards them."""

    # A lease is there for requests of processes that were killed. Here they end together.
    lease = 3600.0
    locked = ""

    def prepare(self, permits: Permits) -> None:
        """Start with all permits free."""
        self._cells = memoryview(bytearray(8 * permits.cells)).cast("d")

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def after_fork(self, permits: Permits, now: float) -> None:
        """Let go of what is in flight in the parent."""
        permits.after_fork(self._cells, now)

    def __enter__(self) -> Cells:
        return self._cells

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


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
        with self._queue.lock:
            if not self._queue.users:
                self._queue.store.close()

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

    __slots__ = ("_permit", "_queue", "_serial", "_tries", "obstacle")

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._permit: Permit | None = None
        self._serial: int | None = queue.join()
        self._tries = 0
        self.obstacle = ""
        """What the last wait was for, when it was not for a permit."""

    def wait(self, now: float) -> float:
        """Return 0.0 if the request may be sent now, else the seconds until asking again."""
        queue = self._queue
        with queue.lock, queue.store as cells:
            if cells is None:
                return self._wait_for_store()
            self._tries, self.obstacle = 0, ""
            queue.update(cells, now)
            if self._permit is not None:
                return 0.0
            if self._serial is None:
                raise RuntimeError("this ticket has ended: enter the queue again")
            found = queue.permits.find(cells, now, queue.place(self._serial))
            if not isinstance(found, Permit):
                return found
            # In this order, an interrupt between any two of these loses no permit: `leave` returns
            # the permit that is known here, whether or not it was already taken in the cells.
            self._permit = found
            queue.permits.take(cells, found)
            self._quit()
            return 0.0

    def answered(self, now: float, headers: Mapping[str, str], status: int) -> None:
        """Return the permit after a response: it is free one window from *now*.

        Args:
            now: When the response came, in seconds.
            headers: Its headers, with names in lower case.
            status: Its HTTP status; 429 makes every caller wait.
        """
        permit, permits = self._permit, self._queue.permits
        if permit is not None:
            end = permits.refused if status == _TOO_MANY_REQUESTS else permits.answered
            silent = HEADERS.isdisjoint(headers)
            reading = SILENT if silent else read(headers, permits.limit.per)
            self._end(now, lambda cells, _: end(cells, permit, now, reading))

    def unsent(self, now: float) -> None:
        """Return the permit of a request that provably never left: it is as it was before."""
        permit, permits = self._permit, self._queue.permits
        if permit is not None:
            self._end(now, lambda cells, _: permits.unsent(cells, permit))

    def lost(self, now: float) -> None:
        """Return the permit of a request without a response: it is free one window from *now*."""
        permit, permits = self._permit, self._queue.permits
        if permit is not None:
            self._end(now, lambda cells, _: permits.lost(cells, permit, now))

    def leave(self) -> None:
        """Leave the queue; a permit without a response counts as lost.

        No time is given here, so such a permit is free one window after the next use of the queue.
        """
        if self._serial is None and self._permit is None:
            return  # as usual: the ticket ended before
        with self._queue.lock:
            self._quit()
            if self._permit is not None:
                self._queue.ends.append(partial(_abandon, self._queue.permits, self._permit))
                self._permit = None

    def _wait_for_store(self) -> float:
        self.obstacle = self._queue.store.locked
        self._tries = min(self._tries + 1, 10)
        return min(LAST_TRY, FIRST_TRY * 2.0**self._tries)

    def _end(self, now: float, end: End) -> None:
        queue = self._queue
        with queue.lock:
            queue.ends.append(end)
            self._permit = None
            # A store that fails must not take the place of an answer: the next request raises it.
            with suppress(ConfigError), queue.store as cells:
                if cells is not None:
                    queue.update(cells, now)

    def _quit(self) -> None:
        if self._serial is not None:
            self._queue.quit(self._serial)
            self._serial = None


End: TypeAlias = Callable[[Cells, float], None]
"""How a permit is returned; called with the cells, and the time at which they are used."""


def _abandon(permits: Permits, permit: Permit, cells: Cells, now: float) -> None:
    permits.lost(cells, permit, now)


class Queue(Forkable):
    """What the tickets of rate limiters share: who waits, in FIFO order, and how permits ended.

    `lock` guards everything here, and is taken before the store. The store's own lock is between
    processes only, and would let two threads of one process in. `users` are the rate limiters that
    have this queue.
    """

    def __init__(self, permits: Permits, store: Store) -> None:
        self.permits = permits
        self.store = store
        self.users: set[object] = set()
        self._forked = False
        self._begin()
        store.prepare(permits)
        super().__init__()

    @classmethod
    def of(cls, limit: RateLimit, store: Store, share: float) -> Queue:
        """Return the queue for a *share* of *limit*."""
        return cls(Permits(limit.divided(share), store.lease, alone=share == 1), store)

    def update(self, cells: Cells, now: float) -> None:
        """Apply to *cells* what has happened until *now*; call it first, under the lock."""
        if self._forked:
            self.store.after_fork(self.permits, now)
            self._forked = False
        self.permits.check_clock(cells, now)
        # Removed last: an interrupt may repeat this, which has no effect, but cannot skip it.
        while self.ends:
            self.ends[0](cells, now)
            del self.ends[0]

    def is_idle(self, now: float) -> bool:
        """Return whether the permits can be forgotten: no rate limiter has them, and all are free.

        A store that cannot be read is kept.
        """
        with self.lock, suppress(ConfigError), self.store as cells:
            if cells is not None and not self.users:
                self.update(cells, now)
                return self.permits.is_idle(cells, now)
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

    def _begin(self) -> None:
        self.lock = threading.Lock()
        self.ends: list[End] = []
        self._waiting: list[int] = []  # in ascending order, as serials are
        self._joined = 0
