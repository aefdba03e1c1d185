"""Setup links and payment methods of Mollie: what is sent and read, and the account's rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from subhub_mollie import Mollie, MollieSettings
from subhub_mollie.fake import MollieFake

from subhub import (
    Client,
    ConfigError,
    CustomerDraft,
    InvalidRequest,
    Money,
    NotFound,
    PaymentMethod,
    PaymentMethodStatus,
    Status,
)
from subhub.plugin import Page, Request
from subhub.sandbox import Fake
from subhub.testing import play, reply
from tests.mollie.conftest import PHONE, START, World

CUSTOMER = "cst_8wmqcHMN4U"
RETURN = "https://shop.example/thanks"
ANSWER = {
    "id": "tr_7UhSN1zuXS",
    "status": "open",
    "amount": {"currency": "EUR", "value": "0.01"},
    "customerId": CUSTOMER,
    "_links": {"checkout": {"href": "https://www.mollie.com/checkout/x"}},
}


def sent(settings: MollieSettings | None = None, **terms: Any) -> Request:
    """Return what a setup link sends."""
    plugin = Mollie()
    plugin.settings = settings or plugin.settings
    flow = plugin.create_setup_link(customer=CUSTOMER, return_url=RETURN, **terms)
    (request,) = play(flow, reply(201, ANSWER)).requests
    return request


def mandates(*wire: dict[str, Any]) -> dict[str, Any]:
    return {"_embedded": {"mandates": [*wire]}, "_links": {"next": None}}


def read(answer: object) -> Sequence[PaymentMethod]:
    flow = Mollie().payment_methods(customer=CUSTOMER)
    return play(flow, reply(200, answer)).result.items


class TestRequests:
    def test_it_is_a_first_payment_of_a_cent(self) -> None:
        request = sent(idempotency_key="k-1")
        assert (request.method, request.path) == ("POST", "/payments")
        assert request.headers == {"Idempotency-Key": "k-1"}
        assert request.body == {
            "amount": {"currency": "EUR", "value": "0.01"},
            "description": "Authorization of later payments",
            "redirectUrl": RETURN,
            "sequenceType": "first",
            "customerId": CUSTOMER,
        }

    def test_amount_and_description_are_the_accounts(self) -> None:
        settings = MollieSettings.model_validate(
            {"setup_amount": "1 CHF", "setup_description": "Acme"}
        )
        body = sent(
            settings,
            back_url="https://shop.example/cart",
            method="twint",
            webhook_url="https://shop.example/hook",
            metadata={"order": "17"},
        ).body
        assert body == {
            "amount": {"currency": "CHF", "value": "1.00"},
            "description": "Acme",
            "redirectUrl": RETURN,
            "cancelUrl": "https://shop.example/cart",
            "webhookUrl": "https://shop.example/hook",
            "method": "twint",
            "metadata": {"order": "17"},
            "sequenceType": "first",
            "customerId": CUSTOMER,
        }

    @pytest.mark.parametrize(("method", "goes_out"), [(None, "creditcard"), ("paypal", "paypal")])
    def test_nothing_is_paid_with_a_card_or_paypal(self, method: str | None, goes_out: str) -> None:
        body: Any = sent(MollieSettings(setup_amount=Money("0", "EUR")), method=method).body
        assert (body["amount"]["value"], body["method"]) == ("0.00", goes_out)

    def test_nothing_is_not_paid_otherwise(self) -> None:
        with pytest.raises(InvalidRequest, match=r"takes creditcard or paypal, got 'ideal': raise"):
            _ = sent(MollieSettings(setup_amount=Money("0", "EUR")), method="ideal")

    def test_the_address_to_return_to_is_required(self) -> None:
        with pytest.raises(InvalidRequest, match="is required at Mollie") as caught:
            _ = next(Mollie().create_setup_link(customer=CUSTOMER))
        assert list(caught.value.fields) == ["return_url"]


class TestSettings:
    @pytest.mark.parametrize(
        ("amount", "said"),
        [
            ("-1 EUR", "must be an amount >= 0, such as '0.01 EUR', got '-1 EUR'"),
            ("1", "invalid amount '1': expected for example '12.95 EUR'"),
            ("0.01 JPY", "0.01 JPY has too many decimals: JPY has 0"),
            ("1 EURO", "unknown currency"),
            (1, "must be an amount >= 0, such as '0.01 EUR', got 1"),
        ],
    )
    def test_a_wrong_amount_is_refused_when_the_account_is_opened(
        self, amount: object, said: str
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            _ = Client("mollie", sandbox=True, settings={"setup_amount": amount})
        assert "`setup_amount` is not as mollie needs it: " in str(caught.value)
        assert said in str(caught.value)

    def test_the_page_asks_for_the_accounts_amount(self) -> None:
        settings = {"setup_amount": "0 EUR", "setup_description": "Acme: your card"}
        with Client("mollie", sandbox=True, settings=settings) as client:
            customer = client.create_customer(CustomerDraft(name="A", email="a@b.example"))
            link = client.create_setup_link(customer, return_url=RETURN)
            fake: Fake | None = client.sandbox
            assert fake is not None
            page = fake.checkout_page(link.url)
            assert page is not None
            assert (page.plan, page.price) == ("Acme: your card", "0.00 EUR")
            fake.pay(link.url)
            (method,) = client.payment_methods(customer)
            assert (method.kind, method.status) == ("card", PaymentMethodStatus.VALID)


class TestPaymentMethods:
    def test_mandates_are_read(self) -> None:
        wire = {
            "id": "mdt_h3gAaD5zP",
            "status": "valid",
            "method": "directdebit",
            "details": {"consumerName": "J. Doe", "consumerAccount": "NL55INGB0000000000"},
            "createdAt": "2023-04-06T13:10:19+00:00",
        }
        played = play(Mollie().payment_methods(customer=CUSTOMER), reply(200, mandates(wire)))
        page: Page[PaymentMethod] = played.result
        place = f"/customers/{CUSTOMER}/mandates"
        assert played.requests == (Request("GET", place, query={"limit": "250"}),)
        (found,) = page.items
        assert (found.id, found.customer_id) == ("mdt_h3gAaD5zP", CUSTOMER)
        assert (found.kind, found.status, found.raw_status) == ("direct_debit", "valid", "valid")
        assert found.created_at is not None
        assert "NL55" not in repr(found)
        assert found.raw["details"]["consumerAccount"] == "NL55INGB0000000000"

    @pytest.mark.parametrize(
        ("method", "kind"),
        [("creditcard", "card"), ("paypal", "paypal"), ("swish", "swish"), (None, None)],
    )
    def test_a_later_word_for_the_kind_is_kept(self, method: str | None, kind: str | None) -> None:
        answer = mandates({"id": "mdt_1", "status": "valid", "method": method})
        (found,) = read(answer)
        assert found.kind == kind

    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("valid", PaymentMethodStatus.VALID),
            ("pending", PaymentMethodStatus.PENDING),
            ("invalid", PaymentMethodStatus.INVALID),
            ("frozen", PaymentMethodStatus.UNKNOWN),
        ],
    )
    def test_what_a_status_means(self, word: str, status: PaymentMethodStatus) -> None:
        answer = mandates({"id": "mdt_1", "status": word, "customerId": "cst_2"})
        (found,) = read(answer)
        assert (found.status, found.raw_status, found.customer_id) == (status, word, "cst_2")


class TestSandbox:
    def test_the_customer_agrees_and_is_subscribed_later(self, world: World) -> None:
        link = world.client.create_setup_link(world.customer, return_url=RETURN)
        assert link.created_at == START
        assert link.url not in repr(link)
        world.fake.pay(link.url)
        (newest, _) = world.client.payment_methods(world.customer)
        assert newest.created_at == START
        assert not [*world.client.list_subscriptions()]
        sold = world.client.subscribe(plan=PHONE, customer=world.customer, payment_method=newest)
        assert sold.status is Status.ACTIVE
        assert world.fake.subscriptions[sold.id.partition(":")[0]]["mandateId"] == newest.id

    def test_an_invalid_mandate_is_listed_as_such(self, world: World) -> None:
        world.fake.settle_mandate(world.mandate, "invalid")
        (found,) = world.client.payment_methods(world.customer)
        assert found.status is PaymentMethodStatus.INVALID

    def test_a_customer_who_does_not_exist_is_not_found(self, world: World) -> None:
        with pytest.raises(NotFound):
            _ = [*world.client.payment_methods("cst_unknown")]

    def test_the_page_is_declined_and_expires(self, world: World) -> None:
        fake: MollieFake = world.fake
        link = world.client.create_setup_link(world.customer, return_url=RETURN)
        fake.decline(link.url)
        page = fake.checkout_page(link.url)
        assert page is not None
        assert page.state == "declined"
        _ = fake.clock.advance(days=1)
        with pytest.raises(ValueError, match="expired"):
            fake.pay(link.url)
        assert len([*world.client.payment_methods(world.customer)]) == 1
