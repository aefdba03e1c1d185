"""One flow run on scripted answers, without network, fake, event loop or client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from subhub.errors import SubhubError
from subhub.messages import Request, Response
from subhub.plugin.flows import Flow
from subhub.plugin.provider import Provider
from subhub.sending.engine import Rules, script
from subhub.sending.retries import once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Played(Generic[T]):
    """The requests of a flow, and what it returned."""

    requests: tuple[Request, ...]
    result: T


def reply(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Response:
    """Return a scripted answer; *body* is encoded as JSON, unless it is bytes."""
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
    steps = script("play", flow, Rules(provider or Provider(), lambda each: each, lambda _: once))
    try:
        step = next(steps)
        while True:
            assert isinstance(step, Request), f"a flow does not pause: {step}"  # noqa: S101
            asked.append(step)
            if not waiting:
                message = f"the flow asked once more than there are answers: {step}"
                raise AssertionError(message)
            answer = waiting.pop(0)
            step = steps.throw(answer) if isinstance(answer, SubhubError) else steps.send(answer)
    except StopIteration as stop:
        if waiting:
            message = f"the flow ended with {len(waiting)} answers unused: {waiting}"
            raise AssertionError(message) from None
        result: T = stop.value
        return Played(tuple(asked), result)
    finally:
        steps.close()
