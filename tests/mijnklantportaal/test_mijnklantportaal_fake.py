"""The fake by itself, without the plugin."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mijnklantportaal.sandbox.subscriptions import renewal_after

from subhub import InvalidRequest, Money, PlanDraft
from subhub.models import Interval
from subhub.sandbox import period_start

Send = Callable[..., tuple[int, Any]]

PACKAGE = {"name": "Phone", "interval": "1 month", "amount": "12.95", "vatRate": 21}
CONTACT = {
    "companyName": "Test Company BV",
    "address": "Teststreet 123",
    "zipCode": "1234AB",
    "city": "Amsterdam",
}
PACKAGES = "/v1/customer-subscription-packages"
SUBSCRIPTIONS = "/v1/customer-subscriptions"


def sender(fake: MijnKlantportaalFake) -> Send:
    def send(method: str, path: str, body: object = None) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        reply = fake.handle(method, path, headers, content)
        return reply.status, json.loads(reply.content)

    return send


@pytest.fixture
def send(fake: MijnKlantportaalFake) -> Send:
    return sender(fake)


@pytest.fixture
def package_id(send: Send) -> str:
    found: str = send("POST", PACKAGES, PACKAGE)[1]["id"]
    return found


@pytest.fixture
def customer_id(send: Send) -> str:
    found: str = send("POST", "/v1/customers", {**CONTACT, "primaryEmail": "j@test.com"})[1]["id"]
    return found


@pytest.fixture
def terms(customer_id: str) -> dict[str, Any]:
    return {
        "customerId": customer_id,
        "description": "Contribution costs",
        "startDate": "2024-04-29",
        "interval": "14 days",
        "amount": "12.95",
        "vatRate": 0,
    }


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer another", "Basic sandbox"])
def test_a_request_without_the_key_is_refused(fake: MijnKlantportaalFake, key: str) -> None:
    reply = fake.handle("GET", "/v1/customers", {"authorization": key}, b"")
    assert reply.status == 401
    assert "message" in json.loads(reply.content)
    assert reply.headers["X-RateLimit-Remaining"] == "60"


def test_the_header_named_in_the_prose_is_ignored(fake: MijnKlantportaalFake) -> None:
    headers = {"authentication": f"Bearer {fake.api_key}"}
    assert fake.handle("GET", "/v1/customers", headers, b"").status == 401


@pytest.mark.parametrize("path", ["/v1/customers/", "/customers", "/v1/elsewhere", "/v2/customers"])
def test_an_unknown_path_is_not_found(send: Send, path: str) -> None:
    assert send("GET", path)[0] == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"'])
def test_a_body_must_be_a_json_object(send: Send, body: bytes) -> None:
    assert send("POST", PACKAGES, body)[0] == 422


@pytest.mark.parametrize("field", PACKAGE)
def test_a_required_field_is_required(send: Send, field: str) -> None:
    body = {name: value for name, value in PACKAGE.items() if name != field}
    status, response = send("POST", PACKAGES, body)
    assert (status, response) == (422, {"message": f"The {field} field is required."})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 1),
        ("interval", "12 months"),
        ("amount", 12.95),
        ("amount", "12,95"),
        ("vatRate", "21"),
        ("vatRate", True),
        ("vatRate", 6),
        ("description", None),
        ("availableForSale", "yes"),
    ],
)
def test_a_field_of_a_package_must_be_as_documented(send: Send, field: str, value: object) -> None:
    status, response = send("POST", PACKAGES, {**PACKAGE, field: value})
    assert (status, response) == (422, {"message": f"The {field} field is invalid."})


@pytest.mark.parametrize(
    ("field", "value"),
    [("primaryEmail", "john"), ("primaryEmail", 1), ("countryCode", "NLD"), ("countryCode", 31)],
)
def test_a_field_of_a_customer_must_be_as_documented(send: Send, field: str, value: object) -> None:
    body = {**CONTACT, "primaryEmail": "john.doe@test.com", field: value}
    assert send("POST", "/v1/customers", body)[0] == 422


@pytest.mark.parametrize(
    "value", ["2024-4-1", "2024-04-31", "tomorrow", 20240401, "9999-12-31", "0999-01-01"]
)
def test_a_start_date_must_exist(send: Send, terms: dict[str, Any], value: object) -> None:
    assert send("POST", SUBSCRIPTIONS, {**terms, "startDate": value})[0] == 422


@pytest.mark.parametrize("value", ["2024-07-04T22:01:00+02:00", "2024-07-04", None])
def test_a_termination_must_not_have_an_offset(
    send: Send, terms: dict[str, Any], value: object
) -> None:
    created = send("POST", SUBSCRIPTIONS, terms)[1]
    assert send("PATCH", f"{SUBSCRIPTIONS}/{created['id']}", {"terminatedAt": value})[0] == 422


def test_an_edit_of_a_customer_must_have_a_field(send: Send, customer_id: str) -> None:
    path = f"/v1/customers/{customer_id}"
    assert send("PATCH", path, {})[0] == 422
    assert send("PATCH", path, {"city": "Utrecht"})[1]["city"] == "Utrecht"


def test_only_the_slash_tells_the_two_sign_ups_apart(
    send: Send, package_id: str, customer_id: str
) -> None:
    place = f"{PACKAGES}/{package_id}/sign-up"
    existing = {"customerId": customer_id, "startDate": "2024-04-29", "invoiceText": None}
    new = {**CONTACT, "email": "john.doe@test.com"}
    assert "customerId" in send("POST", place, existing)[1]
    assert "paymentLink" in send("POST", f"{place}/", new)[1]
    assert send("POST", place, new)[0] == 422
    assert send("POST", f"{place}/", existing)[0] == 422


def test_the_text_of_an_invoice_is_by_default_the_name_of_the_package(
    send: Send, package_id: str, customer_id: str
) -> None:
    place = f"{PACKAGES}/{package_id}/sign-up"
    body = {"customerId": customer_id, "startDate": "2024-04-29", "createInvoice": True}
    shown = send("POST", place, body)[1]["options"]
    assert shown == {"createInvoice": True, "invoiceDescription": "Phone"}
    shown = send("POST", place, {**body, "invoiceText": "Own"})[1]["options"]
    assert shown == {"createInvoice": True, "invoiceDescription": "Own"}


def test_ids_are_as_long_as_the_documented_ones(
    send: Send, package_id: str, customer_id: str, terms: dict[str, Any]
) -> None:
    subscription = send("POST", SUBSCRIPTIONS, terms)[1]["id"]
    pending = send(
        "POST", f"{PACKAGES}/{package_id}/sign-up/", {**CONTACT, "email": "john.doe@test.com"}
    )[1]["id"]
    for found, example in (
        (package_id, "spg_abc12345def678"),
        (customer_id, "cst_abc12345def678"),
        (subscription, "sub__abc12345def678"),
    ):
        assert len(found) == len(example)
        assert found.startswith(example[: example.rindex("_") + 1])
    assert str(UUID(pending)) == pending


def test_two_fakes_with_the_same_seed_answer_the_same(fake: MijnKlantportaalFake) -> None:
    twin = MijnKlantportaalFake(start=fake.clock.now())
    other = MijnKlantportaalFake(start=fake.clock.now(), seed="other")
    first, same, different = (
        sender(portal)("POST", PACKAGES, PACKAGE) for portal in (fake, twin, other)
    )
    assert first == same != different


def test_a_page_has_the_documented_fields(send: Send, fake: MijnKlantportaalFake) -> None:
    for _ in range(16):
        _ = send("POST", PACKAGES, PACKAGE)
    address = f"https://api.mijnklantportaal.nl{PACKAGES}"
    first, second, beyond = (
        send("GET", f"{PACKAGES}?page={number}")[1] for number in (1, 2, 10**20)
    )
    shown = first.pop("data"), second.pop("data")
    assert [len(items) for items in shown] == [15, 1]
    assert first == {
        "current_page": 1,
        "first_page_url": f"{address}?page=1",
        "from": 1,
        "next_page_url": f"{address}?page=2,",
        "path": address,
        "per_page": 15,
        "prev_page_url": None,
        "to": 15,
    }
    assert (second["from"], second["to"], second["next_page_url"]) == (16, 16, None)
    assert second["prev_page_url"] == f"{address}?page=1"
    assert (beyond["data"], beyond["from"], beyond["to"]) == ([], None, None)
    assert len(fake.packages) == 16


@pytest.mark.parametrize("page", ["2,", "0", "x", ""])
def test_a_page_that_is_not_a_number_is_the_first(send: Send, page: str) -> None:
    for _ in range(16):
        _ = send("POST", PACKAGES, PACKAGE)
    assert send("GET", f"{PACKAGES}?page={page}")[1]["current_page"] == 1


def test_a_termination_in_the_future_takes_effect_at_its_time(
    send: Send, fake: MijnKlantportaalFake, terms: dict[str, Any]
) -> None:
    path = f"{SUBSCRIPTIONS}/{send('POST', SUBSCRIPTIONS, terms)[1]['id']}"
    changed = send("PATCH", path, {"terminatedAt": "2024-04-30 21:00:00"})[1]
    assert changed["status"] == "in_progress"
    assert changed["terminatedAt"] == "2024-04-30T21:00:00+02:00"
    _ = fake.clock.advance(days=1)
    assert send("GET", path)[1]["status"] == "terminated"


def test_a_termination_in_winter_has_the_offset_of_winter(
    send: Send, terms: dict[str, Any]
) -> None:
    path = f"{SUBSCRIPTIONS}/{send('POST', SUBSCRIPTIONS, terms)[1]['id']}"
    changed = send("PATCH", path, {"terminatedAt": "2024-12-24 12:00:00"})[1]
    assert changed["terminatedAt"] == "2024-12-24T12:00:00+01:00"


def test_an_expired_sign_up_cannot_be_paid(
    send: Send, fake: MijnKlantportaalFake, package_id: str
) -> None:
    body = {**CONTACT, "email": "john.doe@test.com"}
    link = send("POST", f"{PACKAGES}/{package_id}/sign-up/", body)[1]["paymentLink"]
    _ = fake.clock.advance(hours=1)
    with pytest.raises(ValueError, match="has expired"):
        fake.pay(link)
    assert not fake.customers


def test_a_sign_up_can_be_paid_once(
    send: Send, fake: MijnKlantportaalFake, package_id: str
) -> None:
    body = {**CONTACT, "email": "john.doe@test.com"}
    link = send("POST", f"{PACKAGES}/{package_id}/sign-up/", body)[1]["paymentLink"]
    fake.pay(link)
    with pytest.raises(LookupError, match="paid already"):
        fake.pay(link)
    assert len(fake.subscriptions) == 1


def test_a_plan_that_the_portal_cannot_have_is_refused(fake: MijnKlantportaalFake) -> None:
    draft = PlanDraft(name="x", price=Money(1, "USD"), interval=Interval(1, "year"), tax_rate=21)
    with pytest.raises(InvalidRequest, match="EUR"):
        _ = fake.add_plan("x", draft)


def test_every_assumption_is_a_sentence(fake: MijnKlantportaalFake) -> None:
    assert all(text.endswith(".") for text in fake.assumptions.values())


@pytest.mark.parametrize(
    ("starts_on", "interval", "number", "day"),
    [
        ("2024-01-31", "1 month", 1, "2024-02-29"),
        ("2024-01-31", "1 month", 2, "2024-03-31"),
        ("2024-11-30", "6 months", 1, "2025-05-30"),
        ("2024-02-29", "1 year", 1, "2025-02-28"),
        ("2024-12-31", "2 months", 1, "2025-02-28"),
        ("2024-12-25", "14 days", 1, "2025-01-08"),
    ],
)
def test_a_period_starts_on_an_existing_day(
    starts_on: str, interval: str, number: int, day: str
) -> None:
    found = period_start(dt.date.fromisoformat(starts_on), Interval.parse(interval), number)
    assert found == dt.date.fromisoformat(day)


def test_a_renewal_is_later_than_the_given_day() -> None:
    start = dt.date(2024, 4, 29)
    assert renewal_after(start, start, "1 month") == dt.date(2024, 5, 29)
    assert renewal_after(dt.date(2024, 5, 29), start, "1 month") == dt.date(2024, 6, 29)
    assert renewal_after(dt.date(2020, 1, 1), start, "1 month") == dt.date(2024, 5, 29)


def test_the_lines_of_a_manual_invoice_are_a_list_of_objects(fake: MijnKlantportaalFake) -> None:
    send = sender(fake)
    status, customer = send("POST", "/v1/customers", {**CONTACT, "primaryEmail": "a@b.nl"})
    assert status == 201
    body = {"customerId": customer["id"], "invoiceNumber": "1", "issuedAt": "2025-04-14"}
    for lines in ("text", [7], [{"vatRate": 5}]):
        assert send("POST", "/v1/customer-invoices/manual", {**body, "lines": lines})[0] == 422
    status, invoice = send("POST", "/v1/customer-invoices/manual", {**body, "lines": []})
    assert (status, invoice["amount"]) == (201, "0.00")


@pytest.mark.parametrize("url", ["", "shop.example", 7])
def test_a_webhook_record_has_an_address(fake: MijnKlantportaalFake, url: object) -> None:
    send = sender(fake)
    assert send("POST", "/v1/webhooks", {"url": url, "type": "offer-created"})[0] == 422
