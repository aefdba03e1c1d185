"""Delivery: a fake's reply goes out on the wire, whole, late, in pieces, or not to its end.

A connection that is open cannot become one that was never made: an unreachable provider looks here
like one that closes the connection. Waiting takes real time, and the sandbox's clock stands still.
"""

from __future__ import annotations

import asyncio
from typing import Final

from subhub.sandbox.exchange import Delivery, Reply
from subhub.server.connection import Receive, Scope, Send, gone, hang_up, tear_down

PIECES: Final = 8
"""How many pieces a body comes in that comes slowly."""


async def deliver(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send *reply* as its delivery says."""
    if reply.delivery is None:
        await _begin(reply, send)
        await send({"type": "http.response.body", "body": reply.content})
    elif reply.delivery.breaks == "reset":
        await tear_down(scope, receive)
    elif reply.delivery.breaks in {"dropped", "unreachable"}:
        await hang_up(scope, receive)
    else:
        await _disturbed(reply, reply.delivery, scope, receive, send)


async def _disturbed(
    reply: Reply, delivery: Delivery, scope: Scope, receive: Receive, send: Send
) -> None:
    if not await _patient(delivery.wait, receive):
        return
    await _begin(reply, send)
    cut = delivery.breaks == "cut"
    arriving = reply.content[: len(reply.content) // 2] if cut else reply.content
    size = max(1, -(-len(reply.content) // PIECES))
    for first in range(0, len(arriving), size):
        if not await _patient(delivery.pause, receive):
            return
        piece = arriving[first : first + size]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if cut:
        await hang_up(scope, receive)
    else:
        await send({"type": "http.response.body"})


async def _patient(seconds: float, receive: Receive) -> bool:
    """Wait; whether the other side is still there then."""
    if not seconds:
        return True
    try:
        await asyncio.wait_for(gone(receive), seconds)
    except TimeoutError:
        return True
    return False


async def _begin(reply: Reply, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), text.encode("latin-1")) for name, text in reply.headers.items()
    ]
    headers.append((b"content-length", b"%d" % len(reply.content)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
