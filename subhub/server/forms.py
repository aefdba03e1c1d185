"""Forms: what a page was sent, and the answers that pages give."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

LONGEST: Final = 64 * 1024
HEADERS: Final = {
    "cache-control": "no-store",
    # the browser's own origin has to come with a form, so that a foreign one can be told from it
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
}


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it; none of one that is too long."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LONGEST:
            return {}
    return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def html(document: str, status: int = 200) -> HTMLResponse:
    """A page."""
    return HTMLResponse(document, status, HEADERS)


def see(address: str) -> RedirectResponse:
    """Send the browser on, to read what is there."""
    return RedirectResponse(address, 303, HEADERS)
