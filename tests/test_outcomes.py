"""What became of a change whose answer was lost: found out at the provider, not by repeating."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    Client,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    OutcomeUnknown,
    PlanDraft,
    Scheduled,
    Status,
    Subscription,
)
from subhub.plugin import Flow, Provider, done
from subhub.recovery.intents import Intent
from subhub.recovery.reconcile import lookup
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault
from subhub.testing import play

PLAN = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
PERSON = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
KNOWN = PERSON.model_copy(update={"external_id": "cust_123"})
DAY = dt.date(2030, 1, 1)
NOON = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)


class World:
    """A sandbox with a plan, a customer and a subscription, and one client on it."""

    def __init__(self, provider: type[Provider], connect: Callable[..., Any]) -> None:
        self.fake: Fake = provider.sandbox()
        self.plan = self.fake.add_plan("phone_plan", PLAN)
        self.billing = connect(provider, sandbox=self.fake)
        self.customer = self.billing.create_customer(PERSON).id
        self.subscription = self.billing.subscribe(plan=self.plan, customer=self.customer).id
        _ = self.fake.clock.advance(days=1)

    def lose(self, call: Callable[[World], Any], *, after: bool) -> str:
        """The token of *call*, whose answer is lost before or after the change was made."""
        for method in ("POST", "PATCH", "DELETE"):
            self.fake.faults.next(Fault("dropped", after=after), method=method)
        with pytest.raises(OutcomeUnknown) as caught:
            call(self)
        self.fake.faults.clear()
        assert caught.value.token is not None
        return caught.value.token

    def changes(self) -> int:
        return sum(each.received.method != "GET" for each in self.fake.exchanges)


CALLS: Mapping[str, Callable[[World], Any]] = {
    "create_plan": lambda world: world.billing.create_plan(PLAN.model_copy(update={"name": "New"})),
    "update_plan": lambda world: world.billing.update_plan(world.plan, name="New", tax_rate=9),
    "create_customer": lambda world: world.billing.create_customer(
        PERSON.model_copy(update={"email": "new@test.com"})
    ),
    "create_known_customer": lambda world: world.billing.create_customer(KNOWN),
    "update_customer": lambda world: world.billing.update_customer(
        world.customer, email="new@test.com"
    ),
    "delete_customer": lambda world: world.billing.delete_customer(world.customer),
    "create_signup_link": lambda world: world.billing.create_signup_link(
        plan=world.plan,
        customer=PERSON if world.billing.provider == "mijnklantportaal" else world.customer,
    ),
    "subscribe": lambda world: world.billing.subscribe(
        plan=world.plan, customer=world.customer, starts_on=DAY
    ),
    "subscribe_inline": lambda world: world.billing.subscribe(plan=PLAN, customer=world.customer),
    "update_subscription": lambda world: world.billing.update_subscription(
        world.subscription, price=Money("14.95", "EUR")
    ),
    "change_subscription": lambda world: world.billing.change_subscription(
        world.subscription, plan=world.plan, when="now"
    ),
    "cancel_now": lambda world: world.billing.cancel_subscription(world.subscription, when="now"),
    "cancel_later": lambda world: world.billing.cancel_subscription(
        world.subscription, when="period_end"
    ),
}


@pytest.mark.parametrize(
    ("provider", "call", "carried_out", "not_carried_out"),
    [
        # A package does not tell when it was made: one that fits may be older.
        (MijnKlantportaal, "create_plan", "ambiguous", "not_done"),
        (MijnKlantportaal, "update_plan", "done", "not_done"),
        (MijnKlantportaal, "create_customer", "done", "not_done"),
        (MijnKlantportaal, "update_customer", "done", "not_done"),
        (MijnKlantportaal, "create_signup_link", "ambiguous", "ambiguous"),
        (MijnKlantportaal, "subscribe", "done", "not_done"),
        (MijnKlantportaal, "subscribe_inline", "done", "not_done"),
        (MijnKlantportaal, "update_subscription", "done", "not_done"),
        (MijnKlantportaal, "cancel_now", "done", "not_done"),
        # Nothing at Afternoon is known to tell when it was made.
        (Afternoon, "create_customer", "ambiguous", "not_done"),
        (Afternoon, "create_known_customer", "done", "not_done"),
        (Afternoon, "update_customer", "done", "not_done"),
        (Afternoon, "delete_customer", "done", "not_done"),
        (Afternoon, "create_signup_link", "ambiguous", "ambiguous"),
        (Afternoon, "subscribe", "ambiguous", "ambiguous"),
        (Afternoon, "change_subscription", "ambiguous", "ambiguous"),
        (Afternoon, "cancel_now", "done", "not_done"),
        (Afternoon, "cancel_later", "ambiguous", "ambiguous"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
@pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
def test_a_lost_answer_is_resolved(
    connect: Callable[..., Any],
    provider: type[Provider],
    call: str,
    carried_out: str,
    not_carried_out: str,
    after: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    world = World(provider, connect)
    token = world.lose(CALLS[call], after=after)
    changes = world.changes()

    found = world.billing.resolve(token)

    assert found.outcome == (carried_out if after else not_carried_out)
    assert found.reason
    assert (found.result is not None) == (found.outcome == "done")
    assert world.changes() == changes


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ({"terminatedAt": "2026-03-01T12:00:00+01:00"}, "ambiguous"),
        ({"terminatedAt": None}, "not_done"),
        ({}, "not_done"),
    ],
)
def test_a_cancellation_is_not_taken_for_undone_while_the_clock_of_the_portal_is_behind(
    shown: dict[str, Any], state: str
) -> None:
    class Shown(MijnKlantportaal):
        def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
            found = Subscription(provider="x", id=subscription_id, status=Status.ACTIVE, raw=shown)
            return done(found)

    intent = Intent(
        "mijnklantportaal",
        "main",
        "cancel_subscription",
        NOON.isoformat(),
        target="sub_1",
        at_once=True,
    )
    (found,) = play(lookup([intent], Shown(), lambda: None)).result

    assert found.outcome == state


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon], ids=lambda each: each.name)
def test_what_can_be_found_out_is_declared(
    provider: type[Provider], connect: Callable[..., Any]
) -> None:
    told: Mapping[str | None, str] = {"decided": "done", "candidates": "ambiguous"}
    changes = ("create_plan", "create_customer", "update_customer", "delete_customer", "subscribe")
    for operation in changes:
        capability = provider.capabilities()[operation]
        if not capability.supported:
            assert capability.lost is None
            continue
        world = World(provider, connect)
        found = world.billing.resolve(world.lose(CALLS[operation], after=True))
        assert found.outcome == told[capability.lost]
    assert provider.capabilities()["create_signup_link"].lost == "nothing"
    assert provider.capabilities()["get_customer"].lost is None


def test_that_nothing_was_done_takes_two_looks_and_time_to_settle(
    connect: Callable[..., Any],
) -> None:
    world = World(MijnKlantportaal, connect)
    token = world.lose(CALLS["create_customer"], after=False)
    before, looks = world.fake.clock.now(), len(world.fake.exchanges)

    assert world.billing.resolve(token, grace_period=60).outcome == "not_done"

    assert world.fake.clock.now() - before == dt.timedelta(seconds=60)
    assert len(world.fake.exchanges) - looks == 2


def test_a_change_that_is_carried_out_late_is_seen(connect: Callable[..., Any]) -> None:
    world = World(MijnKlantportaal, connect)
    token = world.lose(CALLS["create_customer"], after=False)
    slow = Client(MijnKlantportaal, sandbox=world.fake)
    arrived: list[object] = []

    def arrive() -> None:
        if not arrived:
            arrived.append("on its way")
            arrived.append(
                slow.create_customer(PERSON.model_copy(update={"email": "new@test.com"}))
            )

    world.fake.clock.watch(arrive)

    assert world.billing.resolve(token).result == arrived[-1]


def test_several_that_fit_are_candidates(connect: Callable[..., Any]) -> None:
    world = World(MijnKlantportaal, connect)
    token = world.lose(CALLS["subscribe"], after=True)
    _ = CALLS["subscribe"](world)

    found = world.billing.resolve(token)

    assert found.outcome == "ambiguous"
    assert len(found.candidates) == 2


def test_what_is_older_than_the_call_does_not_fit(connect: Callable[..., Any]) -> None:
    world = World(MijnKlantportaal, connect)
    _ = CALLS["create_customer"](world)
    _ = world.fake.clock.advance(days=2)
    token = world.lose(CALLS["create_customer"], after=False)
    assert world.billing.resolve(token).outcome == "not_done"


def test_the_token_of_a_half_done_call_is_about_the_lost_half(
    connect: Callable[..., Any],
) -> None:
    world = World(MijnKlantportaal, connect)
    person = PERSON.model_copy(update={"email": "new@test.com"})
    world.fake.faults.next(Fault("dropped", after=True), path="*sign-up*")
    with pytest.raises(OutcomeUnknown) as caught:
        world.billing.subscribe(plan=world.plan, customer=person)
    (made,) = caught.value.completed
    resolved = world.billing.resolve(caught.value.token)
    assert resolved.result.customer_id == getattr(made, "id", None)

    world.fake.faults.next(Fault("dropped", after=True), path="*customers")
    with pytest.raises(OutcomeUnknown) as caught:
        world.billing.subscribe(plan=world.plan, customer=person)
    assert Intent.read(caught.value.token or "").operation == "create_customer"


def test_nobodys_data_is_in_a_token(connect: Callable[..., Any]) -> None:
    world = World(MijnKlantportaal, connect)
    intent = Intent.read(world.lose(CALLS["create_customer"], after=True))
    for secret in ("new@test.com", "Test Company", "Teststreet", world.fake.api_key):
        assert secret not in str(intent)


def test_a_token_of_another_account_is_refused(connect: Callable[..., Any]) -> None:
    token = World(MijnKlantportaal, connect).lose(CALLS["create_customer"], after=True)
    other = World(Afternoon, connect).billing
    with pytest.raises(InvalidRequest, match="'mijnklantportaal'"):
        other.resolve(token)


@pytest.mark.parametrize("token", ["", "no token", "e30=", "bnVsbA==", "eyJtYXJrcyI6IHt9fQ=="])
def test_what_is_no_token_is_refused(connect: Callable[..., Any], token: str) -> None:
    with pytest.raises(InvalidRequest, match="`token`"):
        World(Afternoon, connect).billing.resolve(token)


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ({"status": Status.CANCELED}, "not_done"),
        ({"status": Status.ACTIVE, "ends_at": NOON}, "not_done"),
        ({"status": Status.ACTIVE, "scheduled": Scheduled(change="cancel")}, "not_done"),
        ({"status": Status.ACTIVE}, "ambiguous"),
    ],
)
def test_an_end_that_is_still_shown_was_not_taken_back(
    toy: type[Provider], shown: dict[str, Any], state: str
) -> None:
    class Shown(toy):  # type: ignore[misc, valid-type]  # pyright: ignore[reportGeneralTypeIssues]
        def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
            return done(Subscription(provider="toy", id=subscription_id, **shown))

    intent = Intent("toy", "main", "uncancel_subscription", NOON.isoformat(), target="sub_1")

    (found,) = play(lookup([intent], Shown(), lambda: None)).result

    assert found.outcome == state


@pytest.mark.parametrize(
    ("operation", "status", "state"),
    [
        ("pause_subscription", Status.PAUSED, "done"),
        ("pause_subscription", Status.ACTIVE, "not_done"),
        ("pause_subscription", Status.ENDED, "not_done"),
        ("pause_subscription", Status.UNKNOWN, "ambiguous"),
        ("resume_subscription", Status.ACTIVE, "done"),
        ("resume_subscription", Status.PAST_DUE, "done"),
        ("resume_subscription", Status.CANCELED, "not_done"),
        ("resume_subscription", Status.PAUSED, "ambiguous"),
        ("resume_subscription", Status.UNKNOWN, "ambiguous"),
    ],
)
def test_the_status_shows_whether_a_pause_began_or_ended(
    toy: type[Provider], operation: str, status: Status, state: str
) -> None:
    class Shown(toy):  # type: ignore[misc, valid-type]  # pyright: ignore[reportGeneralTypeIssues]
        def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
            return done(Subscription(provider="toy", id=subscription_id, status=status))

    intent = Intent("toy", "main", operation, NOON.isoformat(), target="sub_1")

    (found,) = play(lookup([intent], Shown(), lambda: None)).result

    assert found.outcome == state
    assert bool(found.candidates) is (state == "ambiguous")
