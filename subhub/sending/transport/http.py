"""Sending over HTTP: one request sent, one answer returned, over connections that are kept.

There are never more requests in flight than connections: who waits, waits here, and has sent
nothing. httpcore speaks HTTP on a connection. Which of them are kept is decided here: one that
received more than its answer, that was broken off, or that belongs to a parent process is not.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator, Mapping
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpcore
import httpx

from subhub.messages import BODILESS, Response
from subhub.sending.steps import monotonic
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES, TooLarge, decoded
from subhub.sending.transport.borrowed import BorrowedClient, lent
from subhub.sending.transport.failures import (
    UNREAD,
    attach_cause,
    client_closed,
    map_transport_error,
    pool_exhausted,
    unread_reply,
)
from subhub.sending.transport.network import Network, Socket

if TYPE_CHECKING:
    import socket

    from subhub.messages import PreparedRequest

SyncTransport: TypeAlias = httpx.BaseTransport
SyncHttpClient: TypeAlias = httpx.Client

CONNECTIONS: Final = 20
REDIRECTION: Final = 300

_LONGEST_STEP: Final = 1e6  # seconds; no system waits for a socket for more than 24 days
_STEPS: Final = ("connect", "read", "write", "pool")


class HttpSender:
    """Sends requests and waits for their answers.

    Args:
        base_url: The address of the provider.
        transport: A caller's own transport.
        http_client: A caller's own client; it is not closed.
        limit: How many bytes the body of an answer may have.
    """

    def __init__(
        self,
        base_url: str,
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
        limit: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self._limit = limit
        self._owned = http_client is None
        self._closed = False
        self._traced = type(transport) is httpx.HTTPTransport
        self._own: PooledTransport | None = None
        if http_client is not None:
            transport = BorrowedClient(http_client)
        elif transport is None:
            transport = self._own = PooledTransport(Network.to(base_url))
        self._transport: SyncTransport = lent("transport", transport, httpx.BaseTransport)

    def send(self, prepared: PreparedRequest, timeout: float) -> Response:
        """Send *prepared* and return the answer.

        *timeout* is in seconds, for each step: a free connection, connecting, sending, receiving.
        All of them together may take `prepared.seconds`. A `TransportError` says what is known when
        no answer came. Any other exception carries that as its cause.
        """
        if self._closed:
            raise client_closed(prepared)
        own, taken = self._own, False
        transfer = Transfer(timeout, prepared.seconds, self._limit)
        try:
            request = as_httpx(prepared, transfer, transfer.note)
            if own is not None:
                own = self._current(own)
                try:
                    own.connections.free.get(timeout=transfer.timeout)
                except Empty:
                    raise pool_exhausted(prepared, CONNECTIONS, transfer.timeout) from None
                taken = True
            transfer.hand_over(own=own is not None, traced=self._traced)
            return self._exchange(own or self._transport, prepared, request, transfer)
        except BaseException as error:
            attach_cause(error, prepared, transfer)
            raise
        finally:
            if own is not None and taken:
                own.connections.free.put(None)

    def _current(self, own: PooledTransport) -> PooledTransport:
        """Return the connections of this process; a forked child lets go of its parent's."""
        if own.connections.process == os.getpid():
            return own
        own.close()
        self._transport = self._own = own = PooledTransport(own.connections.network)
        return own

    def _exchange(
        self,
        transport: SyncTransport,
        prepared: PreparedRequest,
        request: httpx.Request,
        transfer: Transfer,
    ) -> Response:
        try:
            response = transport.handle_request(request)
        except httpx.HTTPError as error:
            failure = map_transport_error(error, prepared, transfer)
        else:
            return self._answer(prepared, response, transfer)
        raise failure  # not in the handler: what the other side has sent would be its context

    def _answer(
        self, prepared: PreparedRequest, response: httpx.Response, transfer: Transfer
    ) -> Response:
        status, headers = response.status_code, headers_of(response)
        try:
            return Response(status, headers, body_of(response, headers, transfer))
        except UNREAD as error:
            failure = unread_reply(error, prepared, status, transfer.limit)
        if status >= REDIRECTION:
            return Response(status, headers)  # it says enough
        raise failure

    def close(self) -> None:
        """Close the connections, unless they are those of a caller's client."""
        if self._owned and not self._closed:
            self._closed = True
            self._transport.close()


