"""A provider on a socket that counts requests in windows and refuses what is too much."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal, TypeAlias

Window: TypeAlias = Literal["aligned", "anchored", "rolling"]
WINDOWS: Final[tuple[Window, ...]] = ("aligned", "anchored", "rolling")


class CountingServer(ThreadingHTTPServer):
    """At most *limit* requests per *per* seconds; `times` are those of all that it accepted."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(
        self, limit: int, per: float, window: Window = "rolling", takes: float = 0.0
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.limit, self.per, self.window = limit, per, window
        self.takes = takes  # seconds until it answers
        self.posted: list[str] = []
        self.times: list[float] = []
        self.by_user: dict[str, list[float]] = {}
        self.refused: list[float] = []
        self._anchor = 0.0
        self._counting = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, user: str) -> bool:
        """Count a request of *user*; return whether it is accepted."""
        with self._counting:
            now = time.monotonic()
            if self._used(now) >= self.limit:
                self.refused.append(now)
                return False
            self.times.append(now)
            self.by_user.setdefault(user, []).append(now)
            return True

    def most_in_a_window(self) -> int:
        """The most requests that any window that begins with one of them holds."""
        return max(
            sum(start <= time < start + self.per for time in self.times) for start in self.times
        )

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def _used(self, now: float) -> int:
        if self.window == "rolling":
            return sum(time > now - self.per for time in self.times)
        if self.window == "aligned":
            start = now // self.per * self.per
        else:
            if now >= self._anchor + self.per:
                self._anchor = now
            start = self._anchor
        return sum(time >= start for time in self.times)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, CountingServer)
        length = int(self.headers.get("content-length", "0"))
        sent = json.loads(self.rfile.read(length) or b"{}")
        accepted = server.take(str(sent.get("name", "")))
        if accepted:
            server.posted.append(self.path)
        time.sleep(server.takes)
        body = b'{"id": "cst_1"}' if accepted else b'{"message": "too many"}'
        self._answer(201 if accepted else 429, body)

    def do_GET(self) -> None:
        """Show the customer, once one was posted."""
        server = self.server
        assert isinstance(server, CountingServer)
        found = [{"id": "cst_1", "name": "me"}] if "/customers" in server.posted else []
        self._answer(200, json.dumps({"items": found}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", "1")
        self.end_headers()
        _ = self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        pass
