"""A store of several machines in memory, with a clock of its own, that can be away or forget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.permits import Permits
from subhub.sending.ratelimit.remote import RemoteQueue
from subhub.sending.ratelimit.stores import StoreUnavailable
from subhub.stores.cells import State, SwappedCells


@dataclass
class MemoryServer:
    """What the connections of all machines have in common."""

    clock: Callable[[], float]
    version: bytes = b""
    content: bytes = b""
    away: bool = False
    forgot: bool = False
    cut: bool = False  # the next swap is carried out, and its answer lost
    asked: int = 0

    def lose_data(self) -> None:
        self.version = self.content = b""
        self.forgot = True


class MemoryCells(SwappedCells):
    def __init__(self, server: MemoryServer, permits: Permits) -> None:
        super().__init__("memory://server", permits)
        self.server = server
        self.closed = 0
        self.cut_off = False  # this machine alone does not reach the server

    def read(self) -> State:
        self._check()
        server = self.server
        server.asked += 1
        return State(server.version, server.content, server.clock(), forgot=server.forgot)

    def swap(self, old: bytes, new: bytes, content: bytes) -> bool:
        self._check()
        server = self.server
        if server.version != old:
            return False
        server.version, server.content, server.forgot = new, content, False
        if server.cut:
            server.cut = False
            raise StoreUnavailable("memory://server cut the connection")
        return True

    def close(self) -> None:
        self.closed += 1

    def _check(self) -> None:
        if self.server.away or self.cut_off:
            raise StoreUnavailable("memory://server cannot be reached")


class DirectQueue(RemoteQueue):
    """A remote queue that writes ends at once, so that a test knows when."""

    def wake(self) -> None:
        self._write_ends()


def limiter_of(
    server: MemoryServer, limit: RateLimit, clock: Callable[[], float], share: float = 1.0
) -> RateLimiter:
    queue = DirectQueue.over(limit, share, lambda permits: MemoryCells(server, permits), clock)
    return RateLimiter.over(queue)
