"""`refund="credit"` at Stripe: what is sent, and what the fake's books say of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Generator
from typing import Any

import pytest
from subhub_stripe import Stripe

from subhub import (
    Conflict,
    Customer,
    CustomerDraft,
    Interval,
    InvalidRequest,
    InvoiceStatus,
    Money,
    OutcomeUnknown,
    PlanDraft,
    Status,
    Subscription,
    SubscriptionChange,
    Unsupported,
)
from subhub.plugin import Request
from subhub.sandbox import Fault
from subhub.sandbox.snapshot import restore, snapshot
from subhub.testing import Sandbox, play, reply, sandbox
from tests.stripe.test_stripe_flows import NOW, STRIPE, SUBSCRIPTION

START = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
"""April has 30 days, so that ten days are a third."""
MONTH = Interval(1, "month")
SMALL = PlanDraft(name="Small", price=Money("15.00", "EUR"), interval=MONTH)
LARGE = PlanDraft(name="Large", price=Money("30.00", "EUR"), interval=MONTH)
YEARLY = PlanDraft(name="Yearly", price=Money("90.00", "EUR"), interval=Interval(1, "year"))
DOLLARS = PlanDraft(name="Dollars", price=Money("30.00", "USD"), interval=MONTH)
COMPANY = CustomerDraft(name="Acme", email="a@acme.example")
READ = Request("GET", "/subscriptions/sub_1", query={"expand[]": "latest_invoice"})
PAID = {**SUBSCRIPTION, "latest_invoice": {"id": "in_1", "status": "paid"}}


@pytest.fixture
def box() -> Generator[Sandbox]:
    plans = {"small": SMALL, "large": LARGE, "yearly": YEARLY, "dollars": DOLLARS}
    with sandbox(Stripe, plans=plans, start=START) as found:
        yield found


@pytest.fixture
def customer(box: Sandbox) -> Customer:
    return box.client.create_customer(COMPANY)


def sold(box: Sandbox, customer: Customer, plan: str, **terms: Any) -> Subscription:
    return box.client.subscribe(plan=box.plan_ids[plan], customer=customer, **terms)


def changed(box: Sandbox, old: Subscription, plan: str, refund: Any) -> SubscriptionChange:
    return box.client.change_subscription(old, plan=box.plan_ids[plan], when="now", refund=refund)


def balance(box: Sandbox, customer: Customer) -> int:
    """Return the balance as on the wire: a credit is below zero."""
    found: int = box.client.get_customer(customer).raw["balance"]
    return found


def totals(box: Sandbox, customer: Customer) -> list[str]:
    """Return the totals of the customer's invoices, oldest first."""
    invoices = list(box.client.list_invoices(customer=customer))
    return [str(invoice.total) for invoice in reversed(invoices)]


def due(box: Sandbox, customer: Customer) -> list[int]:
    """Return what is due for the customer's invoices in minor units, oldest first."""
    invoices = list(box.client.list_invoices(customer=customer))
    return [invoice.raw["amount_due"] for invoice in reversed(invoices)]


def test_a_cancellation_is_prorated_and_invoiced_at_once() -> None:
    played = play(
        STRIPE.cancel_subscription("sub_1", when="now", refund="credit", now=NOW),
        reply(200, PAID),
        reply(200, {**SUBSCRIPTION, "status": "canceled"}),
    )
    body = {"prorate": True, "invoice_now": True}
    assert played.requests == (READ, Request("DELETE", "/subscriptions/sub_1", body))
    assert played.result.status is Status.CANCELED


def test_a_change_is_invoiced_at_once() -> None:
    played = play(
        STRIPE.change_subscription("sub_1", plan="p", when="now", refund="credit", now=NOW),
        reply(200, PAID),
        reply(200, SUBSCRIPTION),
    )
    assert played.requests[0] == READ
    body: Any = played.requests[1].body
    assert body["proration_behavior"] == "always_invoice"


@pytest.mark.parametrize("status", ["open", "draft", "uncollectible", "void", None])
def test_time_that_is_not_paid_for_is_not_credited(status: str | None) -> None:
    """Stripe would credit it: "assuming that any previous invoices will eventually be paid"."""
    unpaid = {**SUBSCRIPTION, "latest_invoice": {"id": "in_1", "status": status}}
    for flow in (
        STRIPE.cancel_subscription("sub_1", when="now", refund="credit", now=NOW),
        STRIPE.change_subscription("sub_1", plan="p", when="now", refund="credit", now=NOW),
    ):
        with pytest.raises(Conflict, match=f"'in_1', is {status!r}.*refund='none'") as caught:
            _ = play(flow, reply(200, unpaid))
        assert caught.value.raw == unpaid


