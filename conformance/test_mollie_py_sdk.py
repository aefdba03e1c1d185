"""Mollie's newer SDK does in the served sandbox what it does at Mollie, with a key or a token.

`mollie-api-py` is generated from Mollie's own API description, and checks each answer against it.
It is given the sandbox's address and credentials, and nothing of subhub's. Its parts are imported
one by one: `mollie-api-python` has a package `mollie` too, whose `__init__` may be installed last.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import httpx
import pytest
from mollie import models
from mollie.sdk import ClientSDK
from subhub_mollie import Mollie
from subhub_mollie.access import WITH_PROFILE
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, Status
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving

EUROS = {"currency": "EUR", "value": "12.50"}
TERMS = {"amount": EUROS, "interval": "1 month", "description": "Phone"}
THANKS = "https://shop.example/thanks"
UNKNOWN = "cst_unknown"
PROFILE = "pfl_5B8cwPMGnU"
OPERATIONS = {
    "create-payment": ("POST", "/payments"),
    "create-subscription": ("POST", "/customers/{}/subscriptions"),
}
"""Those that the plugin uses of the ones to whose bodies the SDK adds the profile."""


@dataclass(frozen=True, slots=True)
class World:
    """The same account, for the SDK and for subhub; *scope* is what a token has to say."""

    sdk: ClientSDK
    client: Client
    account: ServedAccount
    scope: dict[str, Any] = field(default_factory=dict)

    @property
    def fake(self) -> MollieFake:
        assert isinstance(self.account.fake, MollieFake)
        return self.account.fake

    def today(self) -> dt.date:
        """Return the sandbox's day."""
        return self.fake.clock.now().date()

    def pass_days(self, days: int) -> None:
        """Advance the sandbox's clock."""
        url = self.account.site.replace(self.account.path, f"_sandbox/{self.account.path}/clock")
        assert httpx.post(url, json={"days": days}).status_code == 200

    def customer(self, name: str = "Ann") -> Any:
        """Return a new customer, as the SDK sees them."""
        return self.sdk.customers.create(
            entity_customer={"name": name, "email": "ann@example.com", "metadata": {"crm": 7}}
        )

    def pay(self, customer: str) -> Any:
        """Create a first payment and pay it on its page, as a browser does."""
        opened = self.sdk.payments.create(
            payment_request={
                "amount": EUROS,
                "description": "First month",
                "redirect_url": THANKS,
                "webhook_url": "https://shop.example/webhooks/mollie",
                "sequence_type": "first",
                "customer_id": customer,
                "metadata": {"order": 17},
            }
        )
        paid = httpx.post(opened.links.checkout.href, data={"do": "pay"})
        assert (paid.status_code, paid.headers["location"]) == (303, THANKS)
        return opened

    def payer(self) -> str:
        """Return the id of a customer who has paid for the first time."""
        customer: str = self.customer().id
        _ = self.pay(customer)
        return customer

    def subscribe(self, customer: str, **changed: Any) -> Any:
        """Subscribe a customer who has paid."""
        return self.sdk.subscriptions.create(
            customer_id=customer, subscription_request={**TERMS, **changed}
        )

    def subscriptions(self, customer: str) -> Any:
        """Return a customer's subscriptions."""
        page = self.sdk.subscriptions.list(customer_id=customer)
        return page.result.embedded.subscriptions

    def mandates(self, customer: str) -> Any:
        """Return a customer's mandates."""
        return self.sdk.mandates.list(customer_id=customer).result.embedded.mandates


@pytest.fixture(scope="module")
def served() -> Iterator[ServedAccount]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(Mollie, "main", {})
        with serving(Application(sandbox), listening):
            yield sandbox.accounts["mollie/main"]


@pytest.fixture(params=["key", "token"])
def world(served: ServedAccount, request: pytest.FixtureRequest) -> Iterator[World]:
    served.reset()
    assert isinstance(served.fake, MollieFake)
    key, scope = served.fake.api_key, {}
    security, settings = models.Security(api_key=key), {}
    if request.param == "token":
        key = served.fake.access_token
        security = models.Security(o_auth=key)
        scope = {"testmode": True, "profile_id": PROFILE}
        settings = scope
    with (
        httpx.Client() as http,
        Client("mollie", api_key=key, base_url=served.base_url, settings=settings) as client,
    ):
        sdk = ClientSDK(security=security, server_url=served.site, client=http, **scope)
        yield World(sdk, client, served, scope)


