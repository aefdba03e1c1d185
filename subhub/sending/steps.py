"""Steps: what the engine asks of a client, and what it reports to a tracked change."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeAlias, TypeVar

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
    """Wait so many seconds.

    Args:
        seconds: How long.
        until: The end of the pause on the clock of the retry policy.
        real: Whether it takes its time in a sandbox as well, whose own time can be skipped: it is
            for another call of ours, or for a file or a database of this machine.
        ended: Whether the outcome of the call is known by now: a bulk run that stops waits for it.
    """

    seconds: float
    until: float | None = None
    real: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class StoreCall:
    """Call something that waits for a disk or another machine; the answer is what it returns.

    A client that awaits calls it in a thread. An error of it is thrown into the steps.
    """

    call: Callable[[], object]


FIRST_TRY: Final = 0.001
LAST_TRY: Final = 0.05
"""Seconds between two tries for what other processes lock: they double from first to last."""

PAUSE: Final[ContextVar[Callable[[float], None] | None]] = ContextVar("subhub_pause", default=None)
"""How this thread waits, when it is part of a bulk run that can stop in a pause."""
ASYNC_PAUSE: Final[ContextVar[Callable[[float], Awaitable[None]] | None]] = ContextVar(
    "subhub_async_pause", default=None
)
"""How this task waits, when it is part of such a run."""

Step: TypeAlias = PreparedRequest | Pause | StoreCall

Steps: TypeAlias = Generator[Step, Any, T]
"""An operation as a client carries it out: it sends what is yielded, waits, or asks a store.

A request is answered by its `Response`.
"""

Exchange: TypeAlias = Steps[Response]
"""One request of a flow, as often as it takes."""


class Change(Protocol):
    """A change whose outcome is tracked; the engine reports its progress, in this order.

    `sending` comes before each of its requests, and `not_done` when a request provably had no
    effect. In the end comes exactly one of `done`, `not_done` and `lost`, which never wait.
    """

    journaled: bool
    """Whether there is a journal; without one, only `lost` is called."""
    open: bool
    """Whether a request of it may have had an effect; set by the engine."""
    repeated: bool
    """Whether an earlier run may have carried it out: only requests with a key are sent."""
    referenced: bool
    """Whether it may draw a reference; cleared by the engine where the application has a key."""

    def reference(self) -> str | None:
        """Return the text by which the provider shows what it creates; `None` where it cannot."""
        ...

    def next_key(self) -> str:
        """Return the idempotency key of its next request: the same in each run of the change."""
        ...

    def sending(self) -> str | None:
        """Write the change down: a request of it goes out as soon as this returns.

        It waits for a disk or for another machine: see `StoreCall`. A text says that the journal is
        locked by another program. Then nothing is written, and it has to be tried again.
        """
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

    def noted(self) -> bool:
        """Return whether its end is in the journal; a locked one is tried again."""
        ...
