"""Channels: one request out, one answer back, over connections that are kept and counted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import httpx

from subhub.sending.transport.encoding import (
    as_httpx,
    as_response,
    async_body_of,
    body_of,
    proxy_for,
    trusted,
)
from subhub.sending.transport.failures import Trace, crowded, cut, lost, tell
from subhub.sending.transport.turns import Turns

if TYPE_CHECKING:
    from subhub.messages import PreparedRequest, Response

SyncTransport: TypeAlias = httpx.BaseTransport
AsyncTransport: TypeAlias = httpx.AsyncBaseTransport
SyncHttpClient: TypeAlias = httpx.Client
AsyncHttpClient: TypeAlias = httpx.AsyncClient

CONNECTIONS = 20
# httpcore may close a kept connection that it has just handed out when fewer may be kept than may
# be open; equal numbers leave it no reason to.
_LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


class HttpSender:
    """Sends requests and waits for their answers; at its own connections, never more than those."""

    def __init__(
        self,
        base_url: str,
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> None:
        self._traced = transport is None and http_client is None
        self._turns = Turns(CONNECTIONS if self._traced else math.inf)  # others have their own
        self._owned = http_client is None
        self._closed = False
        if http_client is not None:
            self._transport: SyncTransport = _BorrowedClient(http_client)
        else:
            self._transport = transport or httpx.HTTPTransport(
                verify=trusted(base_url), limits=_LIMITS, proxy=proxy_for(base_url)
            )

    def send(self, prepared: PreparedRequest, timeout: float) -> Response:
        """Send *outgoing*; a `TransportError` says what is known when no answer came.

        *timeout* is in seconds, for each step: a free connection, connecting, sending, receiving.
        """
        trace = Trace()
        turns = self._turns
        try:
            if turns.take(trace) or turns.wait(trace, timeout):
                return self._send(prepared, trace, timeout)
        except BaseException as stopped:
            tell(stopped, prepared, began=trace.began, traced=self._traced)
            raise
        finally:
            turns.leave(trace)
        raise crowded(prepared, CONNECTIONS, timeout)

    def _send(self, prepared: PreparedRequest, trace: Trace, timeout: float) -> Response:
        _refuse_closed(self._closed)
        request = as_httpx(prepared, timeout)
        trace.watch(request)
        try:
            response = self._transport.handle_request(request)
        except httpx.HTTPError as error:
            raise lost(error, prepared, began=trace.began) from error
        try:
            content = body_of(response)
        except httpx.HTTPError as error:
            return cut(error, prepared, response)
        finally:
            response.close()
        return as_response(response, content)

    def close(self) -> None:
        """Close the connections, unless they belong to somebody else's client."""
        if self._owned and not self._closed:
            self._closed = True
            self._transport.close()


class AsyncHttpSender:
    """The same, awaiting."""

    def __init__(
        self,
        base_url: str,
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        self._traced = transport is None and http_client is None
        self._turns = Turns(CONNECTIONS if self._traced else math.inf)  # others have their own
        self._owned = http_client is None
        self._closed = False
        if http_client is not None:
            self._transport: AsyncTransport = _AsyncBorrowedClient(http_client)
        else:
            self._transport = transport or httpx.AsyncHTTPTransport(
                verify=trusted(base_url), limits=_LIMITS, proxy=proxy_for(base_url)
            )

    async def send(self, prepared: PreparedRequest, timeout: float) -> Response:  # noqa: ASYNC109 - of steps
        """See `HttpSender.send`."""
        trace = Trace()
        turns = self._turns
        try:
            if turns.take(trace) or await turns.wait_async(trace, timeout):
                return await self._send(prepared, trace, timeout)
        except BaseException as stopped:
            tell(stopped, prepared, began=trace.began, traced=self._traced)
            raise
        finally:
            turns.leave(trace)
        raise crowded(prepared, CONNECTIONS, timeout)

    async def _send(self, prepared: PreparedRequest, trace: Trace, seconds: float) -> Response:
        _refuse_closed(self._closed)
        request = as_httpx(prepared, seconds)
        trace.watch_async(request)
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.HTTPError as error:
            raise lost(error, prepared, began=trace.began) from error
        try:
            content = await async_body_of(response)
        except httpx.HTTPError as error:
            return cut(error, prepared, response)
        finally:
            await response.aclose()
        return as_response(response, content)

    async def close(self) -> None:
        """Close the connections, unless they belong to somebody else's client."""
        if self._owned and not self._closed:
            self._closed = True
            await self._transport.aclose()


class _BorrowedClient(httpx.BaseTransport):
    """Somebody else's client as a transport; what is set on it, timeouts included, counts."""

    def __init__(self, client: SyncHttpClient) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        del request.extensions["timeout"]
        return self._client.send(request, stream=True, follow_redirects=False)


class _AsyncBorrowedClient(httpx.AsyncBaseTransport):
    def __init__(self, client: AsyncHttpClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request.extensions["timeout"]
        return await self._client.send(request, stream=True, follow_redirects=False)


def _refuse_closed(closed: bool) -> None:  # noqa: FBT001
    if closed:
        message = "this client was closed: make a new one"
        raise RuntimeError(message)


async def sleep(seconds: float) -> None:
    """Wait, under whichever event loop is running."""
    from anyio import sleep as wait  # noqa: PLC0415 - httpx brings it; sync programs never need it

    await wait(seconds)
