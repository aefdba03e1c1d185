"""Routing: which method of a fake answers which request."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from subhub.sandbox.exchange import Reply

H = TypeVar("H", bound=Callable[..., Reply])


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with `{}` for each id. Paths match exactly, trailing slashes included."""

    method: str
    template: str
    handler: str
    pattern: re.Pattern[str]


def route(method: str, template: str) -> Callable[[H], H]:
    """Mark a method of a fake as the handler of *method* *template*.

    The handler is called with the request and the unquoted ids of the path.
    """

    def mark(handler: H) -> H:
        marks: list[tuple[str, str]] = handler.__dict__.setdefault("routes", [])
        marks.append((method, template))
        return handler

    return mark


def routes_of(fake: type[Any]) -> list[Route]:
    """Return the routes of a fake. Routes without ids come first, so that a literal path wins."""
    found = [
        Route(method, template, name, re.compile(re.escape(template).replace(r"\{\}", "([^/]+)")))
        for name in dir(fake)
        # static, so that looking for routes runs no descriptor of a plugin's class
        for method, template in getattr(inspect.getattr_static(fake, name, None), "routes", ())
    ]
    return sorted(found, key=lambda route: route.template.count("{}"))


def matching(routes: list[Route], method: str, path: str) -> tuple[str, list[str]] | None:
    """Return the name of the handler and the ids in *path*, or `None`.

    Args:
        routes: The routes to try, in order.
        method: The HTTP method, in capitals.
        path: The path below the fake's prefix, still quoted, so that `%2F` stays part of an id.
    """
    for candidate in routes:
        match = candidate.pattern.fullmatch(path) if candidate.method == method else None
        if match is not None:
            return candidate.handler, [unquote(part) for part in match.groups()]
    return None