class Transfer:
    """One request on its way.

    `began` is whether its first byte was handed to a socket, and `certain` whether that would be
    known: a caller's own transport may not report it.

    Args:
        timeout: In seconds, for each step.
        seconds: For all of its steps together.
        limit: How many bytes the body of its answer may have.
    """

    def __init__(self, timeout: float, seconds: float, limit: int) -> None:
        self.timeout = max(min(timeout, seconds, _LONGEST_STEP), 0.0)
        self.seconds = seconds
        self.until = monotonic() + seconds
        self.limit = self._room = limit
        self.certain = True
        self.began = self._started = self._own = False

    def hand_over(self, *, own: bool, traced: bool) -> None:
        """Note that a transport gets the request: ours, or one that reports when it starts."""
        self.certain, self._own = own or traced, own

    def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Note an *event* of a connection: httpx reports them to the extension `trace`."""
        if event.endswith(".send_request_headers.started"):
            request = info.get("request")
            if getattr(request, "method", b"") == b"CONNECT":
                return  # it is meant for a proxy
            self._started = True
            self.began = not self._own  # our sockets report each write
            if request is not None:
                _ = request.extensions.pop("trace", None)  # reporting the rest would cost time

    def write(self) -> None:
        """Note that bytes are handed to a socket: those of the request, once it has started."""
        self.began = self._started

    def left(self, timeout: float | None = None) -> float:
        """Return how many seconds a step may take; none are left when it is not positive."""
        return min(self.timeout if timeout is None else timeout, self.until - monotonic())

    def positive(self, timeout: float | None = None) -> float:
        """Return how many seconds a step may take; raise `TimeoutError` when there are none."""
        left = min(self.timeout if timeout is None else timeout, self.until - monotonic())
        if left <= 0:
            raise TimeoutError("the time for it is over")
        return left

    def take(self, part: bytes) -> bytes:
        """Count a *part* of the answer's body, and return it.

        Raises `TooLarge`, or `httpx.ReadTimeout` when the time is up.
        """
        self._room -= len(part)
        if self._room < 0:
            raise TooLarge
        if monotonic() > self.until:
            raise httpx.ReadTimeout("the answer took too long")
        return part


class PooledTransport(httpx.HTTPTransport):
    """httpx's transport over our connections: recorders and tracers patch its method."""

    def __init__(self, network: Network) -> None:
        self.connections = Connections(network)
        self._pool: Any = self.connections


class Connections:
    """The connections of one process; the one that was used last is used next."""

    def __init__(self, network: Network) -> None:
        self.process = os.getpid()
        self.network = network
        # One item for each request that may still be sent. A semaphore of `threading` is written in
        # Python: Ctrl-C inside of it could leave its lock held, and the client would hang for ever.
        self.free: SimpleQueue[None] = SimpleQueue()
        for _ in range(CONNECTIONS):
            self.free.put(None)
        self._idle: list[Connection] = []
        self._closed = False

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send *request* over an idle connection, or over a new one; httpx calls this."""
        connection = self._take() or Connection(self.network)
        connection.transfer = request.extensions["subhub"]  # pyright: ignore[reportUnknownMemberType]
        try:
            response = connection.http.handle_request(request)
        except BaseException:
            connection.close()
            raise
        response.stream = _Body(self, connection, response.stream)
        return response

    def give_back(self, connection: Connection) -> None:
        """Keep *connection* for another request, unless more than its answer was received."""
        if connection.http.is_idle() and not left_over(connection.http):
            self._idle.append(connection)
        else:
            connection.close()
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close the connections; those in use are closed after their answers."""
        # In a forked child the provider notices nothing: its parent has the same sockets open.
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> Connection | None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:  # not asked for beforehand: another thread may take the last one
                return None
            if not connection.http.has_expired():  # or received something that nobody asked for
                return connection
            connection.close()


