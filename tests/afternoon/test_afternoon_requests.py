"""The exact request of each operation, and the result of its documented response."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from subhub_afternoon import (
    Afternoon,
    CreditGrant,
    CustomerBalances,
    IngestedEvent,
    InvoiceLine,
)

from subhub import (
    Customer,
    CustomerDraft,
    DeletedCustomer,
    InvalidReply,
    InvalidRequest,
    Invoice,
    InvoiceStatus,
    Status,
    Subscription,
    SubscriptionChange,
    Unsupported,
)
from subhub.models import CustomerUpdate
from subhub.plugin import Flow, Page, Request
from subhub.testing import play, reply

CUSTOMER = "cm5x9z8nv0001h85r7l9p2k2m"
SUBSCRIPTION = "cm5x9z8nv0004h85r7l9p2k5m"
OTHER = "cm5x9z8nv0005h85r7l9p2k6m"
INVOICE = "cm5x9z8nv0006h85r7l9p2k7m"
NOW = dt.datetime(2024, 5, 1, 12, tzinfo=ZoneInfo("Europe/Amsterdam"))
POLICY = "cancel_now_prepaid_refund_policy"
WIRE_CUSTOMER = {
    "id": CUSTOMER,
    "name": "Acme Corp",
    "email": "billing@acme.com",
    "external_id": "cust_123",
    "phone": None,
    "billing_address": {"country": "NL", "state": "?"},
}
ACME = Customer(
    provider="afternoon",
    id=CUSTOMER,
    name="Acme Corp",
    email="billing@acme.com",
    external_id="cust_123",
    country="NL",
)


def response(status: int = 200, /, **content: Any) -> Any:
    return reply(status, {"success": True, "request_id": "req_1", **content})


def run(flow: Flow[Any], answer: Any) -> tuple[Request, Any]:
    played = play(flow, answer, provider=Afternoon())
    (request,) = played.requests
    return request, played.result


class TestCustomers:
    def test_create_sends_all_documented_fields_and_only_the_country_of_the_address(self) -> None:
        draft = CustomerDraft(
            name="Acme Corp",
            email="billing@acme.com",
            address="Street 1",
            postal_code="1234AB",
            city="Amsterdam",
            country="NL",
            phone="+31201234567",
            external_id="cust_123",
        )
        flow = Afternoon().create_customer(
            draft, first_name="Ann", last_name="Lee", url="https://acme.com"
        )
        request, customer = run(flow, response(201, customer=WIRE_CUSTOMER))

        assert request == Request(
            "POST",
            "/v1/customers",
            {
                "name": "Acme Corp",
                "first_name": "Ann",
                "last_name": "Lee",
                "email": "billing@acme.com",
                "phone": "+31201234567",
                "url": "https://acme.com",
                "external_id": "cust_123",
                "billing_address": {"country": "NL"},
            },
        )
        assert customer == ACME
        assert customer.raw["customer"] == WIRE_CUSTOMER
        assert customer.request_id == customer.raw["request_id"] == "req_1"

    def test_create_leaves_out_unset_fields(self) -> None:
        flow = Afternoon().create_customer(CustomerDraft(name="A", email="a@b.c"))
        request, customer = run(flow, reply(201, {"success": True, "customer": {"id": CUSTOMER}}))

        assert request.body == {"name": "A", "email": "a@b.c"}
        assert customer == Customer(provider="afternoon", id=CUSTOMER)

    def test_get(self) -> None:
        request, customer = run(
            Afternoon().get_customer(CUSTOMER), response(customer=WIRE_CUSTOMER)
        )
        assert request == Request("GET", f"/v1/customers/{CUSTOMER}")
        assert customer == ACME

    def test_list(self) -> None:
        answer = response(customers=[WIRE_CUSTOMER], pagination={"next_cursor": "abc"})
        request, page = run(Afternoon().list_customers(), answer)
        assert request == Request("GET", "/v1/customers")
        assert page == Page([ACME], "abc")

    def test_list_continues_at_the_cursor(self) -> None:
        request, page = run(Afternoon().list_customers("abc"), response(customers=[]))
        assert request == Request("GET", "/v1/customers", query={"cursor": "abc"})
        assert page == Page([])

    def test_find_searches_by_external_id(self) -> None:
        flow = Afternoon().find_customer(external_id="cust_123")
        request, customer = run(flow, response(customers=[WIRE_CUSTOMER]))
        assert request == Request("GET", "/v1/customers/search", query={"external_id": "cust_123"})
        assert customer == ACME

    def test_find_ignores_customers_with_another_external_id(self) -> None:
        flow = Afternoon().find_customer(external_id="cust_9")
        assert run(flow, response(customers=[WIRE_CUSTOMER, {"id": OTHER}]))[1] is None

    @pytest.mark.parametrize(
        "pagination", [{"next_cursor": "abc"}, {"has_more": True, "next_cursor": None}]
    )
    def test_find_does_not_take_a_part_of_the_matches_for_all(self, pagination: Any) -> None:
        flow = Afternoon().find_customer(external_id="cust_9")
        with pytest.raises(InvalidReply, match="page"):
            _ = run(flow, response(customers=[WIRE_CUSTOMER], pagination=pagination))

    def test_update_sends_only_the_changes(self) -> None:
        changes = CustomerUpdate(email="new@acme.com", country="BE")
        flow = Afternoon().update_customer(CUSTOMER, changes, last_name="Lee")
        request, customer = run(flow, response(customer=WIRE_CUSTOMER))
        assert request == Request(
            "PATCH",
            f"/v1/customers/{CUSTOMER}",
            {"last_name": "Lee", "email": "new@acme.com", "billing_address": {"country": "BE"}},
        )
        assert customer == ACME

    @pytest.mark.parametrize("body", [{"success": True, "deleted": True}, {}])
    def test_delete_accepts_a_body_with_or_without_fields(self, body: dict[str, Any]) -> None:
        request, gone = run(Afternoon().delete_customer(CUSTOMER), reply(200, body))
        assert request == Request("DELETE", f"/v1/customers/{CUSTOMER}")
        assert gone == DeletedCustomer(provider="afternoon", id=CUSTOMER)
        assert gone.raw == body

    def test_search_sends_all_documented_parameters(self) -> None:
        given = {
            "name": "Acme Corp",
            "first_name": "A",
            "last_name": "B",
            "external_id": "cust_123",
        }
        flow = Afternoon().search_customers(**given)
        request, found = run(flow, response(customers=[WIRE_CUSTOMER]))
        assert request == Request("GET", "/v1/customers/search", query=given)
        assert found == Page([ACME])
        assert (found.items[0].raw, found.items[0].request_id) == (WIRE_CUSTOMER, "req_1")

    def test_search_for_nothing_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="give at least one of name, first_name"):
            _ = play(Afternoon().search_customers())


class TestSubscriptions:
    def test_subscribe_sends_the_two_required_fields_and_no_null(self) -> None:
        flow = Afternoon().subscribe(plan="starter_plan", customer=CUSTOMER, now=NOW)
        request, subscription = run(
            flow, response(201, subscription={"id": SUBSCRIPTION, "status": "pending"})
        )
        assert request == Request(
            "POST",
            "/v1/subscriptions",
            {"customer_id": CUSTOMER, "plan_code": "starter_plan"},
        )
        assert subscription == Subscription(
            provider="afternoon", id=SUBSCRIPTION, status=Status.PENDING, raw_status="pending"
        )

    def test_a_day_starts_at_midnight_in_the_accounts_time_zone(self) -> None:
        flow = Afternoon().subscribe(
            plan="starter_plan",
            customer=CUSTOMER,
            now=NOW,
            starts_on=dt.date(2024, 12, 4),
            billing_anchor_day=31,
            initial_status="draft",
        )
        request, _ = run(flow, response(201, subscription={"id": SUBSCRIPTION}))
        assert request.body == {
            "customer_id": CUSTOMER,
            "plan_code": "starter_plan",
            "start_date": "2024-12-03T23:00:00Z",
            "billing_anchor_day": 31,
            "initial_status": "draft",
        }

    def test_list_filters_by_customer_and_cursor(self) -> None:
        flow = Afternoon().list_subscriptions("abc", customer=CUSTOMER)
        request, page = run(flow, response(subscriptions=[], pagination={}))
        assert request == Request(
            "GET", "/v1/subscriptions", query={"cursor": "abc", "customer_id": CUSTOMER}
        )
        assert page == Page([])

    @pytest.mark.parametrize(
        ("when", "refund", "words"),
        [
            ("now", "none", {"": "now", POLICY: "no_refund_prepaid_fixed_fees"}),
            ("now", "prorated", {"": "now", POLICY: "refund_prorated_prepaid_fixed_fees"}),
            ("period_end", "none", {"": "end_of_period"}),
        ],
    )
    def test_the_refund_policy_is_sent_with_now_only(
        self, when: Any, refund: Any, words: dict[str, str]
    ) -> None:
        canceling = Afternoon().cancel_subscription(SUBSCRIPTION, when=when, refund=refund, now=NOW)
        request, _ = run(canceling, response(subscription={"id": SUBSCRIPTION}))
        assert request == Request(
            "POST",
            f"/v1/subscriptions/{SUBSCRIPTION}/cancel",
            {name or "cancel_mode": word for name, word in words.items()},
        )

        changing = Afternoon().change_subscription(
            SUBSCRIPTION, plan="pro_plan", when=when, refund=refund, now=NOW
        )
        request, _ = run(changing, response(old_subscription={"id": SUBSCRIPTION}))
        assert request == Request(
            "POST",
            f"/v1/subscriptions/{SUBSCRIPTION}/change-plan",
            {
                "target_plan_code": "pro_plan",
                **{name or "change_mode": word for name, word in words.items()},
            },
        )

    def test_a_change_of_plan_can_create_another_subscription(self) -> None:
        flow = Afternoon().change_subscription(
            SUBSCRIPTION, plan="pro_plan", when="now", refund="none", now=NOW
        )
        answer = response(
            status="?", old_subscription={"id": SUBSCRIPTION}, new_subscription={"id": OTHER}
        )
        assert run(flow, answer)[1] == SubscriptionChange(
            provider="afternoon",
            old=Subscription(provider="afternoon", id=SUBSCRIPTION),
            new=Subscription(provider="afternoon", id=OTHER),
        )

    def test_a_scheduled_change_of_plan_has_no_new_subscription(self) -> None:
        flow = Afternoon().change_subscription(
            SUBSCRIPTION, plan="pro_plan", when="period_end", refund="none", now=NOW
        )
        answer = response(old_subscription={"id": SUBSCRIPTION}, new_subscription=None)
        assert run(flow, answer)[1].new is None

    def test_update_billing_anchor_day(self) -> None:
        flow = Afternoon().update_billing_anchor_day(SUBSCRIPTION, 15)
        request, subscription = run(flow, response(subscription={"id": SUBSCRIPTION}))
        assert request == Request(
            "PATCH", f"/v1/subscriptions/{SUBSCRIPTION}", {"billing_anchor_day": 15}
        )
        assert subscription.id == SUBSCRIPTION

    @pytest.mark.parametrize(("moment", "written"), [(NOW, "2024-05-01T10:00:00Z"), (None, None)])
    def test_the_next_renewal_can_be_moved_or_taken_away(
        self, moment: dt.datetime | None, written: str | None
    ) -> None:
        flow = Afternoon().update_next_renewal_date(SUBSCRIPTION, moment)
        answer = response(subscription={"id": SUBSCRIPTION, "next_renewal_date": written})
        request, subscription = run(flow, answer)
        assert request == Request(
            "PATCH", f"/v1/subscriptions/{SUBSCRIPTION}", {"next_renewal_date": written}
        )
        assert subscription.renews_on == (moment and moment.date())

    def test_a_status_can_be_written_in_afternoons_words(self) -> None:
        flow = Afternoon().update_status(SUBSCRIPTION, "running")
        request, subscription = run(
            flow, response(subscription={"id": SUBSCRIPTION, "status": "running"})
        )
        assert request == Request(
            "PATCH", f"/v1/subscriptions/{SUBSCRIPTION}", {"status": "running"}
        )
        assert subscription.raw_status == "running"

    def test_a_cancellation_is_not_written_as_a_status(self) -> None:
        with pytest.raises(InvalidRequest, match="use `cancel_subscription`"):
            _ = play(Afternoon().update_status(SUBSCRIPTION, "canceled"))


class TestInvoices:
    def test_list(self) -> None:
        flow = Afternoon().list_invoices("abc", customer=CUSTOMER, status="open")
        answer = response(invoices=[{"id": INVOICE, "status": "open", "total_cents": 5000}])
        request, page = run(flow, answer)
        assert request == Request(
            "GET",
            "/v1/invoices",
            query={"cursor": "abc", "customer_id": CUSTOMER, "status": "open"},
        )
        expected = Invoice(
            provider="afternoon",
            id=INVOICE,
            customer_id=CUSTOMER,
            status=InvoiceStatus.OPEN,
            raw_status="open",
        )
        assert page == Page([expected])
        assert page.items[0].raw["total_cents"] == 5000  # of no currency that is documented

    def test_list_has_no_filter_for_subscriptions(self) -> None:
        with pytest.raises(Unsupported, match="names its subscription"):
            _ = play(Afternoon().list_invoices(subscription=SUBSCRIPTION))

    def test_list_without_filters(self) -> None:
        request, _ = run(Afternoon().list_invoices(), response(invoices=[]))
        assert request == Request("GET", "/v1/invoices")

    def test_get_keeps_the_lines_in_raw(self) -> None:
        found = {"id": INVOICE, "status": "draft", "line_items": [{"quantity": 1}]}
        request, invoice = run(Afternoon().get_invoice(INVOICE), response(invoice=found))
        assert request == Request("GET", f"/v1/invoices/{INVOICE}")
        assert invoice.raw["invoice"] == found

    def test_a_draft_has_lines_in_cents(self) -> None:
        flow = Afternoon().create_draft_invoice(
            CUSTOMER,
            lines=[InvoiceLine(description="API calls", unit_amount_cents=5000)],
            days_until_due=30,
        )
        request, _ = run(flow, response(201, invoice={"id": INVOICE, "status": "draft"}))
        line = {"description": "API calls", "quantity": 1, "unit_amount_cents": 5000}
        assert request == Request(
            "POST",
            "/v1/invoices",
            {
                "customer_id": CUSTOMER,
                "collection_method": "send_invoice",
                "line_items": [line],
                "days_until_due": 30,
            },
        )

    def test_a_draft_needs_no_due_date(self) -> None:
        flow = Afternoon().create_draft_invoice(CUSTOMER, lines=[], collection_method="other")
        request, invoice = run(flow, response(201, invoice={"id": INVOICE}))
        assert request.body == {
            "customer_id": CUSTOMER,
            "collection_method": "other",
            "line_items": [],
        }
        assert invoice == Invoice(provider="afternoon", id=INVOICE)


class TestUsage:
    def test_an_event_is_sent_in_utc_and_returned_with_its_id(self) -> None:
        flow = Afternoon().ingest_event(
            event_name="api.request",
            idempotency_key="evt_1",
            customer_id=CUSTOMER,
            timestamp=NOW,
            properties={"tokens": 150, "model": "gpt-4"},
        )
        request, event = run(flow, response(status="?", usage_id=OTHER, cost=[]))
        assert request == Request(
            "POST",
            "/v1/events/ingest",
            {
                "event_name": "api.request",
                "idempotency_key": "evt_1",
                "customer_id": CUSTOMER,
                "timestamp": "2024-05-01T10:00:00Z",
                "properties": {"tokens": 150, "model": "gpt-4"},
            },
        )
        assert event == IngestedEvent(provider="afternoon", id=OTHER, status="?")
        assert event.raw["cost"] == []

    def test_an_event_needs_no_properties(self) -> None:
        flow = Afternoon().ingest_event(
            event_name="e", idempotency_key="k", customer_id=CUSTOMER, timestamp=NOW
        )
        request, event = run(flow, response())
        assert "properties" not in (request.body or {})
        assert event == IngestedEvent(provider="afternoon")

    def test_credits_in_money(self) -> None:
        flow = Afternoon().create_credit_grant(
            SUBSCRIPTION,
            name="Welcome credits",
            amount=Decimal("1E+2"),
            currency_code="USD",
            expires_at=NOW,
        )
        request, grant = run(flow, response(201, credit_grant={"id": OTHER, "left": 100}))
        assert request == Request(
            "POST",
            f"/v1/subscriptions/{SUBSCRIPTION}/credit-grants",
            {
                "name": "Welcome credits",
                "amount": "100",
                "currency_code": "usd",
                "expires_at": "2024-05-01T10:00:00Z",
            },
        )
        assert grant == CreditGrant(provider="afternoon", id=OTHER)
        assert grant.raw["credit_grant"] == {"id": OTHER, "left": 100}

    def test_credits_in_a_unit_without_an_end(self) -> None:
        flow = Afternoon().create_credit_grant(
            SUBSCRIPTION, name="Trial", amount="0.5", pricing_unit_code="gpu_sec"
        )
        request, grant = run(flow, response(201, credit_grant={}))
        assert request.body == {"name": "Trial", "amount": "0.5", "pricing_unit_code": "gpu_sec"}
        assert grant.id is None

    def test_balances_are_in_raw(self) -> None:
        request, balances = run(
            Afternoon().customer_balances(CUSTOMER), response(wallets=[{"left": 1}])
        )
        assert request == Request("GET", f"/v1/customers/{CUSTOMER}/balances")
        assert balances == CustomerBalances(provider="afternoon", id=CUSTOMER)
        assert balances.raw["wallets"] == [{"left": 1}]


def test_a_vat_id_is_refused_because_it_decides_on_the_tax() -> None:
    draft = CustomerDraft(name="Acme", email="a@acme.com", vat_id="NL123456789B01")
    changes = CustomerUpdate(vat_id="NL123456789B01")
    for flow in (
        Afternoon().create_customer(draft),
        Afternoon().update_customer(CUSTOMER, changes),
    ):
        with pytest.raises(InvalidRequest, match="documents no key for it") as caught:
            _ = play(flow)
        assert list(caught.value.fields) == ["vat_id"]
