"""The plugin's requests and the fake's answers, held against the description of the API."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from subhub_afternoon import Afternoon, InvoiceLine
from subhub_afternoon.fake import AfternoonFake

from subhub import Client, CustomerDraft
from subhub.sandbox import Exchange

NAME = "urn:afternoon"
DOCUMENT: Any = yaml.safe_load(
    files("subhub_afternoon").joinpath("openapi.yaml").read_text("utf-8")
)
REGISTRY: Registry[Any] = Registry[Any]().with_resource(NAME, DRAFT202012.create_resource(DOCUMENT))
FORMATS = FormatChecker(formats=())
NEW = CustomerDraft(
    name="Acme Corp", email="billing@acme.com", country="NL", phone="+1", external_id="cust_123"
)


@FORMATS.checks("cuid")
def is_cuid(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"c[a-z0-9]{24}", value))


@FORMATS.checks("uri")
def is_uri(value: object) -> bool:
    return not isinstance(value, str) or value.startswith("https://")


@FORMATS.checks("date-time", raises=ValueError)
def is_moment(value: object) -> bool:
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).tzinfo is not None


def validate(value: object, *place: str, closed: bool = False) -> None:
    """Hold *value* against the schema at *place*; *closed* allows no field that it lacks."""
    pointer = "".join(f"/{quote(part.replace('/', '~1'))}" for part in place)
    schema: dict[str, Any] = {"$ref": f"{NAME}#{pointer}"}
    if closed:
        schema["unevaluatedProperties"] = False
    checker: Any = Draft202012Validator(schema, registry=REGISTRY, format_checker=FORMATS)
    problems = [f"{each.json_path}: {each.message}" for each in checker.iter_errors(value)]
    assert not problems, problems


def operation(exchange: Exchange) -> tuple[str, str]:
    """The path, with its place for an id, and the method in small letters."""
    asked, method = exchange.received.path, exchange.received.method.lower()
    for path in sorted(DOCUMENT["paths"], key=lambda each: "{" in each):
        pattern = re.sub(r"\\\{\w+\\\}", r"c[a-z0-9]{24}", re.escape(path))
        if re.fullmatch(pattern, asked) and method in DOCUMENT["paths"][path]:
            return path, method
    raise AssertionError((method, asked))


def check_request(exchange: Exchange) -> None:
    path, method = operation(exchange)
    described = DOCUMENT["paths"][path][method]
    if "requestBody" in described:
        place = ("paths", path, method, "requestBody", "content", "application/json", "schema")
        validate(exchange.received.json(), *place, closed=True)
    else:
        assert not exchange.received.content
    parameters: list[Any] = [
        each if "name" in each else at(each) for each in described.get("parameters", [])
    ]
    known = {each["name"]: each["schema"] for each in parameters}
    assert set(exchange.received.query) <= set(known)
    for name, value in exchange.received.query.items():
        checker: Any = Draft202012Validator(known[name])
        assert checker.is_valid(value)


def check_answer(exchange: Exchange) -> None:
    path, method = operation(exchange)
    status = str(exchange.reply.status)
    place = ("paths", path, method, "responses", status)
    described = DOCUMENT["paths"][path][method]["responses"][status]
    if "$ref" in described:
        place = tuple(described["$ref"].removeprefix("#/").split("/"))
    validate(json.loads(exchange.reply.content), *place, "content", "application/json", "schema")
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(
        exchange.reply.headers
    )


def at(reference: Mapping[str, str]) -> Any:
    """What a `$ref` within the document leads to."""
    found: Any = DOCUMENT
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def live(billing: Client, fake: AfternoonFake) -> None:
    """Do all that can be done, once."""
    link = billing.create_signup_link(
        plan="starter_plan",
        customer=NEW,
        return_url="https://app.example.com/done",
        back_url="https://app.example.com/",
    )
    fake.pay(link.url)
    customer = billing.create_signup_link(plan="starter_plan", customer=NEW).customer_id or ""
    options: dict[str, dict[str, object]] = {
        "afternoon": {"billing_anchor_day": 31, "initial_status": "pending"}
    }
    made = billing.subscribe(
        plan="starter_plan",
        customer=customer,
        starts_on=dt.date(2024, 5, 4),
        provider_options=options,
    )
    for when in ("now", "period_end"):
        _ = billing.create_signup_link(
            plan="pro_plan", customer=customer, replaces=made.id, when=when
        )
        change = billing.change_subscription(made.id, plan="pro_plan", when=when)
        made = change.new or change.old
        _ = billing.cancel_subscription(made.id, when="period_end")
    _ = billing.cancel_subscription(made.id, when="now", refund="prorated")
    _ = billing.create_signup_link(
        plan="pro_plan", customer=customer, replaces=made.id, when="now", refund="none"
    )
    _ = billing.get_subscription(made.id)
    _ = list(billing.list_subscriptions(customer=customer))
    _ = billing.update_customer(customer, name="B", email="b@acme.com", country="BE")
    _ = billing.get_customer(customer)
    _ = list(billing.list_customers())
    extend(billing, fake, customer, made.id)


def extend(billing: Client, fake: AfternoonFake, customer: str, subscription: str) -> None:
    """Do all that only Afternoon can."""
    now = fake.clock.now()
    _ = billing.call(Afternoon.update_billing_anchor_day, subscription, 15)
    _ = billing.call(
        Afternoon.create_credit_grant,
        subscription,
        name="Welcome",
        amount="0.5",
        currency_code="usd",
        expires_at=now,
    )
    _ = billing.call(
        Afternoon.ingest_event,
        event_name="api.request",
        idempotency_key="evt_1",
        customer_id=customer,
        timestamp=now,
        properties={"tokens": 150},
    )
    line = InvoiceLine(description="API calls", unit_amount_cents=5000)
    invoice = billing.call(
        Afternoon.create_draft_invoice, customer, lines=[line], days_until_due=30
    )
    _ = billing.call(Afternoon.get_invoice, invoice.id)
    _ = list(billing.walk(Afternoon.list_invoices, customer=customer, status="draft"))
    _ = billing.call(Afternoon.customer_balances, customer)
    _ = billing.call(Afternoon.delete_customer, customer)


@pytest.fixture
def exchanges(fake: AfternoonFake) -> list[Exchange]:
    with Client(Afternoon, sandbox=fake) as billing:
        live(billing, fake)
        # Once more, to have every list go on to a second page.
        for _ in range(51):
            customer = billing.create_customer(NEW)
            _ = billing.subscribe(plan="starter_plan", customer=customer.id)
            _ = billing.call(Afternoon.create_draft_invoice, customer.id, lines=[])
        for listed in (billing.list_customers(), billing.list_subscriptions()):
            assert len(list(listed)) > 50
        assert len(list(billing.walk(Afternoon.list_invoices))) > 50
    return list(fake.exchanges)


def test_every_operation_is_asked_and_answered_as_described(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        check_request(exchange)
        check_answer(exchange)
        assert exchange.reply.status < 300

    described = {
        (path, method)
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method in {"get", "post", "patch", "delete"}
    }
    assert {operation(exchange) for exchange in exchanges} == described


ASKED: dict[str, object] = {
    "customer_id": "cm5x9z8nv0001h85r7l9p2k2m",
    "plan_code": "starter_plan",
}
REFUSED: dict[str, tuple[str, str, object, int]] = {
    "bad body": ("POST", "/v1/customers", {"email": "x"}, 400),
    "no key": ("GET", "/v1/customers", None, 401),
    "no customer": ("GET", "/v1/customers/cm5x9z8nv0000h85r7l9p2k1m", None, 404),
    "no subscription": ("POST", "/v1/subscriptions/cm5x9z8nv0000h85r7l9p2k1m/cancel", {}, 404),
    "no invoice": ("GET", "/v1/invoices/cm5x9z8nv0000h85r7l9p2k1m", None, 404),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_every_refusal_is_described(
    fake: AfternoonFake, method: str, path: str, body: object, status: int
) -> None:
    key = "" if status == 401 else f"Bearer {fake.api_key}"
    reply = fake.handle(method, path, {"Authorization": key}, json.dumps(body).encode())
    assert reply.status == status
    check_answer(fake.exchanges[-1])


SPOILED: dict[str, dict[str, object]] = {
    "missing": {"customer_id": "cm5x9z8nv0001h85r7l9p2k2m"},
    "pattern": {**ASKED, "plan_code": "Starter"},
    "null": {**ASKED, "success_url": None},
    "strange": {**ASKED, "token": "x"},
    "cuid": {**ASKED, "customer_id": "cst_1"},
    "timing": {**ASKED, "previous_subscription_id": "cm5x9z8nv0000h85r7l9p2k1m"},
    "policy": {**ASKED, "cancel_now_prepaid_refund_policy": "no_refund_prepaid_fixed_fees"},
}


@pytest.mark.parametrize("body", SPOILED.values(), ids=SPOILED)
def test_the_description_is_strict_enough_to_notice(body: dict[str, object]) -> None:
    place = ("components", "schemas", "CreateSubscriptionSignupLinkRequest")
    validate(ASKED, *place, closed=True)
    with pytest.raises(AssertionError):
        validate(body, *place, closed=True)
