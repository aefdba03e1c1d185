"""Clocks that differ: nothing that was created is "not done", and nothing older is "done".

The provider's clock is the sandbox's, and ours is so many seconds behind it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, CustomerDraft, Interval, Money, OutcomeUnknown, PlanDraft
from subhub.plugin.clocks import LATE, PRECISION, WRONG_ZONE
from subhub.recovery.intents import Intent
from subhub.recovery.sending_time import SendingTime
from subhub.sandbox import Fault, Received, Reply

Connect = Callable[..., Any]
NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
MINUTES, HOURS = 600, 36000
APART = pytest.mark.parametrize("apart", [-HOURS, -MINUTES, 0, MINUTES, HOURS])
OLDER = pytest.mark.parametrize("older", [10, 60, 3600, 5 * 3600, 11 * 3600, 23 * 3600])
PERSON = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)


class Dateless(MijnKlantportaalFake):
    """A server whose answers have no `Date`."""

    def receive(self, received: Received) -> Reply:
        reply = super().receive(received)
        left = {name: value for name, value in reply.headers.items() if name != "date"}
        return replace(reply, headers=left)


class World:
    """A sandbox, and a client whose clock is *apart* seconds behind the sandbox's."""

    def __init__(self, connect: Connect, apart: float, *, dated: bool = True) -> None:
        self.apart = apart
        self.fake = (MijnKlantportaalFake if dated else Dateless)(start=NOON)
        self.billing = connect(MijnKlantportaal, sandbox=self.fake, clock=self.ours)
        self.direct = Client(MijnKlantportaal, sandbox=self.fake)

    def ours(self) -> dt.datetime:
        return self.fake.clock.now() - dt.timedelta(seconds=self.apart)

    def lose(self, operation: str, *args: Any, after: bool, **terms: Any) -> str:
        self.fake.faults.next(Fault("dropped", after=after), method="POST")
        with pytest.raises(OutcomeUnknown) as lost:
            _ = getattr(self.billing, operation)(*args, **terms)
        self.fake.faults.clear()
        return str(lost.value.token)

    def customer(self, *, after: bool) -> str:
        return self.lose("create_customer", PERSON, after=after)


@APART
class TestWithADate:
    @pytest.mark.parametrize("asked", [True, False], ids=["known before", "first call"])
    def test_what_was_created_is_done(self, connect: Connect, apart: float, *, asked: bool) -> None:
        world = World(connect, apart)
        if asked:
            _ = world.billing.list_plans()
        token = world.customer(after=True)
        assert (Intent.read(token).ahead is not None) == asked
        assert world.billing.resolve(token).outcome == "done"

    @OLDER
    def test_what_is_older_is_never_done(
        self, connect: Connect, apart: float, older: float
    ) -> None:
        world = World(connect, apart)
        _ = world.direct.create_customer(PERSON)
        _ = world.fake.clock.advance(seconds=older)
        token = world.customer(after=False)
        found = world.billing.resolve(token)
        assert found.outcome == "ambiguous"
        assert len(found.candidates) == 1

    def test_what_is_older_by_days_is_not_the_calls(self, connect: Connect, apart: float) -> None:
        world = World(connect, apart)
        _ = world.direct.create_customer(PERSON)
        _ = world.fake.clock.advance(days=3)
        assert world.billing.resolve(world.customer(after=False)).outcome == "not_done"

    def test_what_is_older_hides_nothing(self, connect: Connect, apart: float) -> None:
        """The provider has one object of hours ago and the call's own: the latter is done."""
        world = World(connect, apart)
        old = world.direct.create_customer(PERSON).id
        _ = world.fake.clock.advance(hours=2)
        found = world.billing.resolve(world.customer(after=True))
        assert found.outcome == "done"
        assert found.result.id != old

    def test_a_subscription_is_looked_for_alike(self, connect: Connect, apart: float) -> None:
        world = World(connect, apart)
        plan = world.fake.add_plan("phone", PHONE)
        customer = world.billing.create_customer(PERSON).id
        terms: dict[str, Any] = {"plan": plan, "customer": customer}
        tokens = [world.lose("subscribe", after=after, **terms) for after in (False, True)]
        assert world.billing.resolve(tokens[1]).outcome == "done"


