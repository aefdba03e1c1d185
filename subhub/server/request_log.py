"""The request log of a served account: the latest requests and replies, of limited size.

Of the headers only the content type is logged, so keys are not.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from subhub.sandbox.exchange import Delivery, Reply

KEPT: Final = 200
"""The number of entries that a log keeps."""
LONGEST: Final = 8000
"""The number of bytes of a body, and of characters of a path, that an entry keeps."""


@dataclass(slots=True)
class LogEntry:
    """A request and its reply.

    `path` is below the account, with the query. `status` is 0 if no reply was sent, and `fault`
    says how the delivery of one was broken. `seconds` is the time from the request's arrival to the
    end of its reply, `None` until then. `complete` says whether the request was kept as it came, so
    that it can be replayed; `replay_of` is the number of the request that was.
    """

    number: int
    at: str
    method: str
    path: str
    status: int
    request: str
    reply: str
    fault: str
    content_type: str = ""
    complete: bool = True
    replay_of: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries to show: those with a higher number, of a method, a status and a path.

    Empty texts select all. A `status` is a whole one (`404`), a class (`4xx`), or `none` where no
    reply was sent; a `path` is a part of one.
    """

    after: int = 0
    method: str = ""
    status: str = ""
    path: str = ""

    def selects(self, entry: LogEntry) -> bool:
        """Return whether to show *entry*."""
        status = str(entry.status or "none")
        return (
            entry.number > self.after
            and self.method.upper() in {"", entry.method}
            and status.startswith(self.status.rstrip("x"))
            and self.path in entry.path
        )


class RequestLog:
    """The latest entries, and the total number of requests."""

    def __init__(self) -> None:
        self.total = 0
        self._entries: deque[LogEntry] = deque(maxlen=KEPT)

    def add(
        self,
        at: dt.datetime,
        method: str,
        path: str,
        content: bytes,
        reply: Reply,
        *,
        content_type: str = "",
        replay_of: int | None = None,
    ) -> None:
        """Log a request.

        Args:
            at: The sandbox's time.
            method: The HTTP method.
            path: The path with its query.
            content: The request's body.
            reply: The reply.
            content_type: The type of the request's body.
            replay_of: The number of the request that this one repeats.
        """
        self.total += 1
        request = _text(content)
        entry = LogEntry(
            self.total,
            at.isoformat(),
            method,
            path[:LONGEST],
            reply.status,
            request,
            _text(reply.content),
            _fault(reply.delivery),
            content_type[:LONGEST],
            request.encode() == content and len(path) <= LONGEST,
            replay_of,
        )
        self._entries.append(entry)

    def __iter__(self) -> Iterator[LogEntry]:
        """Iterate over the kept entries, oldest first."""
        return iter(tuple(self._entries))

    def after(self, number: int = 0) -> list[LogEntry]:
        """Return the kept entries with a higher number, oldest first."""
        return self.select(LogFilter(number))

    def select(self, wanted: LogFilter) -> list[LogEntry]:
        """Return the kept entries that *wanted* selects, oldest first."""
        return [entry for entry in self._entries if wanted.selects(entry)]

    def newest(self) -> LogEntry:
        """Return the latest entry. Raises `IndexError` if there is none."""
        return self._entries[-1]


def _fault(delivery: Delivery | None) -> str:
    """Return the fault of the delivery. One inside the reply can be seen in its body."""
    return "" if delivery is None else delivery.breaks or "late"


def _text(content: bytes) -> str:
    text = content[:LONGEST].decode("utf-8", "replace")
    return text if len(content) <= LONGEST else f"{text}... ({len(content)} bytes)"
