"""Arguments that are refused before anything is sent: `play` fails if a flow sends a request."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_afternoon import Afternoon, InvoiceLine

from subhub import Client, CustomerDraft, Interval, InvalidRequest, Money, PlanDraft, Unsupported
from subhub.models import CustomerUpdate
from subhub.plugin import Flow
from subhub.testing import play

BILLING: Any = Afternoon()  # untyped, because wrong arguments may have a wrong type
CUSTOMER = "cm5x9z8nv0001h85r7l9p2k2m"
FOREIGN = "cst_abc12345def678"
NOW = dt.datetime(2024, 5, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
DRAFT = CustomerDraft(name="A", email="a@b.c", external_id="x")
LINK: dict[str, Any] = {"plan": "starter_plan", "customer": CUSTOMER}
SUBSCRIBE: dict[str, Any] = {**LINK, "now": NOW}
NOW_NONE: dict[str, Any] = {"when": "now", "refund": "none", "now": NOW}
EVENT: dict[str, Any] = {
    "event_name": "e",
    "idempotency_key": "k",
    "customer_id": CUSTOMER,
    "timestamp": NOW,
}
GRANT: dict[str, Any] = {"name": "n", "amount": 1, "currency_code": "usd"}
UPDATE = CustomerUpdate(name="B")


def refused(flow: Flow[Any]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        _ = play(flow)
    return caught.value


@pytest.mark.parametrize(
    ("field", "operation", "arguments"),
    [
        ("customer_id", "get_customer", {}),
        ("customer_id", "update_customer", {"changes": UPDATE}),
        ("customer_id", "delete_customer", {}),
        ("customer_id", "customer_balances", {}),
        ("customer_id", "create_draft_invoice", {"lines": []}),
        ("customer_id", "ingest_event", EVENT),
        ("customer", "create_signup_link", LINK),
        ("customer", "subscribe", SUBSCRIBE),
        ("customer", "list_subscriptions", {}),
        ("customer", "list_invoices", {}),
        ("replaces", "create_signup_link", {**LINK, "when": "now"}),
        ("subscription_id", "get_subscription", {}),
        ("subscription_id", "cancel_subscription", NOW_NONE),
        ("subscription_id", "change_subscription", {"plan": "p", **NOW_NONE}),
        ("subscription_id", "update_billing_anchor_day", {"day": 1}),
        ("subscription_id", "create_credit_grant", GRANT),
        ("invoice_id", "get_invoice", {}),
    ],
)
def test_every_id_must_be_a_cuid(field: str, operation: str, arguments: dict[str, Any]) -> None:
    flow = getattr(BILLING, operation)(**{**arguments, field: FOREIGN})
    assert "must be a cuid" in refused(flow).fields[field]


@pytest.mark.parametrize("value", ["C0000000000", "", "c123"])
def test_a_cuid_has_the_documented_form(value: str) -> None:
    assert repr(value) in refused(BILLING.get_customer(value)).fields["customer_id"]


@pytest.mark.parametrize(
    "code", ["", "Starter", "starter-plan", "_a", "a_", "a__b", "a b", "pln_é"]
)
def test_a_plan_must_be_a_plan_code(code: str) -> None:
    # with a draft, whose customer would be created first
    error = refused(BILLING.create_signup_link(plan=code, customer=DRAFT))
    assert repr(code) in error.fields["plan"]
    assert "starter_plan" in error.fields["plan"]


def test_a_plan_must_be_a_plan_code_in_the_other_operations() -> None:
    assert "plan" in refused(BILLING.subscribe(**{**SUBSCRIBE, "plan": "X"})).fields
    change = BILLING.change_subscription(CUSTOMER, plan="X", **NOW_NONE)
    assert "plan" in refused(change).fields


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("when", {"when": "now"}),
        ("refund", {"refund": "none"}),
        ("when", {"replaces": CUSTOMER}),
        ("refund", {"replaces": CUSTOMER, "when": "period_end", "refund": "none"}),
        ("refund", {"replaces": CUSTOMER, "when": "period_end", "refund": "prorated"}),
    ],
)
def test_a_replacement_must_follow_its_rules(field: str, arguments: dict[str, Any]) -> None:
    # with a draft, whose customer would be created first
    client = Client(Afternoon, sandbox=True)
    with client, pytest.raises(InvalidRequest) as caught:
        _ = client.create_signup_link(plan="starter_plan", customer=DRAFT, **arguments)
    assert field in caught.value.fields
    assert client.sandbox is not None
    assert not client.sandbox.exchanges


def test_a_refund_is_not_possible_at_period_end() -> None:
    terms: dict[str, Any] = {"when": "period_end", "refund": "prorated"}
    with Client(Afternoon, sandbox=True) as client:
        with pytest.raises(InvalidRequest, match="refund"):
            _ = client.cancel_subscription(CUSTOMER, **terms)
        with pytest.raises(InvalidRequest, match="refund"):
            _ = client.change_subscription(CUSTOMER, plan="p", **terms)
        assert client.sandbox is not None
        assert not client.sandbox.exchanges


@pytest.mark.parametrize("day", [0, 32, -1, True])
def test_an_anchor_day_must_be_from_1_to_31(day: int) -> None:
    assert "31" in refused(BILLING.update_billing_anchor_day(CUSTOMER, day)).fields["day"]
    flow = BILLING.subscribe(**SUBSCRIBE, billing_anchor_day=day)
    assert "31" in refused(flow).fields["billing_anchor_day"]


def test_an_initial_status_must_not_be_empty() -> None:
    flow = BILLING.subscribe(**SUBSCRIBE, initial_status="")
    assert "initial_status" in refused(flow).fields


def test_a_start_must_be_in_the_calendar() -> None:
    early = {**SUBSCRIBE, "now": NOW.astimezone(dt.timezone(dt.timedelta(hours=5)))}
    assert "starts_on" in refused(BILLING.subscribe(**early, starts_on=dt.date.min)).fields


@pytest.mark.parametrize("field", ["address", "postal_code", "city"])
def test_parts_of_an_address_without_a_documented_key_are_refused(field: str) -> None:
    changes = CustomerUpdate.model_validate({field: "x", "name": "B"})
    error = refused(BILLING.update_customer(CUSTOMER, changes))
    assert "dashboard" in error.fields[field]


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("first_name", {"first_name": ""}),
        ("last_name", {"last_name": "x" * 256}),
        ("url", {"url": "https://" + "x" * 2048}),
    ],
)
def test_an_option_of_a_customer_must_not_be_empty_or_too_long(
    field: str, options: dict[str, Any]
) -> None:
    assert field in refused(BILLING.create_customer(DRAFT, **options)).fields
    assert field in refused(BILLING.update_customer(CUSTOMER, UPDATE, **options)).fields


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_name", ""),
        ("event_name", "x" * 256),
        ("idempotency_key", ""),
        ("idempotency_key", "x" * 256),
        ("timestamp", dt.datetime(2024, 5, 1)),  # noqa: DTZ001 - that is tested
        ("properties", {"when": NOW}),
        ("properties", {"load": float("nan")}),
    ],
)
def test_an_event_must_have_valid_fields(field: str, value: object) -> None:
    assert field in refused(BILLING.ingest_event(**{**EVENT, field: value})).fields


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("name", {"name": ""}),
        ("amount", {"amount": 0}),
        ("amount", {"amount": "-1"}),
        ("amount", {"amount": "much"}),
        ("amount", {"amount": "NaN"}),
        ("amount", {"amount": "Infinity"}),
        ("amount", {"amount": 0.1}),
        ("amount", {"amount": True}),
        ("currency_code", {"pricing_unit_code": "token"}),
        ("currency_code", {"currency_code": None}),
        ("currency_code", {"currency_code": ""}),
        ("pricing_unit_code", {"currency_code": None, "pricing_unit_code": ""}),
        ("expires_at", {"expires_at": dt.datetime(2024, 5, 1)}),  # noqa: DTZ001
    ],
)
def test_a_credit_grant_must_have_valid_fields(field: str, terms: dict[str, Any]) -> None:
    assert field in refused(BILLING.create_credit_grant(CUSTOMER, **{**GRANT, **terms})).fields


@pytest.mark.parametrize(
    "line",
    [
        {"description": "", "unit_amount_cents": 1},
        {"description": "x", "unit_amount_cents": 0.5},
        {"description": "x", "unit_amount_cents": 1, "quantity": True},
        {"description": "x"},
    ],
)
def test_an_invoice_line_must_be_in_whole_cents(line: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        _ = InvoiceLine(**line)


def test_what_no_request_can_express_is_unsupported_with_an_alternative() -> None:
    plan = PlanDraft(name="P", price=Money("1", "EUR"), interval=Interval(1, "year"))
    flows: list[Any] = [
        BILLING.subscribe(**{**SUBSCRIBE, "plan": plan}),
        BILLING.subscribe(**SUBSCRIBE, payment_method="mdt_1"),
        BILLING.find_customer(email="a@b.c"),
    ]
    for flow in flows:
        with pytest.raises(Unsupported) as caught:
            _ = play(flow)
        assert caught.value.kind == "provider"
        assert caught.value.alternative
