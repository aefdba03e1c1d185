"""Stripe's own SDK does in the served sandbox what it does at Stripe.

`stripe` is written by Stripe. It is given the sandbox's address and key, and nothing of subhub's;
what it and subhub's client create, the other must read with the same meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from stripe import (
    AuthenticationError,
    IdempotencyError,
    InvalidRequestError,
    StripeClient,
)
from subhub_stripe import Stripe

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, Status
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving

THANKS = "https://shop.example/thanks"
BACK = "https://shop.example/back"
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))


@dataclass(frozen=True, slots=True)
class World:
    """The same account, for the SDK and for subhub, both with a key and an address."""

    sdk: StripeClient
    client: Client
    account: ServedAccount

    def price(self, amount: int = 1295, name: str = "Phone") -> Any:
        """Create a product with a monthly price."""
        product = self.sdk.v1.products.create({"name": name})
        return self.sdk.v1.prices.create(
            {
                "product": product.id,
                "currency": "eur",
                "unit_amount": amount,
                "recurring": {"interval": "month", "interval_count": 1},
            }
        )

    def customer(self) -> Any:
        """Create a customer."""
        return self.sdk.v1.customers.create({"name": "Ann", "email": "ann@example.com"})


@pytest.fixture(scope="module")
def served() -> Iterator[ServedAccount]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(Stripe, "main", {})
        with serving(Application(sandbox), listening):
            yield sandbox.accounts["stripe/main"]


@pytest.fixture
def world(served: ServedAccount) -> Iterator[World]:
    served.reset()
    key = served.fake.api_key
    with Client("stripe", api_key=key, base_url=served.base_url) as client:
        yield World(connect(served, key), client, served)


def connect(served: ServedAccount, key: str) -> StripeClient:
    return StripeClient(
        key, base_addresses={"api": served.base_url.removesuffix("/v1")}, max_network_retries=0
    )


class TestTheMainJob:
    def test_a_product_and_a_price_are_created_and_read(self, world: World) -> None:
        price = world.price()
        assert (price.unit_amount, price.currency, price.type) == (1295, "eur", "recurring")
        assert (price.recurring.interval, price.recurring.interval_count) == ("month", 1)
        read = world.sdk.v1.prices.retrieve(price.id, {"expand": ["product"]})
        assert (read.id, read.product.name) == (price.id, "Phone")
        (listed,) = world.sdk.v1.prices.list({"type": "recurring"}).data
        assert listed.id == price.id

    def test_a_customer_is_created_changed_and_found(self, world: World) -> None:
        customer = world.customer()
        assert customer.object == "customer"
        changed = world.sdk.v1.customers.update(
            customer.id, {"name": "Zoë & co", "metadata": {"external_id": "crm-1"}}
        )
        assert (changed.name, changed.email) == ("Zoë & co", "ann@example.com")
        assert changed.metadata["external_id"] == "crm-1"
        (found,) = world.sdk.v1.customers.list({"email": "ann@example.com"}).data
        assert found.id == customer.id
        query = {"query": "metadata['external_id']:'crm-1'"}
        (found,) = world.sdk.v1.customers.search(query).data
        assert found.name == "Zoë & co"

    def test_a_vat_id_is_added_and_replaced(self, world: World) -> None:
        customer = world.customer()
        added = world.sdk.v1.customers.tax_ids.create(
            customer.id, {"type": "eu_vat", "value": "NL123456789B01"}
        )
        assert (added.country, added.verification.status) == ("NL", "pending")
        assert world.client.get_customer(customer.id).vat_id == added.value
        _ = world.client.update_customer(customer.id, vat_id="BE0123456789")
        read = world.sdk.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]})
        assert [tax_id.value for tax_id in read.tax_ids.data] == ["BE0123456789"]
        (listed,) = world.sdk.v1.customers.tax_ids.list(customer.id).data
        _ = world.sdk.v1.customers.tax_ids.delete(customer.id, listed.id)
        assert world.client.get_customer(customer.id).vat_id is None

    def test_pages_are_followed_by_the_sdk(self, world: World) -> None:
        ids = [world.customer().id for _ in range(5)]
        walked = world.sdk.v1.customers.list({"limit": 2}).auto_paging_iter()
        assert [found.id for found in walked] == ids[::-1]

    def test_a_checkout_page_is_paid_and_starts_a_subscription(self, world: World) -> None:
        price, customer = world.price(), world.customer()
        session = world.sdk.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer.id,
                "line_items": [{"price": price.id, "quantity": 1}],
                "success_url": THANKS,
                "cancel_url": BACK,
            }
        )
        assert session.url
        paid = httpx.post(session.url, data={"do": "pay"})
        assert (paid.status_code, paid.headers["location"]) == (303, THANKS)
        (subscription,) = world.sdk.v1.subscriptions.list({"customer": customer.id}).data
        assert subscription.status == "active"
        assert subscription["items"].data[0].price.id == price.id

    def test_a_subscription_is_created_changed_and_canceled(self, world: World) -> None:
        price, other, customer = world.price(), world.price(2000, "Car"), world.customer()
        created = world.sdk.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id}]}
        )
        assert world.sdk.v1.subscriptions.retrieve(created.id).status == created.status
        item = created["items"].data[0]
        changed = world.sdk.v1.subscriptions.update(
            created.id, {"items": [{"id": item.id, "price": other.id, "quantity": 1}]}
        )
        assert changed["items"].data[0].price.id == other.id
        ending = world.sdk.v1.subscriptions.update(created.id, {"cancel_at_period_end": True})
        assert ending.cancel_at_period_end
        over = world.sdk.v1.subscriptions.cancel(created.id)
        assert over.status == "canceled"
        assert over.ended_at

    def test_a_subscription_is_paused_and_resumed(self, world: World) -> None:
        price, customer = world.price(), world.customer()
        created = world.sdk.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id}]}
        )
        paused = world.sdk.v1.subscriptions.pause(created.id, {"type": "subscription"})
        assert paused.status == "paused"
        assert paused.status_details.paused.subscription.type == "pause_requested"
        assert world.client.get_subscription(created.id).status is Status.PAUSED
        resumed = world.sdk.v1.subscriptions.resume(
            created.id, {"payment_behavior": "resume_on_payment_success"}
        )
        assert resumed.status == "active"
        assert resumed.latest_invoice != created.latest_invoice


class TestSetup:
    def test_a_customer_saves_a_card_and_is_subscribed_with_it(self, world: World) -> None:
        price, customer = world.price(), world.customer()
        session = world.sdk.v1.checkout.sessions.create(
            {
                "mode": "setup",
                "customer": customer.id,
                "currency": "eur",
                "success_url": THANKS,
                "cancel_url": BACK,
            }
        )
        assert (session.mode, session.status, session.subscription) == ("setup", "open", None)
        assert len(world.sdk.v1.customers.payment_methods.list(customer.id).data) == 0
        assert session.url
        agreed = httpx.post(session.url, data={"do": "pay"})
        assert (agreed.status_code, agreed.headers["location"]) == (303, THANKS)
        assert world.sdk.v1.checkout.sessions.retrieve(session.id).status == "complete"

        (card,) = world.sdk.v1.customers.payment_methods.list(customer.id).data
        assert (card.type, card.customer) == ("card", customer.id)
        assert card.card
        assert card.card.last4 == "4242"
        created = world.sdk.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price.id}],
                "default_payment_method": card.id,
            }
        )
        assert created.status == "active"

    def test_a_page_offers_something_to_save(self, world: World) -> None:
        with pytest.raises(InvalidRequestError) as caught:
            _ = world.sdk.v1.checkout.sessions.create(
                {"mode": "setup", "customer": world.customer().id}
            )
        assert caught.value.param == "currency"

    def test_the_sdk_reads_what_subhub_creates(self, world: World) -> None:
        customer = world.client.create_customer(CustomerDraft(name="Zoë", email="zoe@example.com"))
        link = world.client.create_setup_link(customer, return_url=THANKS, back_url=BACK)
        session = world.sdk.v1.checkout.sessions.retrieve(link.id)
        assert (session.mode, session.customer, session.url) == ("setup", customer.id, link.url)
        assert (session.success_url, session.cancel_url) == (THANKS, BACK)
        assert httpx.post(link.url, data={"do": "pay"}).status_code == 303
        (found,) = world.client.payment_methods(customer)
        (read,) = world.sdk.v1.customers.payment_methods.list(customer.id).data
        assert (found.id, found.kind, found.raw["card"]["last4"]) == (read.id, "card", "4242")


class TestErrors:
    def test_a_wrong_key(self, served: ServedAccount) -> None:
        with pytest.raises(AuthenticationError) as caught:
            _ = connect(served, "sk_test_wrong").v1.customers.list()
        assert caught.value.http_status == 401

    def test_an_unknown_id(self, world: World) -> None:
        with pytest.raises(InvalidRequestError) as caught:
            _ = world.sdk.v1.customers.retrieve("cus_unknown")
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")

    def test_an_unknown_price(self, world: World) -> None:
        with pytest.raises(InvalidRequestError) as caught:
            _ = world.sdk.v1.subscriptions.create(
                {"customer": world.customer().id, "items": [{"price": "price_unknown"}]}
            )
        assert caught.value.code == "resource_missing"
        assert "price_unknown" in str(caught.value)


class TestRepeating:
    def test_a_key_creates_once(self, world: World) -> None:
        first, second = (
            world.sdk.v1.customers.create({"name": "Ann"}, {"idempotency_key": "order-17"})
            for _ in range(2)
        )
        assert first.id == second.id
        assert len(world.sdk.v1.customers.list().data) == 1

    def test_a_key_is_for_one_request(self, world: World) -> None:
        options = {"idempotency_key": "order-17"}
        _ = world.sdk.v1.customers.create({"name": "Ann"}, options)
        with pytest.raises(IdempotencyError):
            _ = world.sdk.v1.customers.create({"name": "Bob"}, options)


class TestBothClients:
    def test_the_sdk_reads_what_subhub_creates(self, world: World) -> None:
        plan = world.client.create_plan(PHONE)
        draft = CustomerDraft(name="Zoë", email="zoe@example.com", external_id="crm-1", city="Ee")
        customer = world.client.create_customer(draft)
        made = world.client.subscribe(plan=plan.id, customer=customer.id)

        price = world.sdk.v1.prices.retrieve(plan.id, {"expand": ["product"]})
        assert (price.unit_amount, price.product.name) == (1295, "Phone")
        read = world.sdk.v1.customers.retrieve(customer.id)
        assert (read.name, read.metadata["external_id"], read.address.city) == (
            "Zoë",
            "crm-1",
            "Ee",
        )
        found = world.sdk.v1.subscriptions.retrieve(made.id)
        assert (found.customer, found.status) == (customer.id, made.raw_status)
        _ = world.client.cancel_subscription(made.id, when="now")
        assert world.sdk.v1.subscriptions.retrieve(made.id).status == "canceled"

    def test_subhub_reads_what_the_sdk_creates(self, world: World) -> None:
        price, customer = world.price(), world.customer()
        created = world.sdk.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id, "quantity": 3}]}
        )
        plan = world.client.get_plan(price.id)
        assert (plan.name, plan.price, plan.interval) == ("Phone", PHONE.price, PHONE.interval)
        found = world.client.get_subscription(created.id)
        assert (found.customer_id, found.plan_id) == (customer.id, price.id)
        assert found.price == Money("38.85", "EUR")
        _ = world.sdk.v1.subscriptions.cancel(created.id)
        assert world.client.get_subscription(created.id).status is Status.CANCELED
