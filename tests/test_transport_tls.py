"""TLS on our own connections: over loopback, inside of a proxy's TLS, and with too much received.

`loopback.pem` is a certificate for 127.0.0.1 and its key, created for these tests alone.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from subhub import NotSent, OutcomeUnknown
from subhub.sending.transport.tls import Session

if TYPE_CHECKING:
    from subhub.models import PlanDraft

PEM = Path(__file__).parent / "loopback.pem"
KEY = "test_0123456789"
GOOD = b'{"id": "pln_1", "name": "A"}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(GOOD), GOOD)


def context() -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(PEM)
    return tls


class Provider:
    """A server that speaks TLS; an answer is a list of TLS records, `None` is a hang-up."""

    def __init__(self) -> None:
        self.answers: list[list[bytes] | None] = []
        self.connections = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                with context().wrap_socket(connection, server_side=True) as tls:
                    self.speak(tls)
            except OSError:
                pass

    def speak(self, tls: ssl.SSLSocket) -> None:
        while b"\r\n\r\n" in tls.recv(65536):
            answer = self.answers.pop(0) if self.answers else [PLAIN]
            if answer is None:
                return
            if not answer:  # no TLS any more
                _ = os.write(tls.fileno(), b"what?" * 10)
                return
            for record in answer:
                tls.sendall(record)


class Proxy(Provider):
    """A proxy that speaks TLS: it passes on what comes after a CONNECT."""

    def speak(self, tls: ssl.SSLSocket) -> None:
        target = tls.recv(65536).split()[1].decode()
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as beyond:
            tls.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            tls.settimeout(0.02)
            beyond.settimeout(0.02)
            while True:
                for one, other in ((tls, beyond), (beyond, tls)):
                    try:
                        received = one.recv(65536)
                    except TimeoutError:
                        continue
                    if not received:
                        return
                    other.sendall(received)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    running = Provider()
    yield running
    running.listening.close()


@pytest.fixture
def ask(using: Callable[..., Any]) -> Any:
    """Let one client carry out the named calls at a port of this machine, over TLS."""

    def run(port: int, *calls: tuple[Any, ...], **settings: Any) -> Any:
        return using(f"https://127.0.0.1:{port}", *calls, **{"timeout": 2, **settings})

    return run


READ = ("get_plan", "pln_1")


def test_a_connection_is_kept(ask: Any, provider: Provider) -> None:
    assert ask(provider.port, READ, READ).id == "pln_1"
    assert provider.connections == 1


def test_a_record_too_many_is_seen(ask: Any, provider: Provider) -> None:
    provider.answers = [[PLAIN, PLAIN.replace(b"pln_1", b"pln_2")]]
    assert ask(provider.port, READ, READ).id == "pln_1"
    assert provider.connections == 2


def test_the_end_of_a_connection_leaves_a_change_unknown(
    ask: Any, provider: Provider, draft: PlanDraft
) -> None:
    ends: list[list[bytes] | None] = [None, []]
    for end in ends:
        provider.answers = [end]
        with pytest.raises(OutcomeUnknown):
            ask(provider.port, ("create_plan", draft))


def test_a_certificate_that_is_not_trusted_was_not_sent(
    ask: Any, provider: Provider, draft: PlanDraft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
        ask(provider.port, ("create_plan", draft))


def test_a_server_that_never_ends_the_handshake_was_not_reached(ask: Any, draft: PlanDraft) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSent):
        ask(silent.getsockname()[1], ("create_plan", draft), timeout=0.2)


def test_a_proxy_may_speak_tls_itself(
    ask: Any, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{proxy.port}")
    assert ask(provider.port, READ, READ).id == "pln_1"
    assert (proxy.connections, provider.connections) == (1, 1)
    proxy.listening.close()


class TestWithoutSockets:
    """The dialogue of TLS, with the server's side in memory."""

    @pytest.fixture
    def client(self) -> Session:
        """A client's side whose handshake is done."""
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.load_verify_locations(PEM)
        tls = Session(trusting, "127.0.0.1")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context().wrap_bio(incoming, outgoing, server_side=True)
        steps = tls.handshake()
        with suppress(StopIteration):
            sent = next(steps)
            while True:
                received = b""
                if sent is not None:
                    _ = incoming.write(sent)
                    with suppress(ssl.SSLWantReadError):
                        server.do_handshake()
                else:
                    received = outgoing.read()
                sent = steps.send(received)
        return tls

    def test_an_end_without_a_farewell_is_the_end(self, client: Session) -> None:
        steps = client.read(100)
        assert next(steps) is None
        with pytest.raises(StopIteration) as ended:
            _ = steps.send(b"")
        assert ended.value.value == b""

    def test_what_is_not_tls_cannot_be_read(self, client: Session) -> None:
        steps = client.read(100)
        assert next(steps) is None
        with pytest.raises(httpcore.ReadError):
            _ = steps.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
