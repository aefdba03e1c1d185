"""The request log of a served account: the latest requests and replies, of limited size.

Headers are not logged, so keys are not either.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass
from typing import Final

from subhub.sandbox.exchange import Delivery, Reply

KEPT: Final = 200
"""The number of entries that a log keeps."""
LONGEST: Final = 2000
"""The number of bytes of a body that an entry keeps."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A request and its reply.

    `status` is 0 if no reply was sent, and `fault` says how the delivery of one was broken.
    """

    number: int
    at: str
    asked: str
    status: int
    request: str
    reply: str
    fault: str


class RequestLog:
    """The latest entries, and the total number of requests."""

    def __init__(self) -> None:
        self.total = 0
        self._entries: deque[LogEntry] = deque(maxlen=KEPT)

    def add(self, at: dt.datetime, request_line: str, content: bytes, reply: Reply) -> None:
        """Log a request.

        Args:
            at: The sandbox's time.
            request_line: The method and the path with its query.
            content: The request's body.
            reply: The reply.
        """
        self.total += 1
        entry = LogEntry(
            self.total,
            at.isoformat(),
            request_line[:LONGEST],
            reply.status,
            _text(content),
            _text(reply.content),
            _fault(reply.delivery),
        )
        self._entries.append(entry)

    def after(self, number: int = 0) -> list[LogEntry]:
        """Return the kept entries with a higher number, oldest first."""
        return [entry for entry in self._entries if entry.number > number]


def _fault(delivery: Delivery | None) -> str:
    """Return the fault of the delivery. One inside the reply can be seen in its body."""
    return "" if delivery is None else delivery.breaks or "late"


def _text(content: bytes) -> str:
    text = content[:LONGEST].decode("utf-8", "replace")
    return text if len(content) <= LONGEST else f"{text}... ({len(content)} bytes)"
