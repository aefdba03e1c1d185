"""The network for programs that await; otherwise as `network` has it."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

import anyio

from subhub.sending.steps import monotonic
from subhub.sending.transport.network import Found, failed, in_turn, open_socket


async def async_connect(host: str, port: int, seconds: float) -> socket.socket:
    """Return a socket that is connected to *host*, and does not block."""
    until = monotonic() + seconds
    failure: Exception = OSError(f"no address of {host} was found")
    try:
        with anyio.fail_after(seconds):
            found = await _looked_up(host, port)
        for address, left in in_turn(found, until):
            try:
                return await _connected(address, left)
            except OSError as error:
                failure = error
    except (OSError, UnicodeError) as error:
        failure = error
    raise failed(failure) from failure


async def _looked_up(host: str, port: int) -> Sequence[Found]:
    try:  # an address needs no name server, and so no thread
        numeric = socket.AI_NUMERICHOST
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=numeric)
    except OSError:
        return await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def _connected(address: Found, seconds: float) -> socket.socket:
    connecting = open_socket(address)
    connecting.settimeout(0)
    try:
        try:
            connecting.connect(address[4])
        except BlockingIOError:
            with anyio.fail_after(seconds):
                await anyio.wait_writable(connecting)
        if code := connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, os.strerror(code))  # noqa: TRY301 - the socket is closed below
    except BaseException:
        connecting.close()
        raise
    return connecting
