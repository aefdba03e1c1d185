"""Pausing and resuming at Stripe: what is sent, and what the fake does with it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Generator
from typing import Any

import pytest
from subhub_stripe import Stripe

from subhub import (
    Answer,
    CustomerDraft,
    Interval,
    InvoiceStatus,
    Money,
    NotFound,
    PlanDraft,
    Rejected,
    Status,
    access_at,
)
from subhub.plugin import Request
from subhub.testing import Sandbox, play, reply, sandbox
from tests.stripe.test_stripe_flows import STRIPE, SUBSCRIPTION

START = dt.datetime(2026, 1, 31, 9, tzinfo=dt.UTC)
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
COMPANY = CustomerDraft(name="Acme", email="a@acme.example")


@pytest.fixture
def box() -> Generator[Sandbox]:
    with sandbox(Stripe, plans={"phone": PHONE}, start=START) as found:
        yield found


def test_pausing_and_resuming_have_endpoints_of_their_own() -> None:
    """`pause_collection` would leave the subscription active; the default would stay unpaid."""
    paused = play(
        STRIPE.pause_subscription("sub_1"), reply(200, {**SUBSCRIPTION, "status": "paused"})
    )
    resumed = play(STRIPE.resume_subscription("sub_1"), reply(200, SUBSCRIPTION))

    assert paused.requests == (
        Request("POST", "/subscriptions/sub_1/pause", body={"type": "subscription"}),
    )
    assert (paused.result.status, paused.result.raw_status) == (Status.PAUSED, "paused")
    assert paused.result.renews_on is None
    body = {"payment_behavior": "resume_on_payment_success"}
    assert resumed.requests == (Request("POST", "/subscriptions/sub_1/resume", body=body),)
    assert (resumed.result.status, resumed.result.renews_on) == (
        Status.ACTIVE,
        dt.date(2026, 2, 21),
    )


def test_a_paused_subscription_is_not_billed_and_a_resumed_one_at_once(box: Sandbox) -> None:
    sold = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY)
    paused = box.client.pause_subscription(sold)
    _ = box.clock.advance(days=100)
    assert box.client.get_subscription(sold) == paused
    assert access_at(paused, box.clock.now()).answer is Answer.NO
    assert len(list(box.client.list_invoices(subscription=sold))) == 1

    resumed = box.client.resume_subscription(sold)

    assert (resumed.status, resumed.renews_on) == (Status.ACTIVE, dt.date(2026, 6, 11))
    assert access_at(resumed, box.clock.now()).answer is Answer.YES
    latest, _ = box.client.list_invoices(subscription=sold)
    assert (latest.issued_on, latest.status) == (dt.date(2026, 5, 11), InvoiceStatus.PAID)
    assert box.client.resume_subscription(sold) == resumed


def test_a_resumption_that_is_not_paid_stays_paused() -> None:
    with sandbox(Stripe, plans={"a": PHONE}) as box:
        sold = box.client.subscribe(plan=box.plan_ids["a"], customer=COMPANY)
        _ = box.clock.advance(days=1)
        paused = box.client.pause_subscription(sold)
        box.fake.assume({"first_status": "incomplete"})

        resumed = box.client.resume_subscription(sold)

        assert resumed.status is Status.PAUSED
        assert resumed == paused
        latest, _ = box.client.list_invoices(subscription=sold)
        assert latest.status is InvoiceStatus.OPEN


def test_a_pause_ends_what_a_cancellation_cannot_undo(box: Sandbox) -> None:
    """A paused subscription can be canceled; one that is over can be neither paused nor resumed."""
    sold = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY)
    _ = box.client.pause_subscription(sold)
    assert box.client.cancel_subscription(sold, when="now").status is Status.CANCELED
    for again in (box.client.pause_subscription, box.client.resume_subscription):
        with pytest.raises(NotFound):
            _ = again(sold)


def test_only_an_active_subscription_can_be_paused(box: Sandbox) -> None:
    sold = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY, trial_days=3)
    with pytest.raises(Rejected, match="its status is trialing"):
        _ = box.client.pause_subscription(sold)


@pytest.mark.parametrize(
    ("action", "body", "parameter"),
    [
        ("pause", "type=collection", "type"),
        ("pause", "bill_for=x", "bill_for"),
        ("resume", "payment_behavior=x", "payment_behavior"),
        ("resume", "payment_behavior=resume_on_payment_attempt", None),
    ],
)
def test_the_fake_checks_the_parameters(
    box: Sandbox, action: str, body: str, parameter: str | None
) -> None:
    sold = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY)
    _ = box.clock.advance(days=1)  # which is to be paid
    _ = action == "resume" and box.client.pause_subscription(sold)
    headers = {"authorization": f"Bearer {box.fake.api_key}"}

    target = f"/v1/subscriptions/{sold.id}/{action}"
    answer = box.fake.handle("POST", target, headers, body.encode())

    shown: dict[str, Any] = json.loads(answer.content)
    if parameter:
        assert (answer.status, shown["error"]["param"]) == (400, parameter)
    else:  # nothing is paid in this request, so it stays as it was
        assert (answer.status, shown["status"]) == (200, "paused")
