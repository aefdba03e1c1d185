"""Sending over HTTP for programs that await; otherwise as `http` has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpx

from subhub.messages import Response
from subhub.sending.transport.async_connections import AsyncPooledTransport, this_loop
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES, decoded
from subhub.sending.transport.borrowed import AsyncBorrowedClient, lent
from subhub.sending.transport.failures import (
    UNREAD,
    attach_cause,
    client_closed,
    map_transport_error,
    pool_exhausted,
    unread_reply,
)
from subhub.sending.transport.http import (
    CONNECTIONS,
    REDIRECTION,
    Transfer,
    as_httpx,
    headers_of,
)
from subhub.sending.transport.network import Network

if TYPE_CHECKING:
    from subhub.messages import PreparedRequest

AsyncTransport: TypeAlias = httpx.AsyncBaseTransport
AsyncHttpClient: TypeAlias = httpx.AsyncClient


_OTHER_LOOP: Final = (
    "The `http_client` or `transport` that this AsyncClient was given has connections of another "
    "event loop. Create a client for each loop, or leave it out: subhub's own connections follow "
    "the loop."
)


class AsyncHttpSender:
    """Sends requests and awaits their answers; see `HttpSender`.

    The connections belong to the event loop of the last request: a client may outlive a loop.
    """

    def __init__(
        self,
        base_url: str,
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
        limit: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self._limit = limit
        self._owned = http_client is None
        self._closed = False
        self._traced = type(transport) is httpx.AsyncHTTPTransport
        self._own: AsyncPooledTransport | None = None
        self._loop: object = None
        if http_client is not None:
            transport = AsyncBorrowedClient(http_client)
        if transport is not None:
            transport = lent("transport", transport, httpx.AsyncBaseTransport)
        self._way: AsyncTransport | Network = transport or Network.to(base_url)

    async def send(self, prepared: PreparedRequest, timeout: float) -> Response:  # noqa: ASYNC109 - of steps
        """Send *prepared* and return the answer; see `HttpSender.send`."""
        if self._closed:
            raise client_closed(prepared)
        own: AsyncPooledTransport | None = None
        transfer = _Transfer(timeout, prepared.seconds, self._limit)
        try:
            request = as_httpx(prepared, transfer, transfer.note_async)
            self._loop = self._loop or this_loop()
            way = self._way
            if isinstance(way, Network):
                way = self._current(way)
                if not await way.connections.acquire(transfer.timeout):
                    raise pool_exhausted(  # noqa: TRY301 - as all that is raised below
                        prepared, CONNECTIONS, transfer.timeout
                    )
                own = way
            transfer.hand_over(own=own is not None, traced=self._traced)
            return await self._exchange(way, prepared, request, transfer)
        except BaseException as error:
            if own is None and self._is_of_another_loop(error):
                error.add_note(_OTHER_LOOP)
            attach_cause(error, prepared, transfer)
            raise
        finally:
            if own is not None:
                own.connections.release()

    def _is_of_another_loop(self, error: BaseException) -> bool:
        """Return whether *error* is that of lent connections whose event loop is another one."""
        said = isinstance(error, RuntimeError) and "loop" in str(error)
        return said and self._loop is not this_loop()

    def _current(self, network: Network) -> AsyncPooledTransport:
        """Return the connections of this process and event loop; those of another are closed."""
        own = self._own
        if own is not None:
            if own.connections.belong_here():
                return own
            own.connections.close()
        self._own = own = AsyncPooledTransport(network)
        return own

    async def _exchange(
        self,
        transport: AsyncTransport,
        prepared: PreparedRequest,
        request: httpx.Request,
        transfer: Transfer,
    ) -> Response:
        try:
            response = await transport.handle_async_request(request)
        except httpx.HTTPError as error:
            failure = map_transport_error(error, prepared, transfer)
        else:
            return await self._answer(prepared, response, transfer)
        raise failure  # not in the handler: what the other side has sent would be its context

    async def _answer(
        self, prepared: PreparedRequest, response: httpx.Response, transfer: Transfer
    ) -> Response:
        status, headers = response.status_code, headers_of(response)
        try:
            return Response(status, headers, await body_of(response, headers, transfer))
        except UNREAD as error:
            failure = unread_reply(error, prepared, status, transfer.limit)
        if status >= REDIRECTION:
            return Response(status, headers)  # it says enough
        raise failure

    async def close(self) -> None:
        """Close the connections, unless they are those of a caller's client."""
        if self._owned and not self._closed:
            self._closed = True
            way = self._own if isinstance(self._way, Network) else self._way
            if way is not None:
                await way.aclose()


class _Transfer(Transfer):
    """A transfer whose connection awaits."""

    async def note_async(self, event: str, info: Mapping[str, Any]) -> None:
        """Note an *event*, as `note` does."""
        self.note(event, info)


async def body_of(
    response: httpx.Response, headers: Mapping[str, str], transfer: Transfer
) -> bytes:
    """Read the body as it comes, and close it."""
    stream, encoding = response.stream, headers.get("content-encoding")
    try:
        if response.is_stream_consumed or not isinstance(stream, httpx.AsyncByteStream):
            return transfer.take(await response.aread())  # a hook has read it, or httpx itself
        parts = aiter(stream)
        try:
            content = b"".join([transfer.take(part) async for part in parts])
        except BaseException:
            await _end(parts)
            raise
        return content if encoding is None else decoded(content, encoding, transfer.limit)
    finally:
        await response.aclose()


async def _end(parts: Any) -> None:
    """End a generator that is not at its end; others need no end."""
    if hasattr(parts, "aclose"):
        await parts.aclose()
