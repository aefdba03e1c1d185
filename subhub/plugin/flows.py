"""Flows: what a provider does, as a conversation that somebody else holds for it.

A flow is a plain generator. It yields a `Request`, is sent the `Response`, and returns a neutral
result. It performs no I/O, reads no clock and no environment, and rolls no dice, so one flow serves
the sync and the async client, a dry run, a replay and the sandbox alike. A refusal (a status of 400
or more) is thrown into the flow as the mapped error: authors write the happy path, and
`except NotFound` only where they mean it.

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        package = yield from get(path("/packages/{}", plan_id), Package)
        return package.to_plan()

A sub-flow that is called without `yield from` does nothing at all; pyright's
`reportUnusedCallResult` finds it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar
from urllib.parse import quote

from subhub.errors import SubhubError
from subhub.messages import Json, Request, Response

if TYPE_CHECKING:
    from subhub.plugin.decoding import Wire

T = TypeVar("T")
W = TypeVar("W", bound="Wire")

Flow: TypeAlias = Generator[Request, Response, T]
"""What a provider's method returns: a conversation that ends in a `T`."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next` is the cursor of the following page, or `None` at the end."""

    items: Sequence[T]
    next: str | None = None


class Path(str):
    """A path with its ids filled in; `template` is the path without them, for logs."""

    __slots__ = ("template",)
    template: str


def path(template: str, *ids: str) -> Path:
    """Fill *ids*, quoted, into the `{}` places of *template*."""
    filled = Path(template.format(*(quote(each, safe="") for each in ids)))
    filled.template = template
    return filled


def get(path: str, model: type[W], query: Mapping[str, str] | None = None) -> Flow[W]:
    """Read *path* and decode the answer as *model*."""
    response = yield Request("GET", path, query=query or {})
    return model.decode(response)


def post(
    path: str,
    model: type[W],
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[W]:
    """Post *body* to *path* and decode the answer as *model*."""
    return send("POST", path, model, body, headers)


def patch(path: str, model: type[W], body: Json) -> Flow[W]:
    """Change *path* by *body* and decode the answer as *model*."""
    return send("PATCH", path, model, body)


def delete(path: str, model: type[W]) -> Flow[W]:
    """Delete *path* and decode the answer as *model*."""
    return send("DELETE", path, model)


def send(
    method: str,
    path: str,
    model: type[W],
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[W]:
    """Send any request and decode the answer as *model*."""
    response = yield Request(method, path, body, headers=headers)
    return model.decode(response)


def done(value: T) -> Flow[T]:
    """The flow of an operation that has nothing to send."""
    return value
    yield  # makes this a generator


@contextmanager
def completed(*made: object) -> Generator[None]:
    """Let every error in this block say that *made* exists already."""
    try:
        yield
    except SubhubError as error:
        error.completed = (*made, *error.completed)
        raise