def test_a_subscription_without_an_invoice_has_nothing_unpaid() -> None:
    played = play(
        STRIPE.cancel_subscription("sub_1", when="now", refund="credit", now=NOW),
        reply(200, {**SUBSCRIPTION, "latest_invoice": None}),
        reply(200, SUBSCRIPTION),
    )
    assert len(played.requests) == 2


def test_an_unpaid_subscription_is_neither_credited_nor_ended() -> None:
    with sandbox(Stripe, plans={"small": SMALL}, assume={"first_status": "incomplete"}) as box:
        customer = box.client.create_customer(COMPANY)
        made = sold(box, customer, "small")
        for refused in (
            lambda: box.client.cancel_subscription(made, when="now", refund="credit"),
            lambda: changed(box, made, "small", "credit"),
        ):
            with pytest.raises(Conflict, match="is not paid for: its latest invoice"):
                _ = refused()
        assert box.client.get_subscription(made) == made
        assert balance(box, customer) == 0


@pytest.mark.parametrize("option", ["prorate", "invoice_now"])
def test_an_option_cannot_contradict_the_credit(
    box: Sandbox, customer: Customer, option: str
) -> None:
    made = sold(box, customer, "small")
    before = len(box.fake.exchanges)
    with pytest.raises(InvalidRequest, match=f"`{option}`.*refund='credit'"):
        _ = box.client.cancel_subscription(
            made, when="now", refund="credit", provider_options={"stripe": {option: False}}
        )
    assert len(box.fake.exchanges) == before


def test_stripe_pays_nothing_back_and_says_what_it_does(box: Sandbox, customer: Customer) -> None:
    made = sold(box, customer, "large")
    for refused in (
        lambda: box.client.cancel_subscription(made, when="now", refund="prorated"),
        lambda: changed(box, made, "small", "prorated"),
    ):
        with pytest.raises(Unsupported, match='pass `refund="credit"`'):
            _ = refused()
    with pytest.raises(Unsupported, match="cannot end another"):
        _ = box.client.create_signup_link(
            plan="p", customer="c", replaces=made, when="now", refund="credit"
        )


def test_the_rest_of_a_canceled_period_pays_for_later_ones(
    box: Sandbox, customer: Customer
) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    ended = box.client.cancel_subscription(old, when="now", refund="credit")

    assert ended.status is Status.CANCELED
    assert totals(box, customer) == ["30.00 EUR", "-20.00 EUR"]
    last, _ = box.client.list_invoices(subscription=old)
    assert (last.status, last.raw["amount_due"]) == (InvoiceStatus.PAID, 0)
    assert (last.raw["starting_balance"], last.raw["ending_balance"]) == (0, -2000)
    assert balance(box, customer) == -2000

    assert box.client.cancel_subscription(old, when="now", refund="credit") == ended
    assert balance(box, customer) == -2000  # a second cancellation credits nothing

    _ = sold(box, customer, "small")
    assert balance(box, customer) == -500
    _ = box.clock.advance(days=30)
    assert balance(box, customer) == 0
    assert totals(box, customer)[2:] == ["15.00 EUR", "15.00 EUR"]
    assert due(box, customer) == [3000, 0, 0, 1000]


