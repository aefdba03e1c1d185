"""Clients of httpx that a caller lends: their settings apply, and only the lender closes them."""

from __future__ import annotations

from math import inf
from typing import TypeVar

import httpx

from subhub.errors import ConfigError
from subhub.sending.steps import monotonic

T = TypeVar("T")


def lent(setting: str, value: T, kind: type[object]) -> T:
    """Return what a caller lends for a *setting*; raise `ConfigError` if it is of another *kind*.

    One for code that awaits cannot be used by code that does not, and the other way around.
    """
    if not isinstance(value, kind):
        raise ConfigError(
            f"`{setting}` must be an httpx.{kind.__name__}, got {type(value).__name__}"
        )
    return value


class BorrowedClient(httpx.BaseTransport):
    """Wrap a caller's `httpx.Client`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = lent("http_client", client, httpx.Client)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* as the client does, but follow no redirect."""
        request.extensions["timeout"] = _within(request, self._client.timeout)
        return self._client.send(request, stream=True, follow_redirects=False)


class AsyncBorrowedClient(httpx.AsyncBaseTransport):
    """Wrap a caller's `httpx.AsyncClient` in the same way."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = lent("http_client", client, httpx.AsyncClient)

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
