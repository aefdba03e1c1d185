"""The description of the control API: OpenAPI for programs, and a page for people."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subhub._version import __version__
from subhub.sandbox.exchange import JsonObject
from subhub.server.commands import Command
from subhub.server.control import ENDPOINTS, READING, Endpoint
from subhub.server.forms import html
from subhub.server.markup import Markup, document, tag

BASE = "/_sandbox/{provider}/{name}"


def routes() -> list[Route]:
    """Return the routes of the description."""

    async def described(_: Request) -> Response:
        return JSONResponse(openapi())

    async def page(_: Request) -> Response:
        return html(_page())

    return [Route("/_sandbox/openapi.json", described), Route("/_sandbox/api", page)]


def openapi() -> JsonObject:
    """Return the description of the control API, in OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {
        "/health": {"get": _operation("Tell that the server answers, and what it serves.")},
        "/_sandbox": {"get": _operation("List the accounts with URLs, keys and plans.")},
    }
    for endpoint in ENDPOINTS:
        path = paths.setdefault(BASE + endpoint.path, {"parameters": [*_account()]})
        path[endpoint.method.lower()] = _operation_of(endpoint)
    info = {"title": "Control API of subhub's sandbox", "version": __version__}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


def _account() -> list[JsonObject]:
    text = {"type": "string"}
    return [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in ("provider", "name")
    ]


def _operation(what: str) -> JsonObject:
    return {"summary": what, "responses": {"200": {"description": "done"}}}


def _operation_of(endpoint: Endpoint) -> JsonObject:
    found = _operation(endpoint.what)
    refused = {"400": {"description": "what is wrong, as `message`"}}
    found["responses"] |= {**refused, "404": {"description": "no such account or page"}}
    schema = _schema(endpoint.command)
    if endpoint.method in READING:
        fields = schema.get("properties", {}).items()
        found["parameters"] = [
            {"name": name, "in": "query", "schema": field} for name, field in fields
        ]
    elif endpoint.command is not Command:
        content = {"application/json": {"schema": schema}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _schema(command: type[Command]) -> JsonObject:
    schema = command.model_json_schema()
    return {"additionalProperties": False, **schema}


def _page() -> str:
    rows = [
        tag(
            "tr",
            tag("td", tag("code", f"{endpoint.method} {endpoint.path}")),
            tag("td", endpoint.what),
            tag("td", _fields(endpoint.command)),
        )
        for endpoint in ENDPOINTS
    ]
    names = ("request", "what it does", "fields")
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    about = tag(
        "p",
        "JSON, without a key. Each path is below ",
        tag("code", BASE),
        ". For programs: ",
        tag("a", "OpenAPI", href="/_sandbox/openapi.json"),
        ".",
    )
    table = tag("div", tag("table", tag("thead", head), tag("tbody", *rows)), class_="wide")
    header = tag("header", tag("p", tag("a", "All accounts", href="/")))
    main = tag("main", tag("h1", "Control API"), about, table, class_="wide-page")
    return document("Control API - sandbox", header, main)


def _fields(command: type[Command]) -> Markup:
    schema = command.model_json_schema()
    required = set(schema.get("required", ()))
    names = (f"{name}*" if name in required else name for name in schema.get("properties", {}))
    return tag("code", ", ".join(names))
