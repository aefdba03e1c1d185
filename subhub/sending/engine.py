"""The engine: what happens between a provider's flow and the wire, written once for every client.

`steps` turns a flow into steps: it yields a request to be sent or a `Pause` to be waited, is sent
the `Response`, and returns what the flow returns. `drive` carries them out for a client that waits,
`async_drive` for one that awaits. The engine performs no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from inspect import GEN_CLOSED, getgeneratorstate
from typing import TYPE_CHECKING, Any, Final, TypeVar

from subhub.errors import (
    InvalidReply,
    InvalidRequest,
    OutcomeUnknown,
    ProviderError,
    SubhubError,
    TransportError,
    WouldSend,
)
from subhub.messages import Oddity, PreparedRequest, Request, Response, is_object
from subhub.models import Status, Subscription, SubscriptionChange
from subhub.models.record import ACCOUNT, REQUEST_ID
from subhub.plugin.decoding import invalid
from subhub.plugin.flows import Flow
from subhub.sending.recognition import marked, with_reference
from subhub.sending.steps import Change, Steps

if TYPE_CHECKING:
    from subhub.models import Raw
    from subhub.plugin.provider import Provider
    from subhub.sending.access_keys import AccessKeys
    from subhub.sending.retries import Operation

T = TypeVar("T")
Step = TypeVar("Step")
Answer = TypeVar("Answer")

_TOLD: Final = ("raw_status", "plan_id", "price", "interval", "starts_on", "created_at")
ABOUT_A_REQUEST: Final = (ProviderError, InvalidReply, TransportError)
REDIRECTION = 300
REFUSAL = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of an account that the engine needs.

    Args:
        provider: Reads refusals, and names itself in errors.
        begin: Starts an operation of this name; its deadline begins with its first request.
        prepare: Writes a request as it is sent; a `ValueError` says what cannot be encoded.
        redact: Takes the key out of an answer.
        preview: Shows a request without the key; given for a dry run, which sends no change.
        note: Reports what is odd about an answer to the operation of this name.
        show: Shows a request without the key, for the errors that are about it.
        account: Its name, which results have.
        keys: Authenticates each request, where its key is not in what `prepare` writes.
    """

    provider: Provider
    begin: Callable[[str], Operation]
    prepare: Callable[[Request], PreparedRequest] = field(repr=False)  # it holds the key
    redact: Callable[[Response], Response] = field(repr=False)
    preview: Callable[[Request], PreparedRequest] | None = field(default=None, repr=False)
    note: Callable[[str, Sequence[Oddity]], None] | None = None
    show: Callable[[Request], PreparedRequest] | None = field(default=None, repr=False)
    account: str = ""
    keys: AccessKeys | None = None


def steps(operation: Operation, flow: Flow[T], change: Change | None, rules: Rules) -> Steps[T]:
    """Carry out *flow*, and say to *change* how it ends.

    An exception that breaks off a change which may have had an effect becomes an error with a
    token: an unforeseen one becomes an `OutcomeUnknown`. Ctrl-C, the end of a task and the
    `AssertionError` of a test stay what they are, and have it as their cause.

    Args:
        operation: The call that this is a part of.
        flow: What to do: answers are sent into it, refusals and failures are thrown into it.
        change: What is tracked; `None` for an operation that only reads.
        rules: Those of the account.
    """
    try:
        return (yield from _carried_out(operation, flow, change, rules))
    except SubhubError:
        raise
    except BaseException as stopped:
        unknown = _broken_off(stopped, operation, change)
        if unknown is None:
            raise
        with suppress(Exception):  # the flow adds what it has created so far, and nothing more
            _ = flow.throw(unknown)
        _ = _ended(unknown, operation, change, rules)
        if isinstance(stopped, Exception) and not isinstance(stopped, AssertionError):
            raise unknown from stopped
        unknown.__context__ = None  # it was thrown while *stopped* was handled; no circle
        stopped.__cause__ = unknown
        raise
    finally:
        flow.close()


