"""localstripe as a server, for the tests of the plugin for Stripe."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.stripe.conftest import through  # noqa: F401 - a fixture

PROGRAM = Path(__file__).with_name("prices.py")
PATIENCE = 30.0


@pytest.fixture(scope="session")
def localstripe() -> Generator[str]:
    """Return the base URL of a localstripe without data."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", str(PROGRAM), str(port)]
    with subprocess.Popen(command) as server:
        try:
            _until_it_listens(server, port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _until_it_listens(server: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > ends:
                pytest.fail("localstripe does not start")
            time.sleep(0.05)
        else:
            return
