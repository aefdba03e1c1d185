"""The plugin's requests and the fake's answers, held against the description of the API."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.sandbox import Exchange
from subhub.testing.openapi import Document, DocumentMismatch
from tests.mollie.conftest import PHONE, World

DOCUMENT = Document.of(Mollie)
NEW = CustomerDraft(
    name="Acme Corp",
    email="billing@acme.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
    phone="+31",
    external_id="cust_123",
)


def sell(client: Client, fake: MollieFake) -> None:
    """Do all that can be done, once."""
    options: dict[str, dict[str, Any]] = {
        "mollie": {"locale": "nl_NL", "metadata": {"a": "b"}, "idempotency_key": "k-1"}
    }
    customer = client.create_customer(NEW, provider_options=options).id
    link = client.call(
        Mollie.create_first_payment,
        customer,
        amount=Money("12.50", "EUR"),
        description="First period",
        redirect_url="https://shop.example/thanks",
        cancel_url="https://shop.example/cart",
        webhook_url="https://shop.example/hook",
        method="ideal",
        metadata={"order": "17"},
    )
    fake.pay(link.url)
    mandate = client.call(Mollie.get_payment, link.id).mandate_id
    assert mandate is not None
    assert [method.id for method in client.payment_methods(customer)] == [mandate]
    _ = client.create_setup_link(
        customer, return_url="https://shop.example/thanks", back_url="https://shop.example/cart"
    )
    made = client.subscribe(
        plan=PHONE,
        customer=customer,
        starts_on=dt.date(2024, 2, 15),
        payment_method=mandate,
        provider_options={
            "mollie": {
                "times": 4,
                "webhook_url": "https://shop.example/hook",
                "metadata": {"order": "17"},
            }
        },
    )
    change(client, fake, customer, made.id)
    _ = client.call(Mollie.revoke_mandate, mandate, customer=customer)
    _ = client.delete_customer(customer)


def change(client: Client, fake: MollieFake, customer: str, subscription: str) -> None:
    """Read, change and end what there is."""
    _ = client.get_customer(customer)
    assert client.find_customer(email=NEW.email) == client.find_customer(external_id="cust_123")
    _ = client.update_customer(
        customer,
        name="B",
        city="Utrecht",
        provider_options={"mollie": {"locale": "en_US"}},
    )
    _ = client.update_subscription(
        subscription,
        price=Money("15", "EUR"),
        interval=Interval(2, "week"),
        description="Other",
        provider_options={
            "mollie": {
                "start_date": dt.date(2024, 2, 20),
                "times": 5,
                "webhook_url": "https://shop.example/other",
                "metadata": {"order": "18"},
            }
        },
    )
    _ = fake.clock.advance(days=60)
    assert len([*client.walk(Mollie.list_subscription_payments, subscription=subscription)]) == 2
    assert client.get_subscription(subscription) in [*client.list_subscriptions(customer=customer)]
    _ = client.cancel_subscription(subscription, when="now")
    assert [*client.list_subscriptions()] == [client.get_subscription(subscription)]


@pytest.fixture
def exchanges(fake: MollieFake) -> list[Exchange]:
    with Client(Mollie, sandbox=fake) as client:
        sell(client, fake)
    return list(fake.exchanges)


def test_every_operation_is_asked_and_answered_as_described(exchanges: list[Exchange]) -> None:
    done = [DOCUMENT.check(exchange) for exchange in exchanges]

    assert {(each.method, each.path) for each in done} == DOCUMENT.operations
    assert all(exchange.reply.status < 300 for exchange in exchanges)


def test_every_page_of_a_list_is_as_described(world: World) -> None:
    for number in range(3):
        plan = PHONE.model_copy(update={"name": f"Phone {number}"})
        _ = world.client.subscribe(plan=plan, customer=world.customer)
    ids = [*world.fake.subscriptions]
    assert ids_of_pages(world.fake, "/v2/subscriptions?limit=1") == ids[::-1]
    sorted_list = f"/v2/customers/{world.customer}/subscriptions?limit=2&sort=asc"
    assert ids_of_pages(world.fake, sorted_list) == ids


def ids_of_pages(fake: MollieFake, first: str) -> list[str]:
    """Follow the links from page to page, and check each."""
    found: list[str] = []
    target: str | None = first
    while target is not None:
        reply = fake.handle("GET", target, {"Authorization": f"Bearer {fake.api_key}"}, b"")
        DOCUMENT.operation("GET", target.partition("?")[0]).check_reply(reply)
        body = json.loads(reply.content)
        found += [each["id"] for each in body["_embedded"]["subscriptions"]]
        link = body["_links"]["next"]
        target = link and link["href"].removeprefix("https://api.mollie.com")
    return found


REFUSED: dict[str, tuple[str, str, object, int]] = {
    "no customer": ("GET", "/v2/customers/cst_0", None, 404),
    "no subscription": ("GET", "/v2/customers/CUSTOMER/subscriptions/sub_0", None, 404),
    "no mandate": ("DELETE", "/v2/customers/CUSTOMER/mandates/mdt_0", None, 404),
    "no payment": ("GET", "/v2/payments/tr_0", None, 404),
    "no terms": ("POST", "/v2/customers/CUSTOMER/subscriptions", {}, 422),
    "no object": ("POST", "/v2/customers", [], 400),
    "strange": ("PATCH", "/v2/customers/CUSTOMER", {"address": "x"}, 422),
    "cursor": ("GET", "/v2/customers?from=cst_0", None, 400),
    "limit": ("GET", "/v2/customers?limit=251", None, 400),
    "testmode": ("GET", "/v2/subscriptions?testmode=true", None, 400),
    "no key": ("GET", "/v2/customers", None, 401),
}


@pytest.mark.parametrize(("method", "target", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_every_refusal_is_described(
    world: World, method: str, target: str, body: object, status: int
) -> None:
    target = target.replace("CUSTOMER", world.customer)
    key = "" if status == 401 else f"Bearer {world.fake.api_key}"
    content = b"" if body is None else json.dumps(body).encode()
    reply = world.fake.handle(method, target, {"Authorization": key}, content)
    assert reply.status == status
    DOCUMENT.operation(method, target.partition("?")[0]).check_reply(reply)
    told = json.loads(reply.content)
    assert (told["status"], bool(told["title"]), bool(told["detail"])) == (status, True, True)


ASKED: dict[str, Any] = {
    "amount": {"currency": "EUR", "value": "12.50"},
    "interval": "1 month",
    "description": "Phone",
}
SPOILED: dict[str, dict[str, Any]] = {
    "missing": {"amount": ASKED["amount"], "interval": "1 month"},
    "number": {**ASKED, "amount": {"currency": "EUR", "value": 12.5}},
    "years": {**ASKED, "interval": "1 year"},
    "null": {**ASKED, "times": None},
    "strange": {**ASKED, "taxRate": "21"},
    "both": {**ASKED, "method": "directdebit", "mandateId": "mdt_1"},
    "day": {**ASKED, "startDate": "01-02-2024"},
}


@pytest.mark.parametrize("body", SPOILED.values(), ids=SPOILED)
def test_the_description_is_strict_enough_to_notice(body: dict[str, Any]) -> None:
    place = ("paths", "/customers/{customerId}/subscriptions", "post", "requestBody", "content")
    DOCUMENT.validate(ASKED, *place, "application/json", "schema", closed=True)
    with pytest.raises(DocumentMismatch):
        DOCUMENT.validate(body, *place, "application/json", "schema", closed=True)


def test_the_fake_refuses_what_the_description_refuses(world: World) -> None:
    for body in SPOILED.values():
        reply = world.fake.handle(
            "POST",
            f"/v2/customers/{world.customer}/subscriptions",
            {"Authorization": f"Bearer {world.fake.api_key}"},
            json.dumps(body).encode(),
        )
        assert reply.status == 422
    assert not world.fake.subscriptions


def test_a_draft_is_the_plan(world: World) -> None:
    draft = PlanDraft(name="Phone", price=Money("5", "EUR"), interval=Interval(1, "year"))
    made = world.client.subscribe(plan=draft, customer=world.customer)
    assert (made.price, made.interval, made.plan_id) == (draft.price, draft.interval, None)
