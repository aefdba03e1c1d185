"""Transport: the one module that knows httpx. It sends one request and brings back one answer.

A failure is judged by what provably happened, not by the name of the exception: httpx's `trace`
extension says whether the first byte was handed to the socket.
"""

from __future__ import annotations

import ssl
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from subhub.errors import InvalidReply, NotSent, OutcomeUnknown, TransportError
from subhub.flow import Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from subhub.outgoing import Outgoing
    from subhub.sandbox import Delivery, Fake

SyncTransport: TypeAlias = httpx.BaseTransport
AsyncTransport: TypeAlias = httpx.AsyncBaseTransport
SyncHttpClient: TypeAlias = httpx.Client
AsyncHttpClient: TypeAlias = httpx.AsyncClient

CONNECTIONS = 20
# httpcore may close a kept connection that it has just handed out when fewer may be kept than may
# be open; equal numbers leave it no reason to.
_LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REDIRECTION = 300
_READING = {"GET", "HEAD"}
_ENCODED = "content-encoding"


class Channel:
    """Sends requests and waits for their answers."""

    def __init__(
        self,
        base_url: str,
        timeout: float,
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> None:
        self._timeout = httpx.Timeout(timeout).as_dict()
        self._owned = http_client is None
        self._closed = False
        if http_client is not None:
            self._transport: SyncTransport = _Lent(http_client)
        else:
            self._transport = transport or httpx.HTTPTransport(
                verify=_trust(base_url), limits=_LIMITS, proxy=_proxy(base_url)
            )

    def send(self, outgoing: Outgoing) -> Response:
        """Send *outgoing*; a `TransportError` says what is known when no answer came."""
        _refuse_closed(self._closed)
        trace = _Trace()
        request = _request(outgoing, trace, self._timeout)
        try:
            response = self._transport.handle_request(request)
        except httpx.HTTPError as error:
            raise _lost(error, outgoing, trace.began) from error
        except BaseException as stopped:
            _tell(stopped, outgoing, trace.began)
            raise
        try:
            content = _read(response)
        except httpx.HTTPError as error:
            return _cut(error, outgoing, response)
        finally:
            response.close()
        return _response(response, content)

    def close(self) -> None:
        """Close the connections, unless they belong to somebody else's client."""
        if self._owned and not self._closed:
            self._closed = True
            self._transport.close()


class AsyncChannel:
    """The same, awaiting."""

    def __init__(
        self,
        base_url: str,
        timeout: float,
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        self._timeout = httpx.Timeout(timeout).as_dict()
        self._owned = http_client is None
        self._closed = False
        if http_client is not None:
            self._transport: AsyncTransport = _AsyncLent(http_client)
        else:
            self._transport = transport or httpx.AsyncHTTPTransport(
                verify=_trust(base_url), limits=_LIMITS, proxy=_proxy(base_url)
            )

    async def send(self, outgoing: Outgoing) -> Response:
        """Send *outgoing*; a `TransportError` says what is known when no answer came."""
        _refuse_closed(self._closed)
        trace = _AsyncTrace()
        request = _request(outgoing, trace, self._timeout)
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.HTTPError as error:
            raise _lost(error, outgoing, trace.began) from error
        except BaseException as stopped:
            _tell(stopped, outgoing, trace.began)
            raise
        try:
            content = await _aread(response)
        except httpx.HTTPError as error:
            return _cut(error, outgoing, response)
        finally:
            await response.aclose()
        return _response(response, content)

    async def close(self) -> None:
        """Close the connections, unless they belong to somebody else's client."""
        if self._owned and not self._closed:
            self._closed = True
            await self._transport.aclose()


async def sleep(seconds: float) -> None:
    """Wait, under whichever event loop is running."""
    from anyio import sleep as wait  # noqa: PLC0415 - httpx brings it; sync programs never need it

    await wait(seconds)


def fake_transport(fake: Fake) -> httpx.MockTransport:
    """A transport, sync and async, on which *fake* answers; it never opens a socket.

    A connection that the fake breaks fails as a real one does, and at the same place.
    """
    from subhub.sandbox.exchange import Received  # noqa: PLC0415 - only sandboxes need it

    def answer(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        told = {name.lower().decode(): value.decode() for name, value in request.headers.raw}
        reply = fake.receive(Received.at(request.method, target, told, request.content))
        headers = [*reply.headers.items(), ("content-length", str(len(reply.content)))]
        stream: httpx.SyncByteStream = httpx.ByteStream(reply.content)
        if reply.delivery is not None:
            stream = _delivered(reply.content, reply.delivery, fake, request)
        return httpx.Response(reply.status, headers=headers, stream=stream)

    return httpx.MockTransport(answer)


def _delivered(
    content: bytes, delivery: Delivery, fake: Fake, request: httpx.Request
) -> httpx.SyncByteStream:
    """The body of an answer that arrives late or broken, or the failure that comes in its place."""
    limit = request.extensions.get("timeout", {}).get("read")
    if delivery.breaks == "unreachable":
        raise httpx.ConnectError("All connection attempts failed", request=request)
    _wait(fake, delivery.wait, limit)
    if delivery.breaks == "dropped":
        message = "Server disconnected without sending a response."
        raise httpx.RemoteProtocolError(message, request=request)
    if delivery.breaks == "reset":
        raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)

    def pieces() -> Iterator[bytes]:
        size = max(1, -(-len(content) // 8))
        arriving = content[: len(content) // 2] if delivery.breaks == "cut" else content
        for begin in range(0, len(arriving), size):
            _wait(fake, delivery.pause, limit)
            yield arriving[begin : begin + size]
        if delivery.breaks == "cut":
            message = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(message)

    return _Pieces(pieces())


def _wait(fake: Fake, seconds: float, limit: float | None) -> None:
    """Let virtual time pass, until a client would have lost its patience."""
    if seconds:
        _ = fake.clock.advance(seconds=seconds if limit is None else min(seconds, limit))
    if limit is not None and seconds > limit:
        raise httpx.ReadTimeout("The read operation timed out")


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes piece by piece, to either kind of client."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class _Lent(httpx.BaseTransport):
    """Somebody else's client as a transport; what is set on it, timeouts included, counts."""

    def __init__(self, client: SyncHttpClient) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        del request.extensions["timeout"]
        return self._client.send(request, stream=True, follow_redirects=False)


class _AsyncLent(httpx.AsyncBaseTransport):
    def __init__(self, client: AsyncHttpClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request.extensions["timeout"]
        return await self._client.send(request, stream=True, follow_redirects=False)


class _Trace:
    """Notes whether the first byte of the request was handed to the socket."""

    began = False

    def __call__(self, event: str, _: object) -> None:
        if event.endswith(".send_request_headers.started"):
            self.began = True


class _AsyncTrace:
    began = False

    async def __call__(self, event: str, _: object) -> None:
        if event.endswith(".send_request_headers.started"):
            self.began = True


def _request(
    outgoing: Outgoing, trace: object, timeout: Mapping[str, float | None]
) -> httpx.Request:
    """An httpx request from finished parts; building it the usual way costs five times as much."""
    url = _url(outgoing.url)
    headers = [(b"Host", url.netloc)]
    headers += [(name.encode(), value.encode()) for name, value in outgoing.headers.items()]
    if outgoing.content or outgoing.method not in {"GET", "HEAD", "DELETE"}:
        headers.append((b"Content-Length", b"%d" % len(outgoing.content)))
    return httpx.Request(
        outgoing.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(outgoing.content),
        extensions={"trace": trace, "timeout": timeout},
    )


def _read(response: httpx.Response) -> bytes:
    """The body; one that is not encoded needs none of httpx's decoding."""
    stream = response.stream
    if _ENCODED in response.headers or not isinstance(stream, httpx.SyncByteStream):
        return response.read()
    return b"".join(stream)


async def _aread(response: httpx.Response) -> bytes:
    stream = response.stream
    if _ENCODED in response.headers or not isinstance(stream, httpx.AsyncByteStream):
        return await response.aread()
    return b"".join([part async for part in stream])


@lru_cache(maxsize=512)
def _url(address: str) -> httpx.URL:
    return httpx.URL(address)


@cache
def _trusting() -> ssl.SSLContext:
    """One context for all clients of the process: loading the certificates takes 15 ms."""
    return httpx.create_ssl_context()


def _trust(base_url: str) -> ssl.SSLContext:
    """The certificates to trust; an address without TLS needs none, and then nothing is trusted."""
    if base_url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusting()


def _proxy(base_url: str) -> str | None:
    """The proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the system, name for it."""
    address = urlsplit(base_url)
    proxies = getproxies()
    found = proxies.get(address.scheme) or proxies.get("all")
    if not found or proxy_bypass(address.netloc):
        return None
    return found if "://" in found else f"http://{found}"


def _refuse_closed(closed: bool) -> None:  # noqa: FBT001
    if closed:
        message = "this client was closed: make a new one"
        raise RuntimeError(message)


def _response(response: httpx.Response, content: bytes) -> Response:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in response.headers.raw
    }
    return Response(response.status_code, headers, content)


def _cut(error: httpx.HTTPError, outgoing: Outgoing, response: httpx.Response) -> Response:
    """The status came, the body did not: the request was answered, whatever is missing."""
    if response.status_code >= _REDIRECTION:
        return _response(response, b"")
    reading = outgoing.method in _READING
    message = (
        f"the provider answered HTTP {response.status_code}, but its answer broke off "
        f"({type(error).__name__}): "
        + ("ask again" if reading else "what was asked for is done, only the document is missing")
    )
    raise InvalidReply(message, status=response.status_code) from error


def _tell(stopped: BaseException, outgoing: Outgoing, began: bool) -> None:  # noqa: FBT001
    """Ctrl-C and the end of a task stay what they are; their cause says what became of a change."""
    if began and not isinstance(stopped, Exception) and outgoing.method not in _READING:
        stopped.__cause__ = _lost(stopped, outgoing, began)


def _lost(error: BaseException, outgoing: Outgoing, began: bool) -> TransportError:  # noqa: FBT001
    what = f"{outgoing.method} {outgoing.url.partition('?')[0]}"  # a query may name a person
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not began and isinstance(error, _NEVER_CONNECTED):
        return NotSent(f"{what} was not sent ({cause}): check the network and the address")
    if outgoing.method in _READING:
        return TransportError(f"{what} was not answered ({cause})")
    return OutcomeUnknown(
        f"{what} may have been carried out, no answer came ({cause}): "
        "look at the provider before repeating it"
    )
