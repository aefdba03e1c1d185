"""Turns: never more requests in flight than there are connections; the others wait in line.

httpcore has a line of its own, and may close the connection that it has just given to a request in
it (httpcore#1110). So nothing is ever left to wait there. Who waits here has sent nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Turns:
    """*places* to be in at the same time, first come, first served, for threads or for tasks.

    Whoever has asked to be in calls `leave` in the end, whatever came of it.
    """

    # A lock would cost more than all the rest. Without one, whoever adds itself looks how many are
    # inside afterwards, and withdraws if they are too many: so those that stay never are. Whoever
    # withdraws or leaves looks at the line afterwards, and whoever joins it looks inside.

    def __init__(self, places: float) -> None:
        self._places = places
        self._inside: set[object] = set()
        self._line: dict[object, Callable[[], object]] = {}
        self._lock = threading.Lock()  # of the line

    def take(self, who: object) -> bool:
        """Whether *who* is in at once; nobody goes before those in line."""
        return not self._line and self._enter(who)

    def wait(self, who: object, seconds: float) -> bool:
        """Whether *who* came in within *seconds*, at the end of the line."""
        turn = threading.Event()
        self._join(who, turn.set)
        return turn.wait(min(seconds, threading.TIMEOUT_MAX))

    async def wait_async(self, who: object, seconds: float) -> bool:
        """The same, awaiting, under whichever event loop is running."""
        from anyio import Event, move_on_after  # noqa: PLC0415 - httpx brings it, for async programs

        turn = Event()
        self._join(who, turn.set)
        with move_on_after(seconds):
            await turn.wait()
        return turn.is_set()

    def leave(self, who: object) -> None:
        """Let the next one in; *who* may have been in, in line, or neither."""
        self._inside.discard(who)
        if self._line:
            with self._lock:
                _ = self._line.pop(who, None)
                self._admit()

    def _enter(self, who: object) -> bool:
        self._inside.add(who)
        if len(self._inside) <= self._places:
            return True
        self._inside.discard(who)
        return False

    def _join(self, who: object, wake: Callable[[], object]) -> None:
        with self._lock:
            self._line[who] = wake
            self._admit()

    def _admit(self) -> None:
        while self._line and self._enter(first := next(iter(self._line))):
            _ = self._line.pop(first)()
