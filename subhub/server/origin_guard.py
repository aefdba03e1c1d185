"""Who may reach the sandbox: no web site that a browser on this machine has open.

The pages and the control API have no key, and the APIs have one that is printed. The check of
`Host` stops DNS rebinding: a foreign name that resolves to this machine, for which a browser lets a
foreign page read the answers. The check of `Origin` stops forms on foreign pages (CSRF). Programs
send no `Origin` and pass.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, Response

from subhub.server.connection import Scope

READING: Final = frozenset({"GET", "HEAD"})
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::\d{1,5})?", re.ASCII)


def host_refusal(
    scope: Scope, origin: str, *, exposed: bool, hosts: Collection[str] = ()
) -> Response | None:
    """Return the refusal of a request for a host that is not this sandbox.

    Args:
        scope: The ASGI scope.
        origin: The sandbox's URL.
        exposed: Whether other machines can reach it. Then addresses, and names without a dot, which
            cannot be registered, are accepted too.
        hosts: Other names of this sandbox, in small letters.
    """
    host = _header(scope, b"host")
    found = _HOST.fullmatch(host)
    if found is None:
        return PlainTextResponse("the `Host` of the request is not valid\n", 400)
    name = (found[1] or found[2]).lower()
    own = {urlsplit(origin).hostname, *hosts}
    if _is_local(name) or name in own or (exposed and _is_private(name)):
        return None
    message = f"this sandbox is only served at {origin}; --allow-host {name} admits this name\n"
    return PlainTextResponse(message, 421)


def csrf_refusal(scope: Scope, origin: str) -> Response | None:
    """Return the refusal of a change that the page of another site sends.

    Args:
        scope: The ASGI scope.
        origin: The sandbox's URL; behind a proxy it may begin with https://.
    """
    sender = _header(scope, b"origin")
    own = {"", origin, f"http://{_header(scope, b'host')}"}
    if scope["method"] in READING or sender in own:
        return None
    return PlainTextResponse("a page of another site cannot change this sandbox\n", 403)


def _header(scope: Scope, name: bytes) -> str:
    found: list[bytes] = [value for known, value in scope["headers"] if known == name]
    return found[0].decode("latin-1") if found else ""


def _is_local(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _is_private(name: str) -> bool:
    try:
        _ = ipaddress.ip_address(name)
    except ValueError:
        return "." not in name
    return True
