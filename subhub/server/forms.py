"""Request bodies of limited length, form fields, and the responses of pages."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

MOST_DIGITS: Final = 15
LONGEST: Final = 64 * 1024
"""The longest body of a form or a control request, in bytes."""
HEADERS: Final = {
    "cache-control": "no-store",
    # browsers send `Origin: null` with a form of a no-referrer page, which the CSRF check refuses
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
}


async def read_body(request: Request, longest: int = LONGEST) -> bytes | None:
    """Return the body, or `None` if it is too long; then the rest of it is not read."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > longest:
            return None
    return content


async def form_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form; none if it is too long."""
    content = await read_body(request) or b""
    return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def number_in(text: str) -> int | None:
    """Return the number that *text* is; `None` if it is not one, or one with too many digits."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def html(document: str, status: int = 200) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(document, status, HEADERS)


def redirect(url: str) -> RedirectResponse:
    """Redirect the browser after a form, with a GET."""
    return RedirectResponse(url, 303, HEADERS)
