"""The books of a sandbox: who was charged for which days, made by the virtual clock."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from subhub_afternoon.fake import AfternoonFake
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.sandbox import (
    Charge,
    ChargeBook,
    Fake,
    VirtualClock,
    part_of,
    period_start,
    periods_begun,
)
from subhub.sandbox.agenda import Agenda, Entry
from subhub.sandbox.snapshot import restore, snapshot
from subhub.server import ServedAccount

START = dt.datetime(2026, 1, 15, 10, 30, tzinfo=dt.UTC)
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def periods(charges: Any) -> list[tuple[str, str, str]]:
    return [(str(each.first_on), str(each.last_on), str(each.amount.amount)) for each in charges]


def phone(interval: str = "1 month") -> PlanDraft:
    return PlanDraft(
        name="Phone", price=Money("31.00", "EUR"), interval=Interval.parse(interval), tax_rate=21
    )


class TestAgenda:
    def test_entries_come_at_their_own_time_in_their_order(self) -> None:
        fake = Recorder(start=START)
        fake.agenda.add(START + dt.timedelta(days=2), "b", "second")
        fake.agenda.add(START + dt.timedelta(days=1), "a", "first")
        fake.agenda.add(START + dt.timedelta(days=2), "c", "third")
        fake.agenda.add(START + dt.timedelta(days=4), "d", "later")
        now = fake.clock.advance(days=3)
        assert fake.done == [("first", 1.0), ("second", 2.0), ("third", 2.0)]
        assert now == START + dt.timedelta(days=3)
        assert len(fake.agenda) == 1

    def test_an_overdue_entry_does_not_turn_the_clock_back(self) -> None:
        fake = Recorder(start=START)
        fake.agenda.add(START - dt.timedelta(days=1), "a", "overdue")
        _ = fake.clock.advance(hours=12)
        assert fake.done == [("overdue", 0.0)]

    def test_an_entry_may_advance_the_clock(self) -> None:
        fake = Recorder(start=START)
        for number in (1, 2):
            fake.agenda.add(START + dt.timedelta(days=number), "wait", str(number))
        fake.clock.reach(START + dt.timedelta(days=3))
        assert fake.done == [("1", 1.0), ("2", 2.0)]
        assert fake.clock.now() == START + dt.timedelta(days=3)

    def test_another_clock_keeps_it(self) -> None:
        fake = Recorder(start=START)
        fake.agenda.add(START + dt.timedelta(days=1), "a", "first")
        fake.clock = VirtualClock(START)
        _ = fake.clock.advance(days=1)
        assert fake.done == [("first", 1.0)]

    def test_an_unknown_task_is_an_error(self) -> None:
        with pytest.raises(LookupError, match="MijnKlantportaalFake does not know the task 'x'"):
            MijnKlantportaalFake().carry_out("x", "y")

    def test_its_times_are_in_utc(self) -> None:
        entries = list[Entry]()
        agenda = Agenda(entries.append)
        agenda.add(START.astimezone(dt.timezone(dt.timedelta(hours=5))), "a", "b")
        assert agenda.rows() == [["2026-01-15T10:30:00+00:00", "a", "b"]]

    def test_what_is_outside_of_the_calendar_never_comes(self) -> None:
        fake = Recorder(start=START)
        west = dt.timezone(dt.timedelta(hours=-1))
        fake.agenda.add(dt.datetime.max.replace(tzinfo=west), "a", "never")
        assert len(fake.agenda) == 0


class TestPeriods:
    @pytest.mark.parametrize(
        ("first", "interval", "number", "expected"),
        [
            ("2026-01-31", "1 month", 1, "2026-02-28"),
            ("2026-01-31", "1 month", 2, "2026-03-31"),
            ("2026-01-30", "1 month", 1, "2026-02-28"),
            ("2026-01-30", "1 month", 13, "2027-02-28"),
            ("2024-02-29", "1 year", 1, "2025-02-28"),
            ("2024-02-29", "1 year", 4, "2028-02-29"),
            ("2026-01-15", "2 weeks", 3, "2026-02-26"),
            ("2026-12-31", "6 months", 1, "2027-06-30"),
        ],
    )
    def test_they_begin_on_days_that_exist(
        self, first: str, interval: str, number: int, expected: str
    ) -> None:
        assert period_start(day(first), Interval.parse(interval), number) == day(expected)

    @pytest.mark.parametrize("interval", ["1 month", "2 months", "1 year", "2 weeks", "14 days"])
    @pytest.mark.parametrize("first", ["2024-01-31", "2024-02-29", "2024-05-15"])
    def test_they_are_counted_by_day(self, first: str, interval: str) -> None:
        length, start = Interval.parse(interval), day(first)
        for number in range(-3, 1500):
            on = start + dt.timedelta(number)
            begun = periods_begun(start, length, on)
            assert begun == -1 if number < 0 else begun >= 0
            assert period_start(start, length, begun) <= on < period_start(start, length, begun + 1)

    def test_a_part_is_rounded_to_the_currency(self) -> None:
        assert part_of(Money("12.95", "EUR"), 1, 31) == Money("0.42", "EUR")
        assert part_of(Money("100", "JPY"), 1, 3) == Money("33", "JPY")


class TestBook:
    def test_a_charge_has_at_least_one_day(self) -> None:
        with pytest.raises(ValueError, match=r"must not be before `first_on` \(2026-01-02\)"):
            _ = entered(ChargeBook(), first_on=day("2026-01-02"), last_on=day("2026-01-01"))

    def test_it_counts_the_paid_days_of_a_customer(self) -> None:
        book = ChargeBook()
        first, third = day("2026-01-01"), day("2026-01-03")
        _ = entered(book, first_on=first, last_on=third)
        _ = entered(book, subscription_id="sub_2", first_on=third, last_on=third)
        _ = entered(book, first_on=day("2026-01-02"), last_on=third, outcome="refunded")
        _ = entered(book, first_on=first, last_on=third, outcome="failed")
        assert book.paid_days("cst_1") == {first: 1, third: 1}
        assert book.paid_days("unknown") == {}

    def test_it_finds_charges(self) -> None:
        book = ChargeBook()
        one = entered(book)
        other = entered(book, subscription_id="sub_2", customer_id="cst_2")
        assert list(book) == [one, other]
        assert book[-1] == other
        assert (one.number, other.number, one.days) == (1, 2, 31)
        assert list(book.of_customer("cst_2")) == [other]
        assert list(book.of_subscription("sub_1")) == [one]
        assert list(book.after(1)) == [other]
        assert repr(book) == "<ChargeBook: 2 charges>"

    def test_a_restored_one_is_the_same(self) -> None:
        book, again = ChargeBook(), ChargeBook()
        _ = entered(book, outcome="failed")
        again.restore(json.loads(json.dumps(book.rows())))
        assert list(again) == list(book)

    def test_an_unknown_outcome_is_not_restored(self) -> None:
        book = ChargeBook()
        rows = [["sub", "cst", "2026-01-01", "2026-01-31", "1 EUR", "2026-01-01", "stolen", ""]]
        with pytest.raises(ValueError, match="unknown outcome 'stolen': known are paid"):
            book.restore(rows)


@pytest.fixture
def afternoon_fake() -> AfternoonFake:
    return AfternoonFake(start=START)


@pytest.fixture
def portal() -> Iterator[tuple[MijnKlantportaalFake, Client]]:
    fake = MijnKlantportaalFake(start=START)
    with Client("mijnklantportaal", sandbox=fake) as billing:
        yield fake, billing


class TestAfternoon:
    def start(self, fake: AfternoonFake, plan: PlanDraft | None = None, **options: Any) -> str:
        code = fake.add_plan("phone", plan or phone())
        with Client("afternoon", sandbox=fake, timezone=fake.time_zone) as billing:
            return billing.subscribe(
                plan=code,
                customer=COMPANY,
                starts_on=options.pop("starts_on", None),
                provider_options={"afternoon": options},
            ).id

    def test_a_running_one_is_charged_for_a_stub_and_then_for_months(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        _ = self.start(afternoon_fake, initial_status="active", billing_anchor_day=31)
        _ = afternoon_fake.clock.advance(days=90)
        assert periods(afternoon_fake.charges) == [
            ("2026-01-15", "2026-01-30", "16.00"),
            ("2026-01-31", "2026-02-27", "31.00"),
            ("2026-02-28", "2026-03-30", "31.00"),
            ("2026-03-31", "2026-04-29", "31.00"),
        ]
        charged = [charge.charged_at.isoformat() for charge in afternoon_fake.charges]
        assert charged[0] == "2026-01-15T10:30:00+00:00"
        assert charged[1] == "2026-01-31T00:00:00+00:00"

    def test_a_stub_can_be_charged_in_full(self, afternoon_fake: AfternoonFake) -> None:
        afternoon_fake.assume({"stub_charge": "full"})
        _ = self.start(afternoon_fake, initial_status="active")
        assert periods(afternoon_fake.charges) == [("2026-01-15", "2026-01-31", "31.00")]

    @pytest.mark.parametrize(
        ("interval", "expected"),
        [
            ("1 year", [("2026-01-15", "2026-01-31"), ("2026-02-01", "2027-01-31")]),
            ("6 months", [("2026-01-15", "2026-01-31"), ("2026-02-01", "2026-07-31")]),
            ("2 weeks", [("2026-01-15", "2026-01-28"), ("2026-01-29", "2026-02-11")]),
        ],
    )
    def test_it_honours_the_interval_of_the_plan(
        self, afternoon_fake: AfternoonFake, interval: str, expected: list[tuple[str, str]]
    ) -> None:
        _ = self.start(afternoon_fake, phone(interval), initial_status="active")
        _ = afternoon_fake.clock.advance(days=400)
        found = periods(afternoon_fake.charges)
        assert [(first, last) for first, last, _ in found[:2]] == expected
        assert found[1][2] == "31.00"

    def test_a_pending_one_runs_from_its_start_date_on(self, afternoon_fake: AfternoonFake) -> None:
        afternoon_fake.assume({"time_zone": "Europe/Amsterdam"})
        made = self.start(afternoon_fake, starts_on=day("2026-03-01"))
        _ = afternoon_fake.clock.advance(days=40)
        assert len(afternoon_fake.charges) == 0
        assert afternoon_fake.subscriptions[made]["status"] == "pending"
        _ = afternoon_fake.clock.advance(days=40)
        assert afternoon_fake.subscriptions[made]["status"] == "active"
        assert periods(afternoon_fake.charges) == [
            ("2026-03-01", "2026-03-31", "31.00"),
            ("2026-04-01", "2026-04-30", "31.00"),
        ]

    def test_an_active_one_is_not_charged_before_its_start(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        made = self.start(afternoon_fake, starts_on=day("2026-03-01"), initial_status="active")
        shown = afternoon_fake.subscriptions[made]["next_renewal_date"]
        assert shown == "2026-03-01T00:00:00Z"
        _ = afternoon_fake.clock.advance(days=40)
        assert len(afternoon_fake.charges) == 0
        _ = afternoon_fake.clock.advance(days=10)
        assert periods(afternoon_fake.charges) == [("2026-03-01", "2026-03-31", "31.00")]

    def test_a_pending_one_can_stay_pending(self, afternoon_fake: AfternoonFake) -> None:
        afternoon_fake.assume({"pending_starts": False})
        made = self.start(afternoon_fake, starts_on=day("2026-03-01"))
        _ = afternoon_fake.clock.advance(days=400)
        assert afternoon_fake.subscriptions[made]["status"] == "pending"
        assert len(afternoon_fake.charges) == 0

    def test_a_canceled_one_does_not_start(self, afternoon_fake: AfternoonFake) -> None:
        made = self.start(afternoon_fake, starts_on=day("2026-03-01"))
        with Client("afternoon", sandbox=afternoon_fake) as billing:
            _ = billing.cancel_subscription(made, when="now")
        _ = afternoon_fake.clock.advance(days=400)
        assert len(afternoon_fake.charges) == 0

    def test_a_changed_one_starts_when_the_old_one_would_have(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        made = self.start(afternoon_fake, starts_on=day("2026-03-01"))
        with Client("afternoon", sandbox=afternoon_fake) as billing:
            other = afternoon_fake.add_plan("other", phone())
            _ = billing.change_subscription(made, plan=other, when="now")
        _ = afternoon_fake.clock.advance(days=50)
        assert periods(afternoon_fake.charges) == [("2026-03-01", "2026-03-31", "31.00")]

    def test_a_status_can_start_it(self, afternoon_fake: AfternoonFake) -> None:
        made = self.start(afternoon_fake)
        body = {"status": "active"}
        assert changed(afternoon_fake, made, body)["next_renewal_date"] == "2026-02-01T00:00:00Z"
        assert periods(afternoon_fake.charges) == [("2026-01-15", "2026-01-31", "17.00")]
        _ = changed(afternoon_fake, made, {"status": "paused"})
        _ = afternoon_fake.clock.advance(days=40)
        assert len(afternoon_fake.charges) == 1

    def test_a_moved_renewal_is_charged_at_its_new_date(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        made = self.start(afternoon_fake, initial_status="active")
        _ = changed(afternoon_fake, made, {"next_renewal_date": "2026-03-01T00:00:00Z"})
        _ = afternoon_fake.clock.advance(days=50)
        assert [first for first, _, _ in periods(afternoon_fake.charges)] == [
            "2026-01-15",
            "2026-03-01",
        ]
        _ = changed(afternoon_fake, made, {"next_renewal_date": None})
        _ = afternoon_fake.clock.advance(days=400)
        assert len(afternoon_fake.charges) == 2

    def test_the_prorated_refund_pays_back_the_days_to_come(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        made = self.start(afternoon_fake, initial_status="active")
        _ = afternoon_fake.clock.advance(days=27)
        with Client("afternoon", sandbox=afternoon_fake) as billing:
            _ = billing.cancel_subscription(made, when="now", refund="prorated")
        _ = afternoon_fake.clock.advance(days=100)
        refund = afternoon_fake.charges[-1]
        assert (refund.outcome, str(refund.amount)) == ("refunded", "19.93 EUR")
        assert (refund.first_on, refund.last_on) == (day("2026-02-11"), day("2026-02-28"))
        days = afternoon_fake.charges.paid_days(refund.customer_id)
        assert days == {day("2026-01-15") + dt.timedelta(n): 1 for n in range(27)}

    def test_without_a_refund_nothing_is_paid_back(self, afternoon_fake: AfternoonFake) -> None:
        made = self.start(afternoon_fake, initial_status="active")
        with Client("afternoon", sandbox=afternoon_fake) as billing:
            _ = billing.cancel_subscription(made, when="now", refund="none")
        assert [charge.outcome for charge in afternoon_fake.charges] == ["paid"]

    @pytest.mark.parametrize("when", ["now", "period_end"])
    def test_every_day_is_paid_once_after_a_change_of_plan(
        self, afternoon_fake: AfternoonFake, when: Any
    ) -> None:
        made = self.start(afternoon_fake, initial_status="active")
        other = afternoon_fake.add_plan("other", phone("1 year"))
        with Client("afternoon", sandbox=afternoon_fake) as billing:
            refund: Any = "prorated" if when == "now" else "none"
            _ = billing.change_subscription(made, plan=other, when=when, refund=refund)
        _ = afternoon_fake.clock.advance(days=500)
        customer = afternoon_fake.charges[0].customer_id
        assert {*afternoon_fake.charges.paid_days(customer).values()} == {1}
        assert len(afternoon_fake.charges.paid_days(customer)) > 500

    def test_a_paid_link_charges_the_new_plan_and_pays_back_the_old_one(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        made = self.start(afternoon_fake, initial_status="active")
        other = afternoon_fake.add_plan("other", phone("2 months"))
        with Client("afternoon", sandbox=afternoon_fake) as billing:
            customer = afternoon_fake.charges[0].customer_id
            link = billing.create_signup_link(
                plan=other, customer=customer, replaces=made, when="now", refund="prorated"
            )
        afternoon_fake.pay(link.url)
        _ = afternoon_fake.clock.advance(days=100)
        assert {*afternoon_fake.charges.paid_days(customer).values()} == {1}
        assert [charge.outcome for charge in afternoon_fake.charges][:3] == [
            "paid",
            "refunded",
            "paid",
        ]

    def test_a_plan_without_a_price_is_not_charged(self, afternoon_fake: AfternoonFake) -> None:
        afternoon_fake.plans["free"] = afternoon_fake.cuid()
        _ = afternoon_fake.start("c1", "free", "active", 1)
        _ = afternoon_fake.clock.advance(days=40)
        assert len(afternoon_fake.charges) == 0
        [shown] = afternoon_fake.subscriptions.values()
        assert shown["next_renewal_date"] == "2026-03-01T00:00:00Z"

    def test_a_link_paid_at_the_renewal_charges_no_empty_period(
        self, afternoon_fake: AfternoonFake
    ) -> None:
        made = self.start(afternoon_fake, initial_status="active")
        subscription = afternoon_fake.subscriptions[made]
        afternoon_fake.charge_new_plan(subscription, afternoon_fake.clock.now())
        assert len(afternoon_fake.charges) == 1


class TestMijnKlantportaal:
    def test_it_is_charged_at_its_start_and_on_every_renewal(
        self, portal: tuple[MijnKlantportaalFake, Client]
    ) -> None:
        fake, billing = portal
        _ = billing.subscribe(plan=phone(), customer=COMPANY, starts_on=day("2026-01-31"))
        assert len(fake.charges) == 0
        _ = fake.clock.advance(days=90)
        assert periods(fake.charges) == [
            ("2026-01-31", "2026-02-27", "31.00"),
            ("2026-02-28", "2026-03-30", "31.00"),
            ("2026-03-31", "2026-04-29", "31.00"),
        ]
        # midnight in the Netherlands, in winter and in summer
        assert fake.charges[1].charged_at.isoformat() == "2026-02-27T23:00:00+00:00"
        assert fake.charges[2].charged_at.isoformat() == "2026-03-30T22:00:00+00:00"

    def test_one_that_began_in_the_past_is_charged_for_the_running_period(
        self, portal: tuple[MijnKlantportaalFake, Client]
    ) -> None:
        fake, billing = portal
        _ = billing.subscribe(plan=phone(), customer=COMPANY, starts_on=day("2025-06-10"))
        assert periods(fake.charges) == [("2026-01-10", "2026-02-09", "31.00")]

    def test_a_terminated_one_is_charged_until_its_last_period(
        self, portal: tuple[MijnKlantportaalFake, Client]
    ) -> None:
        fake, billing = portal
        made = billing.subscribe(plan=phone(), customer=COMPANY, starts_on=day("2026-01-15"))
        _ = fake.clock.advance(days=40)
        _ = billing.cancel_subscription(made.id, when="now")
        _ = fake.clock.advance(days=400)
        assert [first for first, _, _ in periods(fake.charges)] == ["2026-01-15", "2026-02-15"]

    def test_one_that_runs_again_is_charged_for_the_time_between(
        self, portal: tuple[MijnKlantportaalFake, Client]
    ) -> None:
        fake, billing = portal
        made = billing.subscribe(plan=phone(), customer=COMPANY, starts_on=day("2026-01-15"))
        _ = billing.cancel_subscription(made.id, when="now")
        _ = fake.clock.advance(days=60)
        assert len(fake.charges) == 1
        body = json.dumps({"terminatedAt": "2026-04-01 00:00:00"}).encode()
        headers = {"authorization": f"Bearer {fake.api_key}"}
        reply = fake.handle("PATCH", f"/v1/customer-subscriptions/{made.id}", headers, body)
        assert reply.status == 200
        _ = fake.clock.advance(days=60)
        assert {*fake.charges.paid_days(made.customer_id or "").values()} == {1}
        assert str(fake.charges[-1].last_on) == "2026-04-14"

    def test_new_terms_are_charged_from_the_next_renewal_on(
        self, portal: tuple[MijnKlantportaalFake, Client]
    ) -> None:
        fake, billing = portal
        made = billing.subscribe(plan=phone(), customer=COMPANY, starts_on=day("2026-01-15"))
        changed = billing.update_subscription(
            made.id, price=Money("300", "EUR"), interval=Interval(1, "year")
        )
        assert changed.renews_on == day("2026-02-15")
        _ = fake.clock.advance(days=40)
        assert periods(fake.charges) == [
            ("2026-01-15", "2026-02-14", "31.00"),
            ("2026-02-15", "2027-02-14", "300.00"),
        ]
        assert billing.get_subscription(made.id).renews_on == day("2027-02-15")

    def test_a_paid_sign_up_is_charged_at_once(
        self, portal: tuple[MijnKlantportaalFake, Client]
    ) -> None:
        fake, billing = portal
        plan = fake.add_plan("phone", phone())
        fake.pay(billing.create_signup_link(plan=plan, customer=COMPANY).url)
        assert periods(fake.charges) == [("2026-01-15", "2026-02-14", "31.00")]

    def test_more_digits_than_money_has_are_not_charged(self) -> None:
        fake = MijnKlantportaalFake(start=START)
        terms = {"description": "x", "interval": "1 month", "amount": "1" * 30, "vatRate": 21}
        fake.customers["cst_1"] = {}
        _ = fake.add_subscription(customer_id="cst_1", terms=terms, starts_on=fake.today())
        assert len(fake.charges) == 0


class TestMollie:
    def test_more_digits_than_money_has_are_not_charged(self) -> None:
        fake = MollieFake(start=START)
        with Client("mollie", sandbox=fake) as billing:
            customer = billing.create_customer(COMPANY).id
        _ = fake.add_mandate(customer)
        amount = {"currency": "EUR", "value": "1" * 30 + ".00"}
        body = {"amount": amount, "interval": "1 month", "description": "x"}
        headers = {"authorization": f"Bearer {fake.api_key}"}
        path = f"/v2/customers/{customer}/subscriptions"
        reply = fake.handle("POST", path, headers, json.dumps(body).encode())
        assert (reply.status, len(fake.payments), len(fake.charges)) == (201, 1, 0)

    def test_each_payment_is_a_charge_at_its_own_time(self) -> None:
        fake = MollieFake(start=START)
        with Client("mollie", sandbox=fake) as billing:
            customer = billing.create_customer(COMPANY)
            _ = fake.add_mandate(customer.id)
            plan = phone().model_copy(update={"tax_rate": None})
            _ = billing.subscribe(plan=plan, customer=customer.id, starts_on=day("2026-01-31"))
        _ = fake.clock.advance(days=65)
        assert periods(fake.charges) == [
            ("2026-01-31", "2026-02-27", "31.00"),
            ("2026-02-28", "2026-03-30", "31.00"),
        ]
        assert [charge.charged_at.isoformat() for charge in fake.charges] == [
            "2026-01-31T00:00:00+00:00",
            "2026-02-28T00:00:00+00:00",
        ]
        paid = [payment["paidAt"] for payment in fake.payments.values()]
        assert paid == [charge.charged_at.isoformat() for charge in fake.charges]
        assert {charge.subscription_id for charge in fake.charges} == {*fake.subscriptions}
        with pytest.raises(LookupError, match="does not know the task"):
            fake.carry_out("dance", customer.id)


@pytest.mark.parametrize("kind", [AfternoonFake, MijnKlantportaalFake])
class TestMany:
    def test_every_customer_pays_every_day_once_in_seconds(self, kind: type[Fake]) -> None:
        """2,000 customers over 13 months: the measure is 0.3 seconds, on a slow machine 3."""
        fake, customers = filled(kind, 2000)
        began = time.perf_counter()
        _ = fake.clock.advance(days=400)
        for customer in customers:
            days = fake.charges.paid_days(customer)
            assert {*days.values()} == {1}
            assert len(days) == (max(days) - min(days)).days + 1 > 365
        assert time.perf_counter() - began < 20

    def test_a_restored_sandbox_charges_on(self, kind: type[Fake]) -> None:
        fake, customers = filled(kind, 20)
        _ = fake.clock.advance(days=45)
        again = restore(kind, json.loads(json.dumps(snapshot(fake))))
        for each in (fake, again):
            _ = each.clock.advance(days=45)
        assert list(again.charges) == list(fake.charges)
        assert len(again.charges.of_customer(customers[0])) == 4


class TestServed:
    def test_the_control_api_lists_them(
        self, account: ServedAccount, connect: Connect, control: Control
    ) -> None:
        made = sold(account, connect(account))
        _ = httpx.post(control(account, "/clock"), json={"days": 31})
        found = httpx.get(control(account, "/charges")).json()
        assert found["total"] == len(found["charges"]) >= 2
        first = found["charges"][0]
        assert first == account.fake.charges[0].as_json()
        assert (first["subscription_id"], first["outcome"]) == (made, "paid")
        later = httpx.get(control(account, "/charges?after=1")).json()
        assert later["charges"] == found["charges"][1:]
        refused = httpx.get(control(account, "/charges?after=x"))
        assert refused.json()["message"] == "`after` must be a whole number, got 'x'"

    def test_the_dashboard_shows_them(
        self,
        account: ServedAccount,
        connect: Connect,
        dashboard: Callable[[ServedAccount], str],
    ) -> None:
        made = sold(account, connect(account))
        page = httpx.get(dashboard(account)).text
        assert "1 charges, newest first." in page
        charges = page.partition('id="charges"')[2].partition("<section")[0]
        assert made in charges
        assert str(account.fake.charges[0].amount) in charges


class Recorder(AfternoonFake):
    """A fake that records what its agenda does, and when, in days."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.done: list[tuple[str, float]] = []

    def carry_out(self, task: str, subject: str) -> None:
        self.done.append((subject, (self.clock.now() - START) / dt.timedelta(days=1)))
        if task == "wait":
            _ = self.clock.advance(hours=1)


