"""The plugin's requests and the fake's responses, checked against the API description."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from subhub_afternoon import Afternoon, InvoiceLine
from subhub_afternoon.fake import AfternoonFake

from subhub import Client, CustomerDraft
from subhub.sandbox import Exchange
from subhub.testing.openapi import Document, DocumentMismatch

DOCUMENT = Document.of(Afternoon)
LIMITS = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
NEW = CustomerDraft(
    name="Acme Corp", email="billing@acme.com", country="NL", phone="+1", external_id="cust_123"
)


def do_everything(billing: Client, fake: AfternoonFake) -> None:
    """Perform every operation once."""
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
    subscription = billing.subscribe(
        plan="starter_plan",
        customer=customer,
        starts_on=dt.date(2024, 5, 4),
        provider_options=options,
    )
    for when in ("now", "period_end"):
        _ = billing.create_signup_link(
            plan="pro_plan", customer=customer, replaces=subscription.id, when=when
        )
        change = billing.change_subscription(subscription.id, plan="pro_plan", when=when)
        subscription = change.new or change.old
        _ = billing.cancel_subscription(subscription.id, when="period_end")
    _ = billing.cancel_subscription(subscription.id, when="now", refund="prorated")
    _ = billing.create_signup_link(
        plan="pro_plan", customer=customer, replaces=subscription.id, when="now", refund="none"
    )
    _ = billing.get_subscription(subscription.id)
    _ = list(billing.list_subscriptions(customer=customer))
    _ = billing.update_customer(customer, name="B", email="b@acme.com", country="BE")
    _ = billing.get_customer(customer)
    _ = list(billing.list_customers())
    extend(billing, fake, customer, subscription.id)


def extend(billing: Client, fake: AfternoonFake, customer: str, subscription: str) -> None:
    """Perform every extension once."""
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
    _ = billing.get_invoice(invoice)
    drafts = {"afternoon": {"status": "draft"}}
    _ = list(billing.list_invoices(customer=customer, provider_options=drafts))
    _ = billing.call(Afternoon.customer_balances, customer)
    _ = billing.delete_customer(customer)


@pytest.fixture
def exchanges(fake: AfternoonFake) -> list[Exchange]:
    with Client(Afternoon, sandbox=fake) as billing:
        do_everything(billing, fake)
        # so that every list has a second page
        for number in range(51):
            draft = NEW.model_copy(update={"external_id": f"listed-{number}"})
            customer = billing.create_customer(draft)
            _ = billing.subscribe(plan="starter_plan", customer=customer.id)
            _ = billing.call(Afternoon.create_draft_invoice, customer.id, lines=[])
        for listed in (billing.list_customers(), billing.list_subscriptions()):
            assert len(list(listed)) > 50
        assert len(list(billing.list_invoices())) > 50
    return list(fake.exchanges)


def test_every_request_and_response_is_as_described(exchanges: list[Exchange]) -> None:
    done = [DOCUMENT.check(exchange) for exchange in exchanges]

    assert {(operation.method, operation.path) for operation in done} == DOCUMENT.operations
    for exchange in exchanges:
        assert exchange.reply.status < 300
        assert set(exchange.reply.headers) >= LIMITS


REQUEST: dict[str, object] = {
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
def test_every_error_is_as_described(
    fake: AfternoonFake, method: str, path: str, body: object, status: int
) -> None:
    key = "" if status == 401 else f"Bearer {fake.api_key}"
    reply = fake.handle(method, path, {"Authorization": key}, json.dumps(body).encode())
    assert reply.status == status
    DOCUMENT.operation(method, path).check_reply(reply)
    assert set(reply.headers) >= LIMITS


SPOILED: dict[str, dict[str, object]] = {
    "missing": {"customer_id": "cm5x9z8nv0001h85r7l9p2k2m"},
    "pattern": {**REQUEST, "plan_code": "Starter"},
    "null": {**REQUEST, "success_url": None},
    "undocumented": {**REQUEST, "token": "x"},
    "cuid": {**REQUEST, "customer_id": "cst_1"},
    "timing": {**REQUEST, "previous_subscription_id": "cm5x9z8nv0000h85r7l9p2k1m"},
    "policy": {**REQUEST, "cancel_now_prepaid_refund_policy": "no_refund_prepaid_fixed_fees"},
}


@pytest.mark.parametrize("body", SPOILED.values(), ids=SPOILED)
def test_the_description_is_strict(body: dict[str, object]) -> None:
    place = ("components", "schemas", "CreateSubscriptionSignupLinkRequest")
    DOCUMENT.validate(REQUEST, *place, closed=True)
    with pytest.raises(DocumentMismatch):
        DOCUMENT.validate(body, *place, closed=True)
