"""The plugin's requests and the fake's responses, checked against the API description."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import InvoiceLine, MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, Interval, Money, NotFound, PlanDraft, Rejected
from subhub.errors import PreconditionFailed, RateLimited
from subhub.messages import Response
from subhub.sandbox import Exchange
from subhub.testing.openapi import Document
from tests.mijnklantportaal.samples import COMPANY

RESPONSES = (
    "CloudFile",
    "Customer",
    "CustomerInvoice",
    "CustomerSubscription",
    "CustomerSubscriptionPackage",
    "Error_ApiError",
    "PaymentLink",
    "PaymentLinkPayment",
    "PendingSignUp",
    "Webhook",
)
PHONE = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    tax_rate=21,
    description="1GB per month, 300min per month",
)


@pytest.fixture
def strict() -> Document:
    """Return the description with all response fields required, and undocumented ones forbidden."""
    closed = copy.deepcopy(Document.of(MijnKlantportaal).content)
    for name, schema in closed["components"]["schemas"].items():
        if "allOf" in schema:
            schema["unevaluatedProperties"] = False
        elif "properties" in schema and name != "PageEnvelope":
            schema["additionalProperties"] = False
    for name in RESPONSES:
        schema = closed["components"]["schemas"][name]
        schema["required"] = list(schema["properties"])
    return Document(closed)


def conforms(strict: Document, exchange: Exchange) -> tuple[str, str, int]:
    """Check an exchange, and return its operation and status."""
    operation = strict.check(exchange)
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining"} <= set(exchange.reply.headers)
    return operation.method, operation.path, exchange.reply.status


def do_everything(billing: Client, fake: MijnKlantportaalFake) -> None:
    plugin = MijnKlantportaal
    plan = billing.create_plan(PHONE)
    _ = billing.create_plan(PHONE.model_copy(update={"description": None}))
    _ = billing.get_plan(plan.id)
    _ = billing.update_plan(plan.id, price=Money("14.95", "EUR"), public=True)
    customer = billing.create_customer(COMPANY)
    _ = billing.get_customer(customer.id)
    _ = billing.update_customer(customer.id, city="Utrecht")
    _ = billing.find_customer(email=COMPANY.email)
    link = billing.create_signup_link(plan=plan.id, customer=COMPANY)
    fake.pay(link.url)
    options: dict[str, object] = {"create_invoice": True, "invoice_text": "Extending subscription"}
    first = billing.subscribe(
        plan=plan.id,
        customer=customer.id,
        payment_method="mdt_abc12345def678",
        provider_options={"mijnklantportaal": options},
    )
    _ = billing.subscribe(plan=plan.id, customer=customer.id)
    options = {"create_invoice": True, "invoice_description": "Extending subscription"}
    _ = billing.subscribe(
        plan=PHONE,
        customer=customer.id,
        starts_on=dt.date(2031, 1, 31),
        provider_options={"mijnklantportaal": options},
    )
    _ = billing.get_subscription(first.id)
    _ = billing.update_subscription(first.id, price=Money("9.95", "EUR"), description="New")
    _ = billing.cancel_subscription(first.id, when="now")
    line = InvoiceLine(description="Website template", amount=Money("12.95", "EUR"), vat_rate=21)
    _ = billing.call(
        plugin.create_manual_customer_invoice,
        customer.id,
        invoice_number="2015-001",
        lines=[line],
        issued_on=dt.date(2025, 4, 14),
        send_notification=True,
    )
    hook = billing.call(plugin.create_webhook, "https://shop.example/in", "customer-created")
    assert [billing.call(plugin.get_webhook, hook.id)] == list(billing.walk(plugin.list_webhooks))
    single = billing.call(plugin.create_payment_link, "Contribution costs", Money("12.95", "EUR"))
    _ = billing.call(
        plugin.create_payment_link, "x", Money(1, "EUR"), expires_on=dt.date(2031, 1, 31)
    )
    fake.pay(single.url or "")
    _ = list(billing.walk(plugin.list_payment_link_payments, single.id))
    _ = billing.call(plugin.close_payment_link, single.id)
    _ = billing.call(plugin.get_payment_link, single.id)
    invoice = fake.add_invoice(customer.id, "12.95", "2024-001")
    _ = billing.get_invoice(invoice)
    _ = billing.get_invoice_pdf(invoice)
    _ = billing.call(plugin.mark_customer_invoice_paid, invoice, paid_at=fake.clock.now())
    _ = list(billing.walk(plugin.list_payment_links))
    _ = list(billing.list_invoices())
    for _ in range(2):
        assert list(billing.list_plans())
        assert list(billing.list_customers())
        assert list(billing.list_subscriptions())
        _ = fake.clock.advance(days=400)


def test_every_request_and_response_is_as_described(
    billing: Client, fake: MijnKlantportaalFake, strict: Document
) -> None:
    do_everything(billing, fake)
    done = {conforms(strict, exchange) for exchange in fake.exchanges}
    assert {(method, path) for method, path, _ in done} == strict.operations
    assert {status for _, _, status in done} == {200, 201}


def test_errors_are_as_described(
    billing: Client, fake: MijnKlantportaalFake, strict: Document
) -> None:
    plan = billing.create_plan(PHONE)
    customer = billing.create_customer(COMPANY)
    link = billing.call(MijnKlantportaal.create_payment_link, "x", Money(1, "EUR"))
    _ = billing.call(MijnKlantportaal.close_payment_link, link.id)
    fake.exchanges.clear()
    expect(NotFound, billing.get_plan, "spg_1")
    expect(NotFound, billing.update_plan, "spg_1", name="x")
    expect(NotFound, billing.create_signup_link, plan="spg_1", customer=COMPANY)
    expect(NotFound, billing.subscribe, plan="spg_1", customer=customer.id)
    expect(NotFound, billing.get_customer, "cst_1")
    expect(NotFound, billing.update_customer, "cst_1", city="x")
    expect(NotFound, billing.get_subscription, "sub_1")
    expect(NotFound, billing.cancel_subscription, "sub_1", when="now")
    expect(NotFound, billing.call, MijnKlantportaal.get_payment_link, "plk_1")
    expect(NotFound, billing.call, MijnKlantportaal.close_payment_link, "plk_1")
    expect(NotFound, billing.get_invoice, "inv_1")
    expect(NotFound, billing.get_invoice_pdf, "inv_1")
    payments = billing.walk(MijnKlantportaal.list_payment_link_payments, "plk_1")
    expect(NotFound, list, payments)
    expect(Rejected, billing.call, MijnKlantportaal.close_payment_link, link.id)
    expect(Rejected, billing.subscribe, plan=plan.id, customer="cst_1")
    expect(Rejected, billing.subscribe, plan=PHONE, customer="cst_1")
    expect(NotFound, billing.call, MijnKlantportaal.get_webhook, "wbh_1")
    manual = MijnKlantportaal.create_manual_customer_invoice
    line = InvoiceLine(description="x", amount=Money(1, "EUR"), vat_rate=0)
    terms: dict[str, Any] = {"invoice_number": "1", "issued_on": dt.date(2025, 4, 14)}
    expect(Rejected, billing.call, manual, "cst_1", lines=[line], **terms)
    fake.integrations_connected = False
    expect(PreconditionFailed, billing.subscribe, plan=PHONE, customer=customer.id)
    expect(PreconditionFailed, billing.subscribe, plan=plan.id, customer=customer.id)
    expect(PreconditionFailed, billing.create_signup_link, plan=plan.id, customer=COMPANY)
    done = [conforms(strict, exchange) for exchange in fake.exchanges]
    assert {status for _, _, status in done} == {404, 412, 422}


def test_too_many_requests_are_refused_as_described(
    fake: MijnKlantportaalFake, strict: Document
) -> None:
    headers = {"authorization": f"Bearer {fake.api_key}"}
    replies = [fake.handle("GET", "/v1/customers", headers, b"") for _ in range(61)]
    assert [reply.status for reply in replies] == [200] * 60 + [429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies[-2:]] == ["0", "0"]
    assert replies[-1].headers["retry-after"] == "60"
    reset = fake.clock.now() + dt.timedelta(minutes=1)
    assert replies[-1].headers["x-ratelimit-reset"] == str(int(reset.timestamp()))
    assert conforms(strict, fake.exchanges[-1])[2] == 429
    _ = fake.clock.advance(seconds=60)
    assert fake.handle("GET", "/v1/customers", headers, b"").status == 200
    error = MijnKlantportaal().error(Response(429, replies[-1].headers, replies[-1].content))
    assert isinstance(error, RateLimited)


def test_the_examples_of_the_description_are_valid(strict: Document) -> None:
    for method, path in strict.operations:
        place = ("paths", path, method.lower(), "requestBody", "content", "application/json")
        if "requestBody" in strict.content["paths"][path][method.lower()]:
            strict.validate(strict.follow(*place)[1]["example"], *place, "schema", closed=True)
    for name, example in strict.content["components"]["examples"].items():
        strict.validate(example["value"], "components", "schemas", name)


def expect(
    error: type[Exception], operation: Callable[..., Any], *args: Any, **kwargs: Any
) -> None:
    with pytest.raises(error):
        operation(*args, **kwargs)
