"""Retries: one request of an operation, sent as often as it is safe, and within the deadline.

A read is retried when it was not sent, when its answer was lost, and on 429, 502, 503 and 504. A
request that changes something is retried only when it provably had no effect: when it was not sent,
and on 429. With a key that the provider recognizes it is retried like a read. There is no I/O here.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from subhub.errors import ConfigError, InvalidReply, NotSent, RateLimited, TransportError
from subhub.messages import PreparedRequest, Request, Response
from subhub.plugin.rate_limits import read
from subhub.sending.instrumentation import OperationLog
from subhub.sending.server_clock import ServerClock
from subhub.sending.steps import (
    ASYNC_PAUSE,
    FIRST_TRY,
    LAST_TRY,
    PAUSE,
    Change,
    Exchange,
    Pause,
    Steps,
    StoreCall,
)
from subhub.system.forks import Forkable

if TYPE_CHECKING:
    from subhub.sending.instrumentation import Instrumentation
    from subhub.sending.ratelimit import RateLimiter, Ticket

logger: Final = logging.getLogger("subhub")

RATE_LIMITED: Final = 429
PASSING: Final = frozenset({RATE_LIMITED, 502, 503, 504})
"""The statuses that may be different in a moment."""
UNDONE: Final = frozenset({RATE_LIMITED})
"""Those of a change that had no effect."""
REPEATED: Final = PASSING | {409}
"""Those of a change that is repeated with its key: a conflict may be with the first attempt."""
REFUSED: Final = range(400, 500)
"""The statuses of requests that had no effect."""
FIRST_BACKOFF: Final = 0.5
LONGEST_BACKOFF: Final = 8.0
LONG_WAIT: Final = 1.0
"""Seconds of waiting from which on it is a warning."""
LONGEST_WINDOW: Final = 3600.0
LAST_NOTE: Final = 0.3
"""The longest pause, in seconds, of a call whose outcome is known."""


class RetryQuota(Forkable):
    """How many retries a client has left: it does not flood a provider in trouble.

    A retry costs 5 of 100 tokens, and an answer gives one back.
    """

    def __init__(self, tokens: int = 100, cost: int = 5) -> None:
        self._lock = threading.Lock()
        self._full = self._tokens = tokens
        self._cost = cost
        super().__init__()

    def take(self) -> bool:
        """Use a retry; return whether there was one left."""
        with self._lock:
            left = self._tokens - self._cost
            if left >= 0:
                self._tokens = left
            return left >= 0

    def give_back(self) -> None:
        """Note that an answer came: the provider is well."""
        if self._tokens < self._full:
            with self._lock:
                self._tokens = min(self._full, self._tokens + 1)

    def after_fork_in_child(self) -> None:
        """Begin again with all tokens."""
        self._lock = threading.Lock()
        self._tokens = self._full


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the requests of one account are sent and retried.

    Args:
        clock: A monotonic clock, in seconds.
        chance: Returns random numbers from 0 to 1.
        limiter: Keeps the requests within the provider's rate limit.
        attempts: How often a request is sent at most; at least 1.
        deadline: How many seconds one operation may take with all its waiting; `None` for any time.
        max_wait: How many seconds a request may wait for a rate limit; `None` for any time.
        quota: How many retries the client has left.
        server_clock: What the answers say about the provider's clock.
        instrumentation: Reports each attempt.
    """

    clock: Callable[[], float]
    chance: Callable[[], float]
    limiter: RateLimiter | None = None
    attempts: int = 4
    deadline: float | None = 120.0
    max_wait: float | None = None
    quota: RetryQuota = field(default_factory=RetryQuota)
    server_clock: ServerClock = field(default_factory=ServerClock)
    instrumentation: Instrumentation | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigError(f"`attempts` must be >= 1, got {self.attempts!r}")
        if self.deadline is not None and not self.deadline > 0:
            raise ConfigError(f"`deadline` must be > 0 seconds or None, got {self.deadline!r}")
        if self.max_wait is not None and not self.max_wait >= 0:
            raise ConfigError(f"`max_wait` must be >= 0 seconds or None, got {self.max_wait!r}")

    def close(self) -> None:
        """Release what the rate limiter holds."""
        if self.limiter is not None:
            self.limiter.close()

    def after_failure(
        self,
        request: Request,
        failure: TransportError | InvalidReply,
        number: int,
        again: frozenset[int] | None,
    ) -> float | None:
        """Return the seconds before *request* is retried, or `None`; for *again*, see below."""
        if again is None and request.mutating and not isinstance(failure, NotSent):
            return None
        return self._backoff(number)

    def after_answer(
        self, request: Request, response: Response, number: int, again: frozenset[int] | None
    ) -> float | None:
        """Return the seconds before *request* is retried, or `None` when the answer is final.

        *again* has the statuses after which a request with a key is retried.
        """
        status = response.status
        if again is None:
            again = UNDONE if status in PASSING and request.mutating else PASSING
        if status not in again:
            self.quota.give_back()
            return None
        told = read(response.headers, LONGEST_WINDOW)
        asked = told.retry_after
        if asked is None and status == RATE_LIMITED:
            asked = told.reset
        backoff = self._backoff(number)
        return backoff if backoff is None or asked is None else asked

    def _backoff(self, number: int) -> float | None:
        """Return a random pause below a bound that doubles: clients shall not retry in step."""
        if number >= self.attempts:
            return None
        bound: float = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (number - 1))
        return self.chance() * bound


