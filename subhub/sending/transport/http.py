"""HTTP senders: one request sent, one answer returned, over connections that are kept and counted.

httpcore has a queue for connections of its own, and may close the one that it has just given to a
request in it (httpcore#1110). So there are never more requests in flight than connections: who
waits, waits here, and has sent nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Final, TypeAlias

import httpx

from subhub.messages import Response
from subhub.sending.transport.connections import (
    CONNECTIONS,
    LIMITS,
    AsyncBorrowedClient,
    BorrowedClient,
    proxy_for,
    trusted,
)
from subhub.sending.transport.failures import (
    attach_cause,
    client_closed,
    map_transport_error,
    pool_exhausted,
    truncated_reply,
)

if TYPE_CHECKING:
    from anyio import Semaphore

    from subhub.messages import PreparedRequest

SyncTransport: TypeAlias = httpx.BaseTransport
AsyncTransport: TypeAlias = httpx.AsyncBaseTransport
SyncHttpClient: TypeAlias = httpx.Client
AsyncHttpClient: TypeAlias = httpx.AsyncClient

_STEPS: Final = ("connect", "read", "write", "pool")
_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE"})
_ENCODED: Final = "content-encoding"
_REDIRECTION: Final = 300


class HttpSender:
    """Sends requests and waits for their answers."""

    def __init__(
        self,
        base_url: str,
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> None:
        self._owned = http_client is None
        self._closed = False
        # One item for each request that may still be sent. A semaphore of `threading` is written in
        # Python: Ctrl-C inside of it could leave its lock held, and the client would hang for ever.
        self._free: SimpleQueue[None] | None = None  # a caller's connections have their own limit
        if http_client is not None:
            self._transport: SyncTransport = BorrowedClient(http_client)
        elif transport is not None:
            self._transport = transport
        else:
            self._free = SimpleQueue()
            for _ in range(CONNECTIONS):
                self._free.put(None)
            self._transport = httpx.HTTPTransport(
                verify=trusted(base_url), limits=LIMITS, proxy=proxy_for(base_url)
            )

    def send(self, prepared: PreparedRequest, timeout: float) -> Response:
        """Send *prepared* and return the answer.

        *timeout* is in seconds, for each step: a free connection, connecting, sending, receiving. A
        `TransportError` says what is known when no answer came. Any other exception carries that as
        its cause.
        """
        if self._closed:
            raise client_closed(prepared)
        trace, free, taken = Trace(), self._free, False
        try:
            if free is not None:
                try:
                    _ = free.get(timeout=min(timeout, TIMEOUT_MAX))
                except Empty:
                    raise pool_exhausted(prepared, CONNECTIONS, timeout) from None
                taken = True
            return self._exchange(prepared, as_httpx(prepared, timeout), trace)
        except BaseException as error:
            attach_cause(error, prepared, began=trace.began, traced=free is not None)
            raise
        finally:
            if free is not None and taken:
                free.put(None)

    def _exchange(
        self, prepared: PreparedRequest, request: httpx.Request, trace: Trace
    ) -> Response:
        trace.watch(request)
        try:
            response = self._transport.handle_request(request)
        except httpx.HTTPError as error:
            raise map_transport_error(error, prepared, began=trace.began) from error
        headers = headers_of(response)
        try:
            content = body_of(response, headers)
        except httpx.HTTPError as error:
            if response.status_code < _REDIRECTION:
                raise truncated_reply(error, prepared, response.status_code) from error
            content = b""  # the status says enough
        return Response(response.status_code, headers, content)

    def close(self) -> None:
        """Close the connections, unless they are those of a caller's client."""
        if self._owned and not self._closed:
            self._closed = True
            self._transport.close()


