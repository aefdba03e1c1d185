"""Messages: a request as httpx sends it, an answer as a flow reads it, and whom to trust with them.

Nothing here sends anything.
"""

from __future__ import annotations

import ssl
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from subhub.messages import Response

if TYPE_CHECKING:
    from subhub.messages import PreparedRequest

_STEPS = ("connect", "read", "write", "pool")
_ENCODED = "content-encoding"


def as_httpx(prepared: PreparedRequest, timeout: float) -> httpx.Request:
    """An httpx request from finished parts; building it the usual way costs five times as much."""
    url = _url(prepared.url)
    headers = [(b"Host", url.netloc)]
    headers += [(name.encode(), value.encode()) for name, value in prepared.headers.items()]
    if prepared.content or prepared.method not in {"GET", "HEAD", "DELETE"}:
        headers.append((b"Content-Length", b"%d" % len(prepared.content)))
    return httpx.Request(
        prepared.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(prepared.content),
        extensions={"timeout": dict.fromkeys(_STEPS, timeout)},
    )


def body_of(response: httpx.Response) -> bytes:
    """The body; one that is not encoded needs none of httpx's decoding."""
    stream = response.stream
    if _ENCODED in response.headers or not isinstance(stream, httpx.SyncByteStream):
        return response.read()
    return b"".join(stream)


async def async_body_of(response: httpx.Response) -> bytes:
    """The same, awaiting."""
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


def trusted(base_url: str) -> ssl.SSLContext:
    """The certificates to trust; an address without TLS needs none, and then nothing is trusted."""
    if base_url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusting()


def proxy_for(base_url: str) -> str | None:
    """The proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the system, name for it."""
    address = urlsplit(base_url)
    proxies = getproxies()
    found = proxies.get(address.scheme) or proxies.get("all")
    if not found or proxy_bypass(address.netloc):
        return None
    return found if "://" in found else f"http://{found}"


def as_response(response: httpx.Response, content: bytes) -> Response:
    """What a flow is sent; the names of the headers in lower case."""
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in response.headers.raw
    }
    return Response(response.status_code, headers, content)
