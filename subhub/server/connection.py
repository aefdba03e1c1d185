"""Connections that can be broken: uvicorn's HTTP/1.1 protocol, with access to the transport."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from uvicorn.protocols.http.h11_impl import H11Protocol

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

TRANSPORT: Final = "transport"


class BreakableProtocol(H11Protocol):
    """A protocol that gives the application its transport, under `state` in the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport before the first request is read."""
        super().connection_made(transport)
        # head and body are two writes: with Nagle's algorithm the second one would wait for the
        # client's delayed acknowledgment of the first, about 40 ms for each response
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, TRANSPORT: transport}


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
