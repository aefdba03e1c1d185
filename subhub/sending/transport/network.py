"""The network: how a connection to the provider is opened, within the time that there is.

The addresses of a host are tried one after the other. One that does not answer leaves time for the
next. Looking up a name in a thread cannot be interrupted: it takes as long as the system lets it.
"""

from __future__ import annotations

import socket
import ssl
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import httpcore
import httpx

from subhub.errors import ConfigError
from subhub.sending.steps import monotonic
from subhub.sending.transport.environment import proxy_for, trusted

Found: TypeAlias = tuple[Any, ...]
"""An entry of `getaddrinfo`: family, kind, protocol, name and address."""

_KEPT: Final = 5.0
"""Seconds after which an idle connection is not used again; a server may close it at any time."""
_PATIENCE: Final = 3.0
"""Seconds that an address has to answer when there is another one."""


@dataclass(frozen=True, slots=True)
class Network:
    """Where the provider is, and the way there."""

    origin: httpcore.Origin
    trust: ssl.SSLContext | None
    proxy: httpcore.Proxy | None

    @classmethod
    def to(cls, base_url: str) -> Network:
        """Return the way to *base_url*; a proxy or certificates that fail are a `ConfigError`."""
        try:
            url = httpx.URL(base_url)
        except (httpx.InvalidURL, ValueError) as error:
            raise ConfigError(f"`base_url` {base_url!r} is not an address: {error}") from error
        scheme, host = url.raw_scheme, url.raw_host
        origin = httpcore.URL(scheme=scheme, host=host, port=url.port, target=b"/").origin
        trust = trusted() if scheme == b"https" else None
        return cls(origin, trust, proxy_for(base_url))

    def connection(self, backend: httpcore.NetworkBackend) -> httpcore.ConnectionInterface:
        """Return a connection that is opened by its first request, through *backend*."""
        return httpcore.ConnectionPool(
            ssl_context=self.trust,
            proxy=self.proxy,
            keepalive_expiry=_KEPT,
            network_backend=backend,
        ).create_connection(self.origin)

    def async_connection(
        self, backend: httpcore.AsyncNetworkBackend
    ) -> httpcore.AsyncConnectionInterface:
        """Return such a connection for programs that await."""
        return httpcore.AsyncConnectionPool(
            ssl_context=self.trust,
            proxy=self.proxy,
            keepalive_expiry=_KEPT,
            network_backend=backend,
        ).create_connection(self.origin)


class Socket(httpcore.NetworkBackend, httpcore.NetworkStream):
    """A socket as httpcore uses one; how it is read from and written to is its subclass's."""

    opened: socket.socket

    @abstractmethod
    def left(self, timeout: float | None) -> float:
        """Return how many seconds a step may take."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.NetworkStream:
        """See `httpcore.NetworkBackend`; a local address and options are never given."""
        del local_address, socket_options
        self.opened = connect(host, port, self.left(timeout))
        return self

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """See `httpcore.NetworkStream`."""
        from subhub.sending.transport.tls import TlsStream  # noqa: PLC0415 - loopback has no TLS

        return TlsStream.over(self, ssl_context, server_hostname, timeout)

    def close(self) -> None:
        """Close the socket, without another byte; there is none when it was never connected."""
        if hasattr(self, "opened"):
            self.opened.close()


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Return a socket that is connected to *host*."""
    until = monotonic() + seconds
    failure: Exception = OSError(f"no address of {host} was found")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for address, left in in_turn(found, until):
            try:
                return _connected(address, left)
            except OSError as error:
                failure = error
    except (OSError, UnicodeError) as error:
        failure = error
    raise failed(failure) from failure


def in_turn(found: Sequence[Found], until: float) -> Iterator[tuple[Found, float]]:
    """Yield each address with the seconds that it has to answer."""
    for number, address in enumerate(found, start=1):
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError("no address of the host has answered in time")
        yield address, left if number == len(found) else min(left, _PATIENCE)


def _connected(address: Found, seconds: float) -> socket.socket:
    connecting = open_socket(address)
    try:
        connecting.settimeout(seconds)
        connecting.connect(address[4])
    except BaseException:
        connecting.close()
        raise
    return connecting


def open_socket(address: Found) -> socket.socket:
    """Return a socket that can be connected to *address*."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def failed(failure: Exception) -> Exception:
    """Return the error of httpcore's for a *failure* to connect."""
    if isinstance(failure, TimeoutError):
        return httpcore.ConnectTimeout(str(failure) or "timed out")
    return httpcore.ConnectError(str(failure))