@APART
class TestWithoutADate:
    def test_what_was_created_is_never_not_done(self, connect: Connect, apart: float) -> None:
        world = World(connect, apart, dated=False)
        found = world.billing.resolve(world.customer(after=True))
        assert found.outcome == "ambiguous"
        assert len(found.candidates) == 1

    @OLDER
    def test_what_is_older_is_never_done(
        self, connect: Connect, apart: float, older: float
    ) -> None:
        world = World(connect, apart, dated=False)
        _ = world.direct.create_customer(PERSON)
        _ = world.fake.clock.advance(seconds=older)
        assert world.billing.resolve(world.customer(after=False)).outcome != "done"

    def test_what_is_not_there_is_not_done(self, connect: Connect, apart: float) -> None:
        world = World(connect, apart, dated=False)
        assert world.billing.resolve(world.customer(after=False)).outcome == "not_done"

    def test_a_key_proves_it_all_the_same(self, connect: Connect, apart: float) -> None:
        world = World(connect, apart, dated=False)
        plan = world.fake.add_plan("phone", PHONE)
        world.fake.faults.next(Fault("dropped", after=True), path="*sign-up")
        with pytest.raises(OutcomeUnknown) as lost:
            _ = world.billing.subscribe(plan=plan, customer=PERSON)
        assert world.billing.resolve(str(lost.value.token)).outcome == "done"

    def test_another_subscription_of_the_day_may_be_the_calls(
        self, connect: Connect, apart: float
    ) -> None:
        world = World(connect, apart, dated=False)
        plan = world.fake.add_plan("phone", PHONE)
        customer = world.direct.create_customer(PERSON).id
        day = dt.date(2027, 1, 1)
        _ = world.direct.subscribe(plan=plan, customer=customer, starts_on=day)
        token = world.lose("subscribe", plan=plan, customer=customer, after=False)
        assert world.billing.resolve(token).outcome == "ambiguous"


@pytest.mark.parametrize("jump", [-HOURS, -MINUTES, MINUTES, HOURS])
@pytest.mark.parametrize("created", [True, False])
def test_a_clock_that_is_set_while_a_call_is_lost_proves_nothing_untrue(
    connect: Connect, jump: float, *, created: bool
) -> None:
    world = World(connect, 0)
    if not created:
        _ = world.direct.create_customer(PERSON)
        _ = world.fake.clock.advance(hours=5)
    _ = world.billing.list_plans()
    token = world.customer(after=created)
    world.apart += jump
    assert world.billing.resolve(token).outcome in {"ambiguous", "done" if created else ""}


class TestSendingTime:
    def of(self, sent: Any, looked: Any, lost: dt.datetime | None = None) -> SendingTime:
        lost_at = lost.isoformat() if lost else None
        intent = Intent("toy", "main", "subscribe", NOON.isoformat(), lost_at=lost_at, ahead=sent)
        return SendingTime.of(intent, looked)

    def test_what_two_measurements_have_in_common_counts(self) -> None:
        sent = self.of([10.0, 14.0], (12.0, 20.0), NOON + dt.timedelta(seconds=30))
        assert sent.earliest == NOON + dt.timedelta(seconds=12)
        assert sent.surely == NOON + dt.timedelta(seconds=14) - PRECISION
        assert sent.latest == NOON + dt.timedelta(seconds=44) + LATE

    def test_of_two_that_contradict_each_other_either_may_be_right(self) -> None:
        sent = self.of([-600.0, -599.0], (0.0, 1.0))
        assert sent.earliest == NOON - dt.timedelta(seconds=600)
        assert sent.surely == NOON + dt.timedelta(seconds=1) - PRECISION

    def test_one_is_enough(self) -> None:
        assert self.of(None, (5.0, 6.0)) == self.of([5.0, 6.0], None)

    @pytest.mark.parametrize(
        ("seconds", "age"),
        [
            (-WRONG_ZONE.total_seconds(), "before"),
            (1 - WRONG_ZONE.total_seconds(), "unclear"),
            (-PRECISION.total_seconds(), "unclear"),
            (1 - PRECISION.total_seconds(), "since"),
            (LATE.total_seconds() + 1, "since"),
            (LATE.total_seconds() + 2, "unclear"),
        ],
    )
    def test_an_age_is_certain_within_its_margins(self, seconds: float, age: str) -> None:
        sent = self.of(None, (0.0, 1.0))
        assert sent.age(NOON + dt.timedelta(seconds=seconds)) == age

    def test_an_age_is_unclear_while_clocks_were_not_compared(self) -> None:
        sent = self.of(None, None)
        assert sent.age(NOON) == "unclear"
        assert sent.age(NOON - WRONG_ZONE) == "before"
        assert sent.age(NOON + dt.timedelta(days=9)) == "unclear"
        assert sent.age(None) == "undated"
