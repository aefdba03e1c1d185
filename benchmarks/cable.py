"""A network cable between a machine and a server, which can be cut and mended."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Cable(ThreadingTCPServer):
    """Whatever is sent to `port` reaches *target*, unless the cable is cut."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.target = target
        self.port = int(self.server_address[1])
        self.whole = True
        self._open: set[socket.socket] = set()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def through(self, url: str) -> str:
        """Return *url* with the near end of the cable in place of the server's port."""
        return url.replace(f":{self.target}/", f":{self.port}/")

    def cut(self) -> None:
        """Break all connections, and let no new one through until it is mended."""
        self.whole = False
        for end in tuple(self._open):
            _hang_up(end)

    def mend(self) -> None:
        self.whole = True

    def carry(self, near: socket.socket) -> None:
        """Relay between *near* and the server until one of them closes."""
        with socket.create_connection(("127.0.0.1", self.target), 5) as far:
            far.settimeout(None)
            ends = {near, far}
            self._open |= ends
            back = threading.Thread(target=_pour, args=(far, near), daemon=True)
            back.start()
            _pour(near, far)
            back.join()
            self._open -= ends

    def close(self) -> None:
        self.cut()
        self.shutdown()
        self.server_close()


class _Relay(BaseRequestHandler):
    def handle(self) -> None:
        cable = self.server
        assert isinstance(cable, Cable)
        if cable.whole:
            with suppress(OSError):  # either side may be gone
                cable.carry(self.request)


def _pour(source: socket.socket, target: socket.socket) -> None:
    """Copy what *source* sends until its end, and pass that on as well."""
    with suppress(OSError):
        while received := source.recv(65_536):
            target.sendall(received)
    for end in (source, target):
        _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        end.shutdown(socket.SHUT_RDWR)
