"""Connections for programs that await: those of one event loop, otherwise as `http` has it.

They are plain sockets that wait in the event loop. No part of closing one awaits, so that a task
that is canceled, or a loop that has ended, leaves none behind.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import anyio
import httpcore
import httpx
from anyio.lowlevel import RunVar

from subhub.sending.transport.async_network import async_connect
from subhub.sending.transport.http import CONNECTIONS, left_over, readable

if TYPE_CHECKING:
    import ssl

    from subhub.sending.transport.http import Transfer
    from subhub.sending.transport.network import Network

_LOOP: Final[RunVar[object]] = RunVar("subhub_loop")


def this_loop() -> object:
    """Return an object that stands for the running event loop."""
    try:
        return _LOOP.get()
    except LookupError:
        loop = object()
        _ = _LOOP.set(loop)
        return loop


class AsyncPooledTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over our connections: recorders and tracers patch its method."""

    def __init__(self, network: Network) -> None:
        self.connections = AsyncConnections(network)
        self._pool: Any = self.connections


class AsyncConnections:
    """The connections of one process and event loop; the one that was used last is used next."""

    def __init__(self, network: Network) -> None:
        self._process = os.getpid()
        self._loop = this_loop()
        self._network = network
        self._free = anyio.Semaphore(CONNECTIONS)
        self._idle: list[AsyncConnection] = []
        self._closed = False

    def belong_here(self) -> bool:
        """Return whether this process and event loop are theirs."""
        return self._loop is this_loop() and self._process == os.getpid()

    async def acquire(self, seconds: float) -> bool:
        """Take the place of one request; return whether one was free within so many *seconds*."""
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(seconds) as scope:
                await self._free.acquire()
            return not scope.cancelled_caught
        return True

    def release(self) -> None:
        """Give a place back."""
        self._free.release()

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send *request* over an idle connection, or over a new one; httpx calls this."""
        connection = self._take() or AsyncConnection(self._network)
        connection.transfer = request.extensions["subhub"]  # pyright: ignore[reportUnknownMemberType]
        try:
            response = await connection.http.handle_async_request(request)
        except BaseException:
            connection.close()
            raise
        response.stream = _Body(self, connection, response.stream)
        return response

    def give_back(self, connection: AsyncConnection) -> None:
        """Keep *connection* for another request, unless more than its answer was received."""
        if connection.http.is_idle() and not left_over(connection.http):
            self._idle.append(connection)
        else:
            connection.close()
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close the connections; those in use are closed after their answers."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    async def aclose(self) -> None:
        """Close the connections; httpx calls this."""
        self.close()

    def _take(self) -> AsyncConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.http.has_expired():
                return connection
            connection.close()
        return None


class AsyncConnection(httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream):
    """See `http.Connection`."""

    transfer: Transfer
    _socket: socket.socket | None = None

    def __init__(self, network: Network) -> None:
        self.http = network.async_connection(self)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface, as below
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.AsyncNetworkStream:
        """See `httpcore.AsyncNetworkBackend`; a local address and options are never given."""
        del local_address, socket_options
        self._socket = await async_connect(host, port, self.transfer.left(timeout))
        return self

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """See `httpcore.AsyncNetworkStream`."""
        from subhub.sending.transport.tls import AsyncTlsStream  # noqa: PLC0415 - a sandbox needs none

        return await AsyncTlsStream.over(self, ssl_context, server_hostname, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Receive some bytes; none when the other side has closed the connection."""
        opened = self._opened()
        try:
            with anyio.fail_after(self.transfer.left(timeout)):
                while True:
                    # First, so that an answer that comes without a pause does not stop the loop.
                    await anyio.wait_readable(opened)
                    with suppress(BlockingIOError):  # the system may be wrong
                        return opened.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send *buffer*."""
        opened, transfer = self._opened(), self.transfer
        try:
            while buffer:
                left = transfer.positive(timeout)
                transfer.write()
                try:
                    buffer = buffer[opened.send(buffer) :]
                except BlockingIOError:
                    with anyio.fail_after(left):
                        await anyio.wait_writable(opened)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the socket, without another byte."""
        if self._socket is not None:
            self._socket.close()

    async def aclose(self) -> None:
        """Close the socket; httpcore calls this."""
        self.close()

    def get_extra_info(self, info: str) -> Any:
        """Return whether something, or the end, was received; httpcore asks for little else."""
        return readable(self._opened()) if info == "is_readable" else None

    def _opened(self) -> socket.socket:
        assert self._socket is not None  # noqa: S101 - httpcore connects first
        return self._socket


class _Body:
    """The body of an answer; once it is closed, its connection is free for another request."""

    def __init__(
        self, connections: AsyncConnections, connection: AsyncConnection, stream: Any
    ) -> None:
        self._connections = connections
        self._connection = connection
        self._stream = stream
        self._parts: Any = aiter(stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        parts: AsyncIterator[bytes] = self._parts
        return parts

    async def aclose(self) -> None:
        try:
            await self._parts.aclose()  # a generator, and trio complains of one that is dropped
            await self._stream.aclose()
        finally:  # a canceled task ends here too: then the connection is not idle, and is closed
            self._connections.give_back(self._connection)