def test_without_credit_the_rest_is_kept(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    _ = box.client.cancel_subscription(old, when="now")
    assert (totals(box, customer), balance(box, customer)) == (["30.00 EUR"], 0)


@pytest.mark.parametrize(
    ("plans", "invoiced", "left"),
    [
        (("large", "small"), "-10.00 EUR", -1000),  # 20 of the old, less 10 of the new
        (("small", "large"), "10.00 EUR", 0),
        (("large", "large"), "0.00 EUR", 0),
        (("large", "yearly"), "70.00 EUR", 0),  # a new period, less 20 of the old one
        (("yearly", "large"), "-57.53 EUR", -5753),  # 355 of 365 days, less a new period
    ],
    ids=["cheaper", "dearer", "same", "yearly", "monthly"],
)
def test_a_change_settles_both_plans_at_once(
    box: Sandbox, customer: Customer, plans: tuple[str, str], invoiced: str, left: int
) -> None:
    old = sold(box, customer, plans[0])
    _ = box.clock.advance(days=10)
    change = changed(box, old, plans[1], "credit")

    assert change.new is not None
    assert change.new.plan_id == box.plan_ids[plans[1]]
    assert totals(box, customer)[1:] == [invoiced]
    assert balance(box, customer) == left


def test_what_is_credited_is_what_was_billed(box: Sandbox, customer: Customer) -> None:
    """A dearer plan without a charge for it is not paid for; what is credited once, is gone."""
    old = sold(box, customer, "small")
    _ = box.clock.advance(days=10)
    _ = changed(box, old, "large", "none")
    _ = box.clock.advance(days=10)
    _ = changed(box, old, "small", "credit")  # 5 are credited, and 5 are charged
    assert totals(box, customer) == ["15.00 EUR", "0.00 EUR"]
    _ = box.client.cancel_subscription(old, when="now", refund="credit")
    assert totals(box, customer)[2:] == ["-5.00 EUR"]
    assert balance(box, customer) == -500


def test_the_rest_of_a_trial_is_worth_nothing(box: Sandbox, customer: Customer) -> None:
    trial = sold(box, customer, "large", trial_days=14)
    _ = box.clock.advance(days=7)
    for plan in ("small", "yearly"):
        change = changed(box, trial, plan, "credit")
        assert change.new is not None
        assert change.new.renews_on == trial.renews_on
    _ = box.client.cancel_subscription(trial, when="now", refund="credit")
    assert totals(box, customer) == ["0.00 EUR"]
    assert balance(box, customer) == 0


def test_the_rest_of_a_paused_period_is_credited_once(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    _ = box.client.pause_subscription(old)
    assert balance(box, customer) == 0  # it waits for the next invoice
    _ = box.clock.advance(days=5)
    _ = box.client.cancel_subscription(old, when="now", refund="credit")
    assert totals(box, customer) == ["30.00 EUR", "-20.00 EUR"]
    assert balance(box, customer) == -2000


def test_a_resumption_uses_what_the_pause_credited(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    _ = box.client.pause_subscription(old)
    _ = box.client.resume_subscription(old)
    assert totals(box, customer) == ["30.00 EUR", "10.00 EUR"]


def test_a_resumption_that_the_credit_pays_for_needs_no_payment(
    box: Sandbox, customer: Customer
) -> None:
    old = sold(box, customer, "large")
    _ = box.client.pause_subscription(old)
    box.fake.assume({"first_status": "incomplete"})
    assert box.client.resume_subscription(old).status is Status.ACTIVE
    assert totals(box, customer) == ["30.00 EUR", "0.00 EUR"]


def test_a_resumed_period_can_be_credited(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    _ = box.client.pause_subscription(old)
    _ = box.clock.advance(days=5)
    _ = box.client.resume_subscription(old)
    _ = box.clock.advance(days=15)
    _ = box.client.cancel_subscription(old, when="now", refund="credit")
    assert totals(box, customer)[1:] == ["10.00 EUR", "-15.00 EUR"]


def test_prorate_alone_waits_for_the_next_invoice(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    _ = box.client.cancel_subscription(
        old, when="now", provider_options={"stripe": {"prorate": True}}
    )
    assert (totals(box, customer), balance(box, customer)) == (["30.00 EUR"], 0)
    _ = sold(box, customer, "small")
    assert totals(box, customer)[1:] == ["-5.00 EUR"]
    assert balance(box, customer) == -500


def test_invoice_now_alone_has_nothing_to_invoice(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.client.cancel_subscription(
        old, when="now", provider_options={"stripe": {"invoice_now": True}}
    )
    assert totals(box, customer) == ["30.00 EUR"]


def test_credit_stays_in_its_currency(box: Sandbox, customer: Customer) -> None:
    dollars, euros = sold(box, customer, "dollars"), sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    options = {"stripe": {"prorate": True}}
    _ = box.client.cancel_subscription(dollars, when="now", provider_options=options)
    _ = box.client.cancel_subscription(euros, when="now", refund="credit")
    assert balance(box, customer) == 0  # the balance is in dollars, the first currency
    _ = sold(box, customer, "small")
    assert due(box, customer) == [3000, 3000, 0, 0]
    _ = sold(box, customer, "dollars")
    assert totals(box, customer)[-1] == "10.00 USD"


def test_credit_outlives_the_server(box: Sandbox, customer: Customer) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    _ = box.client.cancel_subscription(old, when="now", refund="credit")
    kept: Any = restore(type(box.fake), json.loads(json.dumps(snapshot(box.fake))))
    assert kept.customers[customer.id]["balance"] == -2000
    assert kept.credit == {customer.id: {"eur": 2000}}


def test_a_cancellation_whose_answer_is_lost_is_found_and_not_credited_again(
    box: Sandbox, customer: Customer
) -> None:
    old = sold(box, customer, "large")
    _ = box.clock.advance(days=10)
    box.faults.next(Fault("dropped", after=True), method="DELETE")
    with pytest.raises(OutcomeUnknown):
        _ = box.client.cancel_subscription(old, when="now", refund="credit")
    found = box.client.cancel_subscription(old, when="now", refund="credit")
    assert found.status is Status.CANCELED
    assert balance(box, customer) == -2000


def test_an_unknown_proration_behavior_is_refused(box: Sandbox, customer: Customer) -> None:
    made = sold(box, customer, "small")
    headers = {"authorization": f"Bearer {box.fake.api_key}"}
    body = b"proration_behavior=sometimes"
    answer = box.fake.handle("POST", f"/v1/subscriptions/{made.id}", headers, body)
    shown: Any = json.loads(answer.content)
    assert (answer.status, shown["error"]["param"]) == (400, "proration_behavior")
