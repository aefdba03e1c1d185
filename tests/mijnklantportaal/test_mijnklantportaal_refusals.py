"""Arguments that are refused before anything is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, Interval, InvalidRequest, Money, PlanDraft, Unsupported
from subhub.plugin.flows import Flow
from subhub.testing import play
from tests.mijnklantportaal.samples import COMPANY

PHONE = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    tax_rate=21,
)


@pytest.fixture(autouse=True)
def nothing_is_sent(fake: MijnKlantportaalFake) -> Iterator[None]:
    yield
    assert not fake.exchanges


@pytest.mark.parametrize(
    ("terms", "field", "problem"),
    [
        ({"price": Money("12.95", "USD")}, "price", "EUR"),
        (
            {"interval": Interval(3, "month")},
            "interval",
            "14 days, 1 month, 2 months, 6 months, 1 year",
        ),
        ({"interval": Interval(1, "week")}, "interval", "got '1 week'"),
        ({"interval": Interval(24, "month")}, "interval", "got '24 months'"),
        ({"tax_rate": 6}, "tax_rate", "0, 9, 21"),
        ({"tax_rate": "9.5"}, "tax_rate", "got 9.5"),
        ({"tax_rate": None}, "tax_rate", "required"),
    ],
)
def test_a_plan_must_have_documented_terms(
    billing: Client, terms: dict[str, Any], field: str, problem: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _ = billing.create_plan(PlanDraft(**{**dict(PHONE), **terms}))
    assert problem in caught.value.fields[field]


def test_terms_are_checked_in_every_request(billing: Client) -> None:
    price = Money("12.95", "USD")
    calls: list[Callable[[], object]] = [
        lambda: billing.subscribe(plan=PHONE.model_copy(update={"price": price}), customer="cst_1"),
        lambda: billing.update_plan("spg_1", price=price),
        lambda: billing.update_subscription("sub_1", price=price),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest) as caught:
            _ = call()
        assert "EUR" in caught.value.fields["price"]


@pytest.mark.parametrize("field", ["address", "postal_code", "city"])
def test_a_customer_must_have_an_address(billing: Client, field: str) -> None:
    draft = COMPANY.model_copy(update={field: None})
    calls: list[Callable[[], object]] = [
        lambda: billing.create_customer(draft),
        lambda: billing.subscribe(plan="spg_1", customer=draft),
        lambda: billing.create_signup_link(plan="spg_1", customer=draft),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest) as caught:
            _ = call()
        assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "+312012345678"), ("vat_id", "NL123456789B01"), ("external_id", "u1")],
)
def test_a_field_that_cannot_be_stored_is_not_dropped(
    billing: Client, field: str, value: str
) -> None:
    draft = COMPANY.model_copy(update={field: value})
    changes: dict[str, Any] = {field: value}
    calls: list[Callable[[], object]] = [
        lambda: billing.create_customer(draft),
        lambda: billing.create_signup_link(plan="spg_1", customer=draft),
        lambda: billing.update_customer("cst_1", **changes),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest, match=f"`{field}`") as caught:
            _ = call()
        assert value not in str(caught.value)


def test_a_country_cannot_be_changed(billing: Client) -> None:
    with pytest.raises(InvalidRequest, match="not documented"):
        _ = billing.update_customer("cst_1", country="BE")


def test_a_sign_up_is_for_the_netherlands(billing: Client) -> None:
    draft = COMPANY.model_copy(update={"country": "BE"})
    with pytest.raises(InvalidRequest, match="must be 'NL' for a sign-up, got 'BE'"):
        _ = billing.create_signup_link(plan="spg_1", customer=draft)


def test_a_sign_up_flow_needs_a_new_customer(portal: MijnKlantportaal) -> None:
    with pytest.raises(InvalidRequest, match="CustomerDraft"):
        _ = play(portal.create_signup_link(plan="spg_1", customer="cst_1"), provider=portal)


@pytest.mark.parametrize(
    ("arguments", "capability"),
    [
        ({"customer": "cst_1"}, "create_signup_link:existing_customer"),
        ({"return_url": "https://x.example"}, "create_signup_link:return_url"),
        ({"back_url": "https://x.example"}, "create_signup_link:back_url"),
        ({"replaces": "sub_1", "when": "now"}, "create_signup_link:replaces"),
    ],
)
def test_a_link_cannot_be_more_than_a_sign_up(
    billing: Client, arguments: dict[str, Any], capability: str
) -> None:
    asked: dict[str, Any] = {"plan": "spg_1", "customer": COMPANY, **arguments}
    with pytest.raises(Unsupported) as caught:
        _ = billing.create_signup_link(**asked)
    assert caught.value.operation == capability
    assert caught.value.kind == "provider"
    assert caught.value.alternative


def test_a_cancellation_is_immediate_and_refunds_nothing(billing: Client) -> None:
    with pytest.raises(Unsupported, match="cancel_subscription:period_end"):
        _ = billing.cancel_subscription("sub_1", when="period_end")
    with pytest.raises(Unsupported, match="cancel_subscription:prorated"):
        _ = billing.cancel_subscription("sub_1", when="now", refund="prorated")
    with pytest.raises(Unsupported, match=r"cancel_subscription:credit.*with a lower price"):
        _ = billing.cancel_subscription("sub_1", when="now", refund="credit")


def test_a_subscription_keeps_its_plan(billing: Client) -> None:
    with pytest.raises(Unsupported, match=r"instead: .* update_subscription"):
        _ = billing.change_subscription("sub_1", plan="spg_1", when="now")


def test_customers_have_no_external_id(billing: Client) -> None:
    with pytest.raises(Unsupported, match="find_customer:external_id"):
        _ = billing.find_customer(external_id="u1")


def test_an_inline_plan_cannot_be_charged_to_a_mandate(billing: Client) -> None:
    with pytest.raises(Unsupported, match="nothing would be charged") as caught:
        _ = billing.subscribe(plan=PHONE, customer="cst_1", payment_method="mdt_1")
    assert "create_plan" in caught.value.alternative


@pytest.mark.parametrize(
    ("plan", "options", "problem"),
    [
        (PHONE, {"invoice_text": "x"}, "Use `invoice_description` for an inline plan"),
        ("spg_1", {"invoice_description": "x"}, "Use `invoice_text` for a package"),
        (PHONE, {"invoice_description": "x"}, "no effect without `create_invoice`"),
        ("spg_1", {"create_invoice": "yes"}, "create_invoice"),
        ("spg_1", {"mandate_id": "mdt_1"}, "known are create_invoice, invoice_text"),
    ],
)
def test_an_option_must_fit_the_plan(
    billing: Client, plan: str | PlanDraft, options: dict[str, object], problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        _ = billing.subscribe(
            plan=plan, customer="cst_1", provider_options={"mijnklantportaal": options}
        )


@pytest.mark.parametrize("value", ["", "spg_1", "..", "inv"])
def test_an_id_of_an_extension_must_have_its_prefix(portal: MijnKlantportaal, value: str) -> None:
    flows: list[Flow[Any]] = [
        portal.get_payment_link(value),
        portal.close_payment_link(value),
        portal.mark_customer_invoice_paid(value, paid_at=dt.datetime.now(dt.UTC)),
    ]
    for flow in flows:
        with pytest.raises(InvalidRequest, match="must start with"):
            _ = play(flow, provider=portal)
    with pytest.raises(InvalidRequest, match="'plk_'"):
        _ = portal.list_payment_link_payments(None, value)


def test_a_payment_link_must_have_a_description_and_an_amount_in_euros(
    portal: MijnKlantportaal,
) -> None:
    with pytest.raises(InvalidRequest, match="`description` must not be empty"):
        _ = play(portal.create_payment_link(" ", Money(1, "EUR")), provider=portal)
    with pytest.raises(InvalidRequest, match=r"`price` must be in EUR, .* got '1\.00 USD'"):
        _ = play(portal.create_payment_link("x", Money(1, "USD")), provider=portal)


def test_a_payment_must_have_a_time_with_a_time_zone(portal: MijnKlantportaal) -> None:
    naive = dt.datetime(2024, 4, 30, 14)  # noqa: DTZ001 - that is tested
    flow = portal.mark_customer_invoice_paid("inv_1", paid_at=naive)
    with pytest.raises(InvalidRequest, match="must have a time zone"):
        _ = play(flow, provider=portal)
