"""What the faults need: a server in front of a fake, and a certificate that nobody vouches for."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subhub.sandbox import Fake
from tests.faults.server import BreakingServer

Serve = Callable[..., BreakingServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Put a server in front of a fake, until the end of the test."""
    running: list[BreakingServer] = []

    def start(fake: Fake, tls: ssl.SSLContext | None = None) -> BreakingServer:
        running.append(BreakingServer(fake, tls=tls))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key and the certificate of 127.0.0.1 that signs for itself, in one file."""
    made = tmp_path_factory.mktemp("tls") / "own.pem"
    what = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=own"
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made), "-out", f"{made}.crt"]
    try:
        _ = subprocess.run(["openssl", *what.split(), *where], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl makes the certificate, and is not installed")
    _ = made.write_bytes(made.read_bytes() + Path(f"{made}.crt").read_bytes())
    return made


@pytest.fixture
def untrusted(certificate: Path) -> ssl.SSLContext:
    """What a server speaks TLS with whose certificate nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """What a client speaks TLS with who trusts it all the same."""
    return ssl.create_default_context(cafile=str(certificate))
