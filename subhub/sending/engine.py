"""The engine: what happens between a flow and the wire, written once for every client.

It is itself a flow, one level down: it yields a `Request` to be sent or a `Pause` to be waited, is
sent the `Response`, and returns what the flow returns. A client therefore does nothing but send and
sleep. The engine performs no I/O.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from subhub.errors import (
    InvalidReply,
    InvalidRequest,
    NotSent,
    SubhubError,
    TransportError,
    WouldSend,
)
from subhub.messages import Request, Response
from subhub.plugin.decoding import invalid
from subhub.plugin.flows import Flow
from subhub.sending.steps import Exchange, Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from subhub.messages import PreparedRequest
    from subhub.plugin.provider import Provider

T = TypeVar("T")

REDIRECTION = 300
REFUSAL = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """What the engine has to know of the account.

    *begin* gives the way to send the requests of an operation. With *preview*, which shows a
    request as it would go out, a dry run is meant.
    """

    provider: Provider
    scrub: Callable[[Response], Response]
    begin: Callable[[str], Callable[[Request], Exchange]]
    preview: Callable[[Request], PreparedRequest] | None = None


def script(operation: str, flow: Flow[T], rules: Rules) -> Script[T]:
    """Perform *flow*: answers are sent into it, refusals and lost answers are thrown into it."""
    sent = False
    send = rules.begin(operation)
    try:
        request = next(flow)
        while True:
            if rules.preview and request.mutating:
                raise WouldSend(rules.preview(request))
            try:
                response = yield from send(request)
            except (TransportError, InvalidReply) as lost:
                sent = sent or not isinstance(lost, NotSent)
                request = flow.throw(_located(lost, operation, rules))
                continue
            sent = True
            response = rules.scrub(response)
            refused = _refused(response, rules)
            if refused is None:
                request = flow.send(response)
            else:
                request = flow.throw(_located(refused, operation, rules))
    except StopIteration as stop:
        result: T = stop.value
        return result
    except InvalidRequest as error:
        if not sent:
            raise _located(error, operation, rules) from None
        # "Nothing was sent" would be untrue: it is the answer that could not be expressed.
        reply = InvalidReply(f"the answer cannot be put into neutral words: {error}")
        reply.completed = error.completed
        raise _located(reply, operation, rules) from error
    except SubhubError as error:
        _ = _located(error, operation, rules)
        raise
    finally:
        flow.close()


def stop_at(script: Script[object], stopped: BaseException) -> None:
    """Tell *script* that it ends here: by Ctrl-C, or because its task was canceled.

    Of a change, the cause of *stopped* is an `OutcomeUnknown`, on which the flow says what it was
    meant to do, or a `NotSent`.
    """
    cause = stopped.__cause__
    if isinstance(cause, TransportError):
        with suppress(SubhubError, StopIteration):
            _ = script.throw(cause)


def _refused(response: Response, rules: Rules) -> SubhubError | None:
    if response.status >= REFUSAL:
        return rules.provider.error(response)
    if response.status >= REDIRECTION:
        target = response.headers.get("location", "nowhere")
        message = f"the answer redirects to {target}, and redirects are never followed"
        return invalid(message, response)
    return None


def _located(error: SubhubError, operation: str, rules: Rules) -> SubhubError:
    """Say on *error* whose answer and which operation it was, where it does not say so."""
    error.provider = error.provider or rules.provider.name
    error.operation = error.operation or operation
    return error
