"""One cell of the matrix: one change, by one client, at one provider, through one fault."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AsyncClient,
    Client,
    CustomerDraft,
    Interval,
    InvalidReply,
    Money,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    ProviderError,
    ProviderUnavailable,
    RateLimit,
    RateLimited,
    Rejected,
    SubhubError,
)
from subhub.plugin import Provider
from subhub.sandbox import Fake
from subhub.sending.steps import PAUSE
from subhub.sending.transport import fake_transport
from tests.faults.faults import Fault
from tests.faults.server import PATIENCE, BreakingServer

PLAN: Final = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
PERSON: Final = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
SOMEBODY_ELSE: Final = PERSON.model_copy(update={"email": "jane.doe@test.com"})
READS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Change:
    """An operation that changes something, and the requests that it sends before the change."""

    provider: type[Provider]
    name: str
    call: Callable[[Any, World], Any]
    before: int = 0
    made_before: int = 0
    done: str = "done"
    """What `resolve` can say of one that was carried out."""

    def __str__(self) -> str:
        return f"{self.provider.name} {self.name}"


class World:
    """A sandbox with a plan, a customer and a subscription of that customer's."""

    def __init__(self, provider: type[Provider]) -> None:
        self.provider = provider
        self.fake: Fake = provider.sandbox()
        self.address = ""
        """Where it was served, in a cell."""
        self.plan = self.fake.add_plan("phone_plan", PLAN)
        with self.beside() as billing:
            self.customer = billing.create_customer(PERSON).id
            self.other = billing.create_customer(SOMEBODY_ELSE).id
            self.subscription = billing.subscribe(plan=self.plan, customer=self.customer).id
        _ = self.fake.clock.advance(days=1)
        self.fake.exchanges.clear()

    def beside(self, **settings: Any) -> Client:
        """A client that needs no socket to ask the same provider."""
        return Client(self.provider, sandbox=self.fake, **settings)

    @contextmanager
    def asked_again(self, address: str, **settings: Any) -> Generator[Client]:
        """Open the account at *address*; it answers without a socket, and its pauses are skipped.

        A sandbox of its own would be another account, for which no token of this one counts.
        """
        given: dict[str, Any] = {
            "api_key": self.fake.api_key,
            "base_url": address,
            "clock": self.fake.clock.now,
            "rate_limit": RateLimit(1000, per=1.0),
            **settings,
        }
        waiting = PAUSE.set(lambda _: None)
        try:
            with Client(self.provider, transport=fake_transport(self.fake), **given) as billing:
                yield billing
        finally:
            PAUSE.reset(waiting)

    @property
    def asked(self) -> int:
        """How many changes reached the provider."""
        return sum(each.received.method not in READS for each in self.fake.exchanges)

    @property
    def made(self) -> tuple[str, ...]:
        """The answers to the changes that the provider carried out."""
        return tuple(
            each.reply.content.decode()
            for each in self.fake.exchanges
            if each.received.method not in READS and each.reply.status < 300
        )