class TestCustomers:
    def test_are_created_read_changed_and_deleted(self, world: World) -> None:
        created = world.customer("Zoë Ĳsbrand")
        assert (created.resource, created.mode, created.name) == (
            "customer",
            models.Mode.TEST,
            "Zoë Ĳsbrand",
        )
        assert (created.email, created.metadata) == ("ann@example.com", {"crm": 7})
        assert dt.datetime.fromisoformat(created.created_at).date() == world.today()
        assert world.sdk.customers.get(customer_id=created.id).name == created.name

        changes = {"name": "Zoë", "locale": "nl_NL"}
        changed = world.sdk.customers.update(customer_id=created.id, request_body=changes)
        assert (changed.name, changed.email, changed.locale) == (
            "Zoë",
            "ann@example.com",
            models.LocaleResponse.NL_NL,
        )
        _ = world.sdk.customers.delete(customer_id=created.id)
        assert world.sdk.customers.list().result.embedded.customers == []

    def test_are_listed_page_by_page(self, world: World) -> None:
        ids = [world.customer(f"C{number}").id for number in range(5)]
        pages, page = [], world.sdk.customers.list(limit=2)
        while page is not None:
            pages.append([found.id for found in page.result.embedded.customers])
            page = page.next()
        newest_first = ids[::-1]
        assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]
        oldest = world.sdk.customers.list(limit=1, sort=models.Sorting.ASC)
        assert oldest.result.embedded.customers[0].id == ids[0]
        assert oldest.next().result.embedded.customers[0].id == ids[1]


class TestFirstPayments:
    def test_one_that_is_paid_creates_a_mandate(self, world: World) -> None:
        customer = world.customer().id
        assert world.mandates(customer) == []
        opened = world.pay(customer)
        assert (opened.status.value, opened.sequence_type.value) == ("open", "first")
        assert (opened.amount.value, opened.metadata) == ("12.50", {"order": 17})
        assert opened.profile_id == world.scope.get("profile_id", world.fake.own_profile)

        paid = world.sdk.payments.get(payment_id=opened.id)
        assert (paid.status.value, paid.links.checkout) == ("paid", None)
        (mandate,) = world.mandates(customer)
        assert (mandate.id, mandate.status.value) == (paid.mandate_id, "valid")
        assert (mandate.method.value, mandate.customer_id) == ("directdebit", customer)

    def test_a_revoked_mandate_ends_its_subscriptions(self, world: World) -> None:
        customer = world.payer()
        (mandate,) = world.mandates(customer)
        made = world.subscribe(customer, mandate_id=mandate.id)
        _ = world.sdk.mandates.revoke(customer_id=customer, mandate_id=mandate.id)
        assert world.mandates(customer) == []
        read = world.sdk.subscriptions.get(customer_id=customer, subscription_id=made.id)
        assert read.status.value == "canceled"


class TestSubscriptions:
    def test_are_created_read_changed_listed_and_canceled(self, world: World) -> None:
        customer = world.payer()
        start = (world.today() + dt.timedelta(days=30)).isoformat()
        created = world.subscribe(customer, start_date=start, times=12, metadata={"plan": "phone"})
        assert (created.amount.value, created.interval, created.description) == (
            "12.50",
            "1 month",
            "Phone",
        )
        assert (created.status.value, created.times, created.times_remaining) == ("active", 12, 12)
        assert (created.start_date, created.next_payment_date) == (start, start)
        assert (created.metadata, created.customer_id) == ({"plan": "phone"}, customer)
        place = {"customer_id": customer, "subscription_id": created.id}
        assert world.sdk.subscriptions.get(**place) == created

        changes = {"amount": {"currency": "EUR", "value": "15.00"}, "interval": "2 weeks"}
        changed = world.sdk.subscriptions.update(**place, request_body=changes)
        assert (changed.amount.value, changed.interval) == ("15.00", "2 weeks")
        (listed,) = world.subscriptions(customer)
        scope = {"profile_id": world.scope["profile_id"]} if world.scope else {}
        (of_all,) = world.sdk.subscriptions.all(**scope).result.embedded.subscriptions
        assert listed.id == of_all.id == created.id

        canceled = world.sdk.subscriptions.cancel(**place)
        assert canceled.status.value == "canceled"
        assert not canceled.next_payment_date
        assert dt.datetime.fromisoformat(canceled.canceled_at).date() == world.today()

    def test_are_paid_as_time_passes_until_they_are_completed(self, world: World) -> None:
        customer = world.payer()
        made = world.subscribe(customer, times=3)
        place = {"customer_id": customer, "subscription_id": made.id}
        world.pass_days(31)
        payments = world.sdk.subscriptions.list_payments(**place).result.embedded.payments
        assert [(paid.status.value, paid.amount.value) for paid in payments] == [
            ("paid", "12.50")
        ] * 2
        assert {paid.sequence_type.value for paid in payments} == {"recurring"}
        assert {paid.subscription_id for paid in payments} == {made.id}
        assert world.sdk.subscriptions.get(**place).times_remaining == 1
        world.pass_days(31)
        assert world.sdk.subscriptions.get(**place).status.value == "completed"


