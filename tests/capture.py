"""A server on a real socket that keeps what it was asked, and answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Asked:
    """One request as it arrived: its headers with their names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]


@dataclass
class Capture:
    """What arrived, in order, and how it is answered."""

    answer: Callable[[Asked], Answer]
    url: str = ""
    asked: list[Asked] = field(default_factory=list[Asked])


@contextmanager
def capturing(answer: Callable[[Asked], Answer]) -> Generator[Capture]:
    """Serve on a free port until the block is left."""
    capture = Capture(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # an answer goes out whole: in two parts, it would wait for 40 ms

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            capture.asked.append(Asked(self.command, self.path, headers, body))
            status, extra, content = capture.answer(capture.asked[-1])
            self.send_response_only(status)
            for name, value in {**extra, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            _ = self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        capture.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield capture
        finally:
            server.shutdown()
            thread.join()
