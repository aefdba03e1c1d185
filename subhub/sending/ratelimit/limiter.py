"""The pacer: a queue before the permits of one account.

It is asked with the time and answers with a pause; it reads no clock, sleeps for nobody and sends
nothing. Any number of tasks and threads may use one pacer.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

from subhub.plugin.rate_limits import HEADERS, SILENT, RateLimit, read
from subhub.sending.ratelimit.permits import Cells, Permit, Permits

_REFUSED = 429


class Store(Protocol):
    """Where the permits of one pacer are kept: `with store as cells`, and nobody else has them."""

    @property
    def lease(self) -> float:
        """How many seconds a request may be in flight; after that it counts as lost."""
        ...

    def prepare(self, permits: Permits) -> None:
        """Make room for *permits*; a `ConfigError` says why there is none."""
        ...

    def close(self) -> None:
        """Give up what the store holds; the permits stay as they are."""
        ...

    def __enter__(self) -> Cells: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class LocalStore:
    """Permits in the memory of this process. One pacer's only; the pacer's lock guards it."""

    lease = 3600.0  # nobody else can see whether a request still runs, and here nobody has to

    def prepare(self, permits: Permits) -> None:
        """Begin with all permits free."""
        self._cells = memoryview(bytearray(8 * permits.cells)).cast("d")

    def close(self) -> None:
        """Nothing is held."""

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
    """Keeps the requests of one account within *limit*, first come, first served.

    Args:
        limit: What the provider allows.
        store: Where the permits are; a `SharedStore` serves all processes of this machine.
        share: The part of the limit that is this machine's, when several machines use it. With
            less than the whole, what the server says of the rest is not acted on.
    """

    def __init__(self, limit: RateLimit, store: Store | None = None, share: float = 1.0) -> None:
        store = LocalStore() if store is None else store
        self._line = _Line(Permits(limit.divided(share), store.lease, alone=share == 1), store)

    def enter(self) -> Ticket:
        """Join the queue, at its end."""
        return Ticket(self._line)

    def close(self) -> None:
        """Close the store."""
        with self._line.lock:
            self._line.store.close()


class Ticket:
    """A place in the queue, then a permit. Whoever holds it calls `leave` in the end, always.

    What has ended stays as it is: the first of `answered`, `unsent`, `lost` and `leave` counts.
    """

    __slots__ = ("_line", "_permit", "_serial")

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._permit: Permit | None = None
        self._serial: int | None = line.join()

    def wait(self, now: float) -> float:
        """0.0 when the request may be sent now; else the seconds after which to ask again."""
        line = self._line
        with line.lock, line.store as cells:
            line.settle(cells, now)
            if self._permit is not None:
                return 0.0
            if self._serial is None:
                raise RuntimeError("this ticket has been used: enter the queue again")
            found = line.permits.look(cells, now, line.place(self._serial))
            if not isinstance(found, Permit):
                return found
            self._permit = found  # first, so that an interrupt between the two loses no permit
            line.permits.take(cells, found)
            self._quit()
            return 0.0

    def answered(self, now: float, headers: Mapping[str, str], status: int) -> None:
        """An answer came, its *headers* named in lower case: the permit is free a window on."""
        line = self._line
        with line.lock, line.store as cells:
            line.settle(cells, now)
            if self._permit is not None:
                permits = line.permits
                settle = permits.refused if status == _REFUSED else permits.answered
                silent = HEADERS.isdisjoint(headers)
                reading = SILENT if silent else read(headers, permits.limit.per)
                settle(cells, self._permit, now, reading)
                self._permit = None

    def unsent(self, now: float) -> None:
        """The request provably never left: the permit is as free as it was before."""
        line = self._line
        with line.lock, line.store as cells:
            line.settle(cells, now)
            if self._permit is not None:
                line.permits.unsent(cells, self._permit)
                self._permit = None

    def lost(self, now: float) -> None:
        """No answer will come, and the request may have been counted: free a window from now."""
        line = self._line
        with line.lock, line.store as cells:
            line.settle(cells, now)
            if self._permit is not None:
                line.permits.lost(cells, self._permit, now)
                self._permit = None

    def leave(self) -> None:
        """End, however it went: leave the queue, and count a permit without an answer as lost.

        It takes no time, so such a permit is free one window after the next one is asked for.
        """
        if self._serial is None and self._permit is None:
            return  # all is settled, as it usually is
        with self._line.lock:
            self._quit()
            if self._permit is not None:
                self._line.abandoned.append(self._permit)
                self._permit = None

    def _quit(self) -> None:
        if self._serial is not None:
            self._line.quit(self._serial)
            self._serial = None


class _Line:
    """What the tickets of a pacer share: who waits, in order, and what was left unsettled."""

    def __init__(self, permits: Permits, store: Store) -> None:
        self.permits = permits
        self.store = store
        self.lock = threading.Lock()
        self.abandoned: list[Permit] = []
        self._waiting: list[int] = []  # ascending, as serials are
        self._joined = 0
        store.prepare(permits)

    def settle(self, cells: Cells, now: float) -> None:
        """Everything that can be settled by *now*; under the lock, as all that takes the cells."""
        self.permits.tick(cells, now)
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
