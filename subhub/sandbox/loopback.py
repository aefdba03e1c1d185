"""Calls to this machine, and to no other: what a sandbox sends must never reach anyone else.

A host name is resolved once, every address of it must be a loopback address, and the connection
goes to that address: a name that means another machine a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import SplitResult, urlsplit

PATIENCE: Final = 10.0
"""The seconds that an application has to answer."""
_DEFAULT_PORT: Final = 80


class NotLoopback(ValueError):
    """The URL is not one of this machine; nothing was sent."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call as it is sent: *headers* with the signature, and *body* byte for byte."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path of the URL with its query, as an application receives it."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def post(call: WebhookCall, *, patience: float = PATIENCE) -> int:
    """Send a call with POST, and return the status of the response. Redirects are not followed.

    Args:
        call: The call.
        patience: How many seconds the application has to answer.

    Raises:
        NotLoopback: The URL is not one of this machine.
        OSError: There was no response.
    """
    parts = _parsed(call.url)
    address = _loopback(parts.hostname or "", parts.port or _DEFAULT_PORT)
    connection = HTTPConnection(address, parts.port or _DEFAULT_PORT, timeout=patience)
    try:
        connection.request("POST", call.path, call.body, {"Host": parts.netloc, **call.headers})
        return connection.getresponse().status
    except HTTPException as error:
        raise ConnectionError(f"no HTTP response: {type(error).__name__}") from error
    finally:
        connection.close()


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotLoopback(f"not sent to {url!r}: {error}") from error
    if parts.scheme != "http" or not parts.hostname or port == 0 or not url.isascii():
        raise NotLoopback(
            f"not sent to {url!r}: a sandbox calls http://localhost, http://127.0.0.1 or "
            "http://[::1], with the port of your application"
        )
    return parts


def _loopback(host: str, port: int) -> str:
    """Return an address of *host*, whose addresses all must be of this machine."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotLoopback(f"not sent to {host!r}: its address is not known ({error})") from error
    addresses = [str(address[0]) for *_, address in found]
    for address in addresses:
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            raise NotLoopback(
                f"not sent to {host!r} ({address}): a sandbox calls this machine only. Use "
                "http://127.0.0.1 with the port of your application"
            )
    return addresses[0]
