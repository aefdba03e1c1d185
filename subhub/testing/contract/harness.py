"""The desk: one fresh sandbox of a provider, what a case needs in it, and how a call went.

Everything is made through the neutral interface, at a fixed moment, so that two desks with the same
history give the same answers. Nothing here judges.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from subhub.errors import SubhubError
from subhub.models import CustomerDraft
from subhub.testing.contract.assertions import expect, told
from subhub.testing.contract.interceptor import Intercept, Interceptor

if TYPE_CHECKING:
    from subhub.client.sync_client import Client
    from subhub.sandbox import Exchange
    from subhub.testing.contract.config import ContractConfig

ClientKind = Literal["sync", "async"]
MOMENT: Final = dt.datetime(2025, 3, 4, 9, 30, tzinfo=dt.UTC)
"""When everything happens; it is long past, so that a clock that is read gives itself away."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a client: the method's name, and the arguments."""

    operation: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict[str, object])

    def but(self, **kwargs: object) -> Call:
        """The same call with other keyword arguments."""
        return Call(self.operation, self.args, {**self.kwargs, **kwargs})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went: what it returned or raised, and what was asked and answered for it."""

    result: Any
    error: Exception | None
    heard: tuple[Exchange, ...]

    @property
    def changing(self) -> tuple[int, ...]:
        """Which of the requests may change something, counted from 1."""
        return tuple(
            place
            for place, each in enumerate(self.heard, 1)
            if each.received.method not in {"GET", "HEAD"}
        )

    def returned(self) -> Any:
        """The result; an error of the call fails the test."""
        if self.error is not None:
            message = f"the call was to work, and did not: {told(self.error)}"
            raise AssertionError(message) from self.error
        return self.result


class Harness:
    """A sandbox of the provider, and the objects that a case needs, made when they are asked for.

    With *strangers*, ids are those of nobody and nothing is made: for calls that are not sent.
    """

    def __init__(self, terms: ContractConfig, *, strangers: bool = False) -> None:
        self.terms = terms
        self.provider = terms.provider
        self.fake = terms.provider.sandbox()
        self.fake.clock.set(MOMENT)
        self.fake.enforce_limits = False
        self._strangers = strangers

    @cached_property
    def client(self) -> Client:
        """A client that nothing is tested on, to make things with."""
        from subhub.client.sync_client import Client  # noqa: PLC0415 - it loads httpx

        return Client(self.provider, sandbox=self.fake)

    def supports(self, capability: str) -> bool:
        """Whether the provider claims *capability*."""
        return self.provider.capabilities().supports(capability)

    @cached_property
    def plan(self) -> str:
        """The id of a plan."""
        return self._made("plan", lambda: self.fake.add_plan("contract_plan", self.terms.plan))

    @cached_property
    def other_plan(self) -> str:
        """The id of another plan, at the same terms."""
        return self._made("plan", lambda: self.fake.add_plan("another_plan", self.terms.plan))

    @cached_property
    def draft(self) -> CustomerDraft:
        """The customer to make, with an id of the application's where customers are found by it."""
        draft = self.terms.customer
        if draft.external_id is None and self.supports("find_customer:external_id"):
            return draft.model_copy(update={"external_id": "contract-1"})
        return draft

    @cached_property
    def customer(self) -> str:
        """The id of a customer."""
        return self._made("customer", lambda: self.terms.make_customer(self.client, self.draft))

    @cached_property
    def other_customer(self) -> str:
        """The id of another customer."""
        draft = self.numbered(2)
        return self._made("customer", lambda: self.terms.make_customer(self.client, draft))

    @cached_property
    def subscription(self) -> str:
        """The id of a subscription of the customer to the plan."""
        plan, customer = self.plan, self.customer
        return self._made(
            "subscription", lambda: self.terms.make_subscription(self.client, plan, customer)
        )

    @cached_property
    def payment_method(self) -> str:
        """The id of a means to charge the customer by."""
        customer = self.customer
        return self._made(
            "payment_method", lambda: self.terms.make_payment_method(self.client, customer)
        )

    def numbered(self, number: int) -> CustomerDraft:
        """One of many customers, told apart by name, e-mail address and external id."""
        changes: dict[str, object] = {
            "name": f"{self.draft.name} {number}",
            "email": f"n{number}.{self.draft.email}",
        }
        if self.draft.external_id is not None:
            changes["external_id"] = f"{self.draft.external_id}-{number}"
        return self.draft.model_copy(update=changes)

    def perform(
        self,
        call: Call,
        colour: ClientKind = "sync",
        meddle: Intercept | None = None,
        **settings: Any,
    ) -> Outcome:
        """Make *call* on a new client of either *colour*, whose replies are meddled with."""
        tap = Interceptor(self.fake, meddle)
        settings = {"api_key": self.fake.api_key, "sandbox": tap, **settings}
        result, error = None, None
        try:
            if colour == "sync":
                result = self._sync(call, settings)
            else:
                result = asyncio.run(self._async(call, settings))
        except Exception as raised:  # noqa: BLE001 - whatever it is, the test judges it
            error = raised
        self._at_home(tap)
        return Outcome(result, error, tuple(tap.heard))

    def _sync(self, call: Call, settings: Mapping[str, Any]) -> Any:
        from subhub.client.sync_client import Client  # noqa: PLC0415 - it loads httpx

        with Client(self.provider, **settings) as client:
            result: Any = getattr(client, call.operation)(*call.args, **call.kwargs)
            return [*result] if hasattr(result, "__next__") else result

    async def _async(self, call: Call, settings: Mapping[str, Any]) -> Any:
        from subhub.client.async_client import AsyncClient  # noqa: PLC0415 - it loads httpx

        async with AsyncClient(self.provider, **settings) as client:
            result: Any = getattr(client, call.operation)(*call.args, **call.kwargs)
            if hasattr(result, "__anext__"):
                return [each async for each in result]
            return await result

    def _at_home(self, tap: Interceptor) -> None:
        """Every request went to the provider's own address, and there was an end to them."""
        expect(not tap.endless, f"the operation does not end: {len(tap.heard)} requests were made")
        home = urlsplit(self.provider.base_url)
        for each in tap.heard:
            host, path = each.received.headers.get("host"), each.received.path
            expect(
                host == home.netloc and path.startswith(home.path),
                f"{each.received.method} {path} at {host} is not below {self.provider.base_url}",
            )

    def _made(self, kind: str, make: Callable[[], str]) -> str:
        if self._strangers:
            return self.provider.stand_in_id
        try:
            made = make()
        except (SubhubError, LookupError) as error:
            hook = "its sandbox's `add_plan`" if kind == "plan" else f"`make_{kind}`"
            message = (
                f"no {kind.replace('_', ' ')} could be made to test with: {told(error)}. "
                f"See {hook}, and `plan` and `customer` of the contract class"
            )
            raise AssertionError(message) from error
        return made
