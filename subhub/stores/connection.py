"""Connections to PostgreSQL, opened when they are used, and again after they were cut.

Nothing is raised while an exception of the driver is handled: its frames hold the password, and an
error would keep them in its context.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.waiting import Ready

from subhub.errors import ConfigError
from subhub.stores.url import StoreURL
from subhub.system.forks import Forkable

T = TypeVar("T")
Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_PATIENCE: Final = 5.0
"""Seconds to wait for an answer of a server whose machine lives: no keepalive notices that."""

_ROUNDS: Final = 3
"""How often two connections are compared: a busy pool may give them different servers."""
_SETTINGS: Final[dict[str, Any]] = {
    "connect_timeout": 3,
    # A server that does not answer is noticed, and this machine by the server, within half a
    # minute: until then, what this process sends counts as in flight.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "subhub",
}
_SERVER_SETTINGS: Final = """SELECT set_config('tcp_keepalives_idle', '10', false),
    set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false), set_config('statement_timeout', '5s', false),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
        WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"""
_GONE: Final[list[Connection]] = []
"""Connections of a parent process; they are never closed here, and so never freed."""


class Away(Exception):
    """The server does not answer; what was asked of it may have been done.

    *cut* means that it has closed the connection, and may take a new one.
    """

    def __init__(self, problem: str, *, cut: bool = False) -> None:
        super().__init__(problem)
        self.cut = cut


class Refused(Exception):
    """The server answered with an error."""


class _PatientConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that closes itself when an answer does not come."""

    def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
        """Wait for *gen*, as the driver does, but not for ever."""
        try:
            return super().wait(_limited(gen), *args, **kwargs)
        except _NoAnswer:
            self.pgconn.finish()
            raise


class _NoAnswer(psycopg.OperationalError):
    """The server has not answered in time."""


def _limited(waiting: PQGen[T]) -> PQGen[T]:
    """Run *waiting*, and raise `_NoAnswer` when it takes too long.

    The driver sends `Ready.NONE` several times a second while nothing comes.
    """
    until = time.monotonic() + _PATIENCE
    try:
        wait = next(waiting)
        while True:
            ready = yield wait
            if ready == Ready.NONE and time.monotonic() > until:
                raise _NoAnswer(f"no answer within {_PATIENCE:g} s")
            wait = waiting.send(ready)
    except StopIteration as stop:
        result: T = stop.value
        return result


class PostgreSQLConnection(Forkable):
    """A connection to *url*; *prepare* is called with each one that is opened.

    Any number of threads may use it, one after the other.
    """

    def __init__(self, url: StoreURL, prepare: Callable[[Connection], None]) -> None:
        self.url = url
        self._prepare = prepare
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        super().__init__()

    def use(self, call: Callable[[Connection], T], *, again: bool) -> T:
        """Return what *call* returns of the connection; raise `Away` or `Refused`.

        Args:
            call: What to do.
            again: Whether it may be done twice: it is, when the connection turns out to be cut.
        """
        with self._lock:
            was_open = self._connection is not None and not self._connection.closed
            try:
                return self._use(call)
            except Away as away:
                if not (again and was_open and away.cut):
                    raise
            return self._use(call)

    def close(self) -> None:
        """Close it; it is opened again when it is next used."""
        with self._lock:
            self._drop()

    def after_fork_in_child(self) -> None:
        """Leave the connection to the parent: closing it properly would close the parent's.

        The child only closes its copy of the socket. While it has one, the server would take the
        parent's session for alive after the parent's end.
        """
        self._lock = threading.Lock()
        connection, self._connection = self._connection, None
        if connection is not None:
            _GONE.append(connection)
            if not connection.closed:
                os.close(connection.fileno())

    def _use(self, call: Callable[[Connection], T]) -> T:
        problem, cut = "", True
        try:
            return call(self._opened())
        except psycopg.Error as error:
            problem, cut = described(error, self.url), not isinstance(error, _NoAnswer)
        if self._connection is None or self._connection.closed:
            self._drop()
            raise Away(problem, cut=cut)
        raise Refused(problem)

    def _opened(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.url)
            try:
                self._begin(self._connection)
            except BaseException:
                self._drop()
                raise
        return self._connection

    def _begin(self, connection: Connection) -> None:
        _ = connection.execute(_SERVER_SETTINGS)
        if _behind_proxy(connection):
            self._refuse_transaction_pool(connection)
        self._prepare(connection)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _refuse_transaction_pool(self, connection: Connection) -> None:
        """Raise `ConfigError` if a proxy lends its servers out for single transactions.

        Then nothing of a session would hold: not its locks, and not its end. It lends a free server
        to whoever asks, so two connections are seen on one server.
        """
        with connect(self.url) as other:
            servers = [_server(used) for _ in range(_ROUNDS) for used in (connection, other)]
        ours, theirs = set(servers[::2]), set(servers[1::2])
        if len(ours) > 1 or len(theirs) > 1 or ours & theirs:
            raise ConfigError(
                f"`{self.url.setting}`: between here and {self.url.place} is a proxy that pools "
                "transactions, such as PgBouncer with `pool_mode = transaction`. A lock of a "
                "session does not hold there: give the address of the server itself, or of a pool "
                "with `pool_mode = session`"
            )


def connect(url: StoreURL) -> Connection:
    """Return a new connection; raise `Away`, or `ConfigError` for a URL that cannot be right."""
    away, wrong = "", ""
    try:
        return _PatientConnection.connect(url.reveal(), autocommit=True, **_given(url))
    except psycopg.OperationalError as error:
        away = described(error, url)
        if isinstance(error, errors.InvalidPassword) or "authentication failed" in away:
            wrong = away
    except psycopg.Error as error:
        wrong = described(error, url)
    if wrong:
        raise ConfigError(f"`{url.setting}` {url.place} cannot be used: {wrong}")
    raise Away(away)


def described(error: Exception, url: StoreURL) -> str:
    """Return the message of the driver in one line, without a password."""
    return " ".join(url.without_password(str(error)).split()) or type(error).__name__


def _given(url: StoreURL) -> dict[str, Any]:
    """Return our settings, but for those that the URL has."""
    return {name: value for name, value in _SETTINGS.items() if f"{name}=" not in url.reveal()}


def _behind_proxy(connection: Connection) -> bool:
    """Return whether the process that answers is another than the one that took the connection."""
    return _server(connection) != connection.info.backend_pid


def _server(connection: Connection) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row[0] if row else 0
