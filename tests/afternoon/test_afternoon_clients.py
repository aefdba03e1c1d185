"""A customer's life at Afternoon in the sandbox: what several requests and the clock do together.

Single operations are in the recordings, and the contract suite runs all of them with both clients.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from subhub_afternoon import Afternoon, InvoiceLine
from subhub_afternoon.fake import AfternoonFake

from subhub import (
    Client,
    ConfigError,
    CustomerDraft,
    InvalidRequest,
    NotFound,
    Rejected,
    Scheduled,
    Status,
)

COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
    external_id="cust_123",
)
UNKNOWN = "cm5x9z8nv0000h85r7l9p2k1m"


@pytest.fixture
def billing(fake: AfternoonFake) -> Iterator[Client]:
    with Client(Afternoon, sandbox=fake) as client:
        yield client


def requests(fake: AfternoonFake) -> list[str]:
    received = [exchange.received for exchange in fake.exchanges]
    return [f"{request.method} {request.path}" for request in received]


class TestSignup:
    def test_a_paid_page_starts_a_subscription(self, billing: Client, fake: AfternoonFake) -> None:
        link = billing.create_signup_link(plan="starter_plan", customer=COMPANY)
        assert link.expires_at == fake.clock.now() + dt.timedelta(hours=24)
        assert list(billing.list_subscriptions(customer=link.customer_id)) == []

        fake.pay(link.url)
        (subscription,) = billing.list_subscriptions(customer=link.customer_id)
        assert subscription.plan_id == "starter_plan"
        assert (subscription.status, subscription.raw_status) == (Status.UNKNOWN, "active")

    @pytest.mark.parametrize("when", ["now", "period_end"])
    def test_a_paid_change_of_plan_keeps_the_id(
        self, billing: Client, fake: AfternoonFake, when: Any
    ) -> None:
        customer = billing.create_customer(COMPANY)
        old = billing.subscribe(plan="starter_plan", customer=customer.id)
        link = billing.create_signup_link(
            plan="pro_plan", customer=customer.id, replaces=old.id, when=when
        )
        fake.pay(link.url)
        assert (billing.get_subscription(old.id).plan_id == "pro_plan") is (when == "now")
        _ = fake.clock.advance(days=31)
        (changed,) = billing.list_subscriptions(customer=customer.id)
        assert (changed.id, changed.plan_id) == (old.id, "pro_plan")


class TestSubscriptions:
    def test_are_found_in_the_list_without_the_assumed_path(
        self, billing: Client, fake: AfternoonFake
    ) -> None:
        customer = billing.create_customer(COMPANY)
        created = [billing.subscribe(plan="starter_plan", customer=customer.id) for _ in range(51)]
        fake.reads_subscriptions = False
        assert billing.get_subscription(created[-1].id) == created[-1]
        assert requests(fake)[-3:] == [
            f"GET /v1/subscriptions/{created[-1].id}",
            "GET /v1/subscriptions",
            "GET /v1/subscriptions",
        ]
        with pytest.raises(NotFound):
            _ = billing.get_subscription(UNKNOWN)

    def test_end_at_the_end_of_the_period_and_not_before(
        self, billing: Client, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=COMPANY)
        scheduled = billing.cancel_subscription(subscription.id, when="period_end")
        assert (scheduled.status, scheduled.ends_at) == (Status.PENDING, None)
        assert scheduled.scheduled == Scheduled(change="cancel", at=None)
        _ = fake.clock.advance(days=31)
        ended = billing.get_subscription(subscription.id)
        assert ended.status is Status.CANCELED
        assert ended.ends_at == dt.datetime(2024, 2, 1, tzinfo=dt.UTC)

    def test_can_be_changed_to_their_own_plan_if_the_provider_allows_it(
        self, billing: Client, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=COMPANY)
        change = billing.change_subscription(subscription.id, plan="starter_plan", when="now")
        assert fake.exchanges[-1].received.json()["target_plan_code"] == "starter_plan"
        assert change.new is not None
        assert change.new.plan_id == change.old.plan_id == "starter_plan"

    def test_get_another_id_with_another_plan(self, billing: Client) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=COMPANY)
        change = billing.change_subscription(subscription.id, plan="pro_plan", when="now")
        assert change.new is not None
        assert (change.old.id, change.old.status) == (subscription.id, Status.CANCELED)
        assert change.scheduled is None
        assert change.new == billing.get_subscription(change.new.id)
        assert change.new.plan_id == "pro_plan"

    def test_have_no_other_id_before_a_scheduled_change(
        self, billing: Client, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=COMPANY)
        change = billing.change_subscription(subscription.id, plan="pro_plan", when="period_end")
        assert (change.old, change.new) == (subscription, None)
        assert change.scheduled == Scheduled(change="plan", at=None)
        _ = fake.clock.advance(days=31)
        old, new = billing.list_subscriptions()
        assert (old.status, new.plan_id) == (Status.CANCELED, "pro_plan")


class TestExtensions:
    def test_events_with_different_keys_are_different(
        self, billing: Client, fake: AfternoonFake
    ) -> None:
        customer = billing.create_customer(COMPANY)
        event: dict[str, Any] = {
            "event_name": "api.request",
            "customer_id": customer.id,
            "timestamp": fake.clock.now(),
        }
        first, again, other = (
            billing.call(Afternoon.ingest_event, idempotency_key=key, **event)
            for key in ("evt_1", "evt_1", "evt_2")
        )
        assert first.id == again.id != other.id

    def test_credits_are_added_up_in_the_balances(
        self, billing: Client, fake: AfternoonFake
    ) -> None:
        customer = billing.create_customer(COMPANY)
        subscription = billing.subscribe(plan="starter_plan", customer=customer.id)
        grants: list[dict[str, Any]] = [
            {"amount": "0.10", "currency_code": "usd"},
            {"amount": "0.20", "currency_code": "usd"},
            {"amount": 5, "pricing_unit_code": "token"},
        ]
        for terms in grants:
            grant = billing.call(
                Afternoon.create_credit_grant,
                subscription.id,
                name="Welcome",
                expires_at=fake.clock.now() + dt.timedelta(days=365),
                **terms,
            )
            assert grant.raw["credit_grant"]["amount"] == str(terms["amount"])
        balances = billing.call(Afternoon.customer_balances, customer.id)
        assert balances.raw["balances"] == [
            {"denomination": "usd", "amount": "0.30"},
            {"denomination": "token", "amount": "5"},
        ]
        other = billing.create_customer(COMPANY.model_copy(update={"external_id": "other"}))
        assert billing.call(Afternoon.customer_balances, other.id).raw["balances"] == []

    def test_invoices_are_listed_on_all_pages_with_filters(self, billing: Client) -> None:
        customer = billing.create_customer(COMPANY)
        line = InvoiceLine(description="API calls", quantity=2, unit_amount_cents=2500)
        created = [
            billing.call(Afternoon.create_draft_invoice, customer.id, lines=[line])
            for _ in range(51)
        ]
        assert created[0].raw["invoice"]["total_cents"] == 5000
        assert list(billing.list_invoices(customer=customer)) == created
        paid = {"afternoon": {"status": "paid"}}
        assert list(billing.list_invoices(provider_options=paid)) == []
        with pytest.raises(NotFound):
            _ = billing.get_invoice(UNKNOWN)


@pytest.mark.parametrize(
    ("plan", "day", "field"),
    [("Starter", 1, "plan"), ("starter_plan", 32, "billing_anchor_day")],
)
def test_invalid_terms_are_refused_before_a_customer_is_created(
    billing: Client, fake: AfternoonFake, plan: str, day: int, field: str
) -> None:
    options = {"afternoon": {"billing_anchor_day": day}}
    with pytest.raises(InvalidRequest) as caught:
        _ = billing.subscribe(plan=plan, customer=COMPANY, provider_options=options)
    assert field in caught.value.fields
    assert not fake.exchanges


def test_an_error_of_afternoon_has_its_fields(billing: Client) -> None:
    with pytest.raises(Rejected) as caught:
        _ = billing.call(
            Afternoon.ingest_event,
            event_name="e",
            idempotency_key="k",
            customer_id=UNKNOWN,
            timestamp=dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
        )
    assert caught.value.fields == {"customer_id": "is not known"}


@pytest.mark.parametrize(("key", "mode"), [("sk_123456789", None), ("ak_live_1234567", "test")])
def test_a_key_of_another_kind_or_mode_is_refused(key: str, mode: Any) -> None:
    with pytest.raises(ConfigError):
        _ = Client(Afternoon, api_key=key, mode=mode)
