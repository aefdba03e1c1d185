"""The main job from beginning to end, through both clients, in the sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import (
    AuthenticationFailed,
    Customer,
    CustomerDraft,
    Interval,
    Money,
    NotFound,
    PlanDraft,
    Rejected,
    Status,
)

PHONE = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "month"),
    tax_rate=21,
)
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
)
TODAY = dt.date(2024, 4, 29)


def test_a_paid_sign_up_becomes_a_customer_with_a_subscription(
    billing: Any, fake: MijnKlantportaalFake
) -> None:
    plan = billing.create_plan(PHONE)
    link = billing.create_signup_link(plan=plan.id, customer=COMPANY)
    assert link.expires_at is not None
    assert link.expires_at > fake.clock.now()
    assert billing.find_customer(email=COMPANY.email) is None
    fake.pay(link.url)
    customer = billing.find_customer(email=COMPANY.email)
    (subscription,) = billing.list_subscriptions(customer=customer.id)
    assert subscription.status is Status.ACTIVE
    assert (subscription.starts_on, subscription.renews_on) == (TODAY, dt.date(2024, 5, 29))
    assert (subscription.price, subscription.description) == (PHONE.price, PHONE.name)
    assert list(fake.mandates.values()) == [customer.id]


def test_a_subscription_lives_by_the_clock(billing: Any, fake: MijnKlantportaalFake) -> None:
    plan = billing.create_plan(PHONE)
    made = billing.subscribe(plan=plan.id, customer=COMPANY, starts_on=dt.date(2024, 5, 1))
    assert made.status is Status.SCHEDULED
    _ = fake.clock.advance(days=2)
    assert billing.get_subscription(made.id).status is Status.ACTIVE
    _ = fake.clock.advance(days=31)
    assert billing.get_subscription(made.id).renews_on == dt.date(2024, 7, 1)
    canceled = billing.cancel_subscription(made.id, when="now")
    assert canceled.status is Status.CANCELED
    assert canceled.ends_at == fake.clock.now()
    assert canceled.renews_on == dt.date(2024, 7, 1)
    _ = fake.clock.advance(days=31)
    ended = billing.get_subscription(made.id)
    assert (ended.status, ended.ends_at) == (Status.ENDED, canceled.ends_at)
    assert ended.renews_on is None


def test_terms_change_and_the_package_s_do_not_follow(billing: Any) -> None:
    plan = billing.create_plan(PHONE)
    subscription = billing.subscribe(plan=plan.id, customer=COMPANY)
    changed = billing.update_plan(plan.id, name="New", price=Money("14.95", "EUR"))
    assert (changed.name, changed.price) == ("New", Money("14.95", "EUR"))
    assert billing.get_subscription(subscription.id).price == PHONE.price
    updated = billing.update_subscription(subscription.id, interval=Interval(1, "year"))
    assert (updated.interval, updated.renews_on) == (Interval(1, "year"), dt.date(2025, 4, 29))


def test_an_inline_plan_leaves_no_package(billing: Any, fake: MijnKlantportaalFake) -> None:
    options = {"mijnklantportaal": {"create_invoice": True, "invoice_description": "Text"}}
    subscription = billing.subscribe(plan=PHONE, customer=COMPANY, provider_options=options)
    assert subscription.raw["options"] == {"createInvoice": True, "invoiceDescription": "Text"}
    assert not fake.packages
    quiet = billing.subscribe(plan=PHONE, customer=subscription.customer_id)
    assert quiet.raw["options"] == {"createInvoice": False}


@pytest.mark.parametrize("comma", [True, False])
def test_a_list_is_read_to_its_end(
    billing: Any, fake: MijnKlantportaalFake, *, comma: bool
) -> None:
    fake.stray_comma = comma
    made = [fake.add_plan(str(number), PHONE) for number in range(31)]
    assert [plan.id for plan in billing.list_plans()] == made
    assert [each.received.query for each in fake.exchanges] == [{}, {"page": "2"}, {"page": "3"}]


def test_a_subscription_that_fails_leaves_a_customer_who_is_named(
    billing: Any, fake: MijnKlantportaalFake
) -> None:
    with pytest.raises(NotFound) as caught:
        billing.subscribe(plan="spg_1", customer=COMPANY)
    (customer,) = caught.value.completed
    assert isinstance(customer, Customer)
    assert list(fake.customers) == [customer.id]


def test_a_payment_link_is_paid_once(billing: Any, fake: MijnKlantportaalFake) -> None:
    link = billing.call(MijnKlantportaal.create_payment_link, "x", Money("12.95", "EUR"))
    fake.pay(link.url)
    paid = billing.call(MijnKlantportaal.get_payment_link, link.id)
    assert (paid.status, paid.url) == ("paid", None)
    (payment,) = billing.walk(MijnKlantportaal.list_payment_link_payments, link.id)
    assert (payment.payment_link_id, payment.price) == (link.id, Money("12.95", "EUR"))
    with pytest.raises(ValueError, match="the link is paid"):
        fake.pay(link.url)


def test_a_reusable_payment_link_is_paid_until_it_is_closed(
    billing: Any, fake: MijnKlantportaalFake
) -> None:
    link = billing.call(
        MijnKlantportaal.create_payment_link,
        "x",
        Money("12.95", "EUR"),
        reusable=True,
        expires_on=TODAY,
    )
    for _ in range(2):
        fake.pay(link.url)
    assert len(billing.walk(MijnKlantportaal.list_payment_link_payments, link.id)) == 2
    (open_link,) = billing.walk(MijnKlantportaal.list_payment_links)
    assert open_link == link
    _ = fake.clock.advance(hours=3)
    assert billing.call(MijnKlantportaal.get_payment_link, link.id).status == "expired"
    closed = billing.call(MijnKlantportaal.close_payment_link, link.id)
    assert closed.status == "closed"
    with pytest.raises(Rejected, match="already closed"):
        billing.call(MijnKlantportaal.close_payment_link, link.id)


def test_an_invoice_is_marked_as_paid_at_that_moment(
    billing: Any, fake: MijnKlantportaalFake
) -> None:
    customer = billing.create_customer(COMPANY)
    number = fake.add_invoice(customer.id, "12.95", "2024-001")
    (invoice,) = billing.walk(MijnKlantportaal.list_customer_invoices)
    assert (invoice.id, invoice.paid_at, invoice.issued_on) == (number, None, TODAY)
    now = fake.clock.now()
    paid = billing.call(MijnKlantportaal.mark_customer_invoice_paid, number, paid_at=now)
    assert paid.paid_at == now
    pdf = billing.call(MijnKlantportaal.get_customer_invoice_pdf, number)
    assert number in pdf.url


def test_another_key_is_refused(connect: Callable[..., Any], fake: MijnKlantportaalFake) -> None:
    with pytest.raises(AuthenticationFailed):
        connect(MijnKlantportaal, sandbox=fake, api_key="another").list_plans()


def test_a_plan_of_the_configuration_is_made_as_by_hand(
    billing: Any, fake: MijnKlantportaalFake
) -> None:
    plan_id = fake.add_plan("phone", PHONE)
    plan = billing.get_plan(plan_id)
    assert (plan.name, plan.price, plan.public) == (PHONE.name, PHONE.price, False)


def test_a_sandbox_of_its_own_is_there_without_asking(connect: Callable[..., Any]) -> None:
    billing = connect("mijnklantportaal", sandbox=True)
    assert isinstance(billing.sandbox, MijnKlantportaalFake)
    assert billing.list_plans() == []
