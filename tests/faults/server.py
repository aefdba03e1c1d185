"""A server on a real socket, in front of a provider's fake, that breaks one connection on purpose.

It serves a number of requests as it should, then does to one connection what a script says, once,
and is well again. What the provider carried out is told by the fake.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import TypeAlias

from subhub.sandbox import Fake, Received, Reply

HERE = "127.0.0.1"
PATIENCE = 20.0
"""Seconds after which the server gives up on a client: more than any client here waits."""


class Gone(Exception):
    """The other side hung up, or the server is being closed."""


class Line:
    """One connection, as a script sees it."""

    def __init__(self, server: BreakingServer, wire: socket.socket) -> None:
        self.server = server
        self.wire = wire
        self.scripted = False
        self._read = b""

    def read(self, size: int) -> bytes:
        """At least *size* bytes of the request, unless they have come already."""
        while len(self._read) < size:
            self._read += self._more()
        return self._read

    def head(self) -> bytes:
        """The head of the request, with what came after it."""
        while b"\r\n\r\n" not in self._read:
            self._read += self._more()
        return self._read

    def request(self) -> Received:
        """The whole request."""
        head, _, body = self.head().partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        promised = int(headers.get("content-length", "0"))
        while len(body) < promised:
            body += self._more()
        self._read = b""
        method, target, _ = first.split(" ")
        return Received.at(method, target, headers, body)

    def commit(self) -> Reply:
        """Read the request, let the provider carry it out, and return what it would answer."""
        return self.server.fake.receive(self.request())

    def send(self, *parts: bytes) -> None:
        """Write to the client."""
        for part in parts:
            self.wire.sendall(part)

    def reset(self) -> None:
        """Tear the connection down, as a crash does."""
        now = struct.pack("ii", 1, 0)
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        self.wire.close()

    def secure(self, tls: ssl.SSLContext) -> None:
        """Speak TLS from here on."""
        self.wire = tls.wrap_socket(self.wire, server_side=True)

    def hang_up(self) -> None:
        """Wake whoever waits for this connection."""
        with contextlib.suppress(OSError):  # it was gone already
            self.wire.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """Say nothing until the client hangs up; what it still sends is thrown away."""
        while self.wire.recv(65536):
            pass

    def stall(self) -> None:
        """Neither say nor read anything until the client hangs up."""
        hangup = select.poll()
        hangup.register(self.wire, select.POLLRDHUP)
        _ = hangup.poll(PATIENCE * 1000)

    def _more(self) -> bytes:
        part = self.wire.recv(65536)
        if not part:
            raise Gone
        return part


Script: TypeAlias = Callable[[Line], None]


class BreakingServer:
    """Serves *fake*; after `healthy` requests, one connection is treated by a script.

    With *keep*, the connection of the last healthy request is the one, kept open; otherwise each
    answer closes its connection, and the script is given a new one before a byte of it is read.
    """

    def __init__(self, fake: Fake, *, tls: ssl.SSLContext | None = None) -> None:
        self.fake = fake
        self.healthy = 0
        self.keep = False
        self.broken = threading.Event()
        """Set when the script has been followed to its end, and the connection is gone."""
        self._script: Script | None = None
        self._before: Callable[[BreakingServer], None] | None = None
        self._tls = tls
        self._closed = self._full = False
        self._open: set[Line] = set()
        self._fillers: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listening.bind((HERE, 0))
        self._listening.listen()
        self.address: tuple[str, int] = self._listening.getsockname()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """The base URL for a client; the fake's own prefix is a part of it."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{HERE}:{self.address[1]}{self.fake.prefix}"

    def break_after(
        self,
        healthy: int,
        script: Script | None,
        *,
        keep: bool = False,
        before: Callable[[BreakingServer], None] | None = None,
    ) -> None:
        """Serve *healthy* requests, the last of which *before* precedes, then follow *script*."""
        self.healthy, self.keep, self._script, self._before = healthy, keep, script, before
        if not healthy:
            self._prepare()

    def refuse(self) -> None:
        """Listen no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def overflow(self) -> None:
        """Take no more connections, and let those that wait fill the queue of the system."""
        self._full = True
        self._fillers.append(socket.create_connection(self.address))  # the last one to be taken
        self._threads[0].join()
        self._listening.listen(0)
        for _ in range(8):
            filler = socket.socket()
            filler.settimeout(0)
            _ = filler.connect_ex(self.address)
            self._fillers.append(filler)

    def close(self) -> None:
        """End every connection, and wait for every thread."""
        with self._lock:
            self._closed = True
            for line in self._open:
                line.hang_up()
        for filler in self._fillers:
            filler.close()
        with contextlib.suppress(OSError):  # it listened no more
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._full:
            try:
                wire, _ = self._listening.accept()
            except OSError:
                return
            wire.settimeout(PATIENCE)
            line = Line(self, wire)
            with self._lock:
                if self._closed:
                    wire.close()
                    return
                self._open.add(line)
            thread = threading.Thread(target=self._talk, args=(line,))
            self._threads.append(thread)
            thread.start()

    def _talk(self, line: Line) -> None:
        try:
            self._serve(line)
        except (OSError, Gone):
            pass  # the client went away, which is what most scripts are about
        finally:
            with self._lock:
                self._open.discard(line)
                line.wire.close()
            if line.scripted:
                self.broken.set()

    def _serve(self, line: Line) -> None:
        if self._tls is not None and (self.healthy or self._script is None):
            line.secure(self._tls)
        while self.healthy:
            reply = line.commit()
            self.healthy -= 1
            if not self.healthy:
                self._prepare()
            line.send(answer(reply, *(() if self.keep else ("Connection: close",))))
            if not self.keep:
                return
        script, self._script = self._script, None
        if script is not None:
            line.scripted = True
            script(line)
            return
        line.send(answer(line.commit(), "Connection: close"))

    def _prepare(self) -> None:
        if self._before is not None:
            self._before(self)


def head(status: int, *headers: str) -> bytes:
    """The head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *headers, "", ""]).encode()


def answer(reply: Reply, *headers: str, promise: int = 0) -> bytes:
    """A whole answer; *promise* is how many bytes more than there are it speaks of."""
    told = [f"{name}: {value}" for name, value in reply.headers.items()]
    length = f"Content-Length: {len(reply.content) + promise}"
    return head(reply.status, *told, length, *headers) + reply.content
