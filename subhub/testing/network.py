"""The network block: while a test is replayed or in a sandbox, nothing leaves the machine.

Loopback and Unix sockets stay open: event loops, databases of the test and browsers need them. The
block stands in Python's own `socket`, for every thread; a loop that opens its sockets elsewhere,
such as uvloop, is not seen.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from typing import Any, Final

_INTERNET: Final = {socket.AF_INET, socket.AF_INET6}


class NetworkBlocked(AssertionError):
    """Something asked for the network in a test that has none.

    It is no `OSError`, because a client would take that for a network that is down, and try again.
    """


@contextmanager
def no_network(why: str, allowed: Iterable[str] = ()) -> Generator[None]:
    """Refuse every connection, datagram and look-up of a name that is neither local nor *allowed*.

    *why* says what the test has instead of a network. Afterwards all is as it was before.
    """
    gate = _Gate(why, allowed)
    with ExitStack() as stack:
        for name in ("connect", "connect_ex", "sendto"):
            guard = gate.over_reaching(getattr(socket.socket, name))
            stack.enter_context(_replaced(socket.socket, name, guard))
        guard = gate.over_looking_up(socket.getaddrinfo)
        stack.enter_context(_replaced(socket, "getaddrinfo", guard))
        yield


class _Gate:
    def __init__(self, why: str, allowed: Iterable[str]) -> None:
        self._why = why
        self._allowed = {each.lower() for each in allowed}

    def over_reaching(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """*original*, a method of sockets whose last argument is the address."""

        def guard(self_: socket.socket, *args: Any) -> Any:
            address = args[-1]
            if self_.family in _INTERNET and isinstance(address, tuple):
                try:
                    self._pass(*address[:2])
                except NetworkBlocked:
                    if self_.type is socket.SOCK_STREAM:
                        self_.close()  # its maker closes it after an `OSError` only
                    raise
            return original(self_, *args)

        return guard

    def over_looking_up(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """*original*, which looks up names; the addresses of an allowed one are allowed too."""

        def guard(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            name = _text(host)
            if _is_address(name):  # it is not looked up, and connecting to it is another matter
                return original(host, port, *args, **kwargs)
            self._pass(name, port)
            found = original(host, port, *args, **kwargs)
            if name in self._allowed:
                self._allowed.update(each[4][0] for each in found)
            return found

        return guard

    def _pass(self, host: Any, port: Any) -> None:
        name = _text(host)
        if name not in self._allowed and not _is_local(name):
            message = (
                f"{name}:{port} was to be reached, but {self._why}: answer it inside the test, or "
                "name the host in the setting `subhub_allowed_hosts`"
            )
            raise NetworkBlocked(message)


def _text(host: Any) -> str:
    return (host.decode() if isinstance(host, bytes) else host or "").lower()


def _is_address(name: str) -> bool:
    try:
        _ = ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_local(name: str) -> bool:
    if not _is_address(name):
        return name in {"", "localhost"} or name.endswith(".localhost")
    address = ipaddress.ip_address(name)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


@contextmanager
def _replaced(owner: Any, name: str, replacement: object) -> Generator[None]:
    """*name* of *owner* is the replacement for a while; what is inherited is inherited again."""
    original, own = getattr(owner, name), name in vars(owner)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)
