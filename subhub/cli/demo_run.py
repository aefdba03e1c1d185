"""The main job at one provider, done in its sandbox by the real client, and written down.

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
from subhub.plugin.provider import Provider
from subhub.sandbox import Exchange, Fake, VirtualClock

T = TypeVar("T", bound=BaseModel | None)

MAIN_JOB: Final = ("create_plan", "create_signup_link", "subscribe")
CALLS: Final = ("create_plan", "create_signup_link", "find_customer", "subscribe")
"""What the demo calls, in its order."""
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
class Asked:
    """One request as it was on the wire, and the status that it was answered with."""

    method: str
    path: str
    body: Any
    status: int

    @classmethod
    def of(cls, exchange: Exchange, fake: Fake) -> Asked:
        """What a fake remembers, without its headers: the key is in them."""
        received = exchange.received
        body = fake.decode(received) if received.content else None
        return cls(received.method, received.path, body, exchange.reply.status)


@dataclass(slots=True)
class Step:
    """One call of the application: what it became on the wire, and how it ended."""

    call: str
    asked: list[Asked] = field(default_factory=list[Asked])
    result: BaseModel | None = None
    error: SubhubError | None = None


@dataclass(slots=True)
class Run:
    """The main job at one provider; *assumptions* is what its sandbox had to make up."""

    provider: str
    version: str
    assumptions: Mapping[str, str]
    steps: list[Step] = field(default_factory=list[Step])
    lacks: list[Unsupported] = field(default_factory=list[Unsupported])


def run(provider: type[Provider], version: str) -> Run:
    """Do the main job in a fresh sandbox of *provider*; a step that fails ends it."""
    fake = provider.sandbox()
    fake.clock = VirtualClock(NOW)  # the ids and days of the output are the same in every run
    done = Run(provider.name, version, fake.assumptions)
    with Client(provider, sandbox=fake) as billing:
        done.lacks.extend(_lacks(billing))
        try:
            _main_job(billing, fake, done.steps)
        except SubhubError as error:
            done.steps[-1].error = error
    return done


def _main_job(billing: Client, fake: Fake, steps: list[Step]) -> None:
    """Sell PLAN to CUSTOMER; a plan that the API cannot make is made in the dashboard."""
    try:
        plan = _step(steps, fake, "create_plan", lambda: billing.create_plan(PLAN)).id
    except Unsupported as cannot:
        steps[-1].error = cannot
        plan = fake.add_plan("phone", PLAN)
    link = _step(
        steps,
        fake,
        "create_signup_link",
        lambda: billing.create_signup_link(plan=plan, customer=CUSTOMER),
    )
    fake.pay(link.url)
    customer = link.customer_id or _payer(billing, fake, steps)
    starts_on = STARTS_ON if billing.supports("subscribe:starts_on") else None
    _ = _step(
        steps,
        fake,
        "subscribe",
        lambda: billing.subscribe(plan=plan, customer=customer, starts_on=starts_on),
    )


def _payer(billing: Client, fake: Fake, steps: list[Step]) -> str | CustomerDraft:
    """The customer whom paying has made."""
    found = _step(steps, fake, "find_customer", lambda: billing.find_customer(email=CUSTOMER.email))
    return found.id if found else CUSTOMER


def _step(steps: list[Step], fake: Fake, call: str, perform: Callable[[], T]) -> T:
    """Perform one call, and write down what it became, whether or not it succeeds."""
    step = Step(call)
    steps.append(step)
    before = len(fake.exchanges)
    try:
        result = perform()
    finally:
        step.asked = [Asked.of(each, fake) for each in list(fake.exchanges)[before:]]
    step.result = result
    return result


def _lacks(billing: Client) -> Iterator[Unsupported]:
    """What the provider lacks of the main job."""
    for name in billing.capabilities:
        if name.partition(":")[0] in MAIN_JOB:
            try:
                billing.capabilities.require(name)
            except Unsupported as lacking:
                yield lacking
