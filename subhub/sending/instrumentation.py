"""Instrumentation: each attempt at a request is reported as a log record, a span, and to the hooks.

No report holds a key, an id of a person or a part of a body. Nothing here changes the outcome of a
call: a hook that fails is logged, and that is all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from subhub.errors import InvalidReply
from subhub.plugin.decoding import json_of
from subhub.sending.attempts import Attempt, Hook
from subhub.sending.opentelemetry import traced
from subhub.sending.redaction import Redactor

if TYPE_CHECKING:
    from subhub.messages import Oddity, PreparedRequest, Request, Response
    from subhub.plugin.provider import Provider
    from subhub.sending.opentelemetry import Spans
    from subhub.sending.steps import Exchange

T = TypeVar("T")

logger: Final = logging.getLogger("subhub")

_REFUSAL = 400
_REQUEST_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """Reports the requests of one account.

    Args:
        provider: Finds the id of an exchange in its answers.
        account: The account's name.
        hooks: Each is called with every attempt.
        spans: Starts the spans, in programs that trace.
        secret: Finds the key, which is never reported.
    """

    provider: Provider
    account: str
    hooks: tuple[Hook, ...] = ()
    spans: Spans | None = None
    secret: Redactor = field(default_factory=lambda: Redactor(""), repr=False)
    _failed: set[str] = field(default_factory=set[str], repr=False)

    def log(self, operation: str) -> OperationLog | None:
        """Return where to report the requests of *operation*; `None` when there is no listener."""
        spans = self.spans if self.safely(traced) else None
        if self.hooks or spans is not None or logger.isEnabledFor(logging.INFO):
            return OperationLog(self, operation, spans)
        return None

    def safely(self, hook: Callable[..., T], *values: object) -> T | None:
        """Call *hook*; log its first failure, and ignore the others."""
        try:
            return hook(*values)
        except Exception:
            name = getattr(hook, "__qualname__", type(hook).__qualname__)
            if name not in self._failed:
                self._failed.add(name)
                logger.warning(
                    "the hook `%s` failed; its later failures are not logged", name, exc_info=True
                )
            return None

    def request_id(self, response: Response) -> str | None:
        """Return the provider's own id of an exchange, or `None` when it does not look like one."""
        try:
            found = self.provider.error_request_id(_refusal(response), response.headers)
        except Exception:  # noqa: BLE001 - no call may fail for want of an id
            return None
        if found is None or not _REQUEST_ID.fullmatch(found):
            return None
        return None if self.secret.finds(found.encode()) else found


class OddityLog:
    """Logs what is odd about the answers of one account: once for each place."""

    def __init__(self, provider: str, account: str) -> None:
        self._provider = provider
        self._account = account
        self._logged: set[Oddity] = set()

    def __call__(self, operation: str, oddities: Sequence[Oddity]) -> None:
        """Log those of *oddities* at WARNING that are new."""
        for oddity in oddities:
            if oddity in self._logged:
                continue
            self._logged.add(oddity)
            facts = {
                "event": "oddity",
                "provider": self._provider,
                "account": self._account,
                "operation": operation,
                "place": oddity.place,
            }
            words = (self._account, operation, oddity.place, self._provider, oddity.effect)
            logger.warning(
                "%s: %s: %s of %s is not as documented: %s", *words, extra={"subhub": facts}
            )


class OperationLog:
    """Reports the requests of one operation."""

    __slots__ = ("_operation", "_reports", "_spans")

    def __init__(self, reports: Instrumentation, operation: str, spans: Spans | None) -> None:
        self._reports = reports
        self._operation = operation
        self._spans = spans

    def attempt(
        self,
        request: Request,
        prepared: PreparedRequest,
        number: int,
        clock: Callable[[], float],
    ) -> Exchange:
        """Yield *prepared*, and report what came of it.

        Args:
            request: The request as the flow asked for it: its path without ids may be reported.
            prepared: The same as it is sent.
            number: 1 for the first attempt.
            clock: A monotonic clock, in seconds.
        """
        reports = self._reports
        end: Hook | None = None
        if self._spans is not None:
            begun = (self._operation, request.method, request.template, number)
            end = reports.safely(self._spans.begin, *begun)
        began = clock()
        outcome: dict[str, Any] = {}
        try:
            response: Response = yield prepared
            outcome = {"status": response.status, "request_id": reports.request_id(response)}
            return response  # noqa: TRY300 - the caller gets it after the report
        except BaseException as error:
            outcome = {"failure": type(error).__name__}
            raise
        finally:
            self._report(
                Attempt(
                    provider=reports.provider.name,
                    account=reports.account,
                    operation=self._operation,
                    method=request.method,
                    path=request.template,
                    number=number,
                    seconds=clock() - began,
                    **outcome,
                ),
                end,
            )

    def retry(self, request: Request, seconds: float, level: int) -> None:
        """Report that *request* is sent again, after so many *seconds*."""
        level = max(level, logging.INFO)
        self._pause(level, "retry", "is tried again after", request, seconds)

    def wait(self, request: Request, seconds: float, level: int) -> None:
        """Report that *request* waits so many *seconds* for the rate limit."""
        self._pause(level, "wait", "waits for the rate limit for", request, seconds)

    def _report(self, attempt: Attempt, end: Hook | None) -> None:
        """Report *attempt* while its span lasts, so that a log record can be found by the span."""
        try:
            if logger.isEnabledFor(logging.INFO):
                _log(attempt)
            for hook in self._reports.hooks:
                _ = self._reports.safely(hook, attempt)
        finally:
            if end is not None:
                _ = self._reports.safely(end, attempt)

    def _pause(self, level: int, event: str, what: str, request: Request, seconds: float) -> None:
        facts: dict[str, object] = {
            "event": event,
            "provider": self._reports.provider.name,
            "account": self._reports.account,
            "operation": self._operation,
            "method": request.method,
            "path": request.template,
            "seconds": seconds,
        }
        words = (facts["account"], self._operation, request.method, facts["path"], what, seconds)
        logger.log(level, "%s: %s: %s %s %s %.3f s", *words, extra={"subhub": facts})


def _refusal(response: Response) -> Any:
    """Return the body of a refusal; others can be long, and are not decoded for an id alone."""
    if response.status < _REFUSAL:
        return None
    try:
        return json_of(response)
    except InvalidReply:
        return None


def _log(attempt: Attempt) -> None:
    facts = {"event": "attempt"}
    facts.update((name, getattr(attempt, name)) for name in Attempt.__slots__)
    logger.info(
        "%s: %s: %s %s -> %s in %.3f s, attempt %d%s",
        attempt.account,
        attempt.operation,
        attempt.method,
        attempt.path,
        attempt.failure if attempt.status is None else attempt.status,
        attempt.seconds,
        attempt.number,
        f", request {attempt.request_id}" if attempt.request_id else "",
        extra={"subhub": facts},
    )