CHANGES: Final[tuple[Change, ...]] = (
    Change(
        MijnKlantportaal,
        "create_plan",
        lambda billing, _: billing.create_plan(PLAN.model_copy(update={"name": "New"})),
        done="ambiguous",  # a package does not tell when it was made
    ),
    Change(
        MijnKlantportaal,
        "subscribe",
        lambda billing, world: billing.subscribe(plan=world.plan, customer=world.other),
    ),
    Change(
        MijnKlantportaal,
        "subscribe somebody new",
        lambda billing, world: billing.subscribe(
            plan=world.plan, customer=PERSON.model_copy(update={"email": "new@test.com"})
        ),
        before=1,
        made_before=1,
    ),
    Change(
        MijnKlantportaal,
        "cancel_subscription",
        lambda billing, world: billing.cancel_subscription(world.subscription, when="now"),
        before=1,  # it is read first
    ),
    Change(
        Afternoon,
        "subscribe",
        lambda billing, world: billing.subscribe(plan=world.plan, customer=world.other),
        done="ambiguous",  # nothing at Afternoon is known to tell when it was made
    ),
    Change(
        Afternoon,
        "subscribe somebody new",
        lambda billing, world: billing.subscribe(
            plan=world.plan, customer=PERSON.model_copy(update={"email": "new@test.com"})
        ),
        before=1,
        made_before=1,
    ),
    Change(
        Afternoon,
        "cancel_subscription",
        lambda billing, world: billing.cancel_subscription(world.subscription, when="now"),
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one change: the result or the error, and what the provider knows."""

    change: Change
    world: World
    result: Any
    error: SubhubError | None

    @property
    def made(self) -> int:
        """How often the provider carried out the change, what the call did before left out."""
        return len(self.world.made) - self.change.made_before

    @property
    def token(self) -> str | None:
        """The way to find out."""
        return self.error.token if self.error else None

    @property
    def knows(self) -> bool | None:
        """What the program was told: it is done, it is not done, or nobody knows."""
        if self.error is None:
            return True
        tell = KNOWLEDGE.get(type(self.error))
        assert tell is not None, repr(self.error)
        return tell(self.error)

    @property
    def made_ids(self) -> list[str]:
        """The id of what the change made or changed, as often as it was carried out."""
        answers = [json.loads(each) for each in self.world.made[self.change.made_before :]]
        return [str(each.get("subscription", each)["id"]) for each in answers]


KNOWLEDGE: Final[Mapping[type[SubhubError], Callable[[Any], bool | None]]] = {
    NotSent: lambda _: False,
    OutcomeUnknown: lambda _: None,
    ProviderUnavailable: lambda _: None,
    InvalidReply: lambda error: {2: True, 3: None}[error.status // 100],
    RateLimited: lambda _: False,
    Rejected: lambda _: False,
    ProviderError: lambda error: False if 400 <= error.status < 500 else None,
}
"""What each error tells about the change."""


def happen(fault: Fault, change: Change, kind: str, **settings: Any) -> Cell:
    """Let *change* meet *fault*, by a client of *kind*: sync, asyncio or trio."""
    world = World(change.provider)
    server = BreakingServer(world.fake)
    world.address = server.url
    warm = 1 if fault.kept else 0
    healthy = warm if fault.idle else warm + change.before
    server.break_after(healthy, fault.script, keep=fault.kept, before=fault.before)
    given = {
        "api_key": world.fake.api_key,
        "base_url": server.url,
        "clock": world.fake.clock.now,
        "timeout": fault.timeout,
        "attempts": fault.attempts,
        "deadline": fault.deadline,
        **settings,
    }
    warming = _Warming(warm, server.broken if fault.idle else None)
    try:
        if kind == "sync":
            return _sync(change, world, given, warming)
        return anyio.run(_async, change, world, given, warming, backend=kind)
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class _Warming:
    """What is read before the change, and what is waited for then."""

    reads: int
    broken: threading.Event | None

    def wait(self) -> None:
        if self.broken is not None:
            assert self.broken.wait(PATIENCE)


def _sync(change: Change, world: World, given: Mapping[str, Any], warming: _Warming) -> Cell:
    with Client(change.provider, **given) as billing:
        for _ in range(warming.reads):
            _ = billing.get_customer(world.customer)
        warming.wait()
        try:
            return Cell(change, world, change.call(billing, world), None)
        except SubhubError as error:
            return Cell(change, world, None, error)


async def _async(change: Change, world: World, given: Mapping[str, Any], warming: _Warming) -> Cell:
    async with AsyncClient(change.provider, **given) as billing:
        for _ in range(warming.reads):
            _ = await billing.get_customer(world.customer)
        warming.wait()
        try:
            return Cell(change, world, await change.call(billing, world), None)
        except SubhubError as error:
            return Cell(change, world, None, error)
