"""Running the server: opening a port, serving with uvicorn, and stopping on Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

import uvicorn

from subhub.errors import ConfigError
from subhub.server.application import Application
from subhub.server.connection import SandboxProtocol

HIGHEST: Final = 65_535
"""The highest port number."""


def listen(host: str, port: int) -> socket.socket:
    """Open a socket to serve on; port 0 is any free one. Raises `ConfigError` if that fails."""
    if not 0 <= port <= HIGHEST:
        message = f"--port must be from 0 to {HIGHEST}, got {port}"
        raise ConfigError(message)
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = (
                f"cannot serve on port {port} of {host} because it is in use. "
                "Stop the program that uses it, or choose another --port."
            )
        else:
            message = f"cannot serve on port {port} of {host}: {error}"
        raise ConfigError(message) from error


def is_exposed(listening: socket.socket) -> bool:
    """Return whether other machines can reach the server."""
    return not ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def origin_of(listening: socket.socket) -> str:
    """Return the URL at which a browser on this machine reaches the server."""
    host: str
    port: int
    host, port = listening.getsockname()[:2]
    # an address that means all interfaces can be listened on, but not connected to everywhere
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is undone
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def server(application: Application) -> uvicorn.Server:
    """Return a server for *application*, not started yet."""
    config = uvicorn.Config(
        application,
        http=SandboxProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # the fake's clock is the provider's; it may be frozen or ahead
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


@contextmanager
def serving(application: Application, listening: socket.socket) -> Generator[None]:
    """Serve in a thread for the duration of the block."""
    running = server(application)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        # a server that fails to start ends its thread, and would otherwise be waited for forever
        while thread.is_alive() and not running.started:
            time.sleep(0.005)
        yield
    finally:
        running.should_exit = True
        thread.join()


def run(application: Application, listening: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    # uvicorn stops on SIGINT and then raises it again
    with listening, suppress(KeyboardInterrupt):
        server(application).run(sockets=[listening])
