"""Flows: the operations of a provider, as generators of requests.

A flow is a plain generator. It yields a `Request`, is sent the `Response`, and returns a neutral
result. It performs no I/O, reads no clock, no environment and no random numbers, so one flow serves
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

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from subhub.errors import InvalidReply, NotFound, SubhubError
from subhub.messages import Request, Response

T = TypeVar("T")

Flow: TypeAlias = Generator[Request, Response, T]
"""The result of a provider's method: requests, and in the end a `T`."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next` is the cursor of the following page, or `None` at the end.

    `unreadable` has an error for each record that is not in `items` because its form is not the
    documented one. Such a list proves nothing about what it lacks.
    """

    items: Sequence[T]
    next: str | None = None
    unreadable: Sequence[InvalidReply] = ()


def done(value: T) -> Flow[T]:
    """Return the flow of an operation that has nothing to send."""
    return value
    yield  # or it would not be a generator


def unless_missing(flow: Flow[T]) -> Flow[T | None]:
    """Return what *flow* reads; `None` where the provider answers that it does not exist."""
    try:
        return (yield from flow)
    except NotFound:
        return None


def first_step(flow: Flow[object]) -> None:
    """Run *flow* up to its first request, which is not sent: what it refuses is refused here."""
    with closing(flow):
        _ = next(flow, None)


@contextmanager
def completed(*made: object) -> Generator[None]:
    """Add *made*, which exists already, to `completed` of every error in this block."""
    try:
        yield
    except BaseException as error:
        # Ctrl-C and the end of a task carry what is known of a change as their cause.
        known = error if isinstance(error, SubhubError) else error.__cause__
        if isinstance(known, SubhubError):
            known.completed = (*made, *known.completed)
        raise
