"""The rate limiter: a queue in front of the permits of one account.

It is called with the time and returns how long to wait; it reads no clock, never sleeps and sends
nothing. Any number of tasks and threads may use one rate limiter.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

from subhub.plugin.rate_limits import HEADERS, SILENT, RateLimit, read
from subhub.sending.ratelimit.permits import Cells, Permit, Permits

_TOO_MANY_REQUESTS = 429


class Store(Protocol):
    """The permits of one rate limiter: `with store as cells` locks them."""

    @property
    def lease(self) -> float:
        """How many seconds a request may be in flight before it counts as lost."""
        ...

    def prepare(self, permits: Permits) -> None:
        """Make room for *permits*; raise `ConfigError` if that is not possible."""
        ...

    def close(self) -> None:
        """Release what the store holds open; the permits stay as they are."""
        ...

    def __enter__(self) -> Cells: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class LocalStore:
    """Permits in the memory of this process, for one rate limiter, whose lock guards them."""

    # A lease is there for requests of processes that were killed. Here they end together.
    lease = 3600.0

    def prepare(self, permits: Permits) -> None:
        """Start with all permits free."""
        self._cells = memoryview(bytearray(8 * permits.cells)).cast("d")

    def close(self) -> None:
        """Do nothing: nothing is held open."""

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
        store = LocalStore() if store is None else store
        self._queue = _Queue(Permits(limit.divided(share), store.lease, alone=share == 1), store)

    def enter(self) -> Ticket:
        """Join the queue at its end."""
        return Ticket(self._queue)

    def close(self) -> None:
        """Close the store."""
        with self._queue.lock:
            self._queue.store.close()


class Ticket:
    """A place in the queue, then a permit. Whoever has one must call `leave` in the end.

    A ticket ends once: only the first of `answered`, `unsent`, `lost` and `leave` has an effect.
    """

    __slots__ = ("_permit", "_queue", "_serial")

    def __init__(self, queue: _Queue) -> None:
        self._queue = queue
        self._permit: Permit | None = None
        self._serial: int | None = queue.join()

    def wait(self, now: float) -> float:
        """Return 0.0 if the request may be sent now, else the seconds until asking again."""
        queue = self._queue
        with queue.lock, queue.store as cells:
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
        queue = self._queue
        with queue.lock, queue.store as cells:
            queue.update(cells, now)
            if self._permit is not None:
                permits = queue.permits
                end = permits.refused if status == _TOO_MANY_REQUESTS else permits.answered
                silent = HEADERS.isdisjoint(headers)
                reading = SILENT if silent else read(headers, permits.limit.per)
                end(cells, self._permit, now, reading)
                self._permit = None

    def unsent(self, now: float) -> None:
        """Return the permit of a request that provably never left: it is as it was before."""
        queue = self._queue
        with queue.lock, queue.store as cells:
            queue.update(cells, now)
            if self._permit is not None:
                queue.permits.unsent(cells, self._permit)
                self._permit = None

    def lost(self, now: float) -> None:
        """Return the permit of a request without a response: it is free one window from *now*."""
        queue = self._queue
        with queue.lock, queue.store as cells:
            queue.update(cells, now)
            if self._permit is not None:
                queue.permits.lost(cells, self._permit, now)
                self._permit = None

    def leave(self) -> None:
        """Leave the queue; a permit without a response counts as lost.

        No time is given here, so such a permit is free one window after the next use of the queue.
        """
        if self._serial is None and self._permit is None:
            return  # as usual: the ticket ended before
        with self._queue.lock:
            self._quit()
            if self._permit is not None:
                self._queue.abandoned.append(self._permit)
                self._permit = None

    def _quit(self) -> None:
        if self._serial is not None:
            self._queue.quit(self._serial)
            self._serial = None


class _Queue:
    """What the tickets of a rate limiter share: who waits, in FIFO order, and abandoned permits.

    `lock` guards everything here, and is taken before the store. The store's own lock is between
    processes only, and would let two threads of one process in.
    """

    def __init__(self, permits: Permits, store: Store) -> None:
        self.permits = permits
        self.store = store
        self.lock = threading.Lock()
        self.abandoned: list[Permit] = []
        self._waiting: list[int] = []  # in ascending order, as serials are
        self._joined = 0
        store.prepare(permits)

    def update(self, cells: Cells, now: float) -> None:
        """Apply to *cells* what has happened until *now*; call it first, under the lock."""
        self.permits.check_clock(cells, now)
        # Removed last: an interrupt may repeat this, which has no effect, but cannot skip it.
        while self.abandoned:
            self.permits.lost(cells, self.abandoned[-1], now)
            _ = self.abandoned.pop()

    def join(self) -> int:
        with self.lock:
            self._joined += 1
            self._waiting.append(self._joined)
            return self._joined

    def place(self, serial: int) -> int:
        return bisect_left(self._waiting, serial)

    def quit(self, serial: int) -> None:
        del self._waiting[self.place(serial)]
