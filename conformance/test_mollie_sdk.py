"""Mollie's own SDK does in the served sandbox what it does at Mollie.

`mollie-api-python` is written by Mollie. It is given the sandbox's address and key, and nothing of
subhub's; what it and subhub's client create, the other must read with the same meaning.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from mollie.api.client import Client as Sdk
from mollie.api.error import (
    BadRequestError,
    NotFoundError,
    ResponseError,
    UnauthorizedError,
    UnprocessableEntityError,
)
from subhub_mollie import Mollie

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, Status
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving

EUROS = {"currency": "EUR", "value": "12.50"}
TERMS = {"amount": EUROS, "interval": "1 month", "description": "Phone"}
THANKS = "https://shop.example/thanks"
UNKNOWN = "cst_unknown"


@dataclass(frozen=True, slots=True)
class World:
    """The same account, for the SDK and for subhub, both with a key and an address."""

    sdk: Sdk
    client: Client
    account: ServedAccount

    def pass_days(self, days: int) -> None:
        """Advance the sandbox's clock."""
        url = self.account.site.replace(self.account.path, f"_sandbox/{self.account.path}/clock")
        assert httpx.post(url, json={"days": days}).status_code == 200

    def today(self) -> dt.date:
        """Return the sandbox's day."""
        return self.account.fake.clock.now().date()

    def payer(self) -> Any:
        """Return a customer who has paid for the first time, as the SDK sees them."""
        customer = self.sdk.customers.create({"name": "Ann", "email": "ann@example.com"})
        _ = self.pay(customer.id)
        return customer

    def pay(self, customer_id: str) -> Any:
        """Create a first payment and pay it on its page, as a browser does."""
        payment = self.sdk.payments.create(
            {
                "amount": EUROS,
                "description": "First month",
                "redirectUrl": THANKS,
                "webhookUrl": "https://shop.example/webhooks/mollie",
                "sequenceType": "first",
                "customerId": customer_id,
                "metadata": {"order": 17},
            }
        )
        paid = httpx.post(payment.checkout_url, data={"do": "pay"})
        assert (paid.status_code, paid.headers["location"]) == (303, THANKS)
        return payment


@pytest.fixture(scope="module")
def served() -> Iterator[ServedAccount]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(Mollie, "main", {})
        with serving(Application(sandbox), listening):
            yield sandbox.accounts["mollie/main"]


@pytest.fixture
def world(served: ServedAccount) -> Iterator[World]:
    served.reset()
    key = served.fake.api_key
    with Client("mollie", api_key=key, base_url=served.base_url) as client:
        sdk = connect(served, key)
        yield World(sdk, client, served)
        close(sdk)


def connect(served: ServedAccount, key: str) -> Sdk:
    sdk = Sdk(api_endpoint=served.site)
    sdk.set_api_key(key)
    return sdk


def close(sdk: Sdk) -> None:
    """Close the SDK's connections, for which it has no method."""
    session: Any = vars(sdk).get("_client")
    if session is not None:
        session.close()


class TestCustomers:
    def test_are_created_read_changed_and_deleted(self, world: World) -> None:
        fields = {"name": "Zoë Ĳsbrand", "email": "zoe@example.com", "locale": "nl_NL"}
        created = world.sdk.customers.create({**fields, "metadata": {"crm": [1, "a"]}})
        assert {name: created[name] for name in fields} == fields
        assert (created.resource, created.mode, created.metadata) == (
            "customer",
            "test",
            {"crm": [1, "a"]},
        )
        assert dt.datetime.fromisoformat(created.created_at).date() == world.today()
        assert world.sdk.customers.get(created.id) == created

        changed = world.sdk.customers.update(created.id, {"name": "Zoë"})
        assert (changed.name, changed.email) == ("Zoë", "zoe@example.com")
        assert world.sdk.customers.get(created.id) == changed

        assert world.sdk.customers.delete(created.id) == {}
        assert len(world.sdk.customers.list()) == 0

    def test_are_listed_page_by_page_in_both_directions(self, world: World) -> None:
        ids = [world.sdk.customers.create({"name": f"C{number}"}).id for number in range(5)]
        newest_first = ids[::-1]

        pages = [world.sdk.customers.list(limit=2)]
        while pages[-1].has_next():
            pages.append(pages[-1].get_next())
        assert [[found.id for found in page] for page in pages] == [
            newest_first[:2],
            newest_first[2:4],
            newest_first[4:],
        ]
        assert [page.count for page in pages] == [2, 2, 1]
        assert not pages[0].has_previous()
        back = pages[2].get_previous()
        assert [found.id for found in back] == newest_first[2:4]
        assert [found.id for found in back.get_previous()] == newest_first[:2]
        oldest = world.sdk.customers.list(limit=1, sort="asc")
        assert oldest[0].id == ids[0]
        assert oldest.get_next()[0].id == ids[1]


