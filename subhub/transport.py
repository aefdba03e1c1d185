"""Transport: the one module that knows httpx. It sends one request and brings back one answer.

A failure is judged by what provably happened, not by the name of the exception: httpx's `trace`
extension says whether the first byte was handed to the socket.
"""

from __future__ import annotations

import ssl
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

import httpx

from subhub.errors import InvalidReply, NotSent, OutcomeUnknown, TransportError
from subhub.flow import Response

if TYPE_CHECKING:
    from subhub.outgoing import Outgoing
    from subhub.sandbox import Fake

SyncTransport: TypeAlias = httpx.BaseTransport
AsyncTransport: TypeAlias = httpx.AsyncBaseTransport
SyncHttpClient: TypeAlias = httpx.Client
AsyncHttpClient: TypeAlias = httpx.AsyncClient

CONNECTIONS = 20
# httpcore may close a kept connection that it has just handed out when fewer may be kept than may
# be open; equal numbers leave it no reason to.
_LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REFUSAL = 400


class Channel:
    """Sends requests and waits for their answers."""

    def __init__(
        self,
        base_url: str,
        timeout: float,
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> None:
        self._owned = http_client is None
        self._client = http_client or httpx.Client(
            transport=transport, timeout=timeout, limits=_LIMITS, verify=_trust(base_url)
        )

    def send(self, outgoing: Outgoing) -> Response:
        """Send *outgoing*; a `TransportError` says what is known when no answer came."""
        trace = _Trace()
        try:
            response = self._client.send(
                _request(outgoing, trace), stream=True, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise _lost(error, outgoing, trace.began) from error
        try:
            content = response.read()
        except httpx.HTTPError as error:
            return _cut(error, response)
        finally:
            response.close()
        return _response(response, content)

    def close(self) -> None:
        """Close the connections, unless they belong to somebody else's client."""
        if self._owned:
            self._client.close()


class AsyncChannel:
    """The same, awaiting."""

    def __init__(
        self,
        base_url: str,
        timeout: float,
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        self._owned = http_client is None
        self._client = http_client or httpx.AsyncClient(
            transport=transport, timeout=timeout, limits=_LIMITS, verify=_trust(base_url)
        )

    async def send(self, outgoing: Outgoing) -> Response:
        """Send *outgoing*; a `TransportError` says what is known when no answer came."""
        trace = _AsyncTrace()
        try:
            response = await self._client.send(
                _request(outgoing, trace), stream=True, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise _lost(error, outgoing, trace.began) from error
        try:
            content = await response.aread()
        except httpx.HTTPError as error:
            return _cut(error, response)
        finally:
            await response.aclose()
        return _response(response, content)

    async def close(self) -> None:
        """Close the connections, unless they belong to somebody else's client."""
        if self._owned:
            await self._client.aclose()


async def sleep(seconds: float) -> None:
    """Wait, under whichever event loop is running."""
    from anyio import sleep as wait  # noqa: PLC0415 - httpx brings it; sync programs never need it

    await wait(seconds)


def fake_transport(fake: Fake) -> httpx.MockTransport:
    """A transport, sync and async, on which *fake* answers; it never opens a socket."""

    def answer(request: httpx.Request) -> httpx.Response:
        reply = fake.handle(
            request.method,
            request.url.raw_path.decode("ascii"),
            dict(request.headers),
            request.content,
        )
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.content)

    return httpx.MockTransport(answer)


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


def _request(outgoing: Outgoing, trace: object) -> httpx.Request:
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
        extensions={"trace": trace},
    )


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


def _response(response: httpx.Response, content: bytes) -> Response:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in response.headers.raw
    }
    return Response(response.status_code, headers, content)


def _cut(error: httpx.HTTPError, response: httpx.Response) -> Response:
    """The status came, the body did not: the request was answered, whatever is missing."""
    if response.status_code >= _REFUSAL:
        return _response(response, b"")
    message = (
        f"the provider answered HTTP {response.status_code}, but its answer broke off "
        f"({type(error).__name__}): what was asked for is done, only the document is missing"
    )
    raise InvalidReply(message, status=response.status_code) from error


def _lost(error: httpx.HTTPError, outgoing: Outgoing, began: bool) -> TransportError:  # noqa: FBT001
    what = f"{outgoing.method} {outgoing.url}"
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not began and isinstance(error, _NEVER_CONNECTED):
        return NotSent(f"{what} was not sent ({cause}): check the network and the address")
    if outgoing.method in {"GET", "HEAD"}:
        return TransportError(f"{what} was not answered ({cause})")
    return OutcomeUnknown(
        f"{what} may have been carried out, no answer came ({cause}): "
        "look at the provider before repeating it"
    )
