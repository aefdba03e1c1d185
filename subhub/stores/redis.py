"""Permits in Redis: one key of each account, replaced by a script that compares and sets.

The time is the server's. A key expires when nothing in it matters any more. Redis keeps no journal:
what it has acknowledged may be gone after a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - redis-py calls it so
    ReadOnlyError,
    RedisError,
    TimeoutError,  # noqa: A004 - redis-py calls it so
)
from redis.retry import Retry

from subhub.errors import ConfigError
from subhub.sending.ratelimit.permits import Permits
from subhub.sending.ratelimit.stores import PermitStore, StoreUnavailable
from subhub.stores.cells import State, SwappedCells
from subhub.stores.registry import StoreKind
from subhub.stores.url import StoreURL
from subhub.system.forks import Forkable

T = TypeVar("T")

_library: Any = redis  # its annotations are incomplete
_TIMEOUT: Final = 1.0
"""Seconds to wait for a connection, and for an answer."""
_SWAP: Final = """
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
_PASSING: Final = (BusyLoadingError, ConnectionError, ReadOnlyError, TimeoutError)


class Redis(StoreKind):
    """Redis, for permits."""

    @classmethod
    def permits(cls, url: StoreURL, name: str, permits: Permits) -> PermitStore:
        """Return the permits of *name*; the URL is one that redis-py reads."""
        return RedisPermits(url, f"subhub:permits:{name}", permits)

    @classmethod
    def reach(cls, url: StoreURL) -> bool:
        """See `StoreKind.reach`."""
        client, problem = _client(url), ""
        try:
            _ = client.ping()
        except (RedisError, TypeError, ValueError) as error:  # also an option that is unknown
            problem = _described(error, url)
        finally:
            client.close()
        if problem:
            raise ConfigError(f"`{url.setting}` {url.place} cannot be reached: {problem}")
        return True


class RedisPermits(SwappedCells, Forkable):
    """The permits under *key*."""

    def __init__(self, url: StoreURL, key: str, permits: Permits) -> None:
        SwappedCells.__init__(self, url.place, permits)
        self._url = url
        self._key = key
        self._client: Any = None
        _ = self._connected()  # it reads the URL, and connects when it is used
        Forkable.__init__(self)

    def read(self) -> State:
        """See `SwappedCells.read`."""
        return self._asked(self._read, again=True)

    def swap(self, old: bytes, new: bytes, content: bytes) -> bool:
        """See `SwappedCells.swap`."""
        milliseconds = int(1000 * self.span)
        values = (_SWAP, 1, self._key, old, new + content, milliseconds)
        return self._asked(lambda client: bool(client.eval(*values)), again=False)

    def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def after_fork_in_child(self) -> None:
        """Connect again: the connection is the parent's."""
        self._client = None

    def _read(self, client: Any) -> State:
        with client.pipeline(transaction=False) as asking:
            _ = asking.get(self._key).time()
            found, (seconds, microseconds) = asking.execute()
        now = seconds + microseconds / 1e6
        if found is None:
            # A server that runs for longer than permits matter has not lost any by a crash.
            up: float = client.info("server")["uptime_in_seconds"]
            return State(b"", b"", now, forgot=up < self.span)
        return State(found[:8], found[8:], now)

    def _asked(self, ask: Callable[[Any], T], *, again: bool) -> T:
        """Return what the server answers; ask *again* where a connection was cut meanwhile."""
        problem, refused = "", ""
        try:
            return ask(self._connected())
        except AuthenticationError as error:  # it is a ConnectionError, too
            refused = _described(error, self._url)
        except _PASSING as error:
            problem = _described(error, self._url)
            again = again and isinstance(error, ConnectionError)  # it was cut
        except (RedisError, TypeError, ValueError) as error:  # also an option that is unknown
            refused = _described(error, self._url)
        # Outside of the handlers: the frames of the library, which an error would keep in its
        # context, hold the password.
        if refused:
            raise ConfigError(f"{self.place} refused the permits: {refused}")
        if again:
            return self._asked(ask, again=False)
        raise StoreUnavailable(f"the permits in {self.place} cannot be reached ({problem})")

    def _connected(self) -> Any:
        if self._client is None:
            self._client = _client(self._url)
        return self._client


def _client(url: StoreURL) -> Any:
    problem = ""
    try:
        # A command that was repeated by the library could take a permit twice.
        return _library.Redis.from_url(
            url.reveal(),
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
            decode_responses=False,
        )
    except (ValueError, TypeError) as error:
        problem = url.without_password(str(error))
    raise ConfigError(f"`{url.setting}` {url.place} cannot be used: {problem}")


def _described(error: Exception, url: StoreURL) -> str:
    return url.without_password(str(error)) or type(error).__name__
