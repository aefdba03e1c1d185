"""Sandboxes for an application's tests, with clients, clock, faults and the requests sent.

    with sandbox("afternoon", plans={"phone": phone}) as box:
        sell_a_phone(box.client)
        box.assert_asked("POST", "/v1/customers", json={"name": "Test Company BV"})

Nothing is sent and nothing sleeps.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from difflib import ndiff
from functools import cached_property
from typing import TYPE_CHECKING, Self

from subhub.messages import Request, is_object
from subhub.models import PlanDraft
from subhub.plugin.registry import provider_class

if TYPE_CHECKING:
    from types import TracebackType

    from subhub.client.async_client import AsyncClient
    from subhub.client.sync_client import Client
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Exchange, Fake, FaultPlan, VirtualClock


class Sandbox:
    """A provider's sandbox in a test; see `sandbox`.

    `plan_ids` are the ids of the plans in its dashboard, by key.
    """

    def __init__(self, provider: type[Provider], fake: Fake, plan_ids: Mapping[str, str]) -> None:
        self.fake = fake
        self.plan_ids = plan_ids
        self._provider = provider
        self._asked: list[tuple[str, Request]] = []

    @cached_property
    def client(self) -> Client:
        """A client of the sandbox."""
        from subhub.testing.spy import WatchedClient  # noqa: PLC0415 - it loads httpx

        return WatchedClient(self._provider, self.fake, self._asked)

    @cached_property
    def async_client(self) -> AsyncClient:
        """An async client of the same sandbox."""
        from subhub.testing.spy import WatchedAsyncClient  # noqa: PLC0415

        return WatchedAsyncClient(self._provider, self.fake, self._asked)

    @property
    def clock(self) -> VirtualClock:
        """The time in the sandbox: `box.clock.advance(days=40)`."""
        return self.fake.clock

    @property
    def faults(self) -> FaultPlan:
        """The fault plan: `box.faults.next("dropped")`."""
        return self.fake.faults

    @property
    def requests(self) -> list[Request]:
        """Every request that reached the sandbox, from any client; paths without the query."""
        return [_request(exchange, self.fake) for exchange in self.fake.exchanges]

    def asked(self, operation: str) -> list[Request]:
        """Return the requests of the box's own clients in an operation, such as `"create_plan"`."""
        return [request for name, request in self._asked if name == operation]

    def assert_asked(self, method: str, path: str, *, json: object = ...) -> Request:
        """Return the last request of this method and path, or fail if there is none.

        Args:
            method: Such as `"POST"`.
            path: Below the base URL, without the query.
            json: The body that it must have; `unittest.mock.ANY` equals any value in it.
        """
        same = [sent for sent in self.requests if (sent.method, sent.path) == (method, path)]
        if not same:
            asked = "".join(f"\n  {sent.method} {sent.path}" for sent in self.requests)
            message = f"{method} {path} was never asked, but:{asked or ' nothing'}"
            raise AssertionError(message)
        fitting = [sent for sent in same if json is ... or sent.body == json]
        if not fitting:
            message = f"{method} {path} was asked with another body:\n{_difference(json, same[-1])}"
            raise AssertionError(message)
        return fitting[-1]

    def assert_not_asked(self, method: str, path: str) -> None:
        """Fail if there was a request of this method and path."""
        count = sum((sent.method, sent.path) == (method, path) for sent in self.requests)
        if count:
            message = f"{method} {path} was asked, {count} times"
            raise AssertionError(message)

    def close(self) -> None:
        """Close the client; the async one has nothing to close."""
        # `vars`, because asking for the attribute would create a client
        if "client" in vars(self):
            self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def sandbox(
    provider: str | type[Provider],
    *,
    plans: Mapping[str, PlanDraft] | None = None,
    start: dt.datetime | None = None,
    assume: Mapping[str, object] | None = None,
) -> Sandbox:
    """Return a new sandbox of *provider*.

    Args:
        provider: Its name or class.
        plans: Plans in its dashboard, by key.
        start: The time on its clock; by default, now.
        assume: Decides what the provider's documents leave open, see `subhub sandbox describe`.
    """
    found = provider_class(provider)
    fake = found.sandbox()
    if start is not None:
        fake.clock.set(start)
    fake.assume(assume or {})
    return Sandbox(found, fake, fake.add_plans(plans or {}))


def _request(exchange: Exchange, fake: Fake) -> Request:
    received = exchange.received
    try:
        # a test may have sent what the provider cannot read: it is shown without a body
        body = fake.decode(received) if received.content else None
    except ValueError:
        body = None
    path = received.path.removeprefix(fake.prefix)
    return Request(received.method, path, body if is_object(body) else None, received.query)


def _difference(expected: object, found: Request) -> str:
    lines = ndiff(_lines(expected), _lines(found.body))
    return "\n".join(line for line in lines if not line.startswith("?"))


def _lines(value: object) -> list[str]:
    return json.dumps(value, indent=2, sort_keys=True, default=repr).splitlines()
