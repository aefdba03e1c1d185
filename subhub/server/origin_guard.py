"""Who may reach the sandbox: no web site that a browser on this machine has open.

The pages and the control API have no key, and the APIs have one that is printed. The check of
`Host` stops DNS rebinding: a foreign name that resolves to this machine, for which a browser lets a
foreign page read the answers. The check of `Origin` stops forms on foreign pages (CSRF). Programs
send no `Origin` and pass.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, Response

from subhub.server.connection import Scope

READING: Final = frozenset({"GET", "HEAD"})
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::\d{1,5})?", re.ASCII)


def host_refusal(scope: Scope, origin: str, *, exposed: bool) -> Response | None:
    """Return the refusal of a request for a host that is not this sandbox.

    Args:
        scope: The ASGI scope.
        origin: The sandbox's URL.
        exposed: Whether other machines can reach it. Then addresses, and names without a dot, which
            nobody can register, are accepted too.
    """
    host = _header(scope, b"host")
    found = _HOST.fullmatch(host)
    if found is None:
        return PlainTextResponse("the `Host` of the request is not valid\n", 400)
    name = (found[1] or found[2]).lower()
    if _is_local(name) or name == urlsplit(origin).hostname or (exposed and _is_private(name)):
        return None
    return PlainTextResponse(f"this sandbox is only served at {origin}\n", 421)


def csrf_refusal(scope: Scope) -> Response | None:
    """Return the refusal of a change that the page of another site sends."""
    sender = _header(scope, b"origin")
    if scope["method"] in READING or sender in {"", f"http://{_header(scope, b'host')}"}:
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