class TestPayments:
    def test_a_first_payment_creates_a_mandate(self, world: World) -> None:
        customer = world.sdk.customers.create({"name": "Ann"})
        assert len(customer.mandates.list()) == 0
        opened = world.pay(customer.id)
        assert opened.is_open()
        assert not opened.is_paid()
        assert opened.has_sequence_type_first()
        assert (opened.amount, opened.metadata) == (EUROS, {"order": 17})
        assert opened.profile_id.startswith("pfl_")

        paid = world.sdk.payments.get(opened.id)
        assert paid.is_paid()
        assert paid.checkout_url is None
        assert paid.get_customer() == customer
        (mandate,) = customer.mandates.list()
        assert mandate.is_valid()
        assert (mandate.id, mandate.method) == (paid.mandate_id, "directdebit")
        assert mandate.get_customer() == customer

    def test_a_revoked_mandate_ends_its_subscriptions(self, world: World) -> None:
        customer = world.payer()
        (mandate,) = customer.mandates.list()
        subscription = customer.subscriptions.create({**TERMS, "mandateId": mandate.id})
        _ = customer.mandates.delete(mandate.id)
        assert len(customer.mandates.list()) == 0
        assert customer.subscriptions.get(subscription.id).is_canceled()


class TestSubscriptions:
    def test_are_created_read_changed_and_canceled(self, world: World) -> None:
        customer = world.payer()
        start = (world.today() + dt.timedelta(days=30)).isoformat()
        asked = {**TERMS, "startDate": start, "times": 12, "metadata": {"plan": "phone"}}
        created = customer.subscriptions.create(asked)
        assert {name: created[name] for name in asked} == asked
        assert created.is_active()
        assert (created.times, created.times_remaining) == (12, 12)
        assert (created.next_payment_date, created.customer_id) == (start, customer.id)
        assert created.get_customer() == customer
        assert customer.subscriptions.get(created.id) == created

        changes = {"amount": {"currency": "EUR", "value": "15.00"}, "interval": "2 weeks"}
        changed = customer.subscriptions.update(created.id, changes)
        assert (changed.amount, changed.interval) == (changes["amount"], "2 weeks")
        assert changed.description == "Phone"
        assert list(customer.subscriptions.list()) == [changed]
        assert list(world.sdk.subscriptions.list()) == [changed]

        canceled = customer.subscriptions.delete(created.id)
        assert canceled.is_canceled()
        assert dt.datetime.fromisoformat(canceled.canceled_at).date() == world.today()
        assert canceled.next_payment_date is None
        assert customer.subscriptions.get(created.id) == canceled

    def test_are_paid_as_time_passes_until_they_are_completed(self, world: World) -> None:
        customer = world.payer()
        created = customer.subscriptions.create({**TERMS, "times": 3})
        assert len(created.payments.list()) == 1

        world.pass_days(31)
        payments = created.payments.list()
        assert len(payments) == 2
        for payment in payments:
            assert payment.is_paid()
            assert payment.has_sequence_type_recurring()
            assert (payment.amount, payment.description) == (EUROS, "Phone")
            assert payment.get_customer() == customer
            assert payment.get_subscription().id == payment.subscription_id == created.id
        assert customer.subscriptions.get(created.id).times_remaining == 1

        world.pass_days(31)
        completed = customer.subscriptions.get(created.id)
        assert completed.is_completed()
        assert completed.times_remaining == 0
        page = completed.payments.list(limit=2)
        assert len(page.get_next()) == 1


class TestRepeating:
    def test_a_key_creates_once(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        first = world.sdk.customers.create({"name": "Ann"}, idempotency_key="order-17")
        assert not caplog.records
        with caplog.at_level(logging.WARNING):
            again = world.sdk.customers.create({"name": "Ann"}, idempotency_key="order-17")
        assert again == first
        assert "Idempotent-Replayed" in caplog.text
        assert len(world.sdk.customers.list()) == 1

    def test_a_key_is_for_one_request(self, world: World) -> None:
        _ = world.sdk.customers.create({"name": "Ann"}, idempotency_key="order-17")
        with pytest.raises(BadRequestError) as caught:
            _ = world.sdk.customers.create({"name": "Bob"}, idempotency_key="order-17")
        assert caught.value.idempotency_key == "order-17"
        assert len(world.sdk.customers.list()) == 1


class TestErrors:
    def test_a_wrong_key(self, served: ServedAccount) -> None:
        sdk = connect(served, "test_wrong")
        with pytest.raises(UnauthorizedError) as caught:
            _ = sdk.customers.list()
        assert caught.value.status == 401
        close(sdk)

    def test_an_unknown_id(self, world: World) -> None:
        with pytest.raises(NotFoundError, match=UNKNOWN) as caught:
            _ = world.sdk.customers.get(UNKNOWN)
        assert (caught.value.status, caught.value.field) == (404, None)

    def test_a_deleted_customer(self, world: World) -> None:
        customer = world.sdk.customers.create({"name": "Ann"})
        _ = world.sdk.customers.delete(customer.id)
        with pytest.raises(ResponseError) as caught:
            _ = world.sdk.customers.get(customer.id)
        assert (caught.value.status, type(caught.value)) == (410, ResponseError)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"amount": {"currency": "EUR", "value": "12.5"}}, "amount"),
            ({"interval": "2 years"}, "interval"),
            ({"startDate": "2001-01-01"}, "startDate"),
            ({"mandateId": "mdt_unknown"}, "mandateId"),
        ],
    )
    def test_a_wrong_field_is_named(
        self, world: World, changed: dict[str, Any], field: str
    ) -> None:
        customer = world.payer()
        with pytest.raises(UnprocessableEntityError) as caught:
            _ = customer.subscriptions.create({**TERMS, **changed})
        assert (caught.value.status, caught.value.field) == (422, field)
        assert len(customer.subscriptions.list()) == 0

    def test_a_cursor_of_another_list(self, world: World) -> None:
        with pytest.raises(BadRequestError) as caught:
            _ = world.sdk.customers.list(**{"from": UNKNOWN})
        assert caught.value.field == "from"


