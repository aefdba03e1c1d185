"""Observing: what is told of each attempt at a request: a log record, a span, calls of the hooks.

Nothing that is told holds a key, an id of anybody's or anything of a body, and nothing here changes
what becomes of a call: a hook that fails is logged, and that is all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from subhub.errors import InvalidReply
from subhub.plugin.decoding import json_of
from subhub.sending.attempts import Attempt, Hook, template
from subhub.sending.opentelemetry import traced
from subhub.sending.redaction import Redactor

if TYPE_CHECKING:
    from subhub.messages import Request, Response
    from subhub.plugin.provider import Provider
    from subhub.sending.opentelemetry import Spans
    from subhub.sending.steps import Exchange

T = TypeVar("T")

logger: Final = logging.getLogger("subhub")

_REFUSAL = 400
_REQUEST_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """Tells what becomes of the requests of one account; the key in *secret* is never told."""

    provider: Provider
    account: str
    hooks: tuple[Hook, ...] = ()
    spans: Spans | None = None
    secret: Redactor = field(default_factory=lambda: Redactor(""), repr=False)
    _failed: set[str] = field(default_factory=set[str], repr=False)

    def watch(self, operation: str) -> OperationLog | None:
        """Where the requests of one operation are told of; `None` while nobody listens."""
        spans = self.spans if self.safely(traced) else None
        if self.hooks or spans is not None or logger.isEnabledFor(logging.INFO):
            return OperationLog(self, operation, spans)
        return None

    def safely(self, hook: Callable[..., T], *told: object) -> T | None:
        """Call *hook*; that it fails is logged the first time, and does no harm."""
        try:
            return hook(*told)
        except Exception:
            name = getattr(hook, "__qualname__", type(hook).__qualname__)
            if name not in self._failed:
                self._failed.add(name)
                logger.warning("the hook `%s` failed; this is told once", name, exc_info=True)
            return None

    def request_id(self, response: Response) -> str | None:
        """The provider's own id of an exchange; what does not look like one is not told."""
        try:
            found = self.provider.error_request_id(_refusal(response), response.headers)
        except Exception:  # noqa: BLE001 - no call may fail for want of an id
            return None
        if found is None or not _REQUEST_ID.fullmatch(found):
            return None
        return None if self.secret.finds(found.encode()) else found


class OperationLog:
    """Tells of the requests of one operation."""

    __slots__ = ("_observer", "_operation", "_spans")

    def __init__(self, observer: Instrumentation, operation: str, spans: Spans | None) -> None:
        self._observer = observer
        self._operation = operation
        self._spans = spans

    def attempt(
        self, sent: Exchange, request: Request, number: int, clock: Callable[[], float]
    ) -> Exchange:
        """Attempt *number* at sending *request*, which *sent* makes, and what is told of it."""
        observer = self._observer
        path = template(request)
        end: Hook | None = None
        if self._spans is not None:
            begun = (self._operation, request.method, path, number)
            end = observer.safely(self._spans.begin, *begun)
        began = clock()
        outcome: dict[str, Any] = {}
        try:
            response = yield from sent
            outcome = {"status": response.status, "request_id": observer.request_id(response)}
            return response  # noqa: TRY300 - the caller has it when it has been told of
        except BaseException as error:
            outcome = {"failure": _cause(error)}
            raise
        finally:
            self._tell(
                Attempt(
                    provider=observer.provider.name,
                    account=observer.account,
                    operation=self._operation,
                    method=request.method,
                    path=path,
                    number=number,
                    seconds=clock() - began,
                    **outcome,
                ),
                end,
            )

    def retry(self, request: Request, seconds: float) -> None:
        """*request* is sent again, after so many *seconds*."""
        self._pause(logging.INFO, "retry", "is tried again after", request, seconds)

    def wait(self, request: Request, seconds: float) -> None:
        """*request* waits for the rate limit, and asks again in so many *seconds*."""
        self._pause(logging.DEBUG, "wait", "waits for the rate limit for", request, seconds)

    def _tell(self, attempt: Attempt, end: Hook | None) -> None:
        """While the span lasts, so that a record can be found by it."""
        try:
            if logger.isEnabledFor(logging.INFO):
                _log(attempt)
            for hook in self._observer.hooks:
                _ = self._observer.safely(hook, attempt)
        finally:
            if end is not None:
                _ = self._observer.safely(end, attempt)

    def _pause(self, level: int, event: str, what: str, request: Request, seconds: float) -> None:
        facts: dict[str, object] = {
            "event": event,
            "provider": self._observer.provider.name,
            "account": self._observer.account,
            "operation": self._operation,
            "method": request.method,
            "path": template(request),
            "seconds": seconds,
        }
        told = (facts["account"], self._operation, request.method, facts["path"], what, seconds)
        logger.log(level, "%s: %s: %s %s %s %.3f s", *told, extra={"subhub": facts})


def _refusal(response: Response) -> Any:
    """The body of a refusal; another answer's is long, and not decoded for an id alone."""
    if response.status < _REFUSAL:
        return None
    try:
        return json_of(response)
    except InvalidReply:
        return None


def _cause(error: BaseException) -> str:
    """The name of *error*; a flow that is closed in the middle was stopped by something else."""
    if isinstance(error, GeneratorExit):
        error = error.__context__ or error
    return type(error).__name__


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
