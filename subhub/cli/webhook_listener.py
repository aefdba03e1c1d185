"""A server for `subhub webhooks listen`: it takes calls one after the other and hands them over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from subhub.errors import ConfigError

LONGEST: Final = 1_000_000
"""The longest body that is read, in bytes."""
PATIENCE: Final = 10.0
"""The seconds that a call may take to arrive."""


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """A call: its path with the query, the headers as pairs, and the body as it arrived."""

    path: str
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)


class Listener(HTTPServer):
    """A server on this machine only.

    Args:
        port: The port; 0 for any that is free.
        answer: Takes a call, and returns the status to answer with.
    """

    def __init__(self, port: int, answer: Callable[[ReceivedCall], int]) -> None:
        self.answer = answer
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            message = f"cannot listen on --port {port}: {error}"
            raise ConfigError(message) from error

    @property
    def url(self) -> str:
        """The URL to register."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE

    def do_POST(self) -> None:
        """Read a call and answer it."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length[:9]) > LONGEST:
            self.send_error(411 if not length else 413)
            return
        body = self.rfile.read(int(length))
        listener = self.server
        if isinstance(listener, Listener) and len(body) == int(length):
            status = listener.answer(ReceivedCall(self.path, list(self.headers.items()), body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Log nothing: the command prints the calls."""