class TestBothClients:
    def test_the_sdk_reads_what_subhub_creates(self, world: World) -> None:
        draft = CustomerDraft(name="Zoë", email="zoe@example.com", external_id="crm-1", city="Ee")
        customer = world.client.create_customer(draft)
        read = world.sdk.customers.get(customer.id)
        assert (read.name, read.email) == (customer.name, customer.email)
        assert read.metadata == {"city": "Ee", "external_id": "crm-1"}
        assert dt.datetime.fromisoformat(read.created_at) == customer.created_at

        link = world.client.call(
            Mollie.create_first_payment,
            customer.id,
            amount=Money("12.50", "EUR"),
            description="First year",
            redirect_url=THANKS,
        )
        payment = world.sdk.payments.get(link.id)
        assert (payment.amount, payment.description) == (EUROS, "First year")
        assert (payment.checkout_url, payment.redirect_url) == (link.url, THANKS)
        assert payment.customer_id == customer.id
        assert httpx.post(link.url, data={"do": "pay"}).status_code == 303
        (mandate,) = read.mandates.list()

        starts_on = world.today() + dt.timedelta(days=10)
        plan = PlanDraft(name="Car", price=Money("1500", "JPY"), interval=Interval(1, "year"))
        made = world.client.subscribe(
            plan=plan, customer=customer.id, starts_on=starts_on, payment_method=mandate.id
        )
        (found,) = read.subscriptions.list()
        assert made.id == f"{found.id}:{customer.id}"
        assert (found.amount, found.interval) == ({"currency": "JPY", "value": "1500"}, "12 months")
        assert (found.description, found.mandate_id) == ("Car", mandate.id)
        assert found.start_date == found.next_payment_date == starts_on.isoformat()
        assert found.is_active()

        _ = world.client.update_subscription(made.id, price=Money("1600", "JPY"))
        assert read.subscriptions.get(found.id).amount["value"] == "1600"
        _ = world.client.cancel_subscription(made.id, when="now")
        assert read.subscriptions.get(found.id).is_canceled()

    def test_who_agreed_on_subhubs_page_has_a_mandate_for_the_sdk(self, world: World) -> None:
        customer = world.client.create_customer(CustomerDraft(name="Ann", email="ann@example.com"))
        link = world.client.create_setup_link(customer, return_url=THANKS)
        payment = world.sdk.payments.get(link.id)
        assert (payment.checkout_url, payment.redirect_url) == (link.url, THANKS)
        assert payment.has_sequence_type_first()
        assert payment.amount == {"currency": "EUR", "value": "0.01"}
        assert httpx.post(link.url, data={"do": "pay"}).status_code == 303

        read = world.sdk.customers.get(customer.id)
        (mandate,) = read.mandates.list()
        (method,) = world.client.payment_methods(customer)
        assert (method.id, method.status) == (mandate.id, mandate.status)
        made = read.subscriptions.create({**TERMS, "mandateId": method.id})
        assert made.is_active()

    def test_subhub_reads_what_the_sdk_creates(self, world: World) -> None:
        created = world.payer()
        customer = world.client.get_customer(created.id)
        assert (customer.name, customer.email) == ("Ann", "ann@example.com")
        assert [*world.client.list_customers()] == [customer]
        (mandate,) = world.client.payment_methods(created.id)
        assert (mandate.status, mandate.kind) == ("valid", "direct_debit")

        made = created.subscriptions.create({**TERMS, "interval": "3 months", "times": 2})
        (found,) = world.client.list_subscriptions(customer=created.id)
        assert found == world.client.get_subscription(f"{made.id}:{created.id}")
        assert (found.status, found.raw_status) == (Status.ACTIVE, made.status)
        assert (found.price, found.interval) == (Money("12.50", "EUR"), Interval(3, "month"))
        assert str(found.starts_on) == made.start_date
        assert str(found.renews_on) == made.next_payment_date
        (payment,) = world.client.walk(Mollie.list_subscription_payments, subscription=found.id)
        (same,) = made.payments.list()
        assert (payment.id, payment.mandate_id) == (same.id, mandate.id)
        assert payment.subscription_id == found.id

        world.pass_days(100)
        assert world.client.get_subscription(found.id).status is Status.ENDED
        assert created.subscriptions.get(made.id).is_completed()
