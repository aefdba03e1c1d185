"""Charges that go wrong: renewals that fail, past due, expired mandates, money paid back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from subhub_afternoon.fake import AfternoonFake
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mollie.fake import MollieFake

from subhub import Client, Interval, Money, PlanDraft
from subhub.sandbox import ChargePlan, Fake
from subhub.sandbox.charge_plan import KINDS
from subhub.sandbox.snapshot import restore, snapshot
from subhub.server import ServedAccount

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
Control = Callable[[ServedAccount, str], str]


def days(fake: Fake) -> list[tuple[int, str, str]]:
    """Return for each charge the day since the start, its outcome and its reason."""
    return [((one.charged_at - START).days + 1, one.outcome, one.reason) for one in fake.charges]


def afternoon(email: str = "a@b.nl", price: str = "31.00 EUR") -> AfternoonFake:
    fake = AfternoonFake(start=START)
    draft = PlanDraft(name="Phone", price=Money.parse(price), interval=Interval(1, "month"))
    fake.customers["c1"] = {"email": email}
    _ = fake.start("c1", fake.add_plan("phone", draft), "active", 1)
    return fake


def status(fake: AfternoonFake) -> str:
    [subscription] = fake.subscriptions.values()
    return str(subscription["status"])


class TestPlan:
    def test_the_next_charges_go_wrong_and_no_others(self) -> None:
        plan, price = ChargePlan(), Money("1", "EUR")
        plan.next("late", times=2, customer_id="c1")
        plan.next("declined", first=True)
        picked = [
            plan.pick(who, "", price, first=first)
            for who, first in [("c2", True), ("c1", True), ("c1", False), ("c1", False)]
        ]
        assert picked == ["declined", "", "late", "late"]
        assert plan.planned == ()

    def test_a_rule_stays_until_it_is_cleared(self) -> None:
        plan, price = ChargePlan(), Money("1", "EUR")
        plan.rule("declined", every=2)
        assert [plan.pick("c", "", price, first=False) for _ in range(4)] == ["", "declined"] * 2
        plan.clear()
        assert plan.pick("c", "", price, first=False) == ""

    def test_the_same_seed_selects_the_same_charges(self) -> None:
        def picked(seed: int) -> list[str]:
            plan = ChargePlan()
            plan.rule("late", probability=0.3, seed=seed)
            return [plan.pick("c", "", Money("1", "EUR"), first=False) for _ in range(200)]

        assert picked(1) == picked(1) != picked(2)
        assert 30 < picked(1).count("late") < 90

    @pytest.mark.parametrize(
        ("call", "kind", "options", "message"),
        [
            ("next", "decline", {}, "unknown kind of charge 'decline': did you mean"),
            ("next", "zzz", {}, "unknown kind of charge 'zzz': known are late"),
            ("next", "late", {"times": 0}, "`times` must be >= 1, got 0"),
            ("rule", "late", {"every": 0}, "`every` must be >= 1, got 0"),
            ("rule", "late", {"probability": 2}, "`probability` must be between 0"),
        ],
    )
    def test_mistakes_are_refused(
        self, call: str, kind: str, options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            getattr(ChargePlan(), call)(kind, **options)

    def test_magic_values_spare_the_first_charge(self) -> None:
        plan, price = ChargePlan(), Money("1", "EUR")
        for cents, kind in enumerate(KINDS, 1):
            address, magic = f"john+{kind}@example.com", Money(f"9998.0{cents}", "EUR")
            assert plan.pick("c", address, price, first=False) == kind
            assert plan.pick("c", "", magic, first=False) == kind
            assert plan.pick("c", address, magic, first=True) == ""
        assert plan.pick("c", "john+other@example.com", Money("9998.09", "EUR"), first=False) == ""


class TestAfternoon:
    @pytest.mark.parametrize("magic", ["john+late@example.com", "9998.01 EUR"])
    def test_a_late_renewal_is_past_due_until_the_next_attempt(self, magic: str) -> None:
        fake = afternoon(magic) if "@" in magic else afternoon(price=magic)
        _ = fake.clock.advance(days=32)
        assert status(fake) == "past_due"
        _ = fake.clock.advance(days=3)
        assert status(fake) == "active"
        assert days(fake) == [(1, "paid", ""), (31, "failed", "late"), (34, "paid", "late")]
        assert {*fake.charges.paid_days("c1").values()} == {1}
        assert len(fake.charges.paid_days("c1")) == 31 + 28

    def test_a_declined_one_stays_past_due_after_the_last_attempt(self) -> None:
        fake = afternoon()
        fake.charge_plan.next("declined")
        _ = fake.clock.advance(days=55)
        assert [day for day, outcome, _ in days(fake) if outcome == "failed"] == [31, 34, 37, 40]
        assert status(fake) == "past_due"
        _ = fake.clock.advance(days=10)
        assert status(fake) == "active", "the next renewal is paid"

    def test_it_can_be_canceled_then(self) -> None:
        fake = afternoon()
        fake.assume({"unpaid_ends": True, "retries": 1, "retry_days": 2})
        fake.charge_plan.next("declined")
        _ = fake.clock.advance(days=400)
        assert days(fake)[1:] == [(31, "failed", "declined"), (33, "failed", "declined")]
        [subscription] = fake.subscriptions.values()
        assert subscription["status"] == "canceled"
        assert subscription["canceled_at"] == "2026-02-03T00:00:00Z"

    def test_an_expired_mandate_is_not_attempted_again(self) -> None:
        fake = afternoon("john+mandate_expired@example.com")
        fake.assume({"unpaid_ends": True})
        _ = fake.clock.advance(days=400)
        assert days(fake)[1:] == [(31, "failed", "mandate_expired")]
        assert status(fake) == "canceled"

    def test_a_canceled_one_is_not_attempted_again(self) -> None:
        fake = afternoon("john+declined@example.com")
        _ = fake.clock.advance(days=32)
        [subscription] = fake.subscriptions.values()
        fake.cancel(subscription)
        _ = fake.clock.advance(days=400)
        assert len(fake.charges) == 2

    def test_money_is_paid_back_later(self) -> None:
        fake = afternoon("john+charged_back@example.com")
        _ = fake.clock.advance(days=45)
        back = [(38, "refunded", "charged_back")]
        assert days(fake) == [(1, "paid", ""), (31, "paid", "charged_back"), *back]
        assert len(fake.charges.paid_days("c1")) == 31

    def test_a_restored_sandbox_attempts_again(self) -> None:
        fake = afternoon("john+late@example.com")
        _ = fake.clock.advance(days=32)
        again = restore(AfternoonFake, json.loads(json.dumps(snapshot(fake))))
        _ = again.clock.advance(days=3)
        assert again.charges[-1].outcome == "paid"


class TestMijnKlantportaal:
    def test_a_failed_charge_is_attempted_once_more(self) -> None:
        fake = MijnKlantportaalFake(start=START)
        fake.customers["c1"] = {"primaryEmail": "john+declined@example.com"}
        terms = {"description": "x", "interval": "1 month", "amount": "1", "vatRate": 21}
        _ = fake.add_subscription(customer_id="c1", terms=terms, starts_on=fake.today())
        _ = fake.clock.advance(days=40)
        assert days(fake) == [
            (1, "paid", ""),
            (31, "failed", "declined"),
            (34, "failed", "declined"),
        ]
        [subscription] = fake.subscriptions.values()
        subscription.terminated_at = fake.clock.now()
        _ = fake.clock.advance(days=400)
        assert len(fake.charges) == 3

    def test_an_ended_one_is_not_attempted_again(self) -> None:
        fake = MijnKlantportaalFake(start=START)
        fake.assume({"termination": "at_once"})
        fake.customers["c1"] = {"primaryEmail": "john+declined@example.com"}
        terms = {"description": "x", "interval": "1 month", "amount": "1", "vatRate": 21}
        _ = fake.add_subscription(customer_id="c1", terms=terms, starts_on=fake.today())
        _ = fake.clock.advance(days=32)
        [subscription] = fake.subscriptions.values()
        subscription.terminated_at = fake.clock.now()
        _ = fake.clock.advance(days=10)
        assert len(fake.charges) == 2


class TestMollie:
    def sold(self, email: str) -> MollieFake:
        fake = MollieFake(start=START)
        body = json.dumps({"name": "A", "email": email}).encode()
        reply = fake.handle(
            "POST", "/v2/customers", {"authorization": f"Bearer {fake.api_key}"}, body
        )
        customer = json.loads(reply.content)["id"]
        _ = fake.add_mandate(customer)
        draft = PlanDraft(name="A", price=Money("1", "EUR"), interval=Interval(1, "month"))
        with Client("mollie", sandbox=fake) as billing:
            _ = billing.subscribe(plan=draft, customer=customer)
        return fake

    def test_a_failed_payment_shows_and_is_not_attempted_again(self) -> None:
        fake = self.sold("john+declined@example.com")
        _ = fake.clock.advance(days=70)
        payments: list[dict[str, Any]] = [*fake.payments.values()]
        assert [payment["status"] for payment in payments] == ["paid", "failed", "failed"]
        assert payments[1]["failedAt"] == "2026-02-01T00:00:00+00:00"
        assert "paidAt" not in payments[1]

    def test_an_expired_mandate_suspends_the_subscription(self) -> None:
        fake = self.sold("john+mandate_expired@example.com")
        _ = fake.clock.advance(days=70)
        assert [charge.outcome for charge in fake.charges] == ["paid", "failed"]
        assert [one["status"] for one in fake.subscriptions.values()] == ["suspended"]
        assert [one["status"] for one in fake.mandates.values()] == ["invalid"]


class TestServed:
    def test_the_control_api_plans_charges(
        self, afternoon: ServedAccount, control: Control
    ) -> None:
        url = control(afternoon, "/charge-plan")
        queued = httpx.post(url, json={"kind": "late", "times": 2, "customer_id": "c1"}).json()
        rule = httpx.post(url, json={"kind": "declined", "probability": 0.5, "first": True}).json()
        default = httpx.post(url, json={"kind": "declined", "every": 3}).json()
        assert queued["planned"][0]["left"] == 2
        assert rule["planned"][1] == {
            "kind": "declined",
            "customer_id": None,
            "first": True,
            "left": None,
            "every": 1,
            "probability": 0.5,
        }
        assert httpx.post(url, json={"kind": "late"}).json()["planned"][1]["left"] == 1
        assert (len(default["planned"]), len(httpx.get(url).json()["planned"])) == (3, 4)
        assert httpx.delete(url).json() == {"planned": []}

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"kind": "lat"}, "unknown kind of charge 'lat': did you mean 'late'?"),
            ({"kind": "late", "times": 1, "every": 1}, "give `times` for the next charges, or"),
            ({}, "`kind` is required"),
        ],
    )
    def test_mistakes_are_refused(
        self, afternoon: ServedAccount, control: Control, body: Any, message: str
    ) -> None:
        refused = httpx.post(control(afternoon, "/charge-plan"), json=body)
        assert (refused.status_code, message in refused.json()["message"]) == (400, True)