def entered(book: ChargeBook, **values: Any) -> Charge:
    given: dict[str, Any] = {
        "subscription_id": "sub_1",
        "customer_id": "cst_1",
        "first_on": day("2026-01-01"),
        "last_on": day("2026-01-31"),
        "amount": Money("31.00", "EUR"),
        "charged_at": START,
    }
    return book.add(**{**given, **values})


def changed(fake: AfternoonFake, subscription_id: str, body: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/subscriptions/{subscription_id}"
    headers = {"authorization": f"Bearer {fake.api_key}"}
    reply = fake.handle("PATCH", path, headers, json.dumps(body).encode())
    shown: dict[str, Any] = json.loads(reply.content)["subscription"]
    return shown


def filled(kind: type[Fake], size: int) -> tuple[Fake, list[str]]:
    """Return a fake with running subscriptions from every day of a month, and their customers."""
    fake = kind(start=START)
    for number in range(size):
        if isinstance(fake, AfternoonFake):
            code = fake.add_plan("phone", phone()) if not number else "phone"
            _ = fake.start(f"c{number}", code, "active", number % 31 + 1)
        elif isinstance(fake, MijnKlantportaalFake):
            fake.customers[f"c{number}"] = {}
            terms = {"description": "x", "interval": "1 month", "amount": "1", "vatRate": 21}
            first = fake.today() - dt.timedelta(number % 31)
            _ = fake.add_subscription(customer_id=f"c{number}", terms=terms, starts_on=first)
    return fake, [f"c{number}" for number in range(size)]


def sold(account: ServedAccount, billing: Client) -> str:
    """Sell the plan by its link, and return the id of the subscription."""
    link = billing.create_signup_link(plan=account.plan_ids["phone"], customer=COMPANY)
    assert httpx.post(link.url, data={"do": "pay"}).status_code == 303
    [subscription] = billing.list_subscriptions()
    return subscription.id
