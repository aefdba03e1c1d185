"""One flow run on scripted answers, without network, fake, event loop or client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from subhub.errors import SubhubError
from subhub.messages import PreparedRequest, Request, Response
from subhub.plugin.flows import Flow
from subhub.plugin.provider import Provider
from subhub.sending.engine import Rules, drive, steps
from subhub.sending.retries import Operation, RetryPolicy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Played(Generic[T]):
    """The requests of a flow, and what it returned."""

    requests: tuple[Request, ...]
    result: T


def reply(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Response:
    """Return a scripted answer.

    Args:
        status: The HTTP status.
        body: Encoded as JSON, unless it is bytes.
        headers: All headers; by default, the content type of JSON.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers or {"content-type": "application/json"}, content)


def play(
    flow: Flow[T], *answers: Response | SubhubError, provider: Provider | None = None
) -> Played[T]:
    """Run *flow* to its end on *answers*, each used exactly once, in order.

    Args:
        flow: The flow of a plugin.
        answers: Responses, or errors, which are thrown into the flow as the transport's are. A
            response of status 400 or more is thrown as the error that *provider* maps it to.
        provider: Maps errors; by default, the base class.
    """
    asked: list[Request] = []
    waiting = list(answers)
    connector = provider or Provider()

    def prepare(request: Request) -> PreparedRequest:
        asked.append(request)
        return PreparedRequest.of(request, connector.address, {}, connector.encode)

    def answer(_: object) -> Response:
        if not waiting:
            raise AssertionError(f"the flow asked once more than there are answers: {asked[-1]}")
        following = waiting.pop(0)
        if isinstance(following, SubhubError):
            raise following
        return following

    rules = Rules(connector, _operation, prepare, lambda response: response)
    result = drive(steps(_operation("play"), flow, None, rules), answer)
    if waiting:
        raise AssertionError(f"the flow ended with {len(waiting)} answers unused: {waiting}")
    return Played(tuple(asked), result)


def _operation(name: str) -> Operation:
    """Begin an operation that sends each request once, and at once."""
    once = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0, attempts=1, deadline=None)
    return Operation(once, name)
