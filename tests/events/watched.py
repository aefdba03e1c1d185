"""A client of either kind, and the events that it finds."""

from __future__ import annotations

from typing import Any, cast

import anyio

from subhub import AsyncClient, Client, Event
from subhub.client.changes import AsyncChanges, Changes
from tests.conftest import Caller


class Watched:
    """A client of either kind whose events are collected."""

    def __init__(self, client: Caller | Client | AsyncClient) -> None:
        self.client = client.client if isinstance(client, Caller) else client

    def changes(self, since: str | None = None, **how: Any) -> Changes | AsyncChanges:
        found: Changes | AsyncChanges = cast("Any", self.client).changes(since=since, **how)
        return found

    def compare(self, since: str | None = None, **how: Any) -> tuple[list[Event], str]:
        """Return the events since a token, and the next one."""
        changes = self.changes(since, **how)
        return self.rest(changes), changes.token

    def rest(self, changes: Changes | AsyncChanges) -> list[Event]:
        if isinstance(changes, Changes):
            return list(changes)

        async def collect() -> list[Event]:
            return [event async for event in changes]

        return anyio.run(collect)

    def take(self, changes: Changes | AsyncChanges, count: int) -> list[Event]:
        """Ask for so many events, and no more."""
        if isinstance(changes, Changes):
            return [next(changes) for _ in range(count)]

        async def collect() -> list[Event]:
            return [await anext(changes) for _ in range(count)]

        return anyio.run(collect)