class TestErrors:
    def test_a_wrong_key(self, served: ServedAccount) -> None:
        with httpx.Client() as http:
            wrong = models.Security(api_key="test_wrong")
            sdk = ClientSDK(security=wrong, server_url=served.site, client=http)
            with pytest.raises(models.APIError) as caught:
                _ = sdk.customers.list()
        assert caught.value.status_code == 401

    def test_an_unknown_id(self, world: World) -> None:
        with pytest.raises(models.ErrorResponse, match=UNKNOWN) as caught:
            _ = world.sdk.customers.get(customer_id=UNKNOWN)
        assert (caught.value.data.status, caught.value.data.field) == (404, None)

    def test_a_deleted_customer(self, world: World) -> None:
        customer = world.customer().id
        _ = world.sdk.customers.delete(customer_id=customer)
        with pytest.raises(models.APIError) as caught:
            _ = world.sdk.customers.get(customer_id=customer)
        assert caught.value.status_code == 410

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"amount": {"currency": "EUR", "value": "12.5"}}, "amount"),
            ({"interval": "2 years"}, "interval"),
            ({"start_date": "2001-01-01"}, "startDate"),
            ({"mandate_id": "mdt_unknown"}, "mandateId"),
        ],
    )
    def test_a_wrong_field_is_named(
        self, world: World, changed: dict[str, Any], field: str
    ) -> None:
        customer = world.payer()
        with pytest.raises(models.APIError) as caught:
            _ = world.subscribe(customer, **changed)
        said = json.loads(caught.value.body)
        assert (caught.value.status_code, said["field"]) == (422, field)
        assert world.subscriptions(customer) == []

    def test_a_key_of_a_request_is_for_that_request(self, world: World) -> None:
        first, again = (
            world.sdk.customers.create(entity_customer={"name": "Ann"}, idempotency_key="order-17")
            for _ in range(2)
        )
        assert first == again
        with pytest.raises(models.APIError) as caught:
            _ = world.sdk.customers.create(
                entity_customer={"name": "Bob"}, idempotency_key="order-17"
            )
        assert caught.value.status_code == 400
        assert len(world.sdk.customers.list().result.embedded.customers) == 1


class TestTokens:
    def test_are_renewed(self, served: ServedAccount) -> None:
        served.reset()
        assert isinstance(served.fake, MollieFake)
        with httpx.Client() as http:
            sdk = ClientSDK(server_url=served.site, client=http)
            app = models.OauthGenerateTokensSecurity(username="app_1", password="secret")  # noqa: S106 - of nothing
            asked = {"grant_type": "refresh_token", "refresh_token": served.fake.renewal}
            tokens = sdk.oauth.generate(security=app, request_body=asked)
            assert (tokens.token_type, tokens.expires_in) == ("bearer", 3600)
            own = models.Security(o_auth=tokens.access_token)
            other = ClientSDK(security=own, server_url=served.site, client=http, testmode=True)
            assert other.customers.list().result.count == 0

    def test_the_sdk_and_subhub_name_the_profile_in_the_same_bodies(self) -> None:
        usage = resources.files("mollie._hooks").joinpath("global_usage.json").read_text("utf-8")
        named = {*json.loads(usage)["profileId"]}
        assert {*OPERATIONS} <= named
        assert {*OPERATIONS.values()} == {one for one in WITH_PROFILE if one[0] == "POST"}


class TestBothClients:
    def test_the_sdk_reads_what_subhub_creates(self, world: World) -> None:
        draft = CustomerDraft(name="Zoë", email="zoe@example.com", external_id="crm-1", city="Ee")
        customer = world.client.create_customer(draft)
        read = world.sdk.customers.get(customer_id=customer.id)
        assert (read.name, read.email) == (customer.name, customer.email)
        assert read.metadata == {"city": "Ee", "external_id": "crm-1"}
        link = world.client.create_setup_link(customer=customer.id, return_url=THANKS)
        assert httpx.post(link.url, data={"do": "pay"}).status_code == 303
        (mandate,) = world.mandates(customer.id)
        assert [found.id for found in world.client.payment_methods(customer.id)] == [mandate.id]

        plan = PlanDraft(name="Car", price=Money("1500", "JPY"), interval=Interval(1, "year"))
        made = world.client.subscribe(plan=plan, customer=customer.id, payment_method=mandate.id)
        (found,) = world.subscriptions(customer.id)
        assert made.id == f"{found.id}:{customer.id}"
        assert (found.amount.currency, found.amount.value) == ("JPY", "1500")
        assert (found.interval, found.mandate_id) == ("12 months", mandate.id)
        _ = world.client.cancel_subscription(made.id, when="now")
        assert world.subscriptions(customer.id)[0].status.value == "canceled"

    def test_subhub_reads_what_the_sdk_creates(self, world: World) -> None:
        customer = world.payer()
        assert world.client.get_customer(customer).name == "Ann"
        made = world.subscribe(customer, interval="3 months", times=2)
        (found,) = world.client.list_subscriptions(customer=customer)
        assert found == world.client.get_subscription(f"{made.id}:{customer}")
        assert [*world.client.list_subscriptions()] == [found]
        assert (found.status, found.price) == (Status.ACTIVE, Money("12.50", "EUR"))
        assert (found.interval, str(found.starts_on)) == (Interval(3, "month"), made.start_date)
        world.pass_days(100)
        assert world.client.get_subscription(found.id).status is Status.ENDED
