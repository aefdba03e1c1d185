"""Connections that can be broken: uvicorn's HTTP/1.1, with a way to end one without an answer."""

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
    """Shows the application its connection, under `state` in the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport before the first request is read."""
        super().connection_made(transport)
        # a head and a body that are written one after the other would wait for an acknowledgment
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, TRANSPORT: transport}


async def hang_up(scope: Scope, receive: Receive) -> None:
    """End the connection, after what was sent already, and wait until it is gone."""
    scope["state"][TRANSPORT].close()
    await gone(receive)


async def tear_down(scope: Scope, receive: Receive) -> None:
    """End the connection as a crash does: the other side is told that it was reset."""
    transport: asyncio.Transport = scope["state"][TRANSPORT]
    at_once = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()
    await gone(receive)


async def gone(receive: Receive) -> None:
    """Wait until the connection is gone: the request was read, so nothing else can come."""
    _ = await receive()
