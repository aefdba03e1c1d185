"""The network block: while a test is replayed or runs in a sandbox, nothing leaves the machine.

pytest-socket refuses connections to other machines. Looking up a name is refused here, one step
earlier: pytest-socket permits it wherever some hosts are allowed, and a failed lookup would look
like a network that is down, which a client retries.

Loopback and Unix sockets stay open: event loops, local databases and browsers need them. What opens
its sockets outside Python's `socket`, such as uvloop, is not seen.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import pytest_socket

_LOCAL: Final = ("localhost", "127.0.0.0/8", "::1", "::ffff:127.0.0.0/104", "0.0.0.0", "::")  # noqa: S104 - to connect to
_resolved: Final[dict[str, set[str]]] = {}
"""The addresses of allowed hosts: a name server is asked once for a run, not for each test."""


class NetworkBlocked(AssertionError):
    """A test without a network looked up the name of another machine.

    Not an `OSError`: a client would take that for a network that is down, and retry.
    """


@contextmanager
def no_network(why: str, allowed: Iterable[str] = ()) -> Generator[None]:
    """Refuse connections to other machines, and lookups of their names, inside this block.

    Args:
        why: What the test has instead of a network, for the message.
        allowed: Hosts that may be reached all the same, such as that of a database.
    """
    hosts = [host.lower() for host in allowed]
    lookup = _guarded(socket.getaddrinfo, hosts, why)
    with (
        patch.object(socket, "getaddrinfo", lookup),
        patch.object(socket.socket, "connect", socket.socket.connect),  # puts it back at the end
    ):
        pytest_socket.socket_allow_hosts(
            [*_LOCAL, *hosts], allow_unix_socket=True, resolution_cache=_resolved
        )
        yield


def _guarded(original: Callable[..., Any], hosts: list[str], why: str) -> Callable[..., Any]:
    """Wrap *original*, which looks up names, to refuse those of other machines."""

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = (host.decode() if isinstance(host, bytes) else host or "").lower()
        if name not in hosts and not _is_local(name):
            message = (
                f"{name}:{port} cannot be reached, because {why}. Answer the request inside the "
                "test, or name the host in the setting `subhub_allowed_hosts`."
            )
            raise NetworkBlocked(message)
        return original(host, port, *args, **kwargs)

    return getaddrinfo


def _is_local(name: str) -> bool:
    """Return whether *name* asks no name server: an address, or a name of this machine."""
    try:
        _ = ipaddress.ip_address(name)
    except ValueError:
        return name in {"", "localhost"} or name.endswith(".localhost")
    return True
