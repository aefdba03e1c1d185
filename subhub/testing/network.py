"""The network block: in a replay or a sandbox, nothing leaves the machine.

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
    block = _Block(why, [host.lower() for host in allowed])
    with (
        patch.object(socket, "getaddrinfo", block.guarded(socket.getaddrinfo)),
        patch.object(socket.socket, "connect", socket.socket.connect),  # puts it back at the end
    ):
        block.allow()
        yield


class _Block:
    def __init__(self, why: str, hosts: list[str]) -> None:
        self._why = why
        self._hosts = hosts
        self._addresses = [host for host in hosts if _is_address(host)]

    def allow(self, addresses: Iterable[str] = ()) -> None:
        """Let *addresses* be connected to as well."""
        self._addresses += addresses
        pytest_socket.socket_allow_hosts(
            [*_LOCAL, *self._addresses],
            allow_unix_socket=True,
            resolution_cache={"localhost": {"127.0.0.1"}},  # or it is looked up for each test
        )

    def guarded(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap *original*, which looks up names, to refuse those of other machines."""

        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            name = (host.decode() if isinstance(host, bytes) else host or "").lower()
            if _is_local(name):
                return original(host, port, *args, **kwargs)
            if name not in self._hosts:
                message = (
                    f"{name}:{port} cannot be reached, because {self._why}. Answer the request "
                    "inside the test, or name the host in the setting `subhub_allowed_hosts`."
                )
                raise NetworkBlocked(message)
            found = original(host, port, *args, **kwargs)
            self.allow(str(entry[4][0]) for entry in found)
            return found

        return getaddrinfo


def _is_local(name: str) -> bool:
    """Return whether *name* asks no name server: an address, or a name of this machine."""
    return _is_address(name) or name in {"", "localhost"} or name.endswith(".localhost")


def _is_address(name: str) -> bool:
    try:
        _ = ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