def answered(flow: Flow[T], *, change: bool, **asked: str | None) -> Flow[T]:
    """Run *flow*, and hold its result against what was asked for: an answer may be to another call.

    A field that the provider does not send cannot be compared. Raises `OutcomeUnknown` for a
    change, else `InvalidReply`.

    Args:
        flow: The provider's.
        change: Whether it changes something.
        asked: What the fields of the result must be; `None` for anything.
    """
    result = yield from flow
    for name, wanted in asked.items():
        found = None if wanted is None else _found(result, name)
        if found is None or found == wanted:
            continue
        # What is read may show the id that was asked for in another field.
        if name == "id" and not change and _shows(getattr(result, "raw", {}), wanted):
            continue
        problem = f"the answer is about another object: its `{name}` is not the one asked for"
        raise _unanswered(problem, change=change)
    created = change and asked.get("id") is None
    if created and isinstance(result, Subscription) and not _says_something(result):
        raise _unanswered("the answer has an id and nothing of a subscription", change=change)
    return result


def _found(result: object, name: str) -> object:
    """Return a field of a result; of a change of plan, the old id and the new plan."""
    if isinstance(result, SubscriptionChange):
        result = result.old if name == "id" else result.new
    return getattr(result, name, None)


def _shows(raw: Raw, wanted: str | None) -> bool:
    """Return whether an answer, or the object in its envelope, has *wanted* in any field."""
    return wanted in raw.values() or any(
        wanted in part.values() for part in raw.values() if is_object(part)
    )


def _says_something(subscription: Subscription) -> bool:
    return subscription.status is not Status.UNKNOWN or any(
        getattr(subscription, name) is not None for name in _TOLD
    )


def _unanswered(problem: str, *, change: bool) -> SubhubError:
    if change:
        return OutcomeUnknown(f"{problem}; look at the provider before repeating the call")
    return InvalidReply(f"{problem}; call again")


def drive(steps: Generator[Step, Answer, T], perform: Callable[[Step], Answer]) -> T:
    """Carry out *steps* and return their result; *perform* does what a step asks for.

    What *perform* raises, Ctrl-C included, is thrown into the steps: they decide how it ends.
    """
    try:
        step = next(steps)
        while True:
            try:
                answer = perform(step)
            except BaseException as error:  # noqa: BLE001 - the steps raise it again, or more of it
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    except BaseException as error:
        _interrupt(steps, error)
        raise


async def async_drive(
    steps: Generator[Step, Answer, T], perform: Callable[[Step], Awaitable[Answer]]
) -> T:
    """Carry out *steps* as `drive` does, awaiting what *perform* returns."""
    try:
        step = next(steps)
        while True:
            try:
                answer = await perform(step)
            except BaseException as error:  # noqa: BLE001 - as in `drive`
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    except BaseException as error:
        _interrupt(steps, error)
        raise


def _interrupt(steps: Generator[Any, Any, Any], error: BaseException) -> None:
    """Throw *error* into *steps* that have not ended: Ctrl-C can hit between two of them."""
    if getgeneratorstate(steps) != GEN_CLOSED:
        try:
            _ = steps.throw(error)
        finally:
            steps.close()


def located(error: SubhubError, operation: str, rules: Rules) -> SubhubError:
    """Put provider, account and operation on *error*, where they are missing; return it."""
    error.provider = error.provider or rules.provider.name
    error.account = error.account or rules.account
    error.operation = error.operation or operation
    return error


def _carried_out(
    operation: Operation, flow: Flow[T], change: Change | None, rules: Rules
) -> Steps[T]:
    """Carry out *flow*, and report the ends that are foreseen: a result, or an error of ours."""
    try:
        result = yield from _conversation(operation, flow, change, rules)
    except SubhubError as error:
        ended = _as_an_end(error, operation)
        _ = _ended(ended, operation, change, rules)
        if change is not None and change.journaled:
            yield from operation.note(change)
        if ended is error:
            raise
        raise ended from error
    if change is not None and change.journaled:
        change.done(result)
        yield from operation.note(change)
    return result


def _as_an_end(error: SubhubError, operation: Operation) -> SubhubError:
    """Return *error*, or what it means after an answer: "nothing was sent" would be untrue then."""
    if not isinstance(error, InvalidRequest) or not operation.sent:
        return error
    reply = InvalidReply(f"the answer cannot be put into neutral words: {error}")
    reply.completed = error.completed
    return reply


