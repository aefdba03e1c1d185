"""The journal of a served account: what was asked and answered lately, cut to a bounded size.

No header is written down, so no key is.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass
from typing import Final

from subhub.sandbox.exchange import Delivery, Reply

KEPT: Final = 200
"""How many entries a journal keeps."""
SHOWN: Final = 2000
"""How many bytes of a body an entry keeps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange; `status` is 0 when no answer went out, and `fault` says how one broke off."""

    number: int
    at: str
    asked: str
    status: int
    request: str
    reply: str
    fault: str


class Journal:
    """The last entries, and the number of all that there were."""

    def __init__(self) -> None:
        self.total = 0
        self._entries: deque[Entry] = deque(maxlen=KEPT)

    def add(self, at: dt.datetime, asked: str, content: bytes, reply: Reply) -> None:
        """Write down an exchange that was at *at*; *asked* is the method and the target."""
        self.total += 1
        entry = Entry(
            self.total,
            at.isoformat(),
            asked[:SHOWN],
            reply.status,
            _shown(content),
            _shown(reply.content),
            _fault(reply.delivery),
        )
        self._entries.append(entry)

    def after(self, number: int = 0) -> list[Entry]:
        """The entries later than *number* that are still kept, oldest first."""
        return [each for each in self._entries if each.number > number]


def _fault(delivery: Delivery | None) -> str:
    """What went wrong on the way; a fault that is in the answer can be seen there."""
    return "" if delivery is None else delivery.breaks or "late"


def _shown(content: bytes) -> str:
    text = content[:SHOWN].decode("utf-8", "replace")
    return text if len(content) <= SHOWN else f"{text}... ({len(content)} bytes)"
