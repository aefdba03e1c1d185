"""What a running command is doing, on stderr: how much, how many requests, and for how long.

On a terminal it is one line, from the first second on, that is erased before anything else is
printed. Elsewhere it is a line every ten seconds; with `--json`, where stderr may be read by a
script, it is none. The log of `--verbose` is printed here too, because both listen to the requests.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import typer

from subhub.cli.rendering import console, plain

T = TypeVar("T")

FIRST: Final = 1.0
"""The seconds after which a terminal shows something."""
EVERY: Final = 10.0
"""The seconds between two lines where there is no terminal."""
STEP: Final = 0.2
MINUTE: Final = 60
_ERASE: Final = "\r\x1b[K"
_PAUSES: Final = {"wait": "for the rate limit", "retry": "to try again"}


class Activity:
    """The progress of one command.

    Args:
        terminal: Whether stderr is a terminal.
        width: How wide it is, in characters.
        silent: Print no lines where it is none.
        verbose: Log each request.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        *,
        terminal: bool,
        width: int = 80,
        silent: bool = False,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.doing: Callable[[], str] = lambda: "working"
        """Returns what the command is doing, with how much of it is done."""
        self.requests = 0
        self.verbose = verbose
        self._terminal, self._width, self._silent = terminal, width, silent
        self._clock = clock
        self._began = self._last = clock()
        self._wait_ends, self._reason = 0.0, ""
        self._idle = 0
        self._drawn = False
        self._lock = threading.RLock()
        self._ended = threading.Event()

    def text(self) -> str:
        """Return the line: "reading customers: 300 so far, 20 requests, 21 s"."""
        count = f", {self.requests} request{'s' if self.requests != 1 else ''}"
        left = self._wait_ends - self._clock()
        waiting = f", waiting {left:.0f} s {self._reason}" if left >= 1 else ""
        took = f", {_duration(self._clock() - self._began)}"
        return f"{self.doing()}{count if self.requests else ''}{took}{waiting}"

    def tick(self) -> None:
        """Show the line, if it is due."""
        with self._lock:
            now = self._clock()
            if self._idle or now - self._began < FIRST:
                return
            if self._terminal:
                self._draw(f"{_ERASE}{self.text()[: self._width - 1]}")
                self._drawn = True
            elif not self._silent and now - self._last >= EVERY:
                self._last = now
                self._draw(f"{self.text()}\n")

    @contextmanager
    def printing(self) -> Generator[None]:
        """Erase the line, and keep it away while the block prints."""
        with self._lock:
            if self._drawn:
                self._draw(_ERASE)
                self._drawn = False
            yield

    @contextmanager
    def idle(self) -> Generator[None]:
        """Show nothing while the block only waits for something to happen."""
        with self.printing():
            self._idle += 1
        try:
            yield
        finally:
            self._idle -= 1
            self._last = self._clock()

    def wait(self, seconds: float, reason: str) -> None:
        """Say that a request waits so many *seconds*, and the reason: "for the rate limit"."""
        self._wait_ends, self._reason = self._clock() + seconds, reason

    @contextmanager
    def running(self) -> Generator[None]:
        """Show the line while the block runs."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            with self.printing():
                pass

    def _run(self) -> None:
        while not self._ended.wait(STEP):
            self.tick()

    def _draw(self, text: str) -> None:
        with suppress(OSError, ValueError, AttributeError):  # closed or full
            _ = sys.stderr.write(text)
            _ = sys.stderr.flush()


CURRENT: Final[ContextVar[Activity | None]] = ContextVar("activity", default=None)
"""That of the running command."""


@contextmanager
def active(*, as_json: bool, verbose: bool) -> Generator[Activity]:
    """Show what a command is doing while the block runs, and log what is to be logged."""
    stderr = console(stderr=True)
    activity = Activity(
        terminal=stderr.is_terminal and not stderr.is_dumb_terminal,
        width=stderr.width,
        silent=as_json,
        verbose=verbose,
    )
    token = CURRENT.set(activity)
    try:
        with _listening(activity), activity.running():
            yield activity
    finally:
        CURRENT.reset(token)


@contextmanager
def printing() -> Generator[None]:
    """Keep the line of the running command away while the block prints."""
    activity = CURRENT.get()
    with nullcontext() if activity is None else activity.printing():
        yield


@contextmanager
def idle() -> Generator[None]:
    """Show nothing while the block only waits: for calls to a server, or for a time to come."""
    activity = CURRENT.get()
    with nullcontext() if activity is None else activity.idle():
        yield


def counted(what: str, items: Iterable[T]) -> list[T]:
    """Return all *items*, while it is shown how many there are so far."""
    found: list[T] = []
    activity = CURRENT.get()
    if activity is not None:
        activity.doing = lambda: f"{what}: {len(found)} so far"
    found.extend(items)
    return found


@contextmanager
def _listening(activity: Activity) -> Generator[None]:
    logger, handler = logging.getLogger("subhub"), _Requests(activity)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Requests(logging.Handler):
    """Counts requests, and prints warnings; with `--verbose`, everything."""

    def __init__(self, activity: Activity) -> None:
        super().__init__()
        self._activity = activity

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = getattr(record, "subhub", {})
        self._activity.requests += facts.get("event") == "attempt"
        reason = _PAUSES.get(facts.get("event", ""))
        if reason:
            self._activity.wait(facts["seconds"], reason)
        # a pause is in the line, or nowhere
        if self._activity.verbose or (record.levelno >= logging.WARNING and not reason):
            mark = "> " if self._activity.verbose else ""
            with suppress(OSError), self._activity.printing():
                typer.echo(f"{mark}{plain(self.format(record))}", err=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
