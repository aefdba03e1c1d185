"""The plugin against localstripe, an independent fake of Stripe, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from subhub import (
    AuthenticationFailed,
    CustomerDraft,
    Interval,
    Money,
    NotFound,
    Plan,
    PlanDraft,
    Rejected,
    Status,
)

Ask = Callable[..., Awaitable[Any]]
Through = Callable[..., None]

DECLINED = "4000000000000341"
KEY = "sk_test_made_up_for_localstripe"
PHONE = PlanDraft(
    name="Phone & data",
    price=Money("12.95", "EUR"),
    interval=Interval(3, "month"),
    description="1 GB = enough?",
    code="phone",
)
BIGGER = PlanDraft(name="Bigger", price=Money("20", "EUR"), interval=Interval(1, "month"))
YEN = PlanDraft(name="Yen", price=Money(500, "JPY"), interval=Interval(2, "week"))
COMPANY = CustomerDraft(
    name="Müller & Söhne [GmbH]",
    email="anna+bills@example.com",
    address="Am Tor 1 = links",
    postal_code="1234 AB",
    city="Köln",
    country="DE",
    phone="+49 221 1",  # and no external id: localstripe cannot search by it
)


@pytest.fixture
def settings(localstripe: str) -> dict[str, Any]:
    _ = _by_hand(localstripe, "DELETE", "/../_config/data")
    return {"api_key": KEY, "base_url": localstripe}


def test_a_plan_reads_as_it_was_created(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        created = await ask("create_plan", PHONE)
        assert created == Plan(
            provider="stripe",
            id=created.id,
            name="Phone & data",
            price=Money("12.95", "EUR"),
            interval=Interval(3, "month"),
            description="1 GB = enough?",
            code="phone",
        )
        assert await ask("get_plan", created.id) == created
        assert created.raw["unit_amount"] == 1295

    through(scenario, **settings)


def test_yen_have_no_cents(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        created = await ask("create_plan", YEN)
        assert (created.price, created.raw["unit_amount"]) == (Money(500, "JPY"), 500)

    through(scenario, **settings)


def test_renaming_a_plan_renames_its_product(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        created = await ask("create_plan", PHONE)
        changed = await ask("update_plan", created.id, name="Phone 2")
        assert (changed.name, changed.id) == ("Phone 2", created.id)
        assert await ask("get_plan", created.id) == changed

    through(scenario, **settings)


def test_a_customer_reads_as_it_was_created(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        created = await ask("create_customer", COMPANY)
        known = {name: getattr(created, name) for name in CustomerDraft.model_fields}
        assert known == COMPANY.model_dump()
        assert created.created_at is not None
        assert await ask("get_customer", created.id) == created

    through(scenario, **settings)


def test_a_customer_is_found_by_its_own_email_only(
    through: Through, settings: dict[str, Any]
) -> None:
    async def scenario(ask: Ask) -> None:
        created = await ask("create_customer", COMPANY)
        assert await ask("find_customer", email=COMPANY.email) == created
        assert await ask("find_customer", email="unknown@example.com") is None

    through(scenario, **settings)


def test_changing_part_of_an_address_keeps_the_rest(
    through: Through, settings: dict[str, Any]
) -> None:
    async def scenario(ask: Ask) -> None:
        created = await ask("create_customer", COMPANY)
        moved = await ask("update_customer", created.id, city="Bonn", external_id="acct-2")
        assert moved == created.model_copy(update={"city": "Bonn", "external_id": "acct-2"})

    through(scenario, **settings)


def test_a_list_is_read_to_its_end_page_by_page(
    through: Through, settings: dict[str, Any], localstripe: str
) -> None:
    created = [_by_hand(localstripe, "POST", "/customers", name=str(n))["id"] for n in range(205)]

    async def scenario(ask: Ask) -> None:
        assert [customer.id for customer in await ask("list_customers")] == created

    through(scenario, **settings)


def test_plans_are_listed_with_their_products(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        created = [await ask("create_plan", draft) for draft in (PHONE, BIGGER)]
        assert await ask("list_plans") == created

    through(scenario, **settings)


def test_a_subscription_is_started_changed_and_canceled(
    through: Through, settings: dict[str, Any], localstripe: str
) -> None:
    async def scenario(ask: Ask) -> None:
        phone, bigger = await ask("create_plan", PHONE), await ask("create_plan", BIGGER)
        customer = await ask("create_customer", COMPANY)
        _enter_card(localstripe, customer.id)

        created = await ask("subscribe", plan=phone.id, customer=customer.id)
        assert (created.status, created.raw_status) == (Status.ACTIVE, "active")
        assert (created.customer_id, created.plan_id) == (customer.id, phone.id)
        assert (created.price, created.interval) == (phone.price, phone.interval)
        assert created.starts_on is not None
        assert await ask("get_subscription", created.id) == created
        assert await ask("list_subscriptions", customer=customer.id) == [created]

        change = await ask("change_subscription", created.id, plan=bigger.id, when="now")
        assert (change.old, change.new.plan_id) == (created, bigger.id)
        assert change.new.price == bigger.price
        assert await ask("get_subscription", created.id) == change.new

        ending = await ask("cancel_subscription", created.id, when="period_end")
        assert ending.status is Status.ACTIVE
        assert ending.raw["cancel_at_period_end"] is True

        ended = await ask("cancel_subscription", created.id, when="now")
        assert ended.status is Status.CANCELED
        assert ended.ends_at is not None
        assert await ask("list_subscriptions", customer=customer.id) == [ended]

    through(scenario, **settings)


def test_a_change_keeps_the_quantity(
    through: Through, settings: dict[str, Any], localstripe: str
) -> None:
    async def scenario(ask: Ask) -> None:
        phone, bigger = await ask("create_plan", PHONE), await ask("create_plan", BIGGER)
        customer = await ask("create_customer", COMPANY)
        _enter_card(localstripe, customer.id)
        created = _by_hand(
            localstripe,
            "POST",
            "/subscriptions",
            **{"customer": customer.id, "items[0][price]": phone.id, "items[0][quantity]": "3"},
        )
        change = await ask("change_subscription", created["id"], plan=bigger.id, when="now")
        assert change.old.price == Money("38.85", "EUR")
        assert change.new.price == Money("60", "EUR")

    through(scenario, **settings)


def test_an_unknown_id_is_not_found(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        for name, unknown in (
            ("get_plan", "price_unknown"),
            ("get_customer", "cus_unknown"),
            ("get_subscription", "sub_unknown"),
        ):
            with pytest.raises(NotFound) as caught:
                _ = await ask(name, unknown)
            assert (caught.value.message, caught.value.code) == (
                "Not Found",
                "invalid_request_error",
            )

    through(scenario, **settings)


def test_a_first_payment_that_fails_leaves_the_subscription_pending(
    through: Through, settings: dict[str, Any], localstripe: str
) -> None:
    async def scenario(ask: Ask) -> None:
        plan, customer = await ask("create_plan", PHONE), await ask("create_customer", COMPANY)
        _enter_card(localstripe, customer.id, DECLINED)
        created = await ask("subscribe", plan=plan.id, customer=customer.id)
        assert (created.status, created.raw_status) == (Status.PENDING, "incomplete")

    through(scenario, **settings)


def test_a_parameter_that_localstripe_does_not_know_is_rejected(
    through: Through, settings: dict[str, Any]
) -> None:
    async def scenario(ask: Ask) -> None:
        plan, customer = await ask("create_plan", PHONE), await ask("create_customer", COMPANY)
        with pytest.raises(Rejected, match="default_payment_method"):
            _ = await ask(
                "subscribe", plan=plan.id, customer=customer.id, payment_method="pm_card_visa"
            )

    through(scenario, **settings)


def test_a_refused_key_is_authentication_failed(through: Through, settings: dict[str, Any]) -> None:
    async def scenario(ask: Ask) -> None:
        with pytest.raises(AuthenticationFailed, match="Unauthorized"):
            _ = await ask("get_customer", "cus_1")

    through(scenario, **{**settings, "api_key": "rk_test_localstripe_takes_no_restricted_keys"})


def _enter_card(base_url: str, customer: str, number: str = "4242424242424242") -> None:
    """Do what a customer does in a browser."""
    card = _by_hand(
        base_url,
        "POST",
        "/payment_methods",
        **{
            "type": "card",
            "card[number]": number,
            "card[exp_month]": "12",
            "card[exp_year]": "2040",
            "card[cvc]": "123",
        },
    )
    _ = _by_hand(base_url, "POST", f"/payment_methods/{card['id']}/attach", customer=customer)
    default = {"invoice_settings[default_payment_method]": card["id"]}
    _ = _by_hand(base_url, "POST", f"/customers/{customer}", **default)


def _by_hand(base_url: str, method: str, path: str, **fields: str) -> Any:
    """Send a request without the plugin."""
    address = base_url.removesuffix("/v1") + path[3:] if path.startswith("/..") else base_url + path
    content = urlencode(fields).encode() or None
    headers = {"Authorization": f"Bearer {KEY}"}
    request = Request(address, content, headers, method=method)  # noqa: S310 - to the loopback
    with urlopen(request) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")
