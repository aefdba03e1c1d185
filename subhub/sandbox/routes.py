"""Which method of a fake answers which request."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

if TYPE_CHECKING:
    from subhub.sandbox.exchange import Reply

H = TypeVar("H", bound=Callable[..., "Reply"])


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with `{}` in the places of ids; paths match exactly, slashes included."""

    method: str
    template: str
    handler: str
    pattern: re.Pattern[str]


def route(method: str, template: str) -> Callable[[H], H]:
    """Mark a method of a fake as the answer to *method* *template*.

    It is called with the request and then, unquoted, the ids that stand in the path.
    """

    def mark(handler: H) -> H:
        marks: list[tuple[str, str]] = handler.__dict__.setdefault("routes", [])
        marks.append((method, template))
        return handler

    return mark


def routes_of(fake: type[Any]) -> list[Route]:
    """The routes of a fake; those without ids come first, so that a literal path wins."""
    found = [
        Route(method, template, name, re.compile(re.escape(template).replace(r"\{\}", "([^/]+)")))
        for name in dir(fake)
        for method, template in getattr(inspect.getattr_static(fake, name, None), "routes", ())
    ]
    return sorted(found, key=lambda each: each.template.count("{}"))


def matching(routes: list[Route], method: str, path: str) -> tuple[str, list[str]] | None:
    """The name of the method that answers, and the ids in the path."""
    for each in routes:
        match = each.pattern.fullmatch(path) if each.method == method else None
        if match is not None:
            return each.handler, [unquote(part) for part in match.groups()]
    return None
