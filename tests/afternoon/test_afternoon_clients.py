"""The life of a customer at Afternoon, through both clients, against the sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_afternoon import Afternoon, InvoiceLine
from subhub_afternoon.fake import AfternoonFake

from subhub import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    CustomerDraft,
    InvalidRequest,
    NotFound,
    Rejected,
    Status,
    Unsupported,
    WouldSend,
)

Connect = Callable[..., Any]
NEW = CustomerDraft(
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
def billing(connect: Connect, fake: AfternoonFake) -> Any:
    return connect(Afternoon, sandbox=fake)


def asked(fake: AfternoonFake) -> list[str]:
    return [f"{each.received.method} {each.received.path}" for each in fake.exchanges]


class TestSigningUp:
    def test_leads_from_a_draft_over_a_paid_page_to_a_subscription(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        link = billing.create_signup_link(plan="starter_plan", customer=NEW)
        assert link.expires_at == fake.clock.now() + dt.timedelta(hours=24)
        assert billing.list_subscriptions(customer=link.customer_id) == []

        fake.pay(link.url)
        (subscription,) = billing.list_subscriptions(customer=link.customer_id)
        assert subscription.plan_id == "starter_plan"
        assert (subscription.status, subscription.raw_status) == (Status.UNKNOWN, "active")

    def test_again_makes_no_second_customer(self, billing: Any) -> None:
        first = billing.create_signup_link(plan="starter_plan", customer=NEW)
        second = billing.create_signup_link(plan="starter_plan", customer=NEW)
        assert first.customer_id == second.customer_id
        assert len(billing.list_customers()) == 1

    def test_for_a_plan_that_is_not_there_says_which_customer_was_made(self, billing: Any) -> None:
        with pytest.raises(NotFound) as caught:
            _ = billing.create_signup_link(plan="gone", customer=NEW)
        (made,) = caught.value.completed
        assert made == billing.find_customer(external_id="cust_123")

    @pytest.mark.parametrize("when", ["now", "period_end"])
    def test_in_place_of_another_subscription_keeps_its_id(
        self, billing: Any, fake: AfternoonFake, when: str
    ) -> None:
        customer = billing.create_customer(NEW)
        old = billing.subscribe(plan="starter_plan", customer=customer.id)
        link = billing.create_signup_link(
            plan="pro_plan", customer=customer.id, replaces=old.id, when=when
        )
        fake.pay(link.url)
        assert (billing.get_subscription(old.id).plan_id == "pro_plan") is (when == "now")
        _ = fake.clock.advance(days=31)
        (moved,) = billing.list_subscriptions(customer=customer.id)
        assert (moved.id, moved.plan_id) == (old.id, "pro_plan")


class TestSubscriptions:
    def test_begin_pending(self, billing: Any) -> None:
        subscription = billing.subscribe(
            plan="starter_plan",
            customer=NEW,
            starts_on=dt.date(2024, 5, 4),
            provider_options={"afternoon": {"billing_anchor_day": 15}},
        )
        assert subscription.status is Status.PENDING
        assert subscription.raw["billing_anchor_day"] == 15
        assert billing.get_subscription(subscription.id) == subscription

    def test_are_found_without_the_inferred_path(self, billing: Any, fake: AfternoonFake) -> None:
        customer = billing.create_customer(NEW)
        made = [billing.subscribe(plan="starter_plan", customer=customer.id) for _ in range(51)]
        fake.reads_subscriptions = False
        assert billing.get_subscription(made[-1].id) == made[-1]
        assert asked(fake)[-3:] == [
            f"GET /v1/subscriptions/{made[-1].id}",
            "GET /v1/subscriptions",
            "GET /v1/subscriptions",
        ]
        with pytest.raises(NotFound):
            _ = billing.get_subscription(UNKNOWN)

    def test_of_all_pages_are_listed(self, billing: Any) -> None:
        customer = billing.create_customer(NEW)
        made = [billing.subscribe(plan="starter_plan", customer=customer.id) for _ in range(101)]
        assert billing.list_subscriptions() == made
        assert billing.list_subscriptions(limit=1) == made[:1]

    def test_that_are_canceled_now_have_ended(self, billing: Any, fake: AfternoonFake) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        canceled = billing.cancel_subscription(subscription.id, when="now", refund="prorated")
        assert canceled.status is Status.CANCELED
        assert canceled.ends_at == fake.clock.now()

    def test_that_are_to_be_canceled_have_not_ended_yet(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        scheduled = billing.cancel_subscription(subscription.id, when="period_end")
        assert (scheduled.status, scheduled.ends_at) == (Status.PENDING, None)
        _ = fake.clock.advance(days=31)
        ended = billing.get_subscription(subscription.id)
        assert ended.status is Status.CANCELED
        assert ended.ends_at == dt.datetime(2024, 2, 1, tzinfo=dt.UTC)

    def test_that_are_canceled_again_stay_as_they_are(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        canceled = billing.cancel_subscription(subscription.id, when="now")
        _ = fake.clock.advance(days=1)
        assert billing.cancel_subscription(subscription.id, when="now") == canceled

    def test_that_are_canceled_change_to_no_plan(self, billing: Any) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        _ = billing.cancel_subscription(subscription.id, when="now")
        with pytest.raises(Conflict):
            _ = billing.change_subscription(subscription.id, plan="pro_plan", when="now")

    def test_that_change_to_their_own_plan_are_the_providers_to_judge(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        change = billing.change_subscription(subscription.id, plan="starter_plan", when="now")
        asked = fake.exchanges[-1].received
        assert asked.json()["target_plan_code"] == "starter_plan"
        assert change.new.plan_id == change.old.plan_id == "starter_plan"

    def test_that_change_plan_get_another_id(self, billing: Any) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        change = billing.change_subscription(subscription.id, plan="pro_plan", when="now")
        assert change.old.id == subscription.id
        assert change.old.status is Status.CANCELED
        assert change.new == billing.get_subscription(change.new.id)
        assert change.new.plan_id == "pro_plan"

    def test_that_will_change_plan_have_no_other_id_yet(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        change = billing.change_subscription(subscription.id, plan="pro_plan", when="period_end")
        assert (change.old, change.new) == (subscription, None)
        _ = fake.clock.advance(days=31)
        old, new = billing.list_subscriptions()
        assert (old.status, new.plan_id) == (Status.CANCELED, "pro_plan")

    def test_bill_on_another_day(self, billing: Any) -> None:
        subscription = billing.subscribe(plan="starter_plan", customer=NEW)
        changed = billing.call(Afternoon.update_billing_anchor_day, subscription.id, 31)
        assert changed.raw["billing_anchor_day"] == 31


class TestCustomers:
    def test_are_made_changed_and_removed(self, billing: Any) -> None:
        made = billing.create_customer(
            NEW, provider_options={"afternoon": {"first_name": "John", "url": "https://test.com"}}
        )
        assert (made.country, made.city, made.raw["first_name"]) == ("NL", None, "John")
        changed = billing.update_customer(made.id, name="Other BV", country="BE")
        assert changed == billing.get_customer(made.id)
        assert (changed.name, changed.country) == ("Other BV", "BE")

        gone = billing.call(Afternoon.delete_customer, made.id)
        assert gone.id == made.id
        with pytest.raises(NotFound) as caught:
            _ = billing.get_customer(made.id)
        assert caught.value.operation == "get_customer"
        assert caught.value.request_id

    def test_of_all_pages_are_listed(self, billing: Any) -> None:
        made = [billing.create_customer(NEW) for _ in range(51)]
        assert billing.list_customers() == made

    def test_that_are_unknown_are_none(self, billing: Any) -> None:
        assert billing.find_customer(external_id="cust_123") is None


class TestExtensions:
    def test_an_event_that_is_repeated_is_stored_once(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        customer = billing.create_customer(NEW)
        event: dict[str, Any] = {
            "event_name": "api.request",
            "idempotency_key": "evt_1",
            "customer_id": customer.id,
            "timestamp": fake.clock.now(),
            "properties": {"tokens": 150},
        }
        first = billing.call(Afternoon.ingest_event, **event)
        assert billing.call(Afternoon.ingest_event, **event).id == first.id
        other = billing.call(Afternoon.ingest_event, **{**event, "idempotency_key": "evt_2"})
        assert other.id != first.id

    def test_credits_show_in_the_balances(self, billing: Any, fake: AfternoonFake) -> None:
        customer = billing.create_customer(NEW)
        subscription = billing.subscribe(plan="starter_plan", customer=customer.id)
        later = fake.clock.now() + dt.timedelta(days=365)
        terms = {"name": "Welcome", "currency_code": "usd"}
        for amount in ("0.10", "0.20"):
            grant = billing.call(
                Afternoon.create_credit_grant, subscription.id, amount=amount, **terms
            )
            assert grant.raw["amount"] == amount
        _ = billing.call(
            Afternoon.create_credit_grant,
            subscription.id,
            name="Units",
            amount=5,
            pricing_unit_code="token",
            expires_at=later,
        )
        balances = billing.call(Afternoon.customer_balances, customer.id)
        assert balances.raw["balances"] == [
            {"denomination": "usd", "amount": "0.30"},
            {"denomination": "token", "amount": "5"},
        ]
        nobody = billing.create_customer(NEW)
        assert billing.call(Afternoon.customer_balances, nobody.id).raw["balances"] == []

    def test_invoices_are_drafted_read_and_listed(self, billing: Any) -> None:
        customer = billing.create_customer(NEW)
        line = InvoiceLine(description="API calls", quantity=2, unit_amount_cents=2500)
        made = [
            billing.call(Afternoon.create_draft_invoice, customer.id, lines=[line])
            for _ in range(51)
        ]
        assert made[0].total_cents == 5000
        assert billing.call(Afternoon.get_invoice, made[0].id) == made[0]
        assert billing.walk(Afternoon.list_invoices, customer=customer.id) == made
        assert billing.walk(Afternoon.list_invoices, status="paid") == []
        with pytest.raises(NotFound):
            _ = billing.call(Afternoon.get_invoice, UNKNOWN)


class TestRefusals:
    def test_what_afternoon_lacks_is_said_before_anything_is_sent(
        self, billing: Any, fake: AfternoonFake
    ) -> None:
        with pytest.raises(Unsupported, match="dashboard"):
            _ = billing.get_plan("starter_plan")
        with pytest.raises(Unsupported, match="external"):
            _ = billing.find_customer(email="a@b.c")
        options = {"afternoon": {"anchor": 1}}
        with pytest.raises(InvalidRequest, match="billing_anchor_day"):
            _ = billing.subscribe(plan="starter_plan", customer=NEW, provider_options=options)
        assert not fake.exchanges

    @pytest.mark.parametrize(
        ("plan", "day", "field"),
        [("Starter", 1, "plan"), ("starter_plan", 32, "billing_anchor_day")],
    )
    def test_bad_terms_are_refused_before_a_new_customer_is_made(
        self, billing: Any, fake: AfternoonFake, plan: str, day: int, field: str
    ) -> None:
        options = {"afternoon": {"billing_anchor_day": day}}
        with pytest.raises(InvalidRequest) as caught:
            _ = billing.subscribe(plan=plan, customer=NEW, provider_options=options)
        assert field in caught.value.fields
        assert not fake.exchanges

    def test_what_afternoon_refuses_is_told_by_field(self, billing: Any) -> None:
        with pytest.raises(Rejected) as caught:
            _ = billing.call(
                Afternoon.ingest_event,
                event_name="e",
                idempotency_key="k",
                customer_id=UNKNOWN,
                timestamp=dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
            )
        assert caught.value.fields == {"customer_id": "is not known"}

    def test_a_dry_run_stops_at_the_customer_that_it_would_make(
        self, connect: Connect, fake: AfternoonFake
    ) -> None:
        billing = connect(Afternoon, sandbox=fake, dry_run=True)
        with pytest.raises(WouldSend) as caught:
            _ = billing.create_signup_link(plan="starter_plan", customer=NEW)
        assert caught.value.request.url == "https://api.afternoon.co/v1/customers"
        assert asked(fake) == ["GET /v1/customers/search"]

    def test_a_revoked_key_is_no_key(self, connect: Connect, fake: AfternoonFake) -> None:
        fake.revoked.add(fake.api_key)
        with pytest.raises(AuthenticationFailed) as caught:
            _ = connect(Afternoon, sandbox=fake).list_customers()
        assert caught.value.code == "API_KEY_REVOKED"

    @pytest.mark.parametrize(("key", "mode"), [("sk_123456789", None), ("ak_live_1234567", "test")])
    def test_a_key_that_is_none_or_is_for_another_mode(
        self, connect: Connect, key: str, mode: str | None
    ) -> None:
        with pytest.raises(ConfigError):
            _ = connect(Afternoon, api_key=key, mode=mode)
