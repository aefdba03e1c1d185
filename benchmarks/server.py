"""A server that gives one fixed JSON answer to every request: HTTP/1.1, kept alive, on loopback.

It runs as a process of its own, so that its time is not the client's. It reads no more of a request
than where it ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_HOST = "127.0.0.1"
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@contextmanager
def serving(answer: Any) -> Iterator[str]:
    """Serve *answer*, as JSON, while the block runs; gives the server's base address."""
    command = [sys.executable, "-m", "benchmarks.server", json.dumps(answer)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://{_HOST}:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class _Connection(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (size := _size(self._received)) is not None and len(self._received) >= size:
            self._received = self._received[size:]
            self._transport.write(self._answer)


def _size(received: bytes) -> int | None:
    """How long the first request is, body included; `None` while its head is incomplete."""
    head = received.find(_END)
    if head < 0:
        return None
    length = _LENGTH.search(received, 0, head)
    return head + len(_END) + (int(length[1]) if length else 0)


async def _serve(content: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    answer = head.encode() + _END + content
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(answer), _HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1].encode()))
