"""A new sandbox of a provider, what a case needs in it, and the outcome of a call.

Everything is created through the neutral interface, at a fixed moment, so that two harnesses with
the same history give the same responses. Nothing here judges an outcome.
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
from subhub.models import CustomerDraft, PlanDraft, SignupLink
from subhub.plugin.idempotency import DRAWN
from subhub.plugin.operations import METHODS
from subhub.plugin.references import without_references
from subhub.testing.contract.assertions import expect, summary
from subhub.testing.contract.interceptor import Intercept, Interceptor

if TYPE_CHECKING:
    from subhub.client.sync_client import Client
    from subhub.models.record import Result
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Exchange
    from subhub.testing.contract.config import ContractConfig

ClientKind = Literal["sync", "async"]
MOMENT: Final = dt.datetime(2025, 3, 4, 9, 30, tzinfo=dt.UTC)
"""The time of every test: long past, so that a flow that reads the real clock is noticed."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a client: the operation, and the arguments."""

    operation: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def method(self) -> str:
        """The name of the client's method, which may be another than the operation's."""
        return METHODS.get(self.operation, self.operation)

    def but(self, **kwargs: object) -> Call:
        """Return the same call with other keyword arguments."""
        return Call(self.operation, self.args, {**self.kwargs, **kwargs})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result or error of a call, and its exchanges with the provider."""

    result: Any
    error: Exception | None
    heard: tuple[Exchange, ...]

    @property
    def changing(self) -> tuple[int, ...]:
        """The numbers of the requests that may change something, counted from 1."""
        return tuple(
            place
            for place, exchange in enumerate(self.heard, 1)
            if exchange.received.method not in {"GET", "HEAD"}
        )

    @property
    def wire(self) -> list[object]:
        """Everything that was sent, to compare two calls."""
        return [
            (
                exchange.received.method,
                exchange.received.path,
                dict(exchange.received.query),
                without_drawn_keys(exchange.received.headers),
                without_references(exchange.received.content),
            )
            for exchange in self.heard
        ]

    @property
    def changes(self) -> list[object]:
        """What was sent that may change something, to compare two calls."""
        wire = self.wire
        return [wire[place - 1] for place in self.changing]

    @property
    def results(self) -> list[Result]:
        """The results that the call returned: one, none, or a list of them."""
        one_or_many: list[Result] | Result | None = self.result
        if isinstance(one_or_many, list):
            return one_or_many
        return [] if one_or_many is None else [one_or_many]

    def returned(self) -> Any:
        """Return the result; an error of the call fails the test."""
        if self.error is not None:
            message = f"the call failed: {summary(self.error)}"
            raise AssertionError(message) from self.error
        return self.result


def has_plans(provider: type[Provider]) -> bool:
    """Return whether the provider has plans; without, `subscribe` takes a draft and no id."""
    supports = provider.capabilities().supports
    known = any(map(supports, ("create_plan", "get_plan", "list_plans", "subscribe:plan_id")))
    return known or not supports("subscribe:inline_plan")


def without_drawn_keys(headers: Mapping[str, str]) -> dict[str, str]:
    """Return *headers* with one text for every idempotency key that the client drew.

    The application's own key goes there too, and is kept.
    """
    return {name: DRAWN if value.startswith(DRAWN) else value for name, value in headers.items()}


class Harness:
    """A sandbox of the provider, and the objects that a case needs, created on demand.

    With *strangers*, ids are well formed and do not exist, and nothing is created: for calls that
    are not sent.
    """

    def __init__(self, config: ContractConfig, *, strangers: bool = False) -> None:
        self.config = config
        self.provider = config.provider
        self.fake = config.provider.sandbox()
        self.fake.clock.set(MOMENT)
        # A refusal by the rate limit would be one more failure than a test injects.
        self.fake.enforce_limits = False
        self._strangers = strangers

    @cached_property
    def client(self) -> Client:
        """A client to create objects with; no test is about it."""
        from subhub.client.sync_client import Client  # noqa: PLC0415 - it loads httpx

        return Client(self.provider, sandbox=self.fake)

    def supports(self, capability: str) -> bool:
        """Return whether the provider claims *capability*; nobody claims an empty one."""
        return bool(capability) and self.provider.capabilities().supports(capability)

    @cached_property
    def plan_draft(self) -> PlanDraft:
        """The contract class's plan, without a tax rate if the provider has none."""
        return self.provider.capabilities().sellable(self.config.plan)

    @cached_property
    def plan(self) -> str:
        """The id of a plan."""
        return self._create("plan", lambda: self.fake.add_plan("contract_plan", self.plan_draft))

    @cached_property
    def other_plan(self) -> str:
        """The id of another plan, at the same terms."""
        return self._create("plan", lambda: self.fake.add_plan("another_plan", self.plan_draft))

    @property
    def terms(self) -> str | PlanDraft:
        """What to subscribe to: a plan's id, or the draft where the provider has no plans."""
        return self.plan if has_plans(self.provider) else self.plan_draft

    @property
    def other_terms(self) -> str | PlanDraft:
        """What else to subscribe to."""
        if has_plans(self.provider):
            return self.other_plan
        return self.plan_draft.model_copy(update={"name": f"{self.plan_draft.name} 2"})

    @cached_property
    def draft(self) -> CustomerDraft:
        """The customer to create, with an external id where customers are found by it."""
        draft = self.config.customer
        if draft.external_id is None and self.supports("find_customer:external_id"):
            return draft.model_copy(update={"external_id": "contract-1"})
        return draft

    @cached_property
    def customer(self) -> str:
        """The id of a customer."""
        return self._create("customer", lambda: self.config.make_customer(self.client, self.draft))

    @cached_property
    def other_customer(self) -> str:
        """The id of another customer."""
        draft = self.numbered(2)
        return self._create("customer", lambda: self.config.make_customer(self.client, draft))

    @cached_property
    def subscription(self) -> str:
        """The id of a subscription of the customer to the plan."""
        plan, customer = self.terms, self.customer
        return self._create(
            "subscription", lambda: self.config.make_subscription(self.client, plan, customer)
        )

    @cached_property
    def invoice(self) -> str:
        """The id of an invoice of the customer."""
        return self._invoice_of(self.customer)

    @cached_property
    def other_invoice(self) -> str:
        """The id of an invoice of the other customer."""
        return self._invoice_of(self.other_customer)

    @cached_property
    def signup_link(self) -> SignupLink:
        """A link for the customer, who is new where the provider makes such links."""
        if self._strangers:
            stand_in = self.provider.stand_in_id
            return SignupLink(provider=self.provider.name, id=stand_in, url="", plan_id=stand_in)
        new = self.supports("create_signup_link:new_customer")
        customer = self.draft if new else self.customer
        return self.client.create_signup_link(plan=self.plan, customer=customer)

    def pay(self, link: SignupLink) -> None:
        """Pay a link, as its customer does; one that does not exist stays unpaid."""
        if not self._strangers:
            self.fake.pay(link.url)

    @cached_property
    def payment_method(self) -> str:
        """The id of a payment method of the customer."""
        customer = self.customer
        return self._create(
            "payment_method", lambda: self.config.make_payment_method(self.client, customer)
        )

    @cached_property
    def extension_arguments(self) -> Mapping[str, Mapping[str, object]]:
        """What the contract class says to call extensions with; it may create objects."""
        return self.config.extension_arguments(self.client)

    def numbered(self, number: int) -> CustomerDraft:
        """Return one of many customers, distinct in name, e-mail address and external id."""
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
        kind: ClientKind = "sync",
        intercept: Intercept | None = None,
        **settings: Any,
    ) -> Outcome:
        """Perform *call* on a new client.

        Args:
            call: The method and its arguments.
            kind: The kind of client.
            intercept: Changes replies on their way to the client.
            settings: Further arguments for the client.
        """
        # A new client for each call: an earlier one has taken permits of its rate limiter.
        interceptor = Interceptor(self.fake, intercept)
        settings = {"api_key": self.fake.api_key, "sandbox": interceptor, **settings}
        result, error = None, None
        try:
            if kind == "sync":
                result = self._sync(call, settings)
            else:
                result = asyncio.run(self._async(call, settings))
        except Exception as raised:  # noqa: BLE001 - whatever it is, the test judges it
            error = raised
        self._check_addresses(interceptor)
        return Outcome(result, error, tuple(interceptor.heard))

    def _sync(self, call: Call, settings: Mapping[str, Any]) -> Any:
        from subhub.client.sync_client import Client  # noqa: PLC0415 - it loads httpx

        with Client(self.provider, **settings) as client:
            result: Any = getattr(client, call.method)(*call.args, **call.kwargs)
            return [*result] if hasattr(result, "__next__") else result

    async def _async(self, call: Call, settings: Mapping[str, Any]) -> Any:
        from subhub.client.async_client import AsyncClient  # noqa: PLC0415 - it loads httpx

        async with AsyncClient(self.provider, **settings) as client:
            result: Any = getattr(client, call.method)(*call.args, **call.kwargs)
            if hasattr(result, "__anext__"):
                return [item async for item in result]
            return await result

    def _check_addresses(self, interceptor: Interceptor) -> None:
        """Fail if a request left the provider's address, or if there was no end to them."""
        count = len(interceptor.heard)
        expect(not interceptor.endless, f"the operation does not end: {count} requests were sent")
        home = urlsplit(self.provider.stand_in_address())
        for exchange in interceptor.heard:
            received = exchange.received
            host, path = received.headers.get("host"), received.path
            expect(
                host == home.netloc and path.startswith(home.path),
                f"{received.method} {path} at {host} is not below {home.geturl()}",
            )

    def _invoice_of(self, customer: str) -> str:
        terms = self.terms
        return self._create(
            "invoice", lambda: self.config.make_invoice(self.client, terms, customer)
        )

    def _create(self, what: str, create: Callable[[], str]) -> str:
        if self._strangers:
            return self.provider.stand_in_id
        try:
            return create()
        except (SubhubError, LookupError) as error:
            hook = "its sandbox's `add_plan`" if what == "plan" else f"`make_{what}`"
            message = (
                f"no {what.replace('_', ' ')} could be created for the test: {summary(error)}. "
                f"See {hook}, and `plan` and `customer` of the contract class"
            )
            raise AssertionError(message) from error
