"""`subhub api`: a request of any form, sent as every other request of the account."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

import typer

from subhub.cli.call import arguments_of_json
from subhub.cli.options import ClientOptions
from subhub.cli.output import plain, write
from subhub.errors import InvalidRequest
from subhub.messages import Request, Response

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_PATH: Final = re.compile(r"/[!-~]*", re.ASCII)


def api(
    *,
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help="GET, or another one; a path alone is read.")
    ],
    path: Annotated[
        str | None,
        typer.Argument(metavar="PATH", help="As the provider documents it: /v1/plans."),
    ] = None,
    query: Annotated[
        list[str] | None,
        typer.Option("--query", "-q", metavar="NAME=VALUE", help="A parameter. Repeatable."),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--body",
            "-b",
            metavar="JSON",
            help="The body: a JSON object, @FILE, or - for standard input.",
        ),
    ] = None,
    include: Annotated[
        bool, typer.Option("--include", "-i", help="Print the status and the headers too.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm a request that may change something.")
    ] = False,
    options: ClientOptions,
) -> None:
    """Send a request of any form to the provider, with the account's key.

    It keeps the rate limit, is retried where that is safe, and is written to the journal, as every
    other request. The key is in no output. A change needs --yes; if its response is lost, subhub
    cannot find out what happened, so look at the provider before you repeat it.
    """
    request = _request(method, path, query or (), body)
    if request.mutating and not (yes or options.dry_run):
        message = f"{request.method} {request.path} may change something: to confirm, add `--yes`"
        raise InvalidRequest(message)
    with options.client() as client:
        response = client.exchange(request)
    if options.as_json and include:
        head: dict[str, object] = {"status": response.status, "headers": dict(response.headers)}
        options.data({**head, "body": _decoded(response)})
        return
    if include:
        write(f"HTTP {response.status}")
        for name, value in response.headers.items():
            write(f"{name}: {plain(value)}")
        write("")
    _print_body(response, options)


def _request(method: str, path: str | None, query: Any, body: str | None) -> Request:
    if path is None:
        method, path = "GET", method
    if method.upper() not in METHODS:
        raise InvalidRequest.of("method", f"must be one of {', '.join(METHODS)}, got {method!r}")
    if not _PATH.fullmatch(path) or "#" in path:
        problem = f"must begin with `/` and be quoted for a URL, without a host, got {path!r}"
        raise InvalidRequest.of("path", problem)
    pairs = [pair.partition("=") for pair in query]
    if any(not (name and equals) for name, equals, _ in pairs):
        raise InvalidRequest.of("query", f"must be NAME=VALUE, got {', '.join(query)!r}")
    decoded = None if body is None else arguments_of_json("body", body)
    return Request(method.upper(), path, decoded, {name: value for name, _, value in pairs})


def _decoded(response: Response) -> object:
    """Return the body: what JSON it is, or else its text."""
    text = response.content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _print_body(response: Response, options: ClientOptions) -> None:
    found = _decoded(response)
    if isinstance(found, str):
        write(plain(found).plain, nl=bool(found))
    else:
        options.data(found)
