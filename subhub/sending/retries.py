"""Sending: the permit before a request, and what is done when its answer fails to come.

A read is tried again when it was not sent, when its answer was lost, and on 429, 502, 503 and 504.
A request that changes something is tried again only when it provably was not carried out: when it
was not sent, and on 429. Everything else about its outcome would be a guess.

This is a flow like the engine's: it yields what is to be sent and waited for, and performs no I/O.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from subhub.errors import ConfigError, InvalidReply, NotSent, TransportError
from subhub.messages import Request, Response
from subhub.plugin.rate_limits import read
from subhub.sending.attempts import template
from subhub.sending.steps import Exchange, Pause

if TYPE_CHECKING:
    from subhub.sending.instrumentation import Instrumentation, OperationLog
    from subhub.sending.ratelimit import RateLimiter


RATE_LIMITED: Final = 429
PASSING: Final = frozenset({RATE_LIMITED, 502, 503, 504})
"""The statuses that may be different in a moment."""
FIRST_BACKOFF: Final = 0.5
LONGEST_BACKOFF: Final = 8.0
LONGEST_WINDOW: Final = 3600.0


class RetryQuota:
    """How many retries a client has left: a provider in trouble is not to be stormed.

    A retry costs 5 of 100 tokens, and an answer gives one back.
    """

    def __init__(self, tokens: int = 100, cost: int = 5) -> None:
        self._lock = threading.Lock()
        self._full = self._tokens = tokens
        self._cost = cost

    def take(self) -> bool:
        """Whether there is a retry left; if so, it is used."""
        with self._lock:
            left = self._tokens - self._cost
            if left >= 0:
                self._tokens = left
            return left >= 0

    def give_back(self) -> None:
        """An answer came: the provider is well."""
        if self._tokens < self._full:
            with self._lock:
                self._tokens = min(self._full, self._tokens + 1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the requests of one account are sent.

    *attempts* is how often a request is tried at the most, and *deadline*, in seconds, how long one
    operation may take with all its waiting; `None` is for ever. *clock* is monotonic, and *chance*
    gives numbers from 0 to 1. The *observer* is told of every attempt.
    """

    clock: Callable[[], float]
    chance: Callable[[], float]
    limiter: RateLimiter | None = None
    attempts: int = 4
    deadline: float | None = 120.0
    quota: RetryQuota = field(default_factory=RetryQuota)
    observer: Instrumentation | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            message = f"`attempts` is how often to try, at least once, not {self.attempts!r}"
            raise ConfigError(message)
        if self.deadline is not None and not self.deadline > 0:
            message = (
                f"`deadline` is a number of seconds above zero, or None, not {self.deadline!r}"
            )
            raise ConfigError(message)

    def close(self) -> None:
        """Give up what pacing holds open."""
        if self.limiter is not None:
            self.limiter.close()

    def begin(self, operation: str) -> Callable[[Request], Exchange]:
        """The way to send the requests of one operation, whose deadline begins now."""
        until = None if self.deadline is None else self.clock() + self.deadline
        watch = None if self.observer is None else self.observer.watch(operation)
        return lambda request: self._exchange(request, until, watch)

    def _exchange(
        self, request: Request, until: float | None, watch: OperationLog | None
    ) -> Exchange:
        number = 0
        while True:
            number += 1
            try:
                response = yield from self._attempt(request, number, until, watch)
            except (TransportError, InvalidReply) as lost:
                wait = self._permitted(self._after_loss(request, lost, number), until)
                if wait is None:
                    raise
            else:
                wait = self._permitted(self._after_answer(request, response, number), until)
                if wait is None:
                    return response
            yield Pause(wait, self.clock() + wait)
            if watch is not None:
                watch.retry(request, wait)

    def _attempt(
        self, request: Request, number: int, until: float | None, watch: OperationLog | None
    ) -> Exchange:
        sent = _handed_over(request)
        if watch is not None:
            sent = watch.attempt(sent, request, number, self.clock)
        if self.limiter is not None:
            sent = self._paced(sent, request, self.limiter, until, watch)
        return sent

    def _paced(
        self,
        sent: Exchange,
        request: Request,
        limiter: RateLimiter,
        until: float | None,
        watch: OperationLog | None,
    ) -> Exchange:
        ticket = limiter.enter()
        try:
            while (wait := ticket.wait(self.clock())) > 0:
                if not self._in_time(wait, until):
                    raise _too_late(request, self.deadline)
                if watch is not None:
                    watch.wait(request, wait)
                yield Pause(wait, self.clock() + wait)
            try:
                response = yield from sent
            except NotSent:
                ticket.unsent(self.clock())
                raise
            except (TransportError, InvalidReply):
                ticket.lost(self.clock())
                raise
            ticket.answered(self.clock(), response.headers, response.status)
            return response
        finally:
            ticket.leave()

    def _permitted(self, wait: float | None, until: float | None) -> float | None:
        """*wait* again, when it ends before the deadline and there is a retry left to use."""
        if wait is None or not self._in_time(wait, until) or not self.quota.take():
            return None
        return wait

    def _in_time(self, wait: float, until: float | None) -> bool:
        return until is None or self.clock() + wait <= until

    def _after_loss(
        self, request: Request, lost: TransportError | InvalidReply, number: int
    ) -> float | None:
        """How long to wait before the next attempt; `None` when there is to be none."""
        if request.mutating and not isinstance(lost, NotSent):
            return None
        return self._backoff(number)

    def _after_answer(self, request: Request, response: Response, number: int) -> float | None:
        status = response.status
        if status not in PASSING or (request.mutating and status != RATE_LIMITED):
            self.quota.give_back()
            return None
        told = read(response.headers, LONGEST_WINDOW)
        asked = told.retry_after
        if asked is None and status == RATE_LIMITED:
            asked = told.reset
        backoff = self._backoff(number)
        return backoff if backoff is None or asked is None else asked

    def _backoff(self, number: int) -> float | None:
        """Full jitter: anything up to a doubling bound, so that clients do not march in step."""
        if number >= self.attempts:
            return None
        bound: float = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (number - 1))
        return self.chance() * bound


def _handed_over(request: Request) -> Exchange:
    """One attempt; a change that is kept a journal of is written down at the last moment."""
    entry = request.entry
    if entry is None:
        return _answer((yield request))
    entry.sending()
    try:
        response = _answer((yield request))
    except NotSent:
        entry.unsent()
        raise
    if response.status == RATE_LIMITED:
        entry.unsent()
    return response


def once(request: Request) -> Exchange:
    """Send *request* a single time, at once."""
    return _answer((yield request))


def _answer(response: Response | None) -> Response:
    assert response is not None  # noqa: S101 - only a pause is answered by nothing
    return response


def _too_late(request: Request, deadline: float | None) -> NotSent:
    return NotSent(
        f"{request.method} {template(request)} was not sent: the rate limit leaves no room for it "
        f"within the deadline of {deadline:g} s; try later, or raise `deadline`"
    )
