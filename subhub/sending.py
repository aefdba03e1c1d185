"""Sending: the permit before a request, and what is done when its answer fails to come.

A read is tried again when it was not sent, when its answer was lost, and on 429, 502, 503 and 504.
A request that changes something is tried again only when it provably was not carried out: when it
was not sent, and on 429. Everything else about its outcome would be a guess.

This is a flow like the engine's: it yields what is to be sent and waited for, and performs no I/O.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from subhub.errors import ConfigError, InvalidReply, NotSent, TransportError
from subhub.flow import Request, Response
from subhub.pacing.headers import read

if TYPE_CHECKING:
    from subhub.pacing import Pacer, Ticket


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds, then go on."""

    seconds: float


Exchange: TypeAlias = Generator[Request | Pause, Response | None, Response]
"""One request of a flow, as often as it takes."""

RATE_LIMITED: Final = 429
PASSING: Final = frozenset({RATE_LIMITED, 502, 503, 504})
"""The statuses that may be different in a moment."""
FIRST_BACKOFF: Final = 0.5
LONGEST_BACKOFF: Final = 8.0
LONGEST_WINDOW: Final = 3600.0

logger = logging.getLogger("subhub")


class Quota:
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
class Sending:
    """How the requests of one account are sent.

    *attempts* is how often a request is tried at the most, and *deadline*, in seconds, how long one
    operation may take with all its waiting; `None` is for ever. *clock* is monotonic, and *chance*
    gives numbers from 0 to 1.
    """

    clock: Callable[[], float]
    chance: Callable[[], float]
    pacer: Pacer | None = None
    attempts: int = 4
    deadline: float | None = 120.0
    quota: Quota = field(default_factory=Quota)

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
        if self.pacer is not None:
            self.pacer.close()

    def begin(self, operation: str) -> Callable[[Request], Exchange]:
        """The way to send the requests of one operation, whose deadline begins now."""
        until = None if self.deadline is None else self.clock() + self.deadline
        return lambda request: self._exchange(request, operation, until)

    def _exchange(self, request: Request, operation: str, until: float | None) -> Exchange:
        attempt = 0
        while True:
            attempt += 1
            noted = self.clock() if logger.isEnabledFor(logging.INFO) else None
            try:
                if self.pacer is None:
                    response = _answer((yield request))
                else:
                    response = yield from self._paced(request, self.pacer.enter(), until)
            except (TransportError, InvalidReply) as lost:
                if noted is not None:
                    _log(operation, request, attempt, self.clock() - noted, failure=lost)
                wait = self._after_loss(request, lost, attempt)
                if wait is None or not self._may_wait(wait, until):
                    raise
            else:
                if noted is not None:
                    _log(operation, request, attempt, self.clock() - noted, status=response.status)
                wait = self._after_answer(request, response, attempt)
                if wait is None or not self._may_wait(wait, until):
                    return response
            yield Pause(wait)

    def _paced(self, request: Request, ticket: Ticket, until: float | None) -> Exchange:
        try:
            while (wait := ticket.wait(self.clock())) > 0:
                if until is not None and self.clock() + wait > until:
                    raise _too_late(request, self.deadline)
                yield Pause(wait)
            return (yield from self._permitted(request, ticket))
        finally:
            ticket.leave()

    def _permitted(self, request: Request, ticket: Ticket) -> Exchange:
        try:
            response = _answer((yield request))
        except NotSent:
            ticket.unsent(self.clock())
            raise
        except (TransportError, InvalidReply):
            ticket.lost(self.clock())
            raise
        ticket.answered(self.clock(), response.headers, response.status)
        return response

    def _after_loss(
        self, request: Request, lost: TransportError | InvalidReply, attempt: int
    ) -> float | None:
        """How long to wait before the next attempt; `None` when there is to be none."""
        if request.mutating and not isinstance(lost, NotSent):
            return None
        return self._backoff(attempt)

    def _after_answer(self, request: Request, response: Response, attempt: int) -> float | None:
        status = response.status
        if status not in PASSING or (request.mutating and status != RATE_LIMITED):
            self.quota.give_back()
            return None
        told = read(response.headers, LONGEST_WINDOW)
        asked = told.retry_after
        if asked is None and status == RATE_LIMITED:
            asked = told.reset
        backoff = self._backoff(attempt)
        return backoff if backoff is None or asked is None else asked

    def _backoff(self, attempt: int) -> float | None:
        """Full jitter: anything up to a doubling bound, so that clients do not march in step."""
        if attempt >= self.attempts or not self.quota.take():
            return None
        bound: float = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (attempt - 1))
        return self.chance() * bound

    def _may_wait(self, wait: float, until: float | None) -> bool:
        return until is None or self.clock() + wait <= until


def once(request: Request) -> Exchange:
    """Send *request* a single time, at once."""
    return _answer((yield request))


def _answer(response: Response | None) -> Response:
    assert response is not None  # noqa: S101 - only a pause is answered by nothing
    return response


def _too_late(request: Request, deadline: float | None) -> NotSent:
    return NotSent(
        f"{request.method} {_template(request)} was not sent: the rate limit leaves no room for it "
        f"within the deadline of {deadline:g} s; try later, or raise `deadline`"
    )


def _template(request: Request) -> str:
    """The path without its ids."""
    return getattr(request.path, "template", request.path)


def _log(
    operation: str,
    request: Request,
    attempt: int,
    seconds: float,
    *,
    status: int | None = None,
    failure: Exception | None = None,
) -> None:
    """One record per exchange; it holds no id, no key and nothing of a body."""
    outcome = status if failure is None else type(failure).__name__
    logger.info(
        "%s: %s %s -> %s in %.3f s, attempt %d",
        operation,
        request.method,
        _template(request),
        outcome,
        seconds,
        attempt,
        extra={
            "subhub": {
                "operation": operation,
                "method": request.method,
                "path": _template(request),
                "status": status,
                "failure": type(failure).__name__ if failure else None,
                "seconds": seconds,
                "attempt": attempt,
            }
        },
    )
