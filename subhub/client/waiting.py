"""Pauses: how a call waits that is part of a bulk run, so that the run can stop in a pause."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final


class BulkStopped(BaseException):
    """The run ends: what waits to be sent is given up, and has not been sent."""


PAUSE: Final[ContextVar[Callable[[float], None] | None]] = ContextVar("subhub_pause", default=None)
ASYNC_PAUSE: Final[ContextVar[Callable[[float], Awaitable[None]] | None]] = ContextVar(
    "subhub_async_pause", default=None
)