def _conversation(
    operation: Operation, flow: Flow[T], change: Change | None, rules: Rules
) -> Generator[Any, Any, T]:
    """Send what *flow* asks for, one request after the other, and let it hear what came of each."""
    name, provider = operation.name, rules.provider
    try:
        request = next(flow)
        while True:
            operation.request = request
            mutating = request.mutating
            if mutating and rules.preview is not None:
                raise WouldSend(rules.preview(with_reference(request, provider, change)))
            repeatable_for = 0.0
            try:
                if (
                    mutating
                    and change is not None
                    and (provider.idempotency or provider.subscription_reference)
                ):
                    request, repeatable_for = marked(request, provider, change)
                    operation.request = request
                # Prepared before the change is written down: what cannot be encoded is not sent.
                prepared = _prepared(request, rules)
                send = partial(
                    operation.send,
                    request,
                    change=change if mutating else None,
                    repeatable_for=repeatable_for,
                )
                response = yield from (
                    send(prepared) if rules.keys is None else rules.keys.exchange(prepared, send)
                )
            except SubhubError as failure:
                request = flow.throw(_explained(failure, operation, rules))
                continue
            response = rules.redact(response)
            account = ACCOUNT.set(rules.account)
            request_id = REQUEST_ID.set(response.headers.get(provider.request_id_header))
            try:
                if response.status < REDIRECTION:
                    request = flow.send(response)
                else:
                    request = flow.throw(_explained(_refusal(response, provider), operation, rules))
            finally:  # also when that was the last answer, or the core of it cannot be read
                REQUEST_ID.reset(request_id)
                ACCOUNT.reset(account)
                if response.oddities and rules.note is not None:
                    rules.note(name, response.oddities)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _prepared(request: Request, rules: Rules) -> PreparedRequest:
    try:
        return rules.prepare(request)
    except InvalidRequest:
        raise
    except ValueError as error:  # such as half of a surrogate pair
        raise InvalidRequest(f"the request cannot be encoded: {error}") from error


def _refusal(response: Response, provider: Provider) -> SubhubError:
    if response.status >= REFUSAL:
        return provider.error(response)
    # A query or a password may be in it, and a server may have put the request there.
    target = re.split(r"[?#]", response.headers.get("location", "nowhere"))[0].rpartition("@")[2]
    message = f"the answer redirects to {target}, and redirects are never followed"
    return invalid(message, response)


def _ended(
    error: SubhubError, operation: Operation, change: Change | None, rules: Rules
) -> SubhubError:
    """Complete *error*, which ends the operation, and say to *change* what it means for it."""
    if change is not None:
        if _is_open(error, change):
            change.lost(error)
        elif change.journaled:
            change.not_done()
    return _explained(error, operation, rules)


def _explained(error: SubhubError, operation: Operation, rules: Rules) -> SubhubError:
    """Put on *error* which call and which request it is about, where that is missing; return it."""
    if isinstance(error, ABOUT_A_REQUEST) and error.request is None:
        last = operation.request
        if last is not None and rules.show is not None:
            with suppress(Exception):  # the error itself says more than the request
                error.request = rules.show(last)
    return located(error, operation.name, rules)


def _is_open(error: SubhubError, change: Change) -> bool:
    """Return whether the change, or a part of it, may have been carried out.

    Whatever error it is: `change.open` is taken back by the evidence that a request had no effect.
    """
    return change.open or isinstance(error, OutcomeUnknown)


def _broken_off(
    stopped: BaseException, operation: Operation, change: Change | None
) -> TransportError | None:
    """Return what is known about a change that something unforeseen broke off.

    `None` means that nothing of it is on its way, and *stopped* says enough.
    """
    if change is None:
        return None
    known = stopped.__cause__
    if isinstance(known, TransportError):  # the transport knows whether a byte was sent
        stopped.__cause__ = known.__cause__
        return known
    if change.open:
        return OutcomeUnknown(
            f"`{operation.name}` was broken off ({type(stopped).__name__}) and may have been "
            "carried out: look at the provider before repeating it"
        )
    if change.journaled:
        change.not_done()
    return None
