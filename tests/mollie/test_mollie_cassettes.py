"""Every operation of Mollie, replayed from recordings made in its sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mollie import Mollie

from subhub import CustomerDraft, Interval, Money, NotFound, PlanDraft, Status
from subhub.testing import CassetteSession, OpenCassette
from tests.conftest import Caller

PLAN = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    description="1GB per month, 300min per month",
)
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
    external_id="cust_123",
)
DAY = dt.date(2026, 12, 1)

Opened = Callable[..., tuple[Any, CassetteSession]]


@pytest.fixture
def on(subhub_cassette: OpenCassette) -> Opened:
    def opened(name: str, kind: str = "sync") -> tuple[Any, CassetteSession]:
        session = subhub_cassette(Mollie, name)
        return Caller(session.client if kind == "sync" else session.async_client), session

    return opened


def first_payment(client: Any, customer: str) -> Any:
    return client.call(
        Mollie.create_first_payment,
        customer,
        amount=PLAN.price,
        description=PLAN.name,
        redirect_url="https://shop.example/thanks",
    )


def charged(client: Any, session: CassetteSession) -> tuple[str, str]:
    """Create a customer who agreed to be charged, and return their id and that of the mandate."""
    customer = client.create_customer(COMPANY).id
    link = first_payment(client, customer)
    session.pay(link.url)
    return customer, client.call(Mollie.get_payment, link.id).mandate_id


def test_create_customer(on: Opened) -> None:
    client, _ = on("create_customer")
    customer = client.create_customer(COMPANY)
    assert customer.model_dump(exclude={"provider", "id", "created_at"}) == COMPANY.model_dump()


def test_get_customer(on: Opened) -> None:
    client, _ = on("get_customer")
    made = client.create_customer(COMPANY)
    assert client.get_customer(made.id) == made


def test_list_customers(on: Opened) -> None:
    client, _ = on("list_customers")
    other = COMPANY.model_copy(update={"external_id": None})
    made = [client.create_customer(draft) for draft in (COMPANY, other)]
    assert client.list_customers() == made[::-1]


def test_find_customer(on: Opened) -> None:
    client, _ = on("find_customer")
    made = client.create_customer(COMPANY)
    assert client.find_customer(external_id="cust_123") == made
    assert client.find_customer(email="John.Doe@test.com") == made
    assert client.find_customer(external_id="cust_999") is None


def test_update_customer(on: Opened) -> None:
    client, _ = on("update_customer")
    made = client.create_customer(COMPANY)
    changed = client.update_customer(made.id, name="Other Company BV", city="Utrecht")
    assert changed == made.model_copy(update={"name": "Other Company BV", "city": "Utrecht"})


def test_delete_customer(on: Opened) -> None:
    client, _ = on("delete_customer")
    customer = client.create_customer(COMPANY)
    assert client.delete_customer(customer).id == customer.id
    with pytest.raises(NotFound) as caught:
        _ = client.get_customer(customer.id)
    assert caught.value.status == 410


def test_a_first_payment_leads_to_a_subscription(on: Opened) -> None:
    client, session = on("main_job")
    customer, mandate = charged(client, session)
    made = client.subscribe(plan=PLAN, customer=customer, starts_on=DAY, payment_method=mandate)
    assert (made.status, made.price, made.interval) == (Status.ACTIVE, PLAN.price, PLAN.interval)
    assert (made.starts_on, made.description) == (DAY, PLAN.name)
    assert client.get_subscription(made.id) == made


def test_create_first_payment(on: Opened) -> None:
    client, _ = on("create_first_payment")
    customer = client.create_customer(COMPANY)
    link = first_payment(client, customer.id)
    assert link.customer_id == customer.id
    assert link.url.startswith("https://sandbox.invalid/checkout/")
    assert link.expires_at == dt.datetime(2026, 11, 21, 9, 15, tzinfo=dt.UTC)
    assert client.call(Mollie.get_payment, link.id).status == "open"


def test_list_subscriptions(on: Opened) -> None:
    client, session = on("list_subscriptions")
    customer, _ = charged(client, session)
    made = client.subscribe(plan=PLAN, customer=customer)
    assert client.list_subscriptions() == client.list_subscriptions(customer=customer) == [made]


def test_update_subscription(on: Opened) -> None:
    client, session = on("update_subscription")
    customer, _ = charged(client, session)
    made = client.subscribe(plan=PLAN, customer=customer, starts_on=DAY)
    changed = client.update_subscription(
        made.id, price=Money("15", "EUR"), interval=Interval(1, "month"), description="Other"
    )
    assert (changed.id, changed.price) == (made.id, Money("15", "EUR"))
    assert (changed.interval, changed.description) == (Interval(1, "month"), "Other")


def test_cancel_subscription(on: Opened) -> None:
    client, session = on("cancel_subscription")
    customer, _ = charged(client, session)
    made = client.subscribe(plan=PLAN, customer=customer, starts_on=DAY)
    canceled = client.cancel_subscription(made.id, when="now")
    assert (canceled.id, canceled.status) == (made.id, Status.CANCELED)
    assert canceled.renews_on is None


def test_payments_of_a_subscription(on: Opened) -> None:
    client, session = on("list_subscription_payments")
    customer, mandate = charged(client, session)
    made = client.subscribe(plan=PLAN, customer=customer)
    (payment,) = client.walk(Mollie.list_subscription_payments, subscription=made.id)
    assert (payment.amount, payment.mandate_id) == (PLAN.price, mandate)
    assert payment.subscription_id == made.id


def test_mandates(on: Opened) -> None:
    client, session = on("mandates")
    customer, mandate = charged(client, session)
    (found,) = client.payment_methods(customer)
    assert (found.id, found.status, found.kind) == (mandate, "valid", "direct_debit")
    assert client.call(Mollie.revoke_mandate, mandate, customer=customer).id == mandate
    assert client.payment_methods(customer) == []


def test_create_setup_link(on: Opened) -> None:
    client, session = on("create_setup_link")
    customer = client.create_customer(COMPANY)
    link = client.create_setup_link(customer, return_url="https://shop.example/thanks")
    assert link.customer_id == customer.id
    assert client.payment_methods(customer) == []
    session.pay(link.url)
    (method,) = client.payment_methods(customer)
    assert method.customer_id == customer.id
    made = client.subscribe(plan=PLAN, customer=customer, starts_on=DAY, payment_method=method)
    assert (made.status, made.customer_id) == (Status.ACTIVE, customer.id)


def test_an_unknown_id_is_not_found(on: Opened) -> None:
    client, _ = on("not_found")
    with pytest.raises(NotFound, match="sub_0"):
        _ = client.get_subscription(f"sub_0:{client.create_customer(COMPANY).id}")
