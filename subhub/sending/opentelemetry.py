"""OpenTelemetry: a span for each attempt, in programs that trace.

Spans follow the conventions for HTTP clients, except for the full address, which would hold ids.
Nothing is imported that the program has not loaded itself. No trace id is sent to the provider.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from subhub._version import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from subhub.sending.attempts import Attempt, Hook

_REFUSAL = 400
_PORTS = {"http": 80, "https": 443}


def traced() -> bool:
    """Return whether the program has set up OpenTelemetry; until then a span is not seen."""
    api: Any = sys.modules.get("opentelemetry.trace")
    if not hasattr(api, "get_tracer_provider"):  # as while it is being imported
        return False
    return not isinstance(api.get_tracer_provider(), api.ProxyTracerProvider)


class Spans:
    """Starts the spans of one account."""

    def __init__(self, provider: str, account: str, base_url: str) -> None:
        address = urlsplit(base_url)
        self._above = address.path
        self._fixed: dict[str, str | int] = {
            "server.address": address.hostname or "",
            "server.port": address.port or _PORTS[address.scheme],
            "subhub.provider": provider,
            "subhub.account": account,
        }

    def begin(self, operation: str, method: str, path: str, number: int) -> Hook:
        """Start a span, the current one until the returned hook ends it.

        Args:
            operation: The call that the attempt is a part of.
            method: The HTTP method.
            path: The path without ids.
            number: 1 for the first attempt.
        """
        from opentelemetry import context, trace  # noqa: PLC0415 - it is loaded

        target = self._above + path
        attributes = {
            **self._fixed,
            "http.request.method": method,
            "url.template": target,
            "subhub.operation": operation,
        }
        if number > 1:
            attributes["http.request.resend_count"] = number - 1
        span = _tracer(trace.get_tracer_provider()).start_span(
            f"{method} {target}", kind=trace.SpanKind.CLIENT, attributes=attributes
        )
        token = context.attach(trace.set_span_in_context(span))

        def end(attempt: Attempt) -> None:
            context.detach(token)
            _describe(span, attempt)
            span.end()

        return end


def _describe(span: Span, attempt: Attempt) -> None:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - it is loaded

    if attempt.status is not None:
        span.set_attribute("http.response.status_code", attempt.status)
        if attempt.status < _REFUSAL:
            return
    span.set_attribute("error.type", attempt.failure or str(attempt.status))
    span.set_status(StatusCode.ERROR)


@lru_cache(maxsize=4)
def _tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("subhub", __version__)
