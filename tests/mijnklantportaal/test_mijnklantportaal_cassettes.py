"""Every operation of MijnKlantportaal, replayed from recordings of its sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import InvoiceLine, MijnKlantportaal

from subhub import Interval, Money, NotFound, Rejected, Status
from subhub.testing import CassetteSession, OpenCassette
from tests.conftest import Caller
from tests.mijnklantportaal.samples import COMPANY, PHONE

DAY = dt.date(2026, 12, 1)

Opened = Callable[..., tuple[Any, CassetteSession]]


@pytest.fixture
def on(subhub_cassette: OpenCassette) -> Opened:
    def opened(name: str, kind: str = "sync") -> tuple[Any, CassetteSession]:
        session = subhub_cassette(MijnKlantportaal, name)
        return Caller(session.client if kind == "sync" else session.async_client), session

    return opened


def test_create_plan(on: Opened) -> None:
    billing, _ = on("create_plan")
    plan = billing.create_plan(PHONE)
    assert plan.id.startswith("spg_")
    assert (plan.name, plan.price, plan.interval) == (PHONE.name, PHONE.price, PHONE.interval)
    assert plan.tax_rate == 21
    assert plan.raw["availableForSale"] is True


def test_get_plan(on: Opened) -> None:
    billing, _ = on("get_plan")
    made = billing.create_plan(PHONE)
    assert billing.get_plan(made.id) == made


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_list_plans_goes_through_every_page(on: Opened, kind: str) -> None:
    billing, _ = on("list_plans", kind)
    made = [billing.create_plan(PHONE).id for _ in range(16)]
    assert sorted(plan.id for plan in billing.list_plans()) == sorted(made)


def test_update_plan_retires_it(on: Opened) -> None:
    billing, _ = on("update_plan")
    plan = billing.update_plan(billing.create_plan(PHONE).id, public=False)
    assert plan.public is False


def test_create_customer(on: Opened) -> None:
    billing, _ = on("create_customer")
    customer = billing.create_customer(COMPANY)
    assert customer.id.startswith("cst_")
    assert (customer.name, customer.email) == (COMPANY.name, COMPANY.email)


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
    assert billing.find_customer(email=COMPANY.email) == made
    assert billing.find_customer(email="nobody@test.com") is None


def test_update_customer(on: Opened) -> None:
    billing, _ = on("update_customer")
    made = billing.create_customer(COMPANY)
    assert billing.update_customer(made.id, city="Utrecht").city == "Utrecht"


def test_create_signup_link_makes_the_customer_when_it_is_paid(on: Opened) -> None:
    billing, session = on("create_signup_link")
    plan = billing.create_plan(PHONE)
    link = billing.create_signup_link(plan=plan.id, customer=COMPANY)
    assert link.url.startswith("https://")
    assert link.customer_id is None
    assert link.expires_at is not None
    session.pay(link.url)
    (subscription,) = billing.list_subscriptions()
    assert subscription.price == PHONE.price
    assert billing.get_customer(subscription.customer_id).email == COMPANY.email


def test_follow_signup_link(on: Opened) -> None:
    billing, session = on("follow_signup_link")
    plan = billing.create_plan(PHONE)
    link = billing.create_signup_link(plan=plan.id, customer=COMPANY)
    assert billing.follow(link).state == "open"
    session.pay(link.url)
    found = billing.follow(link)
    assert (found.state, found.customer.email) == ("completed", COMPANY.email)


def test_subscribe(on: Opened) -> None:
    billing, _ = on("subscribe")
    plan = billing.create_plan(PHONE)
    customer = billing.create_customer(COMPANY)
    subscription = billing.subscribe(
        plan=plan.id,
        customer=customer.id,
        starts_on=DAY,
        payment_method="mdt_abc12345def678",
        provider_options={"mijnklantportaal": {"create_invoice": True}},
    )
    assert subscription.customer_id == customer.id
    assert subscription.status is Status.SCHEDULED
    assert subscription.starts_on == DAY


def test_subscribe_starts_today_unless_told_otherwise(on: Opened) -> None:
    billing, _ = on("subscribe_today")
    plan = billing.create_plan(PHONE)
    subscription = billing.subscribe(plan=plan.id, customer=COMPANY)
    assert subscription.starts_on == dt.date(2026, 11, 21)
    assert subscription.status is Status.ACTIVE


def test_subscribe_with_an_inline_plan(on: Opened) -> None:
    billing, _ = on("subscribe_inline_plan")
    customer = billing.create_customer(COMPANY)
    subscription = billing.subscribe(plan=PHONE, customer=customer.id, starts_on=DAY)
    assert subscription.price == PHONE.price
    assert subscription.interval == PHONE.interval


def test_get_subscription(on: Opened) -> None:
    billing, _ = on("get_subscription")
    made = billing.subscribe(plan=PHONE, customer=COMPANY, starts_on=DAY)
    assert billing.get_subscription(made.id) == made


def test_list_subscriptions_of_one_customer(on: Opened) -> None:
    billing, _ = on("list_subscriptions")
    first, second = (
        billing.subscribe(plan=PHONE, customer=COMPANY, starts_on=DAY) for _ in range(2)
    )
    assert billing.list_subscriptions(customer=second.customer_id) == [second]
    assert {each.id for each in billing.list_subscriptions()} == {first.id, second.id}


def test_update_subscription(on: Opened) -> None:
    billing, _ = on("update_subscription")
    made = billing.subscribe(plan=PHONE, customer=COMPANY, starts_on=DAY)
    changed = billing.update_subscription(
        made.id, price=Money("14.95", "EUR"), interval=Interval(1, "month")
    )
    assert (changed.price, changed.interval) == (Money("14.95", "EUR"), Interval(1, "month"))


def test_cancel_subscription(on: Opened) -> None:
    billing, _ = on("cancel_subscription")
    made = billing.subscribe(plan=PHONE, customer=COMPANY)
    canceled = billing.cancel_subscription(made.id, when="now")
    assert canceled.id == made.id
    assert canceled.status in {Status.CANCELED, Status.ENDED}


def test_an_unknown_id_is_not_found(on: Opened) -> None:
    billing, _ = on("not_found")
    with pytest.raises(NotFound) as caught:
        _ = billing.get_plan("spg_000000000000")
    assert caught.value.status == 404
    assert caught.value.operation == "get_plan"


def test_a_customer_nobody_knows_is_rejected(on: Opened) -> None:
    billing, _ = on("rejected")
    with pytest.raises(Rejected) as caught:
        _ = billing.subscribe(plan=PHONE, customer="cst_000000000000", starts_on=DAY)
    assert caught.value.status == 422
    assert caught.value.message


def test_create_payment_link(on: Opened) -> None:
    billing, _ = on("create_payment_link")
    link = billing.call(
        MijnKlantportaal.create_payment_link,
        "Contribution costs",
        Money("12.95", "EUR"),
        expires_on=DAY,
    )
    assert link.id.startswith("plk_")
    assert link.raw["reusable"] is False


def test_get_and_list_payment_links(on: Opened) -> None:
    billing, _ = on("list_payment_links")
    made = billing.call(
        MijnKlantportaal.create_payment_link, "Contribution costs", Money("12.95", "EUR")
    )
    assert billing.call(MijnKlantportaal.get_payment_link, made.id) == made
    assert billing.walk(MijnKlantportaal.list_payment_links) == [made]


def test_close_payment_link_once(on: Opened) -> None:
    billing, _ = on("close_payment_link")
    made = billing.call(
        MijnKlantportaal.create_payment_link, "Contribution costs", Money("12.95", "EUR")
    )
    closed = billing.call(MijnKlantportaal.close_payment_link, made.id)
    assert closed.raw["status"] == "closed"
    with pytest.raises(Rejected):
        _ = billing.call(MijnKlantportaal.close_payment_link, made.id)


def test_list_payment_link_payments(on: Opened) -> None:
    billing, session = on("list_payment_link_payments")
    link = billing.call(
        MijnKlantportaal.create_payment_link, "Contribution costs", Money("12.95", "EUR")
    )
    session.pay(link.raw["checkoutUrl"])
    (payment,) = billing.walk(MijnKlantportaal.list_payment_link_payments, link.id)
    assert payment.raw["status"] == "paid"


def test_customer_invoices(on: Opened) -> None:
    billing, session = on("customer_invoices")
    customer = billing.create_customer(COMPANY)
    session.outside(lambda fake: fake.add_invoice(customer.id, "12.95", "2026-001"))
    (invoice,) = billing.list_invoices()
    assert billing.get_invoice(invoice) == invoice
    assert billing.get_invoice_pdf(invoice).url
    paid = billing.call(
        MijnKlantportaal.mark_customer_invoice_paid,
        invoice.id,
        paid_at=dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC),
    )
    assert paid.paid_at == dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC)


def test_a_manual_invoice(on: Opened) -> None:
    billing, _ = on("manual_customer_invoice")
    customer = billing.create_customer(COMPANY)
    line = InvoiceLine(description="Website template", amount=Money("10", "EUR"), vat_rate=21)
    invoice = billing.call(
        MijnKlantportaal.create_manual_customer_invoice,
        customer.id,
        invoice_number="2026-001",
        lines=[line],
        issued_on=DAY,
    )
    assert (invoice.number, invoice.issued_on) == ("2026-001", DAY)
    assert invoice.total == Money("12.10", "EUR")


def test_webhook_records(on: Opened) -> None:
    billing, _ = on("webhooks")
    made = billing.call(
        MijnKlantportaal.create_webhook, "https://shop.example/in", "subscription-updated"
    )
    assert made.secret
    assert billing.call(MijnKlantportaal.get_webhook, made.id) == made
    assert list(billing.walk(MijnKlantportaal.list_webhooks)) == [made]
