"""Clients of httpx that a caller lends: their settings apply, and only the lender closes them."""

from __future__ import annotations

from math import inf

import httpx

from subhub.sending.steps import monotonic


class BorrowedClient(httpx.BaseTransport):
    """Wrap a caller's `httpx.Client`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* as the client does, but follow no redirect."""
        request.extensions["timeout"] = _within(request, self._client.timeout)
        return self._client.send(request, stream=True, follow_redirects=False)


class AsyncBorrowedClient(httpx.AsyncBaseTransport):
    """Wrap a caller's `httpx.AsyncClient` in the same way."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* as the client does, but follow no redirect."""
        request.extensions["timeout"] = _within(request, self._client.timeout)
        return await self._client.send(request, stream=True, follow_redirects=False)


def _within(request: httpx.Request, own: httpx.Timeout) -> dict[str, float | None]:
    """Return the client's *own* timeouts, none of them longer than the deadline leaves."""
    left: float = request.extensions["subhub"].until - monotonic()
    timeouts = own.as_dict()
    if left == inf:
        return timeouts
    return {step: left if most is None else min(most, left) for step, most in timeouts.items()}
