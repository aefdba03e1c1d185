"""Steps: what the engine asks of a client, and what it reports to a tracked change."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias, TypeVar

from subhub.errors import SubhubError
from subhub.messages import PreparedRequest, Response

T = TypeVar("T")

# Tests freeze `time.monotonic` (freezegun does), and a deadline by a clock that stands still would
# never come. This is the clock behind it, where the system has one.
monotonic: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    if hasattr(time, "CLOCK_MONOTONIC")
    else time.monotonic
)
"""A clock that only goes forward, in seconds."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds; *until* is the end of the pause on the clock of the retry policy."""

    seconds: float
    until: float | None = None


PAUSE: Final[ContextVar[Callable[[float], None] | None]] = ContextVar("subhub_pause", default=None)
"""How this thread waits, when it is part of a bulk run that can stop in a pause."""
ASYNC_PAUSE: Final[ContextVar[Callable[[float], Awaitable[None]] | None]] = ContextVar(
    "subhub_async_pause", default=None
)
"""How this task waits, when it is part of such a run."""

Steps: TypeAlias = Generator[PreparedRequest | Pause, Response | None, T]
"""An operation as a client carries it out: it sends what is yielded, or waits."""

Exchange: TypeAlias = Steps[Response]
"""One request of a flow, as often as it takes."""


class Change(Protocol):
    """A change whose outcome is tracked; the engine reports its progress, in this order.

    `sending` comes before each of its requests, and `not_done` when a request provably had no
    effect. In the end comes exactly one of `done`, `not_done` and `lost`.
    """

    journaled: bool
    """Whether there is a journal; without one, only `lost` is called."""
    open: bool
    """Whether a request of it may have had an effect; set by the engine."""

    def sending(self) -> None:
        """Write the change down: a request of it goes out as soon as this returns."""
        ...

    def not_done(self) -> None:
        """Take it back: nothing of it was carried out."""
        ...

    def done(self, result: object) -> None:
        """Close it: it was carried out, and *result* is what it returned."""
        ...

    def lost(self, error: SubhubError) -> None:
        """Keep it open, and put a token on *error*: no answer is awaited any more."""
        ...
