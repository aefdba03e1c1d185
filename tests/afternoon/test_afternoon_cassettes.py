"""Every operation of Afternoon, replayed from recordings of its sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_afternoon import Afternoon, InvoiceLine

from subhub import CustomerDraft, Interval, InvoiceStatus, Money, NotFound, PlanDraft, Status
from subhub.testing import CassetteSession, OpenCassette
from tests.conftest import Caller

DRAFT = PlanDraft(
    name="Phone subscription", price=Money("12.95", "EUR"), interval=Interval(1, "year")
)
COMPANY = CustomerDraft(
    name="Acme Corp", email="billing@acme.com", external_id="cust_123", country="NL"
)
UNNAMED = COMPANY.model_copy(update={"external_id": None})
DAY = dt.date(2026, 12, 1)
PLAN, OTHER_PLAN = "starter_plan", "business_plan"

Opened = Callable[..., tuple[Any, CassetteSession]]


@pytest.fixture
def on(subhub_cassette: OpenCassette) -> Opened:
    def opened(name: str, kind: str = "sync") -> tuple[Any, CassetteSession]:
        session = subhub_cassette(Afternoon, name, plans={PLAN: DRAFT, OTHER_PLAN: DRAFT})
        return Caller(session.client if kind == "sync" else session.async_client), session

    return opened


def test_create_customer(on: Opened) -> None:
    billing, _ = on("create_customer")
    customer = billing.create_customer(UNNAMED)
    assert (customer.name, customer.email) == (UNNAMED.name, UNNAMED.email)
    assert customer.country == UNNAMED.country


def test_create_customer_who_exists(on: Opened) -> None:
    billing, _ = on("create_customer_who_exists")
    made = billing.create_customer(COMPANY)
    assert made.external_id == COMPANY.external_id
    assert billing.create_customer(COMPANY) == made


def test_get_customer(on: Opened) -> None:
    billing, _ = on("get_customer")
    made = billing.create_customer(COMPANY)
    assert billing.get_customer(made.id) == made


def test_list_customers(on: Opened) -> None:
    billing, _ = on("list_customers")
    made = billing.create_customer(COMPANY)
    assert billing.list_customers() == [made]


def test_find_customer(on: Opened) -> None:
    billing, _ = on("find_customer")
    made = billing.create_customer(COMPANY)
    assert billing.find_customer(external_id="cust_123") == made
    assert billing.find_customer(external_id="cust_999") is None


def test_update_customer(on: Opened) -> None:
    billing, _ = on("update_customer")
    made = billing.create_customer(COMPANY)
    assert billing.update_customer(made.id, email="new@acme.com").email == "new@acme.com"


def test_create_signup_link_for_somebody_new(on: Opened) -> None:
    billing, session = on("create_signup_link_new_customer")
    link = billing.create_signup_link(plan=PLAN, customer=COMPANY)
    assert link.customer_id is not None
    session.pay(link.url)
    (subscription,) = billing.list_subscriptions(customer=link.customer_id)
    assert subscription.raw_status


def test_create_signup_link_for_a_customer_found_by_external_id(on: Opened) -> None:
    billing, _ = on("create_signup_link_found_customer")
    made = billing.create_customer(COMPANY)
    assert billing.create_signup_link(plan=PLAN, customer=COMPANY).customer_id == made.id


def test_create_signup_link_for_an_existing_customer(on: Opened) -> None:
    billing, _ = on("create_signup_link")
    customer = billing.create_customer(COMPANY)
    link = billing.create_signup_link(
        plan=PLAN,
        customer=customer.id,
        return_url="https://app.example.com/billing/done",
        back_url="https://app.example.com/billing",
    )
    assert link.customer_id == customer.id
    assert link.expires_at == dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
    assert (
        link.raw["subscription_signup_link"]["success_url"]
        == "https://app.example.com/billing/done"
    )


def test_create_signup_link_that_replaces_a_subscription(on: Opened) -> None:
    billing, _ = on("create_signup_link_replaces")
    old = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    (customer,) = billing.list_customers()
    link = billing.create_signup_link(
        plan=OTHER_PLAN, customer=customer.id, replaces=old.id, when="now", refund="prorated"
    )
    assert link.raw["subscription_signup_link"]["previous_subscription_id"] == old.id
    assert link.raw["subscription_signup_link"]["change_timing_mode"] == "now"


def test_follow_signup_link(on: Opened) -> None:
    billing, session = on("follow_signup_link")
    link = billing.create_signup_link(plan=PLAN, customer=COMPANY)
    assert billing.follow(link).state == "open"
    session.pay(link.url)
    found = billing.follow(link)
    assert (found.state, found.subscription.customer_id) == ("completed", link.customer_id)


def test_subscribe(on: Opened) -> None:
    billing, _ = on("subscribe")
    customer = billing.create_customer(COMPANY)
    subscription = billing.subscribe(
        plan=PLAN,
        customer=customer.id,
        starts_on=DAY,
        provider_options={"afternoon": {"billing_anchor_day": 15}},
    )
    assert subscription.status is Status.PENDING
    assert subscription.raw["subscription"]["billing_anchor_day"] == 15


def test_get_subscription(on: Opened) -> None:
    billing, _ = on("get_subscription")
    made = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    assert billing.get_subscription(made.id).id == made.id


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_list_subscriptions_goes_through_every_page(on: Opened, kind: str) -> None:
    billing, _ = on("list_subscriptions", kind)
    customer = billing.create_customer(COMPANY)
    made = [billing.subscribe(plan=PLAN, customer=customer.id, starts_on=DAY).id for _ in range(51)]
    listed = [each.id for each in billing.list_subscriptions(customer=customer.id)]
    assert sorted(listed) == sorted(made)


def test_change_subscription(on: Opened) -> None:
    billing, _ = on("change_subscription")
    made = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    change = billing.change_subscription(made.id, plan=OTHER_PLAN, when="now", refund="prorated")
    assert change.old.id == made.id
    assert change.new is not None


def test_cancel_subscription_now(on: Opened) -> None:
    billing, _ = on("cancel_subscription_now")
    made = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    assert billing.cancel_subscription(made.id, when="now").status is Status.CANCELED


def test_a_cancel_at_period_end_does_not_read_as_ended(on: Opened) -> None:
    billing, _ = on("cancel_subscription_period_end")
    made = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    scheduled = billing.cancel_subscription(made.id, when="period_end")
    assert scheduled.status not in {Status.CANCELED, Status.ENDED}
    assert scheduled.ends_at is None


def test_an_unknown_id_is_not_found(on: Opened) -> None:
    billing, _ = on("not_found")
    with pytest.raises(NotFound) as caught:
        _ = billing.get_customer("cm5x9z8nv0000h85r7l9p2k1m")
    assert caught.value.code
    assert caught.value.request_id


def test_update_billing_anchor_day(on: Opened) -> None:
    billing, _ = on("update_billing_anchor_day")
    made = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    changed = billing.call(Afternoon.update_billing_anchor_day, made.id, 15)
    assert changed.raw["subscription"]["billing_anchor_day"] == 15


def test_create_credit_grant(on: Opened) -> None:
    billing, _ = on("create_credit_grant")
    made = billing.subscribe(plan=PLAN, customer=COMPANY, starts_on=DAY)
    grant = billing.call(
        Afternoon.create_credit_grant,
        made.id,
        name="Welcome credits",
        amount=100,
        currency_code="usd",
    )
    assert grant.raw


def test_customer_balances(on: Opened) -> None:
    billing, _ = on("customer_balances")
    customer = billing.create_customer(COMPANY)
    assert billing.call(Afternoon.customer_balances, customer.id).id == customer.id


def test_invoices(on: Opened) -> None:
    billing, _ = on("invoices")
    customer = billing.create_customer(COMPANY)
    line = InvoiceLine(description="API calls", quantity=1, unit_amount_cents=5000)
    draft = billing.call(
        Afternoon.create_draft_invoice, customer.id, lines=[line], days_until_due=30
    )
    assert draft.status is InvoiceStatus.DRAFT
    assert billing.get_invoice(draft) == draft
    drafts = {"afternoon": {"status": "draft"}}
    listed = billing.list_invoices(customer=customer, provider_options=drafts)
    assert listed == [draft]


def test_ingest_event_stores_a_key_once(on: Opened) -> None:
    billing, _ = on("ingest_event")
    customer = billing.create_customer(COMPANY)
    first, second = (
        billing.call(
            Afternoon.ingest_event,
            event_name="api.request",
            idempotency_key="evt_abc123xyz",
            customer_id=customer.id,
            timestamp=dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC),
            properties={"tokens": 150, "model": "gpt-4"},
        )
        for _ in range(2)
    )
    assert first.id == second.id


def test_delete_customer(on: Opened) -> None:
    billing, _ = on("delete_customer")
    customer = billing.create_customer(COMPANY)
    assert billing.delete_customer(customer).id == customer.id
    with pytest.raises(NotFound):
        _ = billing.get_customer(customer.id)


def test_search_customers(on: Opened) -> None:
    billing, _ = on("search_customers")
    made = billing.create_customer(COMPANY)
    assert list(billing.walk(Afternoon.search_customers, name=COMPANY.name)) == [made]
    assert list(billing.walk(Afternoon.search_customers, name="Other")) == []


def test_update_next_renewal_date(on: Opened) -> None:
    billing, _ = on("update_next_renewal_date")
    made = billing.subscribe(plan="starter_plan", customer=billing.create_customer(COMPANY).id)
    moment = dt.datetime(2026, 12, 24, 10, 30, tzinfo=dt.UTC)
    moved = billing.call(Afternoon.update_next_renewal_date, made.id, moment)
    assert moved.renews_on == moment.date()
