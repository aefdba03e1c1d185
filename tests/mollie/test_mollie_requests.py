"""What each operation asks of Mollie, to the letter, and what it reads from the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from subhub_mollie import Mollie, Payment, RevokedMandate

from subhub import (
    Customer,
    CustomerDraft,
    DeletedCustomer,
    Interval,
    Money,
    PlanDraft,
    SetupLink,
    Status,
    Subscription,
)
from subhub.models import CustomerUpdate, SubscriptionUpdate
from subhub.plugin import Flow, Page, Request, Response
from subhub.testing import play, reply

CUSTOMER = "cst_8wmqcHMN4U"
SUBSCRIPTION = "sub_rVKGtNd6s3:cst_8wmqcHMN4U"
MANDATE = "mdt_h3gAaD5zP"
PAYMENT = "tr_7UhSN1zuXS"
NOW = dt.datetime(2024, 5, 1, 12, tzinfo=ZoneInfo("Europe/Amsterdam"))
CREATED = dt.datetime(2023, 4, 6, 13, 10, 19, tzinfo=dt.UTC)
PAGE = {"limit": "250"}
HERE = f"/customers/{CUSTOMER}/subscriptions/sub_rVKGtNd6s3"
WIRE_CUSTOMER = {
    "resource": "customer",
    "id": CUSTOMER,
    "name": "Acme Corp",
    "email": "billing@acme.com",
    "locale": None,
    "metadata": {"external_id": "cust_123", "city": "Utrecht", "colour": "red"},
    "createdAt": "2023-04-06T13:10:19+00:00",
}
ACME = Customer(
    provider="mollie",
    id=CUSTOMER,
    name="Acme Corp",
    email="billing@acme.com",
    city="Utrecht",
    external_id="cust_123",
    created_at=CREATED,
)
WIRE_SUBSCRIPTION: dict[str, Any] = {
    "resource": "subscription",
    "id": "sub_rVKGtNd6s3",
    "status": "active",
    "amount": {"currency": "EUR", "value": "25.00"},
    "interval": "3 months",
    "startDate": "2023-06-01",
    "nextPaymentDate": "2023-09-01",
    "description": "Quarterly payment",
    "customerId": CUSTOMER,
    "createdAt": "2023-04-06T13:10:19+00:00",
}
QUARTERLY = Subscription(
    provider="mollie",
    id=SUBSCRIPTION,
    customer_id=CUSTOMER,
    description="Quarterly payment",
    status=Status.ACTIVE,
    raw_status="active",
    price=Money("25.00", "EUR"),
    interval=Interval(3, "month"),
    starts_on=dt.date(2023, 6, 1),
    renews_on=dt.date(2023, 9, 1),
    created_at=CREATED,
)
WIRE_PAYMENT: dict[str, Any] = {
    "resource": "payment",
    "id": PAYMENT,
    "status": "paid",
    "amount": {"currency": "EUR", "value": "12.95"},
    "description": "First period",
    "method": "ideal",
    "customerId": CUSTOMER,
    "mandateId": MANDATE,
    "createdAt": "2023-04-06T13:10:19+00:00",
    "_links": {},
}
PHONE = PlanDraft(
    name="Phone",
    price=Money("12.9", "EUR"),
    interval=Interval(1, "year"),
    description="1GB per month",
    code="phone",
)


def ask(flow: Flow[Any], *answers: Any) -> tuple[list[Request], Any]:
    bodies = [each if isinstance(each, Response) else reply(200, each) for each in answers]
    played = play(flow, *bodies, provider=Mollie())
    return [*played.requests], played.result


def listed(name: str, *objects: object, after: str | None = None) -> dict[str, Any]:
    link = after and {"href": f"https://api.mollie.com/v2/{name}?from={after}&limit=250"}
    return {"count": len(objects), "_embedded": {name: objects}, "_links": {"next": link}}


class TestCustomers:
    def test_create_keeps_what_mollie_has_no_field_for_in_the_metadata(self) -> None:
        draft = CustomerDraft(
            name="Acme Corp",
            email="billing@acme.com",
            address="Teststreet 123",
            postal_code="1234AB",
            city="Utrecht",
            country="NL",
            phone="+31",
            external_id="cust_123",
            vat_id="NL123456789B01",
        )
        (request,), customer = ask(Mollie().create_customer(draft), WIRE_CUSTOMER)
        metadata = {
            "address": "Teststreet 123",
            "postal_code": "1234AB",
            "city": "Utrecht",
            "country": "NL",
            "phone": "+31",
            "external_id": "cust_123",
            "vat_id": "NL123456789B01",
        }
        body = {"name": "Acme Corp", "email": "billing@acme.com", "metadata": metadata}
        assert request == Request("POST", "/customers", body)
        assert customer == ACME
        assert customer.raw == WIRE_CUSTOMER

    def test_create_sends_the_options_and_the_idempotency_key(self) -> None:
        draft = CustomerDraft(name="Acme", email="a@acme.com")
        flow = Mollie().create_customer(
            draft, locale="nl_NL", metadata={"colour": "red"}, idempotency_key="k-1"
        )
        (request,), _ = ask(flow, WIRE_CUSTOMER)
        body = {
            "name": "Acme",
            "email": "a@acme.com",
            "locale": "nl_NL",
            "metadata": {"colour": "red"},
        }
        assert request == Request("POST", "/customers", body, headers={"Idempotency-Key": "k-1"})

    def test_create_without_more_than_name_and_address_has_no_metadata(self) -> None:
        draft = CustomerDraft(name="Acme", email="a@acme.com")
        (request,), _ = ask(Mollie().create_customer(draft), WIRE_CUSTOMER)
        assert request.body == {"name": "Acme", "email": "a@acme.com"}

    def test_get(self) -> None:
        (request,), customer = ask(Mollie().get_customer(CUSTOMER), WIRE_CUSTOMER)
        assert request == Request("GET", f"/customers/{CUSTOMER}")
        assert customer == ACME

    @pytest.mark.parametrize("metadata", [None, "text", 7, ["a"], {}])
    def test_metadata_of_another_form_says_nothing_of_an_address(self, metadata: object) -> None:
        wire = {**WIRE_CUSTOMER, "metadata": metadata}
        _, customer = ask(Mollie().get_customer(CUSTOMER), wire)
        assert (customer.city, customer.external_id) == (None, None)

    def test_list(self) -> None:
        answer = listed("customers", WIRE_CUSTOMER, after="cst_2")
        (request,), page = ask(Mollie().list_customers("cst_1"), answer)
        assert request == Request("GET", "/customers", query={**PAGE, "from": "cst_1"})
        assert page == Page([ACME], "cst_2")

    def test_find_reads_every_page(self) -> None:
        other = {**WIRE_CUSTOMER, "id": "cst_0", "email": None, "metadata": None}
        requests, customer = ask(
            Mollie().find_customer(email="Billing@ACME.com"),
            listed("customers", other, after=CUSTOMER),
            listed("customers", WIRE_CUSTOMER),
        )
        assert [each.query for each in requests] == [PAGE, {**PAGE, "from": CUSTOMER}]
        assert customer == ACME

    @pytest.mark.parametrize("external_id", ["cust_12", "cust_1234", "CUST_123"])
    def test_find_takes_no_external_id_for_another(self, external_id: str) -> None:
        answer = listed("customers", WIRE_CUSTOMER)
        _, customer = ask(Mollie().find_customer(external_id=external_id), answer)
        assert customer is None

    def test_update_sends_only_what_changes(self) -> None:
        changes = CustomerUpdate(email="new@acme.com")
        (request,), _ = ask(Mollie().update_customer(CUSTOMER, changes), WIRE_CUSTOMER)
        body = {"email": "new@acme.com"}
        assert request == Request("PATCH", f"/customers/{CUSTOMER}", body)

    def test_update_of_what_is_kept_in_the_metadata_sends_the_whole_of_it(self) -> None:
        changes = CustomerUpdate(city="Amsterdam", country="NL")
        flow = Mollie().update_customer(CUSTOMER, changes, locale="nl_NL")
        (read, change), _ = ask(flow, WIRE_CUSTOMER, WIRE_CUSTOMER)
        assert read == Request("GET", f"/customers/{CUSTOMER}")
        metadata = {
            "external_id": "cust_123",
            "city": "Amsterdam",
            "colour": "red",
            "country": "NL",
        }
        body = {"locale": "nl_NL", "metadata": metadata}
        assert change == Request("PATCH", f"/customers/{CUSTOMER}", body)

    def test_update_of_a_customer_without_metadata(self) -> None:
        flow = Mollie().update_customer(CUSTOMER, CustomerUpdate(city="Amsterdam"))
        requests, _ = ask(flow, {**WIRE_CUSTOMER, "metadata": None}, WIRE_CUSTOMER)
        assert requests[1].body == {"metadata": {"city": "Amsterdam"}}

    def test_update_with_metadata_replaces_it_unread(self) -> None:
        flow = Mollie().update_customer(
            CUSTOMER, CustomerUpdate(city="Amsterdam"), metadata={"colour": "blue"}
        )
        (request,), _ = ask(flow, WIRE_CUSTOMER)
        assert request.body == {"metadata": {"colour": "blue", "city": "Amsterdam"}}

    def test_delete_has_an_answer_without_a_body(self) -> None:
        (request,), deleted = ask(Mollie().delete_customer(CUSTOMER), reply(204, b""))
        assert request == Request("DELETE", f"/customers/{CUSTOMER}")
        assert deleted == DeletedCustomer(provider="mollie", id=CUSTOMER)


class TestSubscriptions:
    def test_subscribe_sends_the_terms(self) -> None:
        flow = Mollie().subscribe(plan=PHONE, customer=CUSTOMER, now=NOW)
        (request,), made = ask(flow, WIRE_SUBSCRIPTION)
        body = {
            "amount": {"currency": "EUR", "value": "12.90"},
            "interval": "12 months",
            "description": "Phone",
            "metadata": {"code": "phone", "description": "1GB per month"},
        }
        assert request == Request("POST", f"/customers/{CUSTOMER}/subscriptions", body)
        assert made == QUARTERLY
        assert made.raw == WIRE_SUBSCRIPTION

    def test_subscribe_sends_day_mandate_and_options(self) -> None:
        draft = PlanDraft(name="Phone", price=Money("100", "JPY"), interval=Interval(14, "day"))
        flow = Mollie().subscribe(
            plan=draft,
            customer=CUSTOMER,
            now=NOW,
            starts_on=dt.date(2024, 6, 1),
            payment_method=MANDATE,
            times=4,
            method="directdebit",
            webhook_url="https://shop.example/hook",
            metadata={"order": "17"},
            idempotency_key="k-2",
        )
        (request,), _ = ask(flow, WIRE_SUBSCRIPTION)
        assert request.headers == {"Idempotency-Key": "k-2"}
        assert request.body == {
            "amount": {"currency": "JPY", "value": "100"},
            "interval": "14 days",
            "description": "Phone",
            "startDate": "2024-06-01",
            "mandateId": MANDATE,
            "times": 4,
            "method": "directdebit",
            "webhookUrl": "https://shop.example/hook",
            "metadata": {"order": "17"},
        }

    @pytest.mark.parametrize(
        ("interval", "text"),
        [
            (Interval(1, "day"), "1 day"),
            (Interval(2, "week"), "2 weeks"),
            (Interval(6, "month"), "6 months"),
            (Interval(1, "year"), "12 months"),
            (Interval(2, "year"), "24 months"),
        ],
    )
    def test_an_interval_is_sent_whole(self, interval: Interval, text: str) -> None:
        plan = PHONE.model_copy(update={"interval": interval})
        flow = Mollie().subscribe(plan=plan, customer=CUSTOMER, now=NOW)
        (request,), _ = ask(flow, WIRE_SUBSCRIPTION)
        assert request.body is not None
        assert request.body["interval"] == text

    def test_get(self) -> None:
        (request,), found = ask(Mollie().get_subscription(SUBSCRIPTION), WIRE_SUBSCRIPTION)
        assert request == Request("GET", HERE)
        assert found == QUARTERLY

    def test_list_of_all(self) -> None:
        answer = listed("subscriptions", WIRE_SUBSCRIPTION, after="sub_2")
        (request,), page = ask(Mollie().list_subscriptions("sub_1"), answer)
        assert request == Request("GET", "/subscriptions", query={**PAGE, "from": "sub_1"})
        assert page == Page([QUARTERLY], "sub_2")

    def test_list_of_a_customer(self) -> None:
        flow = Mollie().list_subscriptions(customer=CUSTOMER)
        (request,), page = ask(flow, listed("subscriptions", WIRE_SUBSCRIPTION))
        assert request == Request("GET", f"/customers/{CUSTOMER}/subscriptions", query=PAGE)
        assert page == Page([QUARTERLY], None)

    def test_update_sends_only_what_changes(self) -> None:
        changes = SubscriptionUpdate(description="Other")
        (request,), found = ask(
            Mollie().update_subscription(SUBSCRIPTION, changes), WIRE_SUBSCRIPTION
        )
        assert request == Request("PATCH", HERE, {"description": "Other"})
        assert found == QUARTERLY

    def test_update_sends_terms_and_options(self) -> None:
        changes = SubscriptionUpdate(price=Money("30", "EUR"), interval=Interval(1, "month"))
        flow = Mollie().update_subscription(
            SUBSCRIPTION,
            changes,
            start_date=dt.date(2024, 7, 1),
            times=12,
            mandate_id=MANDATE,
            webhook_url="https://shop.example/hook",
            metadata={},
        )
        (request,), _ = ask(flow, WIRE_SUBSCRIPTION)
        assert request.body == {
            "amount": {"currency": "EUR", "value": "30.00"},
            "interval": "1 month",
            "startDate": "2024-07-01",
            "times": 12,
            "mandateId": MANDATE,
            "webhookUrl": "https://shop.example/hook",
            "metadata": {},
        }

    def test_cancel(self) -> None:
        answer = {
            **WIRE_SUBSCRIPTION,
            "status": "canceled",
            "nextPaymentDate": None,
            "canceledAt": "2023-08-01T11:04:21+00:00",
        }
        flow = Mollie().cancel_subscription(SUBSCRIPTION, when="now", refund="none", now=NOW)
        (request,), found = ask(flow, answer)
        assert request == Request("DELETE", HERE)
        assert found.status is Status.CANCELED
        assert found.ends_at == dt.datetime(2023, 8, 1, 11, 4, 21, tzinfo=dt.UTC)
        assert found.renews_on is None


class TestExtensions:
    def test_create_first_payment(self) -> None:
        answer = {
            **WIRE_PAYMENT,
            "status": "open",
            "expiresAt": "2023-04-06T13:25:19+00:00",
            "_links": {"checkout": {"href": "https://www.mollie.com/checkout/x"}},
        }
        flow = Mollie().create_first_payment(
            CUSTOMER,
            amount=Money("12.95", "EUR"),
            description="First period",
            redirect_url="https://shop.example/thanks",
            idempotency_key="k-3",
        )
        (request,), link = ask(flow, answer)
        body = {
            "amount": {"currency": "EUR", "value": "12.95"},
            "description": "First period",
            "redirectUrl": "https://shop.example/thanks",
            "sequenceType": "first",
            "customerId": CUSTOMER,
        }
        assert request == Request("POST", "/payments", body, headers={"Idempotency-Key": "k-3"})
        assert link == SetupLink(
            provider="mollie",
            id=PAYMENT,
            url="https://www.mollie.com/checkout/x",
            expires_at=dt.datetime(2023, 4, 6, 13, 25, 19, tzinfo=dt.UTC),
            customer_id=CUSTOMER,
            created_at=CREATED,
        )

    def test_create_first_payment_with_everything(self) -> None:
        answer = {**WIRE_PAYMENT, "_links": {"checkout": {"href": "https://mollie.com/x"}}}
        flow = Mollie().create_first_payment(
            CUSTOMER,
            amount=Money("0", "EUR"),
            description="Card",
            redirect_url="https://shop.example/thanks",
            cancel_url="https://shop.example/cart",
            webhook_url="https://shop.example/hook",
            method="creditcard",
            metadata={"order": "17"},
        )
        (request,), _ = ask(flow, answer)
        assert request.body == {
            "amount": {"currency": "EUR", "value": "0.00"},
            "description": "Card",
            "redirectUrl": "https://shop.example/thanks",
            "cancelUrl": "https://shop.example/cart",
            "webhookUrl": "https://shop.example/hook",
            "method": "creditcard",
            "metadata": {"order": "17"},
            "sequenceType": "first",
            "customerId": CUSTOMER,
        }

    def test_get_payment(self) -> None:
        wire = {**WIRE_PAYMENT, "paidAt": "2023-04-06T13:11:00+00:00"}
        (request,), payment = ask(Mollie().get_payment(PAYMENT), wire)
        assert request == Request("GET", f"/payments/{PAYMENT}")
        assert payment == Payment(
            provider="mollie",
            id=PAYMENT,
            status="paid",
            amount=Money("12.95", "EUR"),
            description="First period",
            method="ideal",
            customer_id=CUSTOMER,
            mandate_id=MANDATE,
            created_at=CREATED,
            paid_at=dt.datetime(2023, 4, 6, 13, 11, tzinfo=dt.UTC),
        )

    def test_the_payment_of_a_subscription_names_it_as_get_subscription_takes_it(self) -> None:
        wire = {**WIRE_PAYMENT, "subscriptionId": "sub_rVKGtNd6s3"}
        flow = Mollie().list_subscription_payments(subscription=SUBSCRIPTION)
        (request,), page = ask(flow, listed("payments", wire))
        assert request == Request("GET", f"{HERE}/payments", query=PAGE)
        assert [payment.subscription_id for payment in page.items] == [SUBSCRIPTION]

    def test_revoke_mandate(self) -> None:
        flow = Mollie().revoke_mandate(MANDATE, customer=CUSTOMER)
        (request,), revoked = ask(flow, reply(204, b""))
        assert request == Request("DELETE", f"/customers/{CUSTOMER}/mandates/{MANDATE}")
        assert revoked == RevokedMandate(provider="mollie", id=MANDATE)
