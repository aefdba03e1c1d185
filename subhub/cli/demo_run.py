"""The main job at one provider, run in its sandbox by the real client, and recorded.

Nothing here prints, and nothing opens a connection.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from subhub.client.sync_client import Client
from subhub.errors import SubhubError, Unsupported
from subhub.models import CustomerDraft, Interval, Money, PlanDraft
from subhub.plugin.operations import NEUTRAL
from subhub.plugin.provider import Provider
from subhub.sandbox import Exchange, Fake, VirtualClock

T = TypeVar("T", bound=BaseModel | None)

MAIN_JOB: Final = ("create_plan", "create_signup_link", "subscribe")
CALLS: Final = ("create_plan", "create_signup_link", "find_customer", "subscribe")
"""The calls of the demo, in its order."""
NOW: Final = dt.datetime(2024, 5, 1, 9, 0, tzinfo=dt.UTC)
STARTS_ON: Final = dt.date(2024, 5, 4)
PLAN: Final = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    tax_rate=21,
    description="1GB per month, 300min per month",
)
CUSTOMER: Final = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request as it was on the wire, and the status of its response."""

    method: str
    path: str
    body: Any
    status: int

    @classmethod
    def of(cls, exchange: Exchange, fake: Fake) -> WireRequest:
        """Return what a fake recorded, without the headers: the key is in them."""
        received = exchange.received
        body = fake.decode(received) if received.content else None
        return cls(received.method, received.path, body, exchange.reply.status)


@dataclass(slots=True)
class DemoCall:
    """One call of the application: its requests, and its result or error."""

    name: str
    requests: list[WireRequest] = field(default_factory=list[WireRequest])
    result: BaseModel | None = None
    error: SubhubError | None = None


@dataclass(slots=True)
class DemoRun:
    """The main job at one provider; *assumptions* are those of its sandbox."""

    provider: str
    version: str
    assumptions: Mapping[str, str]
    calls: list[DemoCall] = field(default_factory=list[DemoCall])
    lacks: list[Unsupported] = field(default_factory=list[Unsupported])


def run(provider: type[Provider], version: str) -> DemoRun:
    """Run the main job in a fresh sandbox of *provider*; a call that fails ends it."""
    fake = provider.sandbox()
    fake.clock = VirtualClock(NOW)  # so that ids and days are the same in every run
    recorded = DemoRun(provider.name, version, fake.assumptions)
    with Client(provider, sandbox=fake) as client:
        recorded.lacks.extend(_lacks(client))
        try:
            _main_job(client, fake, recorded.calls)
        except SubhubError as error:
            recorded.calls[-1].error = error
    return recorded


def _main_job(client: Client, fake: Fake, calls: list[DemoCall]) -> None:
    """Sell PLAN to CUSTOMER; if the API cannot create plans, add it as the dashboard would."""
    draft = client.capabilities.sellable(PLAN)
    try:
        plan = _call(calls, fake, "create_plan", lambda: client.create_plan(draft)).id
    except Unsupported as error:
        calls[-1].error = error
        # as a person would do it in the provider's dashboard
        plan = fake.add_plan("phone", draft)
    link = _call(
        calls,
        fake,
        "create_signup_link",
        lambda: client.create_signup_link(plan=plan, customer=CUSTOMER),
    )
    fake.pay(link.url)
    customer = link.customer_id or _payer(client, fake, calls)
    starts_on = STARTS_ON if client.supports("subscribe:starts_on") else None
    _ = _call(
        calls,
        fake,
        "subscribe",
        lambda: client.subscribe(plan=plan, customer=customer, starts_on=starts_on),
    )


def _payer(client: Client, fake: Fake, calls: list[DemoCall]) -> str | CustomerDraft:
    """Return the customer that the payment created at the provider."""
    found = _call(calls, fake, "find_customer", lambda: client.find_customer(email=CUSTOMER.email))
    return found.id if found else CUSTOMER


def _call(calls: list[DemoCall], fake: Fake, name: str, perform: Callable[[], T]) -> T:
    """Make one call and record its requests, whether or not it succeeds."""
    call = DemoCall(name)
    calls.append(call)
    before = len(fake.exchanges)
    try:
        result = perform()
    # also after an error: the demo shows which requests led to it
    finally:
        exchanges = list(fake.exchanges)[before:]
        call.requests = [WireRequest.of(exchange, fake) for exchange in exchanges]
    call.result = result
    return result


def _lacks(client: Client) -> Iterator[Unsupported]:
    """Yield what the provider lacks of the main job."""
    for name in NEUTRAL:
        if name.partition(":")[0] in MAIN_JOB:
            try:
                client.capabilities.require(name)
            except Unsupported as lacking:
                yield lacking
