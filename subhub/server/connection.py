"""Connections: uvicorn's HTTP/1.1 protocol, which a fault can break, and which limits waiting."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

TRANSPORT: Final = "transport"
READ_TIMEOUT: Final = 30.0
"""How many seconds a request may take to arrive."""


class SandboxProtocol(H11Protocol):
    """A protocol that gives the application its transport, under `state` in the scope.

    It closes a connection on which a request has begun and does not come to its end. uvicorn itself
    only closes those that are idle between two requests.
    """

    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport before the first request is read."""
        super().connection_made(transport)
        # head and body are two writes: with Nagle's algorithm the second one would wait for the
        # client's delayed acknowledgment of the first, about 40 ms for each response
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, TRANSPORT: transport}
        self._time_reading()

    def handle_events(self) -> None:
        """Handle what has arrived, and start or stop the time of a request."""
        super().handle_events()
        self._time_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time."""
        super().connection_lost(exc)
        self._stop_time()

    def _time_reading(self) -> None:
        idle = self.conn.their_state is h11.IDLE
        # no request yet (uvicorn's annotation does not say that `cycle` may be None)
        new = self.cycle is None  # pyright: ignore[reportUnnecessaryComparison]
        between = idle and not new and not self.conn.trailing_data[0]
        if between or not (idle or self.conn.their_state is h11.SEND_BODY):
            self._stop_time()
        elif self._reading is None:
            application: Any = self.config.app  # an `Application`
            self._reading = self.loop.call_later(application.read_timeout, self._end_reading)

    def _stop_time(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _end_reading(self) -> None:
        """Answer that the request took too long, unless its answer has begun, and close."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            head = h11.Response(
                status_code=408, headers=[("connection", "close"), ("content-length", "0")]
            )
            for event in (head, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection after what was sent already, and wait until it is closed."""
    scope["state"][TRANSPORT].close()
    await gone(receive)


async def tear_down(scope: Scope, receive: Receive) -> None:
    """Reset the connection as a crash does, and wait until it is closed."""
    transport: asyncio.Transport = scope["state"][TRANSPORT]
    # with a linger time of 0 seconds, the kernel sends a reset in place of an orderly end
    no_linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    transport.abort()
    await gone(receive)


async def gone(receive: Receive) -> None:
    """Wait until the connection is closed.

    The request was read to its end, so the next message can only be `http.disconnect`.
    """
    _ = await receive()
