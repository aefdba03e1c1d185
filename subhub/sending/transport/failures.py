"""Failures: what provably happened to a request that failed, judged by evidence, not by name."""

from __future__ import annotations

from typing import Final

import httpx

from subhub.errors import InvalidReply, NotSent, OutcomeUnknown, SubhubError, TransportError
from subhub.messages import PreparedRequest

_NEVER_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_READING: Final = frozenset({"GET", "HEAD"})


def map_transport_error(
    error: BaseException, prepared: PreparedRequest, *, began: bool
) -> TransportError:
    """Return what is known of a request that was not answered.

    Args:
        error: What came in place of an answer.
        prepared: The request.
        began: Whether its first byte was handed to the socket.
    """
    _strip(error, prepared)
    what, cause = _what(prepared), _told(error)
    if not began and isinstance(error, _NEVER_CONNECTED):
        return NotSent(f"{what} was not sent ({cause}): check the network and the address")
    if prepared.method in _READING:
        return TransportError(f"{what} was not answered ({cause})")
    return OutcomeUnknown(
        f"{what} may have been carried out, no answer came ({cause}): "
        "look at the provider before repeating it"
    )


def truncated_reply(error: httpx.HTTPError, prepared: PreparedRequest, status: int) -> InvalidReply:
    """Return the error for an answer whose status came, and whose body did not."""
    _strip(error, prepared)
    if prepared.method in _READING:
        advice = "ask again"
    else:
        advice = "what was asked for is done, only the document is missing"
    message = (
        f"the provider answered HTTP {status}, but its answer broke off "
        f"({type(error).__name__}): {advice}"
    )
    return InvalidReply(message, status=status)


def pool_exhausted(prepared: PreparedRequest, connections: int, timeout: float) -> NotSent:
    """Return the error for a request for which no connection became free in time."""
    return NotSent(
        f"{_what(prepared)} was not sent: all {connections} connections were in use for "
        f"{timeout:g} s; send fewer at a time, or raise `timeout`"
    )


def client_closed(prepared: PreparedRequest) -> RuntimeError:
    """Return the error for a request of a client that was closed; it was not sent."""
    error = RuntimeError("this client was closed: create a new one")
    attach_cause(error, prepared, began=False, traced=True)
    return error


def attach_cause(
    error: BaseException, prepared: PreparedRequest, *, began: bool, traced: bool
) -> None:
    """Attach what is known about the change that *error* broke off, as its cause.

    Nothing is known when a transport that is not traced reports no first byte.

    Args:
        error: Ctrl-C, the end of a task, or an unforeseen exception.
        prepared: The request.
        began: Whether its first byte was handed to the socket.
        traced: Whether the transport reports that for certain; a caller's own may not.
    """
    if isinstance(error, SubhubError) or prepared.method in _READING:
        return
    if began:
        known = map_transport_error(error, prepared, began=True)
    elif traced:
        known = NotSent(f"{_what(prepared)} was not sent ({_told(error)})")
    else:
        return
    known.__cause__ = error.__cause__
    error.__cause__ = known


def _what(prepared: PreparedRequest) -> str:
    return f"{prepared.method} {prepared.url.partition('?')[0]}"  # a query may name a person


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _strip(error: BaseException, prepared: PreparedRequest) -> None:
    """Take the request off an error of httpx's: the key is among its headers."""
    if isinstance(error, httpx.RequestError):
        error.request = httpx.Request(prepared.method, prepared.url.partition("?")[0])
