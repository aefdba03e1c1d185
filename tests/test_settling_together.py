"""Many lost calls are settled together: listed once, waited for once, and no object is two's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AuthenticationFailed,
    Client,
    CustomerDraft,
    Interval,
    InvalidReply,
    InvalidRequest,
    Money,
    NotFound,
    OutcomeUnknown,
    PlanDraft,
)
from subhub.plugin import Provider
from subhub.recovery.intents import Intent
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault

PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
MINUTE = dt.timedelta(seconds=60)


def person(number: int, **fields: Any) -> CustomerDraft:
    facts: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@test.com",
        "address": "Teststreet 123",
        "postal_code": "1234AB",
        "city": "Amsterdam",
        "country": "NL",
        **fields,
    }
    return CustomerDraft(**facts)


class World:
    """A sandbox, a client that keeps a journal, and what was asked of the provider."""

    def __init__(
        self, connect: Callable[..., Any], folder: Path, provider: type[Provider] = MijnKlantportaal
    ) -> None:
        self.provider = provider
        self.fake: Fake = provider.sandbox()
        self.fake.enforce_limits = False
        self.billing = connect(provider, sandbox=self.fake, journal=folder / "journal.db")
        self.direct = Client(provider, sandbox=self.fake)

    def lose(self, operation: str, *args: Any, after: bool, **terms: Any) -> str:
        """Lose the answer to *operation* before or after it was carried out; its token."""
        for method in ("POST", "PATCH"):
            self.fake.faults.next(Fault("dropped", after=after), method=method)
        with pytest.raises(OutcomeUnknown) as lost:
            _ = getattr(self.billing, operation)(*args, **terms)
        self.fake.faults.clear()
        return str(lost.value.token)

    def customer(self, number: int, *, after: bool, **fields: Any) -> str:
        return self.lose("create_customer", person(number, **fields), after=after)

    def outcomes(self, tokens: Sequence[str], **options: Any) -> list[str]:
        return [each.outcome for each in self.billing.resolve_all(tokens, **options)]

    def reads(self) -> int:
        return sum(each.received.method == "GET" for each in self.fake.exchanges)

    def later(self, happen: Callable[[], object]) -> None:
        """Have *happen* called once, in the pause before the second look."""
        happened: list[object] = []

        def once() -> None:
            if not happened:
                happened.append(None)
                _ = happen()

        self.fake.clock.watch(once)


@pytest.fixture
def world(connect: Callable[..., Any], tmp_path: Path) -> World:
    return World(connect, tmp_path)


class TestLooking:
    def test_lists_once_and_again_for_what_it_missed(self, world: World) -> None:
        made = [True, False, True, False, True]
        tokens = [world.customer(number, after=each) for number, each in enumerate(made)]
        reads, began = world.reads(), world.fake.clock.now()
        found = world.outcomes(tokens)
        assert found == ["done" if each else "not_done" for each in made]
        assert world.reads() - reads == 2
        assert world.fake.clock.now() - began == MINUTE
        assert world.billing.client.open_intents() == []

    def test_of_what_was_made_waits_for_nothing(self, world: World) -> None:
        tokens = [world.customer(number, after=True) for number in range(3)]
        reads, began = world.reads(), world.fake.clock.now()
        found = world.billing.resolve_all(tokens)
        assert [each.result.email for each in found] == [
            f"person{number}@test.com" for number in range(3)
        ]
        assert world.reads() - reads == 1
        assert world.fake.clock.now() == began

    def test_says_what_one_at_a_time_says(
        self, connect: Callable[..., Any], tmp_path: Path
    ) -> None:
        found: list[list[tuple[str, str]]] = []
        for together in (True, False):
            folder = tmp_path / str(together)
            folder.mkdir()
            world = World(connect, folder)
            plan = world.fake.add_plan("phone", PHONE)
            mine = world.billing.create_customer(person(1)).id
            _ = world.fake.clock.advance(days=1)
            tokens = [
                world.lose("create_plan", PHONE.model_copy(update={"name": "New"}), after=True),
                world.lose("create_signup_link", plan=plan, customer=person(2), after=True),
                world.lose("subscribe", plan=plan, customer=mine, after=True),
                world.lose("update_customer", mine, name="New", after=True),
                world.lose("update_plan", plan, name="Old", tax_rate=9, after=False),
                world.customer(3, after=True),
                world.customer(4, after=False),
            ]
            answers = (
                world.billing.resolve_all(tokens)
                if together
                else [world.billing.resolve(each) for each in tokens]
            )
            found.append([(each.outcome, each.reason) for each in answers])
        assert found[0] == found[1]
        assert {outcome for outcome, _ in found[0]} == {"done", "not_done", "ambiguous"}

    def test_of_nothing_asks_nothing(self, world: World) -> None:
        assert world.billing.resolve_all([]) == []
        assert world.reads() == 0

    def test_lists_the_subscriptions_of_each_customer_once(self, world: World) -> None:
        plan = world.fake.add_plan("phone", PHONE)
        days = [dt.date(2030, 1, 1), dt.date(2030, 2, 1)]
        people = [world.billing.create_customer(person(number)).id for number in range(2)]
        tokens = [
            world.lose("subscribe", plan=plan, customer=customer, starts_on=day, after=True)
            for customer in people
            for day in days
        ]
        once = world.reads()
        _ = list(world.direct.list_subscriptions(customer=people[0]))
        once, reads = world.reads() - once, world.reads()
        found = world.billing.resolve_all(tokens)
        assert [(each.outcome, each.result.customer_id) for each in found] == [
            ("done", customer) for customer in people for _ in days
        ]
        assert world.reads() - reads == 2 * once

    def test_reads_what_was_to_be_changed_once_for_each(self, world: World) -> None:
        """Both asked for the same: as it is now, each of them is done."""
        customer = world.billing.create_customer(person(1)).id
        tokens = [
            world.lose("update_customer", customer, name="New", after=after)
            for after in (True, False)
        ]
        reads = world.reads()
        assert world.outcomes(tokens) == ["done", "done"]
        assert world.reads() - reads == 2

    def test_waits_until_the_last_has_settled(self, world: World) -> None:
        tokens = [world.customer(1, after=False)]
        _ = world.fake.clock.advance(seconds=50)
        tokens.append(world.customer(2, after=False))
        _ = world.fake.clock.advance(seconds=20)
        began = world.fake.clock.now()
        assert world.outcomes(tokens) == ["not_done", "not_done"]
        assert world.fake.clock.now() - began == dt.timedelta(seconds=40)

    def test_takes_a_token_twice_for_one_call(self, world: World) -> None:
        token = world.customer(1, after=True)
        (left,) = world.billing.client.open_intents()
        found = world.billing.resolve_all([token, left.token, token])
        assert [each.outcome for each in found] == ["done"] * 3

    def test_needs_no_journal(self, connect: Callable[..., Any], world: World) -> None:
        token = world.customer(1, after=True)
        other = connect(MijnKlantportaal, sandbox=world.fake)
        (found,) = other.resolve_all([token])
        assert found.outcome == "done"
        assert len(world.billing.client.open_intents()) == 1


class TestOneObject:
    def test_proves_neither_of_two_calls_done(self, world: World) -> None:
        tokens = [world.customer(1, after=after) for after in (True, False)]
        found = world.billing.resolve_all(tokens)
        assert [each.outcome for each in found] == ["ambiguous"] * 2
        assert {each.reason for each in found} == {"what fits may be the work of another lost call"}
        (made,) = world.direct.list_customers()
        assert [each.candidates for each in found] == [(made,)] * 2
        assert len(world.billing.client.open_intents()) == 2

    def test_that_comes_late_proves_neither_done(self, world: World) -> None:
        tokens = [world.customer(1, after=False) for _ in range(2)]
        world.later(lambda: world.direct.create_customer(person(1)))
        assert world.outcomes(tokens) == ["ambiguous"] * 2

    def test_that_one_call_has_made_is_not_anothers(self, world: World) -> None:
        """It fits the second call only when somebody has changed it in between."""
        tokens = [world.customer(1, after=True), world.customer(2, after=False)]
        (made,) = world.direct.list_customers()
        world.later(
            lambda: world.direct.update_customer(made.id, name="Person 2", email="person2@test.com")
        )
        assert world.outcomes(tokens) == ["done", "ambiguous"]

    def test_that_is_not_the_undecided_firsts_may_be_the_seconds(self, world: World) -> None:
        """Two objects fit the first call; if it was one of them, the second call is open."""
        first = world.customer(1, after=True)
        _ = world.direct.create_customer(person(1))
        _ = world.fake.clock.advance(hours=1)
        second = world.customer(1, after=False)
        found = world.billing.resolve_all([first, second])
        assert [each.outcome for each in found] == ["ambiguous"] * 2
        assert [len(each.candidates) for each in found] == [2, 2]

    def test_that_comes_days_later_is_not_that_of_one_who_is_undecided(self, world: World) -> None:
        first = world.customer(1, after=True)
        _ = world.direct.create_customer(person(1))
        _ = world.fake.clock.advance(days=2)
        second = world.customer(1, after=False)
        world.later(lambda: world.direct.create_customer(person(1)))
        found = world.billing.resolve_all([first, second])
        assert [each.outcome for each in found] == ["ambiguous", "done"]
        assert len(found[0].candidates) == 2

    def test_is_told_apart_by_a_key(self, connect: Callable[..., Any], tmp_path: Path) -> None:
        world = World(connect, tmp_path, Afternoon)
        tokens = [
            world.customer(1, external_id=f"ours_{after}", after=after) for after in (True, False)
        ]
        assert world.outcomes(tokens) == ["done", "not_done"]

    def test_of_one_key_proves_neither_of_two_calls_done(
        self, connect: Callable[..., Any], tmp_path: Path
    ) -> None:
        world = World(connect, tmp_path, Afternoon)
        tokens = [world.customer(1, external_id="ours", after=after) for after in (False, True)]
        assert world.outcomes(tokens) == ["ambiguous"] * 2

    def test_that_is_older_than_the_second_call_is_the_firsts(self, world: World) -> None:
        first = world.customer(1, after=True)
        _ = world.fake.clock.advance(hours=1)
        second = world.customer(1, after=False)
        assert world.outcomes([first, second]) == ["done", "not_done"]


class TestErrors:
    def test_of_looking_for_one_are_in_its_place(self, world: World) -> None:
        gone = Intent(
            "mijnklantportaal",
            str(Intent.read(world.customer(1, after=True)).account),
            "update_customer",
            world.fake.clock.now().isoformat(),
            target="cst_gone",
        )
        token = world.customer(2, after=True)
        lost, found = world.billing.resolve_all([gone.token(), token])
        assert isinstance(lost, NotFound)
        assert found.outcome == "done"

    def test_of_a_list_are_in_the_place_of_each(
        self, connect: Callable[..., Any], world: World
    ) -> None:
        tokens = [world.customer(number, after=True) for number in range(2)]
        hasty = connect(MijnKlantportaal, sandbox=world.fake, attempts=1)
        world.fake.faults.next(Fault("cut_body"), method="GET")
        found = hasty.resolve_all(tokens)
        assert [isinstance(each, InvalidReply) for each in found] == [True, True]

    def test_that_all_would_have_are_raised(self, world: World) -> None:
        tokens = [world.customer(number, after=True) for number in range(2)]
        world.fake.revoked.add(world.fake.api_key)
        with pytest.raises(AuthenticationFailed):
            _ = world.billing.resolve_all(tokens)
        assert len(world.billing.client.open_intents()) == 2

    def test_of_one_alone_are_raised(self, world: World) -> None:
        made = Intent.read(world.customer(1, after=True))
        gone = Intent(made.provider, made.account, "update_customer", made.sent_at, target="gone")
        with pytest.raises(NotFound):
            _ = world.billing.resolve(gone.token())

    def test_in_a_token_are_told_before_anything_is_asked(self, world: World) -> None:
        reads = world.reads()
        with pytest.raises(InvalidRequest, match="`token`"):
            _ = world.billing.resolve_all([world.customer(1, after=True), "nonsense"])
        assert world.reads() == reads


def test_what_is_decided_is_noted_before_the_pause(world: World) -> None:
    """Ctrl-C in the pause loses nothing of the first looks."""
    tokens = [world.customer(number, after=after) for number, after in enumerate((True, False))]

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.later(interrupt)
    with pytest.raises(KeyboardInterrupt):
        _ = world.billing.resolve_all(tokens)
    (left,) = world.billing.client.open_intents()
    assert left.is_of(Intent.read(tokens[1]))
