"""Connections: which are opened, whom they trust, and those that a caller lends."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

CONNECTIONS: Final = 20
# httpcore may close a kept connection that it has just handed out when fewer may be kept than may
# be open; equal numbers leave it no reason to.
LIMITS: Final = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


class BorrowedClient(httpx.BaseTransport):
    """Wrap a caller's `httpx.Client`. Its own settings apply, timeouts included."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* as the client does, but follow no redirect."""
        del request.extensions["timeout"]
        return self._client.send(request, stream=True, follow_redirects=False)


class AsyncBorrowedClient(httpx.AsyncBaseTransport):
    """Wrap a caller's `httpx.AsyncClient` in the same way."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* as the client does, but follow no redirect."""
        del request.extensions["timeout"]
        return await self._client.send(request, stream=True, follow_redirects=False)


def trusted(base_url: str) -> ssl.SSLContext:
    """Return the certificates to trust: none for an address without TLS, which needs none."""
    if base_url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusting()


@cache
def _trusting() -> ssl.SSLContext:
    """Create one context for all clients of the process: loading the certificates takes 15 ms."""
    return httpx.create_ssl_context()


def proxy_for(base_url: str) -> str | None:
    """Return the proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the system, name."""
    address = urlsplit(base_url)
    proxies = getproxies()
    found = proxies.get(address.scheme) or proxies.get("all")
    if not found or proxy_bypass(address.netloc):
        return None
    return found if "://" in found else f"http://{found}"
