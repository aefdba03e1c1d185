"""Setup links and payment methods of Stripe: requests, responses, and the sandbox's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from subhub_stripe import Stripe, StripeSettings
from subhub_stripe.sandbox import StripeFake

from subhub import (
    Client,
    ConfigError,
    CustomerDraft,
    Interval,
    Money,
    NotFound,
    PaymentMethod,
    PaymentMethodStatus,
    PlanDraft,
    Rejected,
    SetupLink,
    Status,
)
from subhub.plugin import Request
from subhub.testing import OpenCassette, play, reply

Ask = Callable[..., Awaitable[Any]]
Through = Callable[..., None]

RETURN = "https://shop.example/done"
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "mode": "setup",
    "url": "https://checkout.stripe.com/c/pay/cs_test_1",
    "customer": "cus_1",
    "created": 1714824000,
    "expires_at": 1714910400,
}
CARD = {
    "id": "pm_1",
    "object": "payment_method",
    "type": "card",
    "customer": "cus_1",
    "created": 1714824000,
    "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034},
}
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
COMPANY = CustomerDraft(name="Acme & Sons", email="billing@acme.example")


def sent(settings: StripeSettings | None = None, **terms: Any) -> Request:
    """Return what a setup link sends."""
    plugin = Stripe()
    plugin.settings = settings or plugin.settings
    flow = plugin.create_setup_link(customer="cus_1", **terms)
    (request,) = play(flow, reply(200, SESSION)).requests
    return request


def read(*wire: object) -> Sequence[PaymentMethod]:
    flow = Stripe().payment_methods(customer="cus_1")
    return play(flow, reply(200, {"data": wire, "has_more": False})).result.items


class TestRequests:
    def test_a_session_in_setup_mode_is_created(self) -> None:
        request = sent(
            return_url=RETURN, back_url="https://shop.example/back", idempotency_key="k-1"
        )
        assert (request.method, request.path) == ("POST", "/checkout/sessions")
        assert request.headers == {"Idempotency-Key": "k-1"}
        assert request.body == {
            "mode": "setup",
            "customer": "cus_1",
            "success_url": RETURN,
            "cancel_url": "https://shop.example/back",
            "currency": "eur",
        }

    def test_the_currency_is_the_accounts(self) -> None:
        settings = StripeSettings.model_validate({"setup_currency": "usd"})
        body: Any = sent(settings).body
        assert (body["currency"], "payment_method_types" in body) == ("usd", False)

    def test_named_kinds_need_no_currency(self) -> None:
        body: Any = sent(payment_method_types=["sepa_debit"]).body
        assert (body["payment_method_types"], "currency" in body) == (["sepa_debit"], False)

    def test_a_currency_that_does_not_exist_is_refused_when_the_account_is_opened(self) -> None:
        with pytest.raises(ConfigError, match=r"`setup_currency` is not as stripe needs it: unkno"):
            _ = Client("stripe", sandbox=True, settings={"setup_currency": "EURO"})


class TestResponses:
    def test_the_link_is_read(self) -> None:
        played = play(Stripe().create_setup_link(customer="cus_1"), reply(200, SESSION))
        assert played.result == SetupLink(
            provider="stripe",
            id="cs_test_1",
            url="https://checkout.stripe.com/c/pay/cs_test_1",
            expires_at=dt.datetime(2024, 5, 5, 12, tzinfo=dt.UTC),
            customer_id="cus_1",
            created_at=dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC),
        )

    def test_a_payment_method_is_read(self) -> None:
        (found,) = read(CARD)
        assert found == PaymentMethod(
            provider="stripe",
            id="pm_1",
            customer_id="cus_1",
            kind="card",
            status=PaymentMethodStatus.VALID,
            created_at=dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC),
        )
        assert "4242" not in repr(found)

    @pytest.mark.parametrize(
        ("word", "kind"),
        [
            ("sepa_debit", "direct_debit"),
            ("us_bank_account", "direct_debit"),
            ("nz_bank_account", "direct_debit"),
            ("paypal", "paypal"),
            ("link", "link"),
            (None, None),
        ],
    )
    def test_what_a_kind_means(self, word: str | None, kind: str | None) -> None:
        (found,) = read({"id": "pm_1", "type": word})
        assert (found.kind, found.customer_id) == (kind, "cus_1")


class TestSandbox:
    def test_a_customer_saves_a_card_and_is_subscribed_later(
        self, subhub_cassette: OpenCassette, through: Through
    ) -> None:
        session = subhub_cassette(Stripe, "setup_link")

        async def scenario(ask: Ask) -> None:
            plan = await ask("create_plan", PHONE)
            customer = await ask("create_customer", COMPANY)
            link = await ask("create_setup_link", customer, return_url=RETURN)
            assert await ask("payment_methods", customer) == []
            session.pay(link.url)
            (method,) = await ask("payment_methods", customer)
            assert (method.kind, method.customer_id) == ("card", customer.id)
            assert await ask("list_subscriptions", customer=customer) == []
            sold = await ask("subscribe", plan=plan, customer=customer, payment_method=method)
            assert sold.status is Status.ACTIVE

        through(scenario, **session.settings)

    def test_the_page_sells_nothing(self) -> None:
        fake = StripeFake()
        with Client(Stripe, sandbox=fake) as client:
            customer = client.create_customer(COMPANY)
            link = client.create_setup_link(
                customer, return_url=RETURN, back_url="https://shop.example/back"
            )
            page = fake.checkout_page(link.url)
            assert page is not None
            assert (page.plan, page.price, page.interval) == ("", "", "")
            assert (page.customer, page.state) == ("Acme & Sons", "open")
            assert (page.done_url, page.back_url) == (RETURN, "https://shop.example/back")
            fake.decline(link.url)
            assert [*client.payment_methods(customer)] == []
            fake.pay(link.url)
            with pytest.raises(ValueError, match="not open"):
                fake.pay(link.url)
            assert len([*client.payment_methods(customer)]) == 1

    def test_the_first_of_the_named_kinds_is_saved(self) -> None:
        fake = StripeFake()
        with Client(Stripe, sandbox=fake) as client:
            customer = client.create_customer(COMPANY)
            options = {"stripe": {"payment_method_types": ["sepa_debit", "card"]}}
            fake.pay(client.create_setup_link(customer, provider_options=options).url)
            (found,) = client.payment_methods(customer)
            assert found.kind == "direct_debit"

    def test_the_newest_comes_first_and_only_the_customers_own(self) -> None:
        fake = StripeFake()
        with Client(Stripe, sandbox=fake) as client:
            customer, other = (client.create_customer(COMPANY) for _ in range(2))
            ids = [fake.add_payment_method(customer.id) for _ in range(2)]
            _ = fake.add_payment_method(other.id)
            assert [method.id for method in client.payment_methods(customer)] == ids[::-1]
            with pytest.raises(NotFound):
                _ = client.payment_methods("cus_unknown").first()

    def test_another_customers_card_cannot_be_charged(self) -> None:
        fake = StripeFake()
        with Client(Stripe, sandbox=fake) as client:
            plan = client.create_plan(PHONE)
            customer, other = (client.create_customer(COMPANY) for _ in range(2))
            card = fake.add_payment_method(other.id)
            for found in (card, "pm_unknown"):
                with pytest.raises(Rejected, match="No such PaymentMethod"):
                    _ = client.subscribe(plan=plan, customer=customer, payment_method=found)
