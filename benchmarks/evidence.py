"""What it costs to know what became of a request, and to tell of it.

A call that watches the connection is compared with one that does not and is otherwise the same. A
call of which anybody could be told is compared with one of which nobody could; then with a hook,
with a log that is kept, and, where OpenTelemetry is installed, with spans.
"""

# ruff: noqa: SLF001 - parts of a client are taken out here, to see what they cost

from __future__ import annotations

import importlib
import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import httpx

from benchmarks import provider
from benchmarks.figure import Figure, table
from benchmarks.rounds import interleaved, ratio
from benchmarks.server import serving
from subhub import Client
from subhub.messages import PreparedRequest, Response
from subhub.sending.transport import HttpSender, SyncTransport
from subhub.sending.transport.http import Transfer, body_of, headers_of

ROUNDS = 61
CALLS = 100
EVIDENCE_GOAL = 1.03


class Blind(HttpSender):
    """Sends as its base does, and does not look at what happens on the connection."""

    def _exchange(
        self,
        transport: SyncTransport,
        prepared: PreparedRequest,
        request: httpx.Request,
        transfer: Transfer,
    ) -> Response:
        del prepared
        request.extensions.pop("trace", None)
        response = transport.handle_request(request)
        headers = headers_of(response)
        return Response(response.status_code, headers, body_of(response, headers, transfer))


def figures() -> list[Figure]:
    """CPU time of calls, over that of the same calls without."""
    with serving(provider.ANSWER) as address, ExitStack() as stack:

        def client(**settings: Any) -> Client:
            made = Client(provider.Bench, api_key="x", base_url=address, **settings)
            return stack.enter_context(made)

        usual, blind, deaf, hooked = client(), client(), client(), client(hooks=[_ignored])
        blind._sender = Blind(address)
        silent = replace(deaf._account.retries, instrumentation=None)
        deaf._open(replace(deaf._account, retries=silent))
        candidates = {
            "usual": _costing(usual),
            "blind": _costing(blind),
            "deaf": _costing(deaf),
            "hook": _costing(hooked),
            "log": _within(_logged, _costing(usual)),
        }
        found = _compared(interleaved(candidates, ROUNDS))
        if importlib.util.find_spec("opentelemetry"):  # loaded last, as it cannot be unloaded
            importlib.import_module("opentelemetry.trace")
            again = {
                "deaf": _costing(deaf),
                "idle": _costing(usual),
                "spans": _within(_traced, _costing(usual)),
            }
            found += _compared(interleaved(again, ROUNDS))
        return found


def _compared(taken: Mapping[str, list[float]]) -> list[Figure]:
    told = {
        "evidence": ("usual", "blind", EVIDENCE_GOAL),
        "hooks and log, while nobody listens": ("usual", "deaf", None),
        "a hook": ("hook", "deaf", None),
        "a log record": ("log", "deaf", None),
        "OpenTelemetry, loaded and not set up": ("idle", "deaf", None),
        "a span": ("spans", "deaf", None),
    }
    return [
        Figure(f"{what}, CPU of a call", ratio(taken[one], taken[other]), "x without", goal)
        for what, (one, other, goal) in told.items()
        if one in taken
    ]


def _ignored(attempt: object) -> None:
    del attempt


def _costing(client: Client) -> Callable[[], float]:
    def measure() -> float:
        began = time.process_time()
        for _ in range(CALLS):
            _ = client.create_plan(provider.draft())
        return time.process_time() - began

    return measure


def _within(setting: Callable[[], Any], measure: Callable[[], float]) -> Callable[[], float]:
    def measured() -> float:
        with setting():
            return measure()

    return measured


@contextmanager
def _logged() -> Iterator[None]:
    """Every attempt is logged, to a handler that makes its text and drops it."""

    class Formatting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            _ = self.format(record)

    logger = logging.getLogger("subhub")
    handler = Formatting()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


@contextmanager
def _traced() -> Iterator[None]:
    """OpenTelemetry is set up, with spans that are kept nowhere."""
    api: Any = importlib.import_module("opentelemetry.trace")
    sdk: Any = importlib.import_module("opentelemetry.sdk.trace")
    before, api._TRACER_PROVIDER = api._TRACER_PROVIDER, sdk.TracerProvider()
    try:
        yield
    finally:
        api._TRACER_PROVIDER = before


if __name__ == "__main__":
    print(table(figures()))
