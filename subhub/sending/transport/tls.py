"""TLS over any stream of bytes, in such a way that bytes that nobody has read can be seen.

The TLS of `ssl.SSLSocket`, anyio and trio keeps them out of sight, so that an answer too many would
be taken for that to the next request. And `ssl.SSLSocket` cannot run inside of another one, as it
has to behind a proxy that speaks TLS.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import httpcore

from subhub.sending.steps import monotonic

T = TypeVar("T")

Dialogue: TypeAlias = Generator[bytes | None, bytes, T]
"""What TLS wants of the stream below: bytes to be sent, or `None` for bytes to be received."""

_READ: Final = 64 * 1024
_ENDED: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_TIMEOUTS: Final = (httpcore.ReadTimeout, httpcore.WriteTimeout)
_ERRORS: Final = (httpcore.ReadError, httpcore.WriteError, ssl.SSLError)


class Session:
    """One TLS connection, without any I/O."""

    def __init__(self, context: ssl.SSLContext, hostname: str | None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)

    @property
    def pending(self) -> bool:
        """Whether bytes were received that were not read."""
        return self._incoming.pending > 0 or self.object.pending() > 0

    def handshake(self) -> Dialogue[None]:
        """Agree with the other side, and check its certificate."""
        return self._repeated(self.object.do_handshake)

    def read(self, max_bytes: int) -> Dialogue[bytes]:
        """Return some bytes; none when the other side has closed the connection."""
        with _failing_as(httpcore.ReadError):
            try:
                return (yield from self._repeated(partial(self.object.read, max_bytes)))
            except _ENDED:
                return b""

    def write(self, buffer: bytes) -> Dialogue[None]:
        """Send *buffer*."""
        with _failing_as(httpcore.WriteError):
            while buffer:
                sent = yield from self._repeated(partial(self.object.write, buffer))
                buffer = buffer[sent:]

    def info(self, name: str, below: Any) -> Any:
        """Return what httpcore asks of a stream; *below* answers what is not about TLS."""
        if name == "ssl_object":
            return self.object
        if name == "is_readable" and self.pending:
            return True
        return below.get_extra_info(name)

    def _repeated(self, act: Callable[[], T]) -> Dialogue[T]:
        """Repeat *act* until it needs nothing more of the other side."""
        while True:
            try:
                result = act()
            except ssl.SSLWantReadError:
                yield from self._flushed()
                if received := (yield None):
                    _ = self._incoming.write(received)
                else:
                    self._incoming.write_eof()
            else:
                yield from self._flushed()
                return result

    def _flushed(self) -> Dialogue[None]:
        if sent := self._outgoing.read():
            _ = yield sent


@contextmanager
def _failing_as(kind: type[Exception]) -> Generator[None]:
    """Raise what fails in TLS as an error of *kind*."""
    try:
        yield
    except ssl.SSLError as error:
        raise kind(str(error)) from error


@contextmanager
def _connecting() -> Generator[None]:
    """Raise what fails in a handshake as a failure to connect."""
    try:
        yield
    except _TIMEOUTS as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except _ERRORS as error:
        raise httpcore.ConnectError(str(error)) from error


def _left(until: float | None) -> float | None:
    return None if until is None else until - monotonic()


class TlsStream(httpcore.NetworkStream):
    """A stream of httpcore's that speaks TLS over another one."""

    def __init__(self, below: httpcore.NetworkStream, session: Session) -> None:
        self._below = below
        self._session = session

    @classmethod
    def over(
        cls,
        below: httpcore.NetworkStream,
        context: ssl.SSLContext,
        hostname: str | None,
        timeout: float | None,
    ) -> TlsStream:
        """Begin to speak TLS over *below*.

        Args:
            below: The stream that carries it.
            context: The certificates to trust.
            hostname: The name that the certificate of the other side must have.
            timeout: In seconds, for the whole handshake.
        """
        session = Session(context, hostname)
        stream = cls(below, session)
        with _connecting():
            stream._carry_out(session.handshake(), timeout)
        return stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See `httpcore.NetworkStream`; *timeout* is for all that is received to read it."""
        return self._carry_out(self._session.read(max_bytes), timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See `httpcore.NetworkStream`."""
        self._carry_out(self._session.write(buffer), timeout)

    def close(self) -> None:
        """Close the connection, without another byte."""
        self._below.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> TlsStream:
        """Speak TLS inside of TLS, as behind a proxy that speaks it."""
        return TlsStream.over(self, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        """See `httpcore.NetworkStream`."""
        return self._session.info(info, self._below)

    def _carry_out(self, dialogue: Dialogue[T], timeout: float | None) -> T:
        until = None if timeout is None else monotonic() + timeout
        try:
            wanted = next(dialogue)
            while True:
                if wanted is None:
                    wanted = dialogue.send(self._below.read(_READ, _left(until)))
                else:
                    self._below.write(wanted, _left(until))
                    wanted = dialogue.send(b"")
        except StopIteration as stop:
            result: T = stop.value
            return result


class AsyncTlsStream(httpcore.AsyncNetworkStream):
    """The same, awaiting."""

    def __init__(self, below: httpcore.AsyncNetworkStream, session: Session) -> None:
        self._below = below
        self._session = session

    @classmethod
    async def over(
        cls,
        below: httpcore.AsyncNetworkStream,
        context: ssl.SSLContext,
        hostname: str | None,
        timeout: float | None,  # noqa: ASYNC109 - httpcore's interface
    ) -> AsyncTlsStream:
        """See `TlsStream.over`."""
        session = Session(context, hostname)
        stream = cls(below, session)
        with _connecting():
            await stream._carry_out(session.handshake(), timeout)
        return stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """See `TlsStream.read`."""
        return await self._carry_out(self._session.read(max_bytes), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """See `TlsStream.write`."""
        await self._carry_out(self._session.write(buffer), timeout)

    async def aclose(self) -> None:
        """Close the connection, without another byte."""
        await self._below.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> AsyncTlsStream:
        """See `TlsStream.start_tls`."""
        return await AsyncTlsStream.over(self, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        """See `httpcore.AsyncNetworkStream`."""
        return self._session.info(info, self._below)

    async def _carry_out(self, dialogue: Dialogue[T], timeout: float | None) -> T:  # noqa: ASYNC109
        until = None if timeout is None else monotonic() + timeout
        try:
            wanted = next(dialogue)
            while True:
                if wanted is None:
                    wanted = dialogue.send(await self._below.read(_READ, _left(until)))
                else:
                    await self._below.write(wanted, _left(until))
                    wanted = dialogue.send(b"")
        except StopIteration as stop:
            result: T = stop.value
            return result
