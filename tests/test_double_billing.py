"""Double billing: a lost answer never leads to a second customer, plan or subscription.

The provider tidies what it shows, and the answer to one change is lost. A bulk job is resumed until
nothing changes any more; then each thing exists at most once, and once if it was created.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client, CustomerDraft, Interval, Money, OutcomeUnknown, PlanDraft
from subhub.plugin import Provider
from subhub.sandbox import Fake, Fault
from subhub.sandbox.tidying import tidied

BOTH: dict[str, type[Provider]] = {
    "mijnklantportaal": MijnKlantportaal,
    "afternoon": Afternoon,
}
JOHN = CustomerDraft(
    name="Jansen & Zn BV",
    email="John.Doe@Test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Den Haag",
)
PHONE = PlanDraft(
    name="Phone & more", price=Money("12.95", "EUR"), interval=Interval(12, "month"), tax_rate=21
)
DAY = dt.date(2027, 1, 1)


class World:
    """A provider that tidies, and loses the answer to one change."""

    def __init__(self, provider: type[Provider]) -> None:
        self.provider = provider
        self.fake: Fake = provider.sandbox()
        self.plan = self.fake.add_plan("phone", PHONE)
        self.direct = Client(provider, sandbox=self.fake)
        self.draft = JOHN.model_copy(
            update={"external_id": "User-1"} if provider is Afternoon else {}
        )

    def lose(self, kind: str, nth: int, *, after: bool) -> None:
        """Lose the answer to the *nth* change, and tidy what is read from then on."""
        self.fake.faults.rule("tidied", method="GET")
        for _ in range(nth - 1):
            self.fake.faults.next("tidied", method="POST")
        self.fake.faults.next(Fault(kind, after=after), method="POST")

    def count(self) -> tuple[int, int, int]:
        self.fake.faults.clear()
        plans = self.direct.list_plans() if self.direct.supports("list_plans") else ["phone"]
        return (
            len(list(plans)),
            len(list(self.direct.list_customers())),
            len(list(self.direct.list_subscriptions())),
        )


CALLS: dict[str, tuple[Callable[[World, Any], Any], tuple[int, int, int], int]] = {
    # name: the call, how much there is of everything in the end, and how many changes it takes
    "create_customer": (lambda world, client: client.create_customer(world.draft), (1, 1, 0), 1),
    "create_plan": (lambda _, client: client.create_plan(PHONE), (2, 0, 0), 1),
    "subscribe a new customer": (
        lambda world, client: client.subscribe(plan=world.plan, customer=world.draft),
        (1, 1, 1),
        2,
    ),
    "subscribe from a day on": (
        lambda world, client: client.subscribe(
            plan=world.plan, customer=world.draft, starts_on=DAY
        ),
        (1, 1, 1),
        2,
    ),
    "subscribe to an inline plan": (
        lambda world, client: client.subscribe(plan=PHONE, customer=world.draft),
        (1, 1, 1),
        2,
    ),
    "create a signup link": (
        lambda world, client: client.create_signup_link(plan="phone", customer=world.draft),
        (1, 1, 0),
        1,
    ),
}
CELLS = [
    pytest.param(name, call, nth, id=f"{name}-{call}-change {nth}")
    for call, (_, _, changes) in CALLS.items()
    for name in BOTH
    for nth in range(1, changes + 1)
    if not (name == "afternoon" and call in {"create_plan", "subscribe to an inline plan"})
    if not (name == "mijnklantportaal" and call == "create a signup link")
]


@pytest.mark.parametrize(("name", "call", "nth"), CELLS)
@pytest.mark.parametrize("kind", ["dropped", "server_error"])
@pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
def test_a_job_that_is_resumed_creates_nothing_twice(
    tmp_path: Path, name: str, call: str, nth: int, kind: str, *, after: bool
) -> None:
    world = World(BOTH[name])
    made, once, _ = CALLS[call]
    world.lose(kind, nth, after=after)
    for _ in range(3):
        with Client(world.provider, sandbox=world.fake, journal=tmp_path / "journal.db") as client:

            def work(_: str, client: Client = client) -> Any:
                return made(world, client)

            with client.bulk(work, ["one"], job="move", key=str, grace_period=1) as results:
                _ = list(results)
    found = world.count()
    assert all(some <= most for some, most in zip(found, once, strict=True))
    if after:
        kind_of_change = 0 if call == "create_plan" else nth
        assert found[kind_of_change] == once[kind_of_change]


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("starts_on", [None, DAY])
def test_a_subscription_of_an_existing_customer_is_never_not_done(
    name: str, starts_on: dt.date | None
) -> None:
    world = World(BOTH[name])
    customer = world.direct.create_customer(world.draft).id
    world.lose("dropped", 1, after=True)
    with pytest.raises(OutcomeUnknown) as lost:
        _ = world.direct.subscribe(plan=world.plan, customer=customer, starts_on=starts_on)
    found = world.direct.resolve(str(lost.value.token))
    assert found.outcome in {"done", "ambiguous"}
    (there,) = world.direct.list_subscriptions()
    assert there.id in {getattr(item, "id", None) for item in (found.result, *found.candidates)}


@pytest.mark.parametrize("name", BOTH)
def test_a_customer_who_was_tidied_is_the_candidate(name: str) -> None:
    world = World(BOTH[name])
    world.lose("dropped", 1, after=True)
    with pytest.raises(OutcomeUnknown) as lost:
        _ = world.direct.create_customer(world.draft)
    found = world.direct.resolve(str(lost.value.token))
    assert found.outcome != "not_done"
    (there,) = world.direct.list_customers()
    assert there.id in {getattr(item, "id", None) for item in (found.result, *found.candidates)}


class TestAChangeOfWhatExists:
    """It can be repeated; but what the provider shows must not be taken for a refusal."""

    @pytest.fixture
    def world(self) -> World:
        return World(MijnKlantportaal)

    def lost(self, world: World, operation: str, *args: Any, **changes: Any) -> Any:
        # A GET that comes first is that of the operation, and not tidied.
        world.fake.faults.next(Fault("dropped", after=True), method="PATCH")
        with pytest.raises(OutcomeUnknown) as lost:
            _ = getattr(world.direct, operation)(*args, **changes)
        world.fake.faults.clear()
        return lost.value.token

    def test_is_ambiguous_if_the_new_value_is_written_differently(self, world: World) -> None:
        customer = world.direct.create_customer(world.draft)
        token = self.lost(world, "update_customer", customer.id, email="Jane@Test.com")
        world.fake.faults.rule("tidied", method="GET")
        found = world.direct.resolve(token)
        assert (found.outcome, len(found.candidates)) == ("ambiguous", 1)
        assert "written differently" in found.reason

    def test_is_not_done_if_the_value_is_another_one(self, world: World) -> None:
        customer = world.direct.create_customer(world.draft)
        token = self.lost(world, "update_customer", customer.id, email="jane@test.com")
        _ = world.direct.update_customer(customer.id, email="else@test.com")
        assert world.direct.resolve(token).outcome == "not_done"

    def test_is_ambiguous_if_the_provider_does_not_show_it(self, world: World) -> None:
        customer = world.direct.create_customer(world.draft)
        token = self.lost(world, "update_customer", customer.id, email="jane@test.com")
        fake: Any = world.fake
        del fake.customers[customer.id]["primaryEmail"]
        found = world.direct.resolve(token)
        assert (found.outcome, "does not show" in found.reason) == ("ambiguous", True)

    def test_is_ambiguous_if_the_status_is_unknown(self, world: World) -> None:
        sold = world.direct.subscribe(plan=world.plan, customer=world.draft)
        token = self.lost(world, "cancel_subscription", sold.id, when="now")
        world.fake.faults.rule("unknown_status", method="GET")
        found = world.direct.resolve(token)
        assert (found.outcome, "unknown status" in found.reason) == ("ambiguous", True)


def test_another_tidied_subscription_is_a_candidate() -> None:
    """What was created may be the call's, because it is the customer's and new."""
    world = World(MijnKlantportaal)
    other = world.fake.add_plan("other", PHONE.model_copy(update={"price": Money("1", "EUR")}))
    customer = world.direct.create_customer(world.draft).id
    world.fake.faults.next(Fault("dropped"), method="POST")
    with pytest.raises(OutcomeUnknown) as lost:
        _ = world.direct.subscribe(plan=PHONE, customer=customer)
    there = world.direct.subscribe(plan=other, customer=customer)
    found = world.direct.resolve(str(lost.value.token))
    assert found.outcome == "ambiguous"
    assert [getattr(item, "id", None) for item in found.candidates] == [there.id]
    assert "has a subscription that may be new" in found.reason


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("John@Test.com", "john@test.com"),
        ("1234AB", "1234 AB"),
        ("2027-01-01", "2026-12-31"),
        ("1 year", "12 months"),
        ("2 weeks", "14 days"),
        ("6 months", "6 months"),
        ("Jansen & Zn", "JANSEN &amp; ZN"),
        ("in_progress", "in_progress"),
        ("cst_abc12345def678", "cst_abc12345def678"),
        ("2027-01-01T12:00:00+01:00", "2027-01-01T12:00:00+01:00"),
    ],
)
def test_a_tidied_value_is_in_another_spelling(value: str, shown: str) -> None:
    assert tidied(value) == shown
