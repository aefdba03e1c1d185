"""Clients that note each request with its operation, and otherwise equal the real ones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from subhub.client.async_client import AsyncClient
from subhub.client.sync_client import Client
from subhub.sending.retries import Operation

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.messages import PreparedRequest, Request
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Fake
    from subhub.sending.engine import Rules
    from subhub.sending.retries import RetryPolicy
    from subhub.sending.steps import Change, Exchange

Notes = list[tuple[str, "Request"]]


class WatchedClient(Client):
    """A client in a sandbox that notes each request with its operation."""

    def __init__(self, provider: type[Provider], fake: Fake, notes: Notes) -> None:
        self._notes = notes
        super().__init__(provider, sandbox=fake)

    def _open(self, account: Account) -> None:
        super()._open(account)
        self._operations.rules = _noting(self._operations.rules, account, self._notes)


class WatchedAsyncClient(AsyncClient):
    """The async client in a sandbox, likewise."""

    def __init__(self, provider: type[Provider], fake: Fake, notes: Notes) -> None:
        self._notes = notes
        super().__init__(provider, sandbox=fake)

    def _open(self, account: Account) -> None:
        super()._open(account)
        self._operations.rules = _noting(self._operations.rules, account, self._notes)


class _NotedOperation(Operation):
    """An operation that notes each of its requests before it is sent."""

    def __init__(self, notes: Notes, policy: RetryPolicy, name: str) -> None:
        super().__init__(policy, name)
        self._notes = notes

    def _attempt(
        self, request: Request, prepared: PreparedRequest, number: int, change: Change | None
    ) -> Exchange:
        self._notes.append((self.name, request))
        return super()._attempt(request, prepared, number, change)


def _noting(rules: Rules, account: Account, notes: Notes) -> Rules:
    return replace(rules, begin=partial(_NotedOperation, notes, account.retries))
