"""Settling: what looking cannot decide is closed by hand, and looking takes the time that it takes.

A run of many calls can also be stopped by hand; what was sent is not lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AsyncClient,
    Client,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    OutcomeUnknown,
    PlanDraft,
    RateLimit,
)
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Journal
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault

PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
Connect = Callable[..., Any]


def person(number: int) -> CustomerDraft:
    return CustomerDraft(
        name=f"Person {number}",
        email=f"person{number}@test.com",
        address="Teststreet 123",
        postal_code="1234AB",
        city="Amsterdam",
        country="NL",
    )


@pytest.fixture
def fake() -> Fake:
    return MijnKlantportaal.sandbox()


@pytest.fixture
def billing(connect: Connect, fake: Fake, tmp_path: Path) -> Any:
    """A client of each kind, that keeps a journal."""
    return connect(MijnKlantportaal, sandbox=fake, journal=tmp_path / "journal.db")


def lose(billing: Any, fake: Fake, *, after: bool) -> str:
    """Lose the answer to making a customer; its token."""
    fake.faults.next(Fault("dropped", after=after), path="*customers", method="POST")
    with pytest.raises(OutcomeUnknown) as lost:
        _ = billing.create_customer(person(0))
    fake.faults.clear()
    return str(lost.value.token)


class TestByHand:
    def test_an_intent_is_closed_once(self, billing: Any, fake: Fake) -> None:
        token = lose(billing, fake, after=True)
        assert len(billing.client.open_intents()) == 1
        billing.client.mark_resolved(token, done=True, object_id="cst_1")
        assert billing.client.open_intents() == []
        with pytest.raises(InvalidRequest, match="nothing of it is left"):
            billing.client.mark_resolved(token, done=True)

    def test_a_call_that_has_ended_is_not_in_flight(self, billing: Any, fake: Fake) -> None:
        token = lose(billing, fake, after=True)
        (left,) = billing.client.open_intents()
        assert (left.in_flight, left.token) == (False, token)

    def test_what_is_being_sent_is_not_closed(
        self, billing: Any, fake: Fake, tmp_path: Path
    ) -> None:
        token = lose(billing, fake, after=True)
        with closing(Journal(tmp_path / "journal.db")) as journal:
            journal.write(Intent.read(token), None)
            with pytest.raises(InvalidRequest, match="its process still lives"):
                billing.client.mark_resolved(token, done=True)

    def test_what_was_never_lost_is_not_there(self, billing: Any, connect: Connect) -> None:
        other = MijnKlantportaal.sandbox()
        token = lose(connect(MijnKlantportaal, sandbox=other), other, after=True)
        with pytest.raises(InvalidRequest, match="nothing of it is left"):
            billing.client.mark_resolved(token, done=False)

    def test_it_takes_a_journal(self, connect: Connect, fake: Fake) -> None:
        billing = connect(MijnKlantportaal, sandbox=fake)
        token = lose(billing, fake, after=False)
        with pytest.raises(InvalidRequest, match="only a client with a `journal`"):
            billing.client.mark_resolved(token, done=False)

    @pytest.mark.parametrize("done", [True, False])
    def test_a_job_goes_on_from_what_was_seen(
        self,
        fake: Fake,
        tmp_path: Path,
        done: bool,  # noqa: FBT001 - pytest passes it by name
    ) -> None:
        plan = fake.add_plan("phone", PHONE)
        with Client(MijnKlantportaal, sandbox=fake, journal=tmp_path / "journal.db") as billing:

            def sell() -> Any:
                options: Any = {"job": "move", "key": str, "grace_period": 0}
                with billing.bulk(subscribe, [7], **options) as results:
                    return next(results)

            def subscribe(number: int) -> Any:
                return billing.subscribe(plan=plan, customer=person(number))

            fake.faults.next(Fault("dropped", after=done), path="*customers", method="POST")
            lost = sell()
            fake.faults.clear()
            made = [each.id for each in billing.list_customers()]
            billing.mark_resolved(lost.error.token, done=done, object_id=made[0] if made else None)
            assert sell().error is None
            assert len(list(billing.list_customers())) == 1
            assert len(list(billing.list_subscriptions())) == 1


def test_a_list_may_take_longer_to_look_through_than_the_deadline(
    connect: Connect, fake: Fake, tmp_path: Path
) -> None:
    """15 customers come on a page: 40 pages, 10 in a minute, and a deadline of two minutes."""
    fake.enforce_limits = False
    with Client(MijnKlantportaal, sandbox=fake, rate_limit=RateLimit(1000, per=1.0)) as before:
        for number in range(1, 600):
            _ = before.create_customer(person(number))
    slow = connect(
        MijnKlantportaal,
        sandbox=fake,
        journal=tmp_path / "journal.db",
        rate_limit=RateLimit(10, per=60.0),
        deadline=120.0,
    )
    token = lose(slow, fake, after=True)
    began = fake.clock.now()
    assert slow.resolve(token).outcome == "done"
    assert (fake.clock.now() - began).total_seconds() > 120


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
def test_a_run_that_is_stopped_gives_the_results_of_what_was_sent(
    fake: Fake, kind: type[Client | AsyncClient]
) -> None:
    fake.enforce_limits = False
    numbers = iter(range(10_000))
    found: list[Any] = []

    async def work() -> None:
        unhurried = RateLimit(100_000, per=1.0)
        billing: Any = kind(MijnKlantportaal, sandbox=fake, rate_limit=unhurried)

        def make(number: int) -> Any:
            return billing.create_customer(person(number))

        run: Any = billing.bulk(make, numbers)
        if isinstance(billing, AsyncClient):
            async with billing, run:
                async for each in run:
                    found.append(each)
                    run.stop()
        else:
            with billing, run:
                for each in run:
                    found.append(each)
                    run.stop()

    anyio.run(work)
    with Client(MijnKlantportaal, sandbox=fake) as billing:
        made = {each.id for each in billing.list_customers()}
    assert {each.result.id for each in found} == made
    assert 0 < len(made) < 10_000
