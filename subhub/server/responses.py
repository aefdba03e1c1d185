"""Responses: sends a fake's reply complete, late, in pieces, or not to its end.

An open connection cannot become one that was never opened, so "unreachable" closes it as "dropped"
does. Waiting takes real time, and the sandbox's clock does not move.
"""

from __future__ import annotations

import asyncio
from typing import Final

from subhub.sandbox.exchange import Delivery, Reply
from subhub.server.connection import Receive, Scope, Send, gone, hang_up, tear_down

PIECES: Final = 8
"""The number of pieces of a body that arrives slowly."""


async def send_reply(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send *reply* as its delivery says.

    Args:
        reply: The fake's reply.
        scope: The ASGI scope, which holds the transport.
        receive: The ASGI receive function.
        send: The ASGI send function.
    """
    if reply.delivery is None:
        await _start(reply, send)
        await send({"type": "http.response.body", "body": reply.content})
    elif reply.delivery.breaks == "reset":
        await tear_down(scope, receive)
    elif reply.delivery.breaks in {"dropped", "unreachable"}:
        await hang_up(scope, receive)
    else:
        await _send_slowly(reply, reply.delivery, scope, receive, send)


async def _send_slowly(
    reply: Reply, delivery: Delivery, scope: Scope, receive: Receive, send: Send
) -> None:
    if not await _wait(delivery.wait, receive):
        return
    await _start(reply, send)
    cut = delivery.breaks == "cut"
    arriving = reply.content[: len(reply.content) // 2] if cut else reply.content
    size = max(1, -(-len(reply.content) // PIECES))  # rounded up, for at most PIECES pieces
    for first in range(0, len(arriving), size):
        if not await _wait(delivery.pause, receive):
            return
        piece = arriving[first : first + size]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if cut:
        await hang_up(scope, receive)
    else:
        await send({"type": "http.response.body"})


async def _wait(seconds: float, receive: Receive) -> bool:
    """Wait, and return whether the client is still there. A client that left ends the wait."""
    if not seconds:
        return True
    try:
        await asyncio.wait_for(gone(receive), seconds)
    except TimeoutError:
        return True
    return False


async def _start(reply: Reply, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), text.encode("latin-1")) for name, text in reply.headers.items()
    ]
    # the full length, for a cut body too: the client has to notice that bytes are missing
    headers.append((b"content-length", b"%d" % len(reply.content)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
