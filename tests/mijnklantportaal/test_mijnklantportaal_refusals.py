"""What is refused before anything is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import (
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    PlanDraft,
    Unsupported,
)
from subhub.plugin.flows import Flow
from subhub.testing import play

PHONE = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    tax_rate=21,
)
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
)
OPTIONS = "mijnklantportaal"


@pytest.fixture(autouse=True)
def nothing_is_sent(fake: MijnKlantportaalFake) -> Any:
    yield
    assert not fake.exchanges


PLANS = [
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
]


@pytest.mark.parametrize(("terms", "field", "told"), PLANS)
class TestPlanTermsBeyondTheDocumented:
    def test_make_no_package(
        self, billing: Any, terms: dict[str, Any], field: str, told: str
    ) -> None:
        with pytest.raises(InvalidRequest) as caught:
            _ = billing.create_plan(PlanDraft(**{**dict(PHONE), **terms}))
        assert told in caught.value.fields[field]

    def test_make_no_inline_plan(
        self, billing: Any, terms: dict[str, Any], field: str, told: str
    ) -> None:
        with pytest.raises(InvalidRequest) as caught:
            _ = billing.subscribe(plan=PlanDraft(**{**dict(PHONE), **terms}), customer="cst_1")
        assert told in caught.value.fields[field]


@pytest.mark.parametrize(("terms", "field", "told"), PLANS[:-1])
class TestChangesBeyondTheDocumented:
    def test_change_no_package(
        self, billing: Any, terms: dict[str, Any], field: str, told: str
    ) -> None:
        with pytest.raises(InvalidRequest) as caught:
            _ = billing.update_plan("spg_1", **terms)
        assert told in caught.value.fields[field]

    def test_change_no_subscription(
        self, billing: Any, terms: dict[str, Any], field: str, told: str
    ) -> None:
        with pytest.raises(InvalidRequest) as caught:
            _ = billing.update_subscription("sub_1", **terms)
        assert told in caught.value.fields[field]


@pytest.mark.parametrize("field", ["address", "postal_code", "city"])
def test_a_customer_has_an_address(billing: Any, field: str) -> None:
    draft = COMPANY.model_copy(update={field: None})
    makers: list[Callable[[], Any]] = [
        lambda: billing.create_customer(draft),
        lambda: billing.subscribe(plan="spg_1", customer=draft),
        lambda: billing.create_signup_link(plan="spg_1", customer=draft),
    ]
    for make in makers:
        with pytest.raises(InvalidRequest) as caught:
            make()
        assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(("field", "value"), [("phone", "+312012345678"), ("external_id", "u1")])
def test_what_a_customer_has_no_place_for_is_not_dropped(
    billing: Any, field: str, value: str
) -> None:
    draft = COMPANY.model_copy(update={field: value})
    makers: list[Callable[[], Any]] = [
        lambda: billing.create_customer(draft),
        lambda: billing.create_signup_link(plan="spg_1", customer=draft),
        lambda: billing.update_customer("cst_1", **{field: value}),
    ]
    for make in makers:
        with pytest.raises(InvalidRequest, match=f"`{field}`") as caught:
            make()
        assert value not in str(caught.value)


def test_a_country_cannot_be_changed(billing: Any) -> None:
    with pytest.raises(InvalidRequest, match="not documented"):
        billing.update_customer("cst_1", country="BE")


def test_a_sign_up_is_dutch(billing: Any) -> None:
    draft = COMPANY.model_copy(update={"country": "BE"})
    with pytest.raises(InvalidRequest, match="must be 'NL' for a sign-up, got 'BE'"):
        billing.create_signup_link(plan="spg_1", customer=draft)


def test_a_sign_up_flow_takes_somebody_new(portal: MijnKlantportaal) -> None:
    with pytest.raises(InvalidRequest, match="CustomerDraft"):
        _ = play(portal.create_signup_link(plan="spg_1", customer="cst_1"), provider=portal)


@pytest.mark.parametrize(
    ("asked", "capability"),
    [
        ({"customer": "cst_1"}, "create_signup_link:existing_customer"),
        ({"return_url": "https://x.example"}, "create_signup_link:return_url"),
        ({"back_url": "https://x.example"}, "create_signup_link:back_url"),
        ({"replaces": "sub_1", "when": "now"}, "create_signup_link:replaces"),
    ],
)
def test_a_sign_up_is_all_that_a_link_can_be(
    billing: Any, asked: dict[str, Any], capability: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        billing.create_signup_link(**{"plan": "spg_1", "customer": COMPANY, **asked})
    assert caught.value.operation == capability
    assert caught.value.kind == "provider"
    assert caught.value.alternative


def test_a_termination_is_now_and_refunds_nothing(billing: Any) -> None:
    with pytest.raises(Unsupported, match="cancel_subscription:period_end"):
        billing.cancel_subscription("sub_1", when="period_end")
    with pytest.raises(Unsupported, match="cancel_subscription:prorated"):
        billing.cancel_subscription("sub_1", when="now", refund="prorated")


def test_a_subscription_keeps_its_plan(billing: Any) -> None:
    with pytest.raises(Unsupported, match=r"instead: .* update_subscription"):
        billing.change_subscription("sub_1", plan="spg_1", when="now")


def test_customers_have_no_id_of_yours(billing: Any) -> None:
    with pytest.raises(Unsupported, match="find_customer:external_id"):
        billing.find_customer(external_id="u1")


def test_an_inline_plan_charges_no_mandate(billing: Any) -> None:
    with pytest.raises(Unsupported, match="nothing would be charged") as caught:
        billing.subscribe(plan=PHONE, customer="cst_1", payment_method="mdt_1")
    assert "create_plan" in caught.value.alternative


@pytest.mark.parametrize(
    ("plan", "options", "told"),
    [
        (PHONE, {"invoice_text": "x"}, "Use `invoice_description` for an inline plan"),
        ("spg_1", {"invoice_description": "x"}, "Use `invoice_text` for a package"),
        (PHONE, {"invoice_description": "x"}, "no effect without `create_invoice`"),
        ("spg_1", {"create_invoice": "yes"}, "create_invoice"),
        ("spg_1", {"mandate_id": "mdt_1"}, "known are create_invoice, invoice_text"),
    ],
)
def test_an_option_fits_what_is_subscribed_to(
    billing: Any, plan: str | PlanDraft, options: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidRequest, match=told):
        billing.subscribe(plan=plan, customer="cst_1", provider_options={OPTIONS: options})


@pytest.mark.parametrize("value", ["", "spg_1", "..", "inv"])
def test_an_id_of_an_extension_begins_as_documented(portal: MijnKlantportaal, value: str) -> None:
    flows: list[Flow[Any]] = [
        portal.get_payment_link(value),
        portal.close_payment_link(value),
        portal.get_customer_invoice(value),
        portal.get_customer_invoice_pdf(value),
        portal.mark_customer_invoice_paid(value, paid_at=dt.datetime.now(dt.UTC)),
    ]
    for flow in flows:
        with pytest.raises(InvalidRequest, match="must start with"):
            _ = play(flow, provider=portal)
    with pytest.raises(InvalidRequest, match="'plk_'"):
        _ = portal.list_payment_link_payments(None, value)


def test_a_payment_link_has_a_description_and_an_amount_in_euros(
    portal: MijnKlantportaal,
) -> None:
    with pytest.raises(InvalidRequest, match="`description`: must not be empty"):
        _ = play(portal.create_payment_link(" ", Money(1, "EUR")), provider=portal)
    with pytest.raises(InvalidRequest, match=r"`price`: must be in EUR, .* got '1\.00 USD'"):
        _ = play(portal.create_payment_link("x", Money(1, "USD")), provider=portal)


def test_a_payment_was_made_at_a_time_in_a_zone(portal: MijnKlantportaal) -> None:
    naive = dt.datetime(2024, 4, 30, 14)  # noqa: DTZ001 - the point
    flow = portal.mark_customer_invoice_paid("inv_1", paid_at=naive)
    with pytest.raises(InvalidRequest, match="must have a time zone"):
        _ = play(flow, provider=portal)
