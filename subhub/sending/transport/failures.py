"""Failures: what provably happened to a request that failed, judged by evidence, not by name.

What the other side has sent stands in no message and in no cause: a proxy or a broken server may
repeat the request, and with it the key and the customer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

import httpx

from subhub.errors import InvalidReply, NotSent, OutcomeUnknown, SubhubError, TransportError
from subhub.sending.transport.bodies import NotDecoded, TooLarge

if TYPE_CHECKING:
    from subhub.messages import PreparedRequest

UNREAD: Final = (httpx.HTTPError, httpx.StreamError, NotDecoded, TooLarge)
"""What comes in place of the body of an answer."""

_NEVER_CONNECTED: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_OWN_WORDS: Final = (httpx.TimeoutException, httpx.NetworkError)
"""The errors whose text is that of the operating system or of OpenSSL."""
_READING: Final = frozenset({"GET", "HEAD"})


class Progress(Protocol):
    """How far a request got: whether its first byte left, and whether that would be known."""

    began: bool
    certain: bool


def map_transport_error(
    error: BaseException, prepared: PreparedRequest, transfer: Progress
) -> TransportError:
    """Return what is known of a request that was not answered; its cause is *error*, cleaned.

    Args:
        error: What came in place of an answer.
        prepared: The request.
        transfer: How far it has got.
    """
    cause, reason = _cleaned(error, prepared)
    what = _what(prepared)
    failure: TransportError
    if not transfer.began and (transfer.certain or isinstance(error, _NEVER_CONNECTED)):
        remedy = "check the proxy" if isinstance(error, httpx.ProxyError) else "check the network"
        failure = NotSent(f"{what} was not sent ({reason}): {remedy} and the address")
    elif prepared.method in _READING:
        failure = TransportError(f"{what} was not answered ({reason})")
    else:
        failure = OutcomeUnknown(
            f"{what} may have been carried out, no answer came ({reason}): "
            "look at the provider before repeating it"
        )
    failure.__cause__ = cause
    return failure


def unread_reply(
    error: Exception, prepared: PreparedRequest, status: int, limit: int
) -> InvalidReply | OutcomeUnknown:
    """Return the error for an answer whose status came, and whose body did not.

    Args:
        error: What came in its place.
        prepared: The request.
        status: The status of the answer.
        limit: How many bytes it may have.
    """
    changed = prepared.method not in _READING
    if isinstance(error, TooLarge):
        message = f"the provider answered HTTP {status} with more than {limit} bytes"
        if changed:
            return OutcomeUnknown(f"{message}: look at the provider before repeating it")
        advice = "ask for less, or raise `max_response_bytes`"
        return InvalidReply(f"{message}: {advice}", status=status)
    advice = "what was asked for is done, only the document is missing" if changed else "ask again"
    name = "DecodingError" if isinstance(error, NotDecoded) else type(error).__name__
    message = f"the provider answered HTTP {status}, but its answer broke off ({name}): {advice}"
    reply = InvalidReply(message, status=status)
    reply.truncated = True
    reply.__cause__, _ = _cleaned(error, prepared)
    return reply


def pool_exhausted(prepared: PreparedRequest, connections: int, seconds: float) -> NotSent:
    """Return the error for a request for which no connection became free in time."""
    return NotSent(
        f"{_what(prepared)} was not sent: all {connections} connections were in use for "
        f"{seconds:g} s; send fewer at a time, or raise `timeout`"
    )


def client_closed(prepared: PreparedRequest) -> RuntimeError:
    """Return the error for a request of a client that was closed; it was not sent."""
    error = RuntimeError("this client was closed: create a new one")
    _attach(error, prepared, NotSent(f"{_what(prepared)} was not sent ({error})"))
    return error


def attach_cause(error: BaseException, prepared: PreparedRequest, transfer: Progress) -> None:
    """Attach what is known about the change that *error* broke off, as its cause.

    Nothing is known when a transport that need not report a first byte has reported none.

    Args:
        error: Ctrl-C, the end of a task, or an unforeseen exception.
        prepared: The request.
        transfer: How far it has got.
    """
    if isinstance(error, SubhubError):
        return
    known: TransportError
    if transfer.began:
        what = f"{_what(prepared)} may have been carried out, no answer came"
        known = OutcomeUnknown(
            f"{what} ({type(error).__name__}): look at the provider before repeating it"
        )
    elif transfer.certain:
        known = NotSent(f"{_what(prepared)} was not sent ({type(error).__name__})")
    else:
        return
    _attach(error, prepared, known)


def _attach(error: BaseException, prepared: PreparedRequest, known: TransportError) -> None:
    if prepared.method not in _READING:
        known.__cause__ = error.__cause__
        error.__cause__ = known


def _what(prepared: PreparedRequest) -> str:
    return f"{prepared.method} {prepared.url.partition('?')[0]}"  # a query may name a person


def _cleaned(error: BaseException, prepared: PreparedRequest) -> tuple[BaseException, str]:
    """Return *error* as a cause and in words, both without what the other side has sent.

    Nor is the request among them: the key is in its headers.
    """
    name = type(error).__name__
    request = httpx.Request(prepared.method, prepared.url.partition("?")[0])
    if isinstance(error, _OWN_WORDS):
        error.request = request
        return error, f"{name}: {error}" if str(error) else name
    status = re.match(r"\d{3}\b", str(error)) if isinstance(error, httpx.ProxyError) else None
    words = f"{name}: {status[0]}" if status else name
    kind = httpx.RequestError
    if isinstance(error, httpx.RequestError) and type(error).__module__ == "httpx":
        kind = type(error)
    return kind(words, request=request).with_traceback(error.__traceback__), words
