"""The style sheet and the script of the pages, as they lie in `static`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

TYPES: Final[Mapping[str, str]] = {
    "sandbox.css": "text/css",
    "dashboard.js": "text/javascript",
}


def routes() -> list[Route]:
    """Where the files are."""
    return [Route("/_static/{name}", _file)]


async def _file(request: Request) -> Response:
    name: str = request.path_params["name"]
    if name not in TYPES:
        return PlainTextResponse("there is no such file\n", 404)
    content = (files("subhub.server") / "static" / name).read_bytes()
    return Response(content, media_type=TYPES[name])
