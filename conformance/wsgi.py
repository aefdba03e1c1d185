"""A fake as a WSGI application, so that requests reach it as on the wire."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from subhub.sandbox import Fake, Reply


def application(
    fake: Fake, single_use: frozenset[str] = frozenset()
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """Return an application that answers from *fake*.

    The clock advances by two seconds per request, so that the rate limit is never reached. The
    values of the headers *single_use* are made unique, because schemathesis sends one with many
    bodies. An exception inside the fake becomes a 500 with its traceback.
    """
    numbers = itertools.count(1)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        _ = fake.clock.advance(seconds=2)
        number = next(numbers)
        try:
            method, target, headers, content = _received(environ)
            for name in single_use & headers.keys():
                headers[name] += f"-{number}"
            reply = fake.handle(method, target, headers, content)
        except Exception:  # noqa: BLE001 - every error is reported with its request
            reply = Reply(500, traceback.format_exc().encode(), {"content-type": "text/plain"})
        _ = start(f"{reply.status} {HTTPStatus(reply.status).phrase}", [*reply.headers.items()])
        return [reply.content]

    return answer


def _received(environ: WSGIEnvironment) -> tuple[str, str, dict[str, str], bytes]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    content: Any = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    # PATH_INFO is unquoted, so a quoted slash inside an id would look like a path separator
    target = str(environ["RAW_URI"]).partition("?")[0]
    query = environ.get("QUERY_STRING")
    return environ["REQUEST_METHOD"], f"{target}?{query}" if query else target, headers, content
