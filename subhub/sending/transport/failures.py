"""Evidence: what provably happened to a request that failed, whatever the exception is called.

httpx's `trace` extension says whether the first byte was handed to the socket.
"""

from __future__ import annotations

import httpx

from subhub.errors import InvalidReply, NotSent, OutcomeUnknown, TransportError
from subhub.messages import PreparedRequest, Response
from subhub.sending.transport.encoding import as_response

_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REDIRECTION = 300
_READING = {"GET", "HEAD"}


class Trace:
    """Notes whether the first byte of a request was handed to the socket."""

    began = False

    def watch(self, request: httpx.Request) -> None:
        """Have httpx tell of *request*, until that is known."""
        self._extensions = request.extensions
        self._extensions["trace"] = self._note

    def watch_async(self, request: httpx.Request) -> None:
        """The same, for a transport that awaits."""
        self._extensions = request.extensions
        self._extensions["trace"] = self._note_async

    def _note(self, event: str, _: object) -> None:
        if event.endswith(".send_request_headers.started"):
            self.began = True
            _ = self._extensions.pop("trace", None)  # of all that follows nothing is wanted

    async def _note_async(self, event: str, about: object) -> None:
        self._note(event, about)


def crowded(prepared: PreparedRequest, connections: float, timeout: float) -> NotSent:
    """No connection became free in time."""
    return NotSent(
        f"{_what(prepared)} was not sent: all {connections:g} connections were in use for "
        f"{timeout:g} s; send fewer at a time, or raise `timeout`"
    )


def cut(error: httpx.HTTPError, prepared: PreparedRequest, response: httpx.Response) -> Response:
    """The status came, the body did not: the request was answered, whatever is missing."""
    _bare(error, prepared)
    if response.status_code >= _REDIRECTION:
        return as_response(response, b"")
    reading = prepared.method in _READING
    message = (
        f"the provider answered HTTP {response.status_code}, but its answer broke off "
        f"({type(error).__name__}): "
        + ("ask again" if reading else "what was asked for is done, only the document is missing")
    )
    raise InvalidReply(message, status=response.status_code) from error


def tell(stopped: BaseException, prepared: PreparedRequest, *, began: bool, traced: bool) -> None:
    """Ctrl-C and the end of a task stay what they are; their cause says what became of a change.

    Without a first byte nothing was sent, where a transport is *traced*; others may not tell.
    """
    if isinstance(stopped, Exception) or prepared.method in _READING:
        return
    if began:
        stopped.__cause__ = lost(stopped, prepared, began=True)
    elif traced:
        stopped.__cause__ = NotSent(f"{_what(prepared)} was not sent: the program stopped first")


def lost(error: BaseException, prepared: PreparedRequest, *, began: bool) -> TransportError:
    """No answer came, and *error* is what came instead."""
    _bare(error, prepared)
    what = _what(prepared)
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not began and isinstance(error, _NEVER_CONNECTED):
        return NotSent(f"{what} was not sent ({cause}): check the network and the address")
    if prepared.method in _READING:
        return TransportError(f"{what} was not answered ({cause})")
    return OutcomeUnknown(
        f"{what} may have been carried out, no answer came ({cause}): "
        "look at the provider before repeating it"
    )


def _what(prepared: PreparedRequest) -> str:
    return f"{prepared.method} {prepared.url.partition('?')[0]}"  # a query may name a person


def _bare(error: BaseException, prepared: PreparedRequest) -> None:
    """Take the request off an error of httpx's: the key is among its headers."""
    if isinstance(error, httpx.RequestError):
        error.request = httpx.Request(prepared.method, prepared.url.partition("?")[0])