class AsyncHttpSender:
    """Sends requests and awaits their answers."""

    def __init__(
        self,
        base_url: str,
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        self._owned = http_client is None
        self._closed = False
        self._free: Semaphore | None = None  # a caller's connections have their own limit
        if http_client is not None:
            self._transport: AsyncTransport = AsyncBorrowedClient(http_client)
        elif transport is not None:
            self._transport = transport
        else:
            import anyio  # noqa: PLC0415 - httpx brings it, for async programs

            self._anyio = anyio
            self._free = anyio.Semaphore(CONNECTIONS)
            self._transport = httpx.AsyncHTTPTransport(
                verify=trusted(base_url), limits=LIMITS, proxy=proxy_for(base_url)
            )

    async def send(self, prepared: PreparedRequest, timeout: float) -> Response:  # noqa: ASYNC109 - of steps
        """Send *prepared* and return the answer; see `HttpSender.send`."""
        if self._closed:
            raise client_closed(prepared)
        trace, free, taken = Trace(), self._free, False
        try:
            if free is not None:
                await self._acquire(free, prepared, timeout)
                taken = True
            return await self._exchange(prepared, as_httpx(prepared, timeout), trace)
        except BaseException as error:
            attach_cause(error, prepared, began=trace.began, traced=free is not None)
            raise
        finally:
            if free is not None and taken:
                free.release()

    async def _acquire(self, free: Semaphore, prepared: PreparedRequest, timeout: float) -> None:  # noqa: ASYNC109 - of one step
        """Take a place, or raise `NotSent` when none is free in time; a canceled task has none."""
        try:
            free.acquire_nowait()
        except self._anyio.WouldBlock:
            with self._anyio.move_on_after(timeout) as scope:
                await free.acquire()
            if scope.cancelled_caught:
                raise pool_exhausted(prepared, CONNECTIONS, timeout) from None

    async def _exchange(
        self, prepared: PreparedRequest, request: httpx.Request, trace: Trace
    ) -> Response:
        trace.watch_async(request)
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.HTTPError as error:
            raise map_transport_error(error, prepared, began=trace.began) from error
        headers = headers_of(response)
        try:
            content = await async_body_of(response, headers)
        except httpx.HTTPError as error:
            if response.status_code < _REDIRECTION:
                raise truncated_reply(error, prepared, response.status_code) from error
            content = b""  # the status says enough
        return Response(response.status_code, headers, content)

    async def close(self) -> None:
        """Close the connections, unless they are those of a caller's client."""
        if self._owned and not self._closed:
            self._closed = True
            await self._transport.aclose()


class Trace:
    """Whether the first byte of a request was handed to the socket.

    httpx reports the events of a connection to what stands as `trace` in a request's extensions.
    """

    began = False

    def watch(self, request: httpx.Request) -> None:
        """Watch *request* until its first byte is sent: reporting the rest would cost time."""
        self._extensions = request.extensions
        self._extensions["trace"] = self._note

    def watch_async(self, request: httpx.Request) -> None:
        """Watch *request* of a transport that awaits."""
        self._extensions = request.extensions
        self._extensions["trace"] = self._note_async

    def _note(self, event: str, _: object) -> None:
        if event.endswith(".send_request_headers.started"):
            self.began = True
            _ = self._extensions.pop("trace", None)

    async def _note_async(self, event: str, about: object) -> None:
        self._note(event, about)


def as_httpx(prepared: PreparedRequest, timeout: float) -> httpx.Request:
    """Build an httpx request from finished parts: the usual way costs five times as much."""
    url = _url(prepared.url)
    headers = [(b"Host", url.netloc)]
    headers += [(name.encode(), value.encode()) for name, value in prepared.headers.items()]
    if prepared.content or prepared.method not in _BODILESS:
        headers.append((b"Content-Length", b"%d" % len(prepared.content)))
    return httpx.Request(
        prepared.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(prepared.content),
        extensions={"timeout": dict.fromkeys(_STEPS, timeout)},
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


def body_of(response: httpx.Response, headers: Mapping[str, str]) -> bytes:
    """Read the body and close it; one that is not encoded needs none of httpx's decoding."""
    stream = response.stream
    if _ENCODED in headers or not isinstance(stream, httpx.SyncByteStream):
        try:
            return response.read()
        finally:
            response.close()
    try:
        return b"".join(stream)
    finally:
        stream.close()


async def async_body_of(response: httpx.Response, headers: Mapping[str, str]) -> bytes:
    """Read the body and close it in the same way, awaiting."""
    stream = response.stream
    if _ENCODED in headers or not isinstance(stream, httpx.AsyncByteStream):
        try:
            return await response.aread()
        finally:
            await response.aclose()
    try:
        return b"".join([part async for part in stream])
    finally:
        await stream.aclose()