class Connection(Socket):
    """A connection of httpcore's, and the socket that it uses, for one transfer after another."""

    transfer: Transfer

    def __init__(self, network: Network) -> None:
        self.http = network.connection(self)

    def left(self, timeout: float | None) -> float:
        """Return how many seconds a step of the transfer may take."""
        return self.transfer.left(timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive some bytes; none when the other side has closed the connection."""
        try:
            self.opened.settimeout(self.transfer.positive(timeout))
            return self.opened.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send *buffer*."""
        opened, transfer = self.opened, self.transfer
        try:
            while buffer:
                opened.settimeout(transfer.positive(timeout))
                transfer.write()
                buffer = buffer[opened.send(buffer) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        """Return whether something, or the end, was received; httpcore asks for little else."""
        return readable(self.opened) if info == "is_readable" else None


class _Body:
    """The body of an answer; once it is closed, its connection is free for another request."""

    def __init__(self, connections: Connections, connection: Connection, stream: Any) -> None:
        self._connections = connections
        self._connection = connection
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._connections.give_back(self._connection)


def readable(opened: socket.socket) -> bool:
    """Return whether something was received that was not read, or the connection has ended."""
    on_windows = not hasattr(select, "poll")  # elsewhere, `select` takes no socket above 1023
    return opened in select.select([opened], [], [], 0)[0] if on_windows else _polled(opened)


def _polled(opened: socket.socket) -> bool:
    waiting = select.poll()
    waiting.register(opened, select.POLLIN)
    return bool(waiting.poll(0))


def left_over(connection: Any) -> bool:
    """Return whether more was received than an answer: it would be taken for that to the next one.

    httpcore has no way to ask, so this looks for its parser; where there is none, it is `True`.
    """
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    parser = getattr(connection, "_h11_state", None)
    return parser is None or parser.trailing_data[0] != b""


def as_httpx(prepared: PreparedRequest, transfer: Transfer, trace: object) -> httpx.Request:
    """Build an httpx request from finished parts: the usual way costs five times as much.

    Args:
        prepared: The request.
        transfer: Its bounds; our own connections find them among the extensions.
        trace: Called with each event of its connection.
    """
    url = _url(prepared.url)
    headers = [(b"Host", url.netloc)]
    headers += [(name.encode(), value.encode()) for name, value in prepared.headers.items()]
    if prepared.content or prepared.method not in BODILESS:
        headers.append((b"Content-Length", b"%d" % len(prepared.content)))
    timeout = dict.fromkeys(_STEPS, transfer.timeout)
    return httpx.Request(
        prepared.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(prepared.content),
        extensions={"timeout": timeout, "trace": trace, "subhub": transfer},
    )


@lru_cache(maxsize=512)
def _url(address: str) -> httpx.URL:
    return httpx.URL(address)


def headers_of(response: httpx.Response) -> dict[str, str]:
    """Return the headers, their names in lower case."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in response.headers.raw
    }


def body_of(response: httpx.Response, headers: Mapping[str, str], transfer: Transfer) -> bytes:
    """Read the body as it comes, and close it."""
    stream, encoding = response.stream, headers.get("content-encoding")
    try:
        if response.is_stream_consumed or not isinstance(stream, httpx.SyncByteStream):
            return transfer.take(response.read())  # a caller's hook has read it, or httpx itself
        content = b"".join([transfer.take(part) for part in stream])
        return content if encoding is None else decoded(content, encoding, transfer.limit)
    finally:
        response.close()
