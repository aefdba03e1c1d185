"""Fakes as transports: what a sandbox answers, delivered or broken as a network would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from math import inf
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from subhub.sandbox import Delivery, Fake


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
    transfer = request.extensions.get("subhub")
    left = inf if transfer is None else transfer.seconds - delivery.wait
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
        for number, begin in enumerate(range(0, len(arriving), size)):
            _wait(fake, delivery.pause, _least(limit, left - number * delivery.pause))
            yield arriving[begin : begin + size]
        if delivery.breaks == "cut":
            message = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(message)

    return _Pieces(pieces())


def _least(limit: float | None, left: float) -> float | None:
    """Return how long a client waits for a piece: its timeout, or what is left of the deadline."""
    if left == inf:
        return limit
    return max(0.0, left if limit is None else min(limit, left))


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
