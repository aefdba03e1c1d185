"""The main job at MijnKlantportaal in the sandbox: what several requests and the clock do together.

Single operations are in the recordings, and the contract suite runs all of them with both clients.
"""

from __future__ import annotations

import datetime as dt

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, Interval, Money, PlanDraft, Rejected, Status
from tests.mijnklantportaal.samples import COMPANY

PHONE = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "month"),
    tax_rate=21,
)
TODAY = dt.date(2024, 4, 29)


def test_a_paid_sign_up_becomes_a_customer_with_a_subscription(
    billing: Client, fake: MijnKlantportaalFake
) -> None:
    plan = billing.create_plan(PHONE)
    link = billing.create_signup_link(plan=plan.id, customer=COMPANY)
    assert link.expires_at is not None
    assert link.expires_at > fake.clock.now()
    assert billing.find_customer(email=COMPANY.email) is None
    fake.pay(link.url)
    customer = billing.find_customer(email=COMPANY.email)
    assert customer is not None
    (subscription,) = billing.list_subscriptions(customer=customer.id)
    assert subscription.status is Status.ACTIVE
    assert (subscription.starts_on, subscription.renews_on) == (TODAY, dt.date(2024, 5, 29))
    assert (subscription.price, subscription.description) == (PHONE.price, PHONE.name)
    assert list(fake.mandates.values()) == [customer.id]


def test_a_subscription_follows_the_clock(billing: Client, fake: MijnKlantportaalFake) -> None:
    plan = billing.create_plan(PHONE)
    planned = billing.subscribe(plan=plan.id, customer=COMPANY, starts_on=dt.date(2024, 5, 1))
    assert planned.status is Status.SCHEDULED
    _ = fake.clock.advance(days=2)
    assert billing.get_subscription(planned.id).status is Status.ACTIVE
    _ = fake.clock.advance(days=31)
    assert billing.get_subscription(planned.id).renews_on == dt.date(2024, 7, 1)
    canceled = billing.cancel_subscription(planned.id, when="now")
    assert canceled.status is Status.CANCELED
    assert canceled.ends_at == fake.clock.now()
    assert canceled.renews_on == dt.date(2024, 7, 1)
    _ = fake.clock.advance(days=31)
    ended = billing.get_subscription(planned.id)
    assert (ended.status, ended.ends_at) == (Status.ENDED, canceled.ends_at)
    assert ended.renews_on is None


def test_terms_change_and_those_of_the_package_are_kept(billing: Client) -> None:
    plan = billing.create_plan(PHONE)
    subscription = billing.subscribe(plan=plan.id, customer=COMPANY)
    changed = billing.update_plan(plan.id, name="New", price=Money("14.95", "EUR"))
    assert (changed.name, changed.price) == ("New", Money("14.95", "EUR"))
    assert billing.get_subscription(subscription.id).price == PHONE.price
    updated = billing.update_subscription(subscription.id, interval=Interval(1, "year"))
    assert (updated.interval, updated.renews_on) == (Interval(1, "year"), dt.date(2024, 5, 29))


def test_an_inline_plan_creates_no_package(billing: Client, fake: MijnKlantportaalFake) -> None:
    options = {"mijnklantportaal": {"create_invoice": True, "invoice_description": "Text"}}
    subscription = billing.subscribe(plan=PHONE, customer=COMPANY, provider_options=options)
    assert subscription.raw["options"] == {"createInvoice": True, "invoiceDescription": "Text"}
    assert not fake.packages
    quiet = billing.subscribe(plan=PHONE, customer=subscription.customer_id or "")
    assert quiet.raw["options"] == {"createInvoice": False}


@pytest.mark.parametrize("comma", [True, False])
def test_a_list_is_read_to_its_end(
    billing: Client, fake: MijnKlantportaalFake, *, comma: bool
) -> None:
    fake.stray_comma = comma
    created = [fake.add_plan(str(number), PHONE) for number in range(31)]
    assert [plan.id for plan in billing.list_plans()] == created
    queries = [exchange.received.query for exchange in fake.exchanges]
    assert queries == [{}, {"page": "2"}, {"page": "3"}]


def test_a_payment_link_can_be_paid_once(billing: Client, fake: MijnKlantportaalFake) -> None:
    link = billing.call(MijnKlantportaal.create_payment_link, "x", Money("12.95", "EUR"))
    fake.pay(link.url or "")
    paid = billing.call(MijnKlantportaal.get_payment_link, link.id)
    assert (paid.status, paid.url) == ("paid", None)
    (payment,) = billing.walk(MijnKlantportaal.list_payment_link_payments, link.id)
    assert (payment.payment_link_id, payment.price) == (link.id, Money("12.95", "EUR"))
    with pytest.raises(ValueError, match="the link is paid"):
        fake.pay(link.url or "")


def test_a_reusable_payment_link_can_be_paid_until_it_is_closed(
    billing: Client, fake: MijnKlantportaalFake
) -> None:
    link = billing.call(
        MijnKlantportaal.create_payment_link,
        "x",
        Money("12.95", "EUR"),
        reusable=True,
        expires_on=TODAY,
    )
    for _ in range(2):
        fake.pay(link.url or "")
    payments = billing.walk(MijnKlantportaal.list_payment_link_payments, link.id)
    assert len(list(payments)) == 2
    assert list(billing.walk(MijnKlantportaal.list_payment_links)) == [link]
    _ = fake.clock.advance(hours=3)
    assert billing.call(MijnKlantportaal.get_payment_link, link.id).status == "expired"
    closed = billing.call(MijnKlantportaal.close_payment_link, link.id)
    assert closed.status == "closed"
    with pytest.raises(Rejected, match="already closed"):
        _ = billing.call(MijnKlantportaal.close_payment_link, link.id)


def test_a_plan_created_in_the_portal_reads_as_drafted(
    billing: Client, fake: MijnKlantportaalFake
) -> None:
    plan = billing.get_plan(fake.add_plan("phone", PHONE))
    assert (plan.name, plan.price, plan.public) == (PHONE.name, PHONE.price, False)


def test_the_plugin_has_this_fake() -> None:
    assert isinstance(MijnKlantportaal.sandbox(), MijnKlantportaalFake)