class Operation:
    """One call of a client: its name, its deadline, and the way its requests are sent.

    The deadline begins with the first request.
    """

    __slots__ = (
        *("_forgotten", "_log", "_policy", "_stalled", "_until"),
        *("name", "page_by_page", "request", "sent"),
    )

    def __init__(self, policy: RetryPolicy, name: str) -> None:
        self.name = name
        self.page_by_page = False  # whether each request has the deadline to itself
        self.request: Request | None = None  # the last one that was asked for
        self.sent = False  # whether a request may have reached the provider
        self._policy = policy
        self._until: float | None = None
        self._forgotten = math.inf  # when the provider may no longer know a key that was sent
        self._stalled = 0.0  # how many seconds it waited for the journal
        self._log: OperationLog | None = None
        reports = policy.instrumentation
        # Most programs listen to nothing, and then nothing of the instrumentation is entered.
        if reports is not None and (
            reports.hooks
            or logger.isEnabledFor(logging.INFO)
            or "opentelemetry.trace" in sys.modules
        ):
            self._log = reports.log(name)

    def send(
        self,
        request: Request,
        prepared: PreparedRequest,
        change: Change | None,
        repeatable_for: float = 0.0,
    ) -> Exchange:
        """Send *request*, again where that is safe, and return the last answer.

        Args:
            request: What a flow asked for.
            prepared: The same as it is sent.
            change: Hears of each attempt, right before and right after; `None` for a read.
            repeatable_for: For how many seconds the provider recognizes a change by its key.
        """
        policy = self._policy
        self._forgotten = math.inf
        if self._until is None or self.page_by_page:
            self._until = policy.clock() + (policy.deadline or math.inf)
        again, number = PASSING if repeatable_for else None, 1
        refusal: Response | None = None
        lost: TransportError | InvalidReply | None = None
        while True:
            ends = policy.clock() + repeatable_for if repeatable_for else math.inf
            try:
                response = yield from self._attempt(request, prepared, number, change)
            except (TransportError, InvalidReply) as failure:
                unsent = isinstance(failure, NotSent)
                if repeatable_for and not unsent:
                    lost, again = lost or failure, REPEATED
                    self._forgotten = min(self._forgotten, ends)
                wait = self._allowed(policy.after_failure(request, failure, number, again))
                if wait is None and refusal is not None and unsent:
                    return refusal  # the rate limit left no room for another attempt
                if wait is None:  # an earlier attempt may have had an effect
                    raise (lost if lost is not None and unsent else failure) from failure.__cause__
            else:
                if repeatable_for and response.status in PASSING - UNDONE:
                    again = REPEATED
                    self._forgotten = min(self._forgotten, ends)
                wait = self._allowed(policy.after_answer(request, response, number, again))
                if wait is None or (policy.max_wait is not None and wait > policy.max_wait):
                    return response
                refusal = response if response.status == RATE_LIMITED else None
            self._report(OperationLog.retry, request, wait)
            yield Pause(wait, policy.clock() + wait)
            number += 1

    def _attempt(
        self, request: Request, prepared: PreparedRequest, number: int, change: Change | None
    ) -> Exchange:
        """Send *request* once, as soon as the rate limit allows it."""
        policy, handed_over = self._policy, self._handed_over(request, prepared, number, change)
        if policy.limiter is None:
            return (yield from handed_over)
        ticket = policy.limiter.enter()
        try:
            ask = partial(ticket.wait, policy.clock())
            wait = (yield StoreCall(ask)) if ticket.remote else ask()
            if wait > 0:
                yield from self._queue(ticket, wait, request)
            try:
                response = yield from handed_over
            except NotSent:
                ticket.unsent(policy.clock())
                raise
            except (TransportError, InvalidReply):
                ticket.lost(policy.clock())
                raise
            ticket.answered(policy.clock(), response.headers, response.status)
            return response
        finally:
            ticket.leave()

    def _queue(self, ticket: Ticket, wait: float, request: Request) -> Steps[None]:
        waited = 0.0
        longest = self._policy.max_wait
        while wait > 0:
            if longest is not None and waited + wait > longest:
                error = RateLimited(
                    f"{request.method} {request.template} was not sent: the rate limit leaves no "
                    f"room for it within `max_wait` of {longest:g} s",
                    retry_after=wait,
                )
                raise error
            if not self._in_time(wait):
                raise self._not_sent(
                    request, ticket.obstacle or "the rate limit leaves no room for it"
                )
            self._report(OperationLog.wait, request, wait, waited)
            now = self._policy.clock()
            yield Pause(wait, now + wait)
            waited += wait
            ask = partial(ticket.wait, self._policy.clock())
            wait = (yield StoreCall(ask)) if ticket.remote else ask()

    def _report(
        self,
        report: Callable[[OperationLog, Request, float, int], None],
        request: Request,
        wait: float,
        waited: float = 0.0,
    ) -> None:
        """Report a pause: a long one once as a warning, so that it does not look like a hang.

        A bulk run is there to wait, and a sandbox does not.

        Args:
            report: What to report it as.
            request: What waits.
            wait: How many seconds it waits.
            waited: How many it has waited before.
        """
        log, reports = self._log, self._policy.instrumentation
        long = waited <= LONG_WAIT < waited + wait and not (PAUSE.get() or ASYNC_PAUSE.get())
        if log is None and long and reports is not None:
            log = OperationLog(reports, self.name, None)
        if log is not None:
            report(log, request, wait, logging.WARNING if long else logging.DEBUG)

    def _handed_over(
        self, request: Request, prepared: PreparedRequest, number: int, change: Change | None
    ) -> Exchange:
        """Yield the request; from then on, until the contrary is proven, it may have an effect."""
        sent, was_open = self.sent, change is not None and change.open
        if change is not None:
            if change.journaled:
                yield from self._write_down(change, request)
            change.open = True  # last: until here there is nothing to be lost
        self.sent = True
        policy, began = self._policy, self._policy.clock()
        prepared = prepared.within(self._left())
        try:
            if self._log is None:
                response: Response = yield prepared
            else:
                response = yield from self._log.attempt(request, prepared, number, policy.clock)
        except BaseException as error:
            if isinstance(error, NotSent) or isinstance(error.__cause__, NotSent):
                self.sent = sent
                _take_back(change, was_open=was_open)
            raise
        if "date" in response.headers:
            policy.server_clock.answer = (response.headers, began, policy.clock())
        if response.status in REFUSED:
            _take_back(change, was_open=was_open)
        return response

    def _write_down(self, change: Change, request: Request) -> Steps[None]:
        """Write *change* down, as soon as no other program has locked the journal."""
        wait, most = FIRST_TRY, self._policy.deadline or math.inf
        while True:
            locked: str | None = yield StoreCall(change.sending)
            if locked is None:
                return
            # In a sandbox the clock stands still meanwhile, so the pauses are counted as well.
            if not self._in_time(wait) or self._stalled + wait > most:
                raise self._not_sent(request, locked)
            yield Pause(wait, real=True)
            self._stalled += wait
            wait = min(2 * wait, LAST_TRY)

    def note(self, change: Change) -> Steps[None]:
        """Wait a moment until the end of *change* is in its journal, if that is locked.

        The answer does not wait for long: what is not noted then is noted with the next change.
        """
        wait = FIRST_TRY
        while wait <= LAST_NOTE and not change.noted():
            yield Pause(wait, real=True, ended=True)
            wait *= 2

    def _not_sent(self, request: Request, obstacle: str) -> NotSent:
        return NotSent(
            f"{request.method} {request.template} was not sent within the deadline of "
            f"{self._policy.deadline or math.inf:g} s: {obstacle}. Try later, or raise `deadline`"
        )

    def _allowed(self, wait: float | None) -> float | None:
        """Return *wait* when it ends before the deadline and there is a retry left to use."""
        if wait is None or not self._in_time(wait) or not self._policy.quota.take():
            return None
        return wait

    def _in_time(self, wait: float) -> bool:
        return wait <= self._left()

    def _left(self) -> float:
        """Return the seconds until the deadline, and while a change can be repeated."""
        until = math.inf if self._until is None else self._until
        return min(until, self._forgotten) - self._policy.clock()


def _take_back(change: Change | None, *, was_open: bool) -> None:
    """The last request of *change* had no effect; an earlier one may have had."""
    if change is not None:
        change.open = was_open
        if change.journaled and not was_open:
            change.not_done()
