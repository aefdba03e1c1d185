"""The fake on its own, without the plugin: what the documentation says, and what it may not say."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mijnklantportaal.sandbox.subscriptions import period_start, renewal_after

from subhub import InvalidRequest, Money, PlanDraft
from subhub.models import Interval

Ask = Callable[..., tuple[int, Any]]

PACKAGE = {"name": "Phone", "interval": "1 month", "amount": "12.95", "vatRate": 21}
CONTACT = {
    "companyName": "Test Company BV",
    "address": "Teststreet 123",
    "zipCode": "1234AB",
    "city": "Amsterdam",
}
PACKAGES = "/v1/customer-subscription-packages"
SUBSCRIPTIONS = "/v1/customer-subscriptions"


def asker(fake: MijnKlantportaalFake) -> Ask:
    def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        reply = fake.handle(method, path, headers, content)
        return reply.status, json.loads(reply.content)

    return ask


@pytest.fixture
def ask(fake: MijnKlantportaalFake) -> Ask:
    return asker(fake)


@pytest.fixture
def package_id(ask: Ask) -> str:
    found: str = ask("POST", PACKAGES, PACKAGE)[1]["id"]
    return found


@pytest.fixture
def customer_id(ask: Ask) -> str:
    found: str = ask("POST", "/v1/customers", {**CONTACT, "primaryEmail": "j@test.com"})[1]["id"]
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
def test_without_the_key_nothing_is_told(fake: MijnKlantportaalFake, key: str) -> None:
    reply = fake.handle("GET", "/v1/customers", {"authorization": key}, b"")
    assert reply.status == 401
    assert "message" in json.loads(reply.content)
    assert reply.headers["X-RateLimit-Remaining"] == "60"


def test_the_header_of_the_prose_is_not_the_one(fake: MijnKlantportaalFake) -> None:
    headers = {"authentication": f"Bearer {fake.api_key}"}
    assert fake.handle("GET", "/v1/customers", headers, b"").status == 401


@pytest.mark.parametrize("path", ["/v1/customers/", "/customers", "/v1/elsewhere", "/v2/customers"])
def test_an_unknown_path_is_not_found(ask: Ask, path: str) -> None:
    assert ask("GET", path)[0] == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"'])
def test_a_body_is_a_json_object(ask: Ask, body: bytes) -> None:
    assert ask("POST", PACKAGES, body)[0] == 422


@pytest.mark.parametrize("field", PACKAGE)
def test_a_required_field_is_required(ask: Ask, field: str) -> None:
    body = {name: value for name, value in PACKAGE.items() if name != field}
    status, answer = ask("POST", PACKAGES, body)
    assert (status, answer) == (422, {"message": f"The {field} field is required."})


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
def test_a_package_s_field_has_its_documented_form(ask: Ask, field: str, value: object) -> None:
    status, answer = ask("POST", PACKAGES, {**PACKAGE, field: value})
    assert (status, answer) == (422, {"message": f"The {field} field is invalid."})


@pytest.mark.parametrize(
    ("field", "value"),
    [("primaryEmail", "john"), ("primaryEmail", 1), ("countryCode", "NLD"), ("countryCode", 31)],
)
def test_a_customer_s_field_has_its_documented_form(ask: Ask, field: str, value: object) -> None:
    body = {**CONTACT, "primaryEmail": "john.doe@test.com", field: value}
    assert ask("POST", "/v1/customers", body)[0] == 422


@pytest.mark.parametrize(
    "value", ["2024-4-1", "2024-04-31", "tomorrow", 20240401, "9999-12-31", "0999-01-01"]
)
def test_a_start_date_exists(ask: Ask, terms: dict[str, Any], value: object) -> None:
    assert ask("POST", SUBSCRIPTIONS, {**terms, "startDate": value})[0] == 422


@pytest.mark.parametrize("value", ["2024-07-04T22:01:00+02:00", "2024-07-04", None])
def test_a_termination_has_no_offset(ask: Ask, terms: dict[str, Any], value: object) -> None:
    made = ask("POST", SUBSCRIPTIONS, terms)[1]
    assert ask("PATCH", f"{SUBSCRIPTIONS}/{made['id']}", {"terminatedAt": value})[0] == 422


def test_an_edit_of_a_customer_has_a_field(ask: Ask, customer_id: str) -> None:
    path = f"/v1/customers/{customer_id}"
    assert ask("PATCH", path, {})[0] == 422
    assert ask("PATCH", path, {"city": "Utrecht"})[1]["city"] == "Utrecht"


def test_the_slash_alone_tells_the_two_sign_ups_apart(
    ask: Ask, package_id: str, customer_id: str
) -> None:
    place = f"{PACKAGES}/{package_id}/sign-up"
    existing = {"customerId": customer_id, "startDate": "2024-04-29", "invoiceText": None}
    new = {**CONTACT, "email": "john.doe@test.com"}
    assert "customerId" in ask("POST", place, existing)[1]
    assert "paymentLink" in ask("POST", f"{place}/", new)[1]
    assert ask("POST", place, new)[0] == 422
    assert ask("POST", f"{place}/", existing)[0] == 422


def test_an_invoice_s_text_is_the_package_s_name_unless_given(
    ask: Ask, package_id: str, customer_id: str
) -> None:
    place = f"{PACKAGES}/{package_id}/sign-up"
    body = {"customerId": customer_id, "startDate": "2024-04-29", "createInvoice": True}
    shown = ask("POST", place, body)[1]["options"]
    assert shown == {"createInvoice": True, "invoiceDescription": "Phone"}
    shown = ask("POST", place, {**body, "invoiceText": "Own"})[1]["options"]
    assert shown == {"createInvoice": True, "invoiceDescription": "Own"}


def test_ids_are_as_long_as_the_documented_ones(
    ask: Ask, package_id: str, customer_id: str, terms: dict[str, Any]
) -> None:
    subscription = ask("POST", SUBSCRIPTIONS, terms)[1]["id"]
    pending = ask(
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


def test_two_fakes_with_one_seed_answer_alike(fake: MijnKlantportaalFake) -> None:
    twin = MijnKlantportaalFake(start=fake.clock.now())
    other = MijnKlantportaalFake(start=fake.clock.now(), seed="other")
    first, same, different = (
        asker(each)("POST", PACKAGES, PACKAGE) for each in (fake, twin, other)
    )
    assert first == same != different


def test_a_page_has_the_documented_fields(ask: Ask, fake: MijnKlantportaalFake) -> None:
    for _ in range(16):
        _ = ask("POST", PACKAGES, PACKAGE)
    address = f"https://api.mijnklantportaal.nl{PACKAGES}"
    first, second, beyond = (ask("GET", f"{PACKAGES}?page={each}")[1] for each in (1, 2, 10**20))
    shown = first.pop("data"), second.pop("data")
    assert [len(each) for each in shown] == [15, 1]
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
def test_a_page_that_is_no_number_is_the_first(ask: Ask, page: str) -> None:
    for _ in range(16):
        _ = ask("POST", PACKAGES, PACKAGE)
    assert ask("GET", f"{PACKAGES}?page={page}")[1]["current_page"] == 1


def test_a_termination_to_come_waits_for_its_time(
    ask: Ask, fake: MijnKlantportaalFake, terms: dict[str, Any]
) -> None:
    path = f"{SUBSCRIPTIONS}/{ask('POST', SUBSCRIPTIONS, terms)[1]['id']}"
    changed = ask("PATCH", path, {"terminatedAt": "2024-04-30 21:00:00"})[1]
    assert changed["status"] == "in_progress"
    assert changed["terminatedAt"] == "2024-04-30T21:00:00+02:00"
    _ = fake.clock.advance(days=1)
    assert ask("GET", path)[1]["status"] == "terminated"


def test_a_termination_in_winter_has_the_winter_s_offset(ask: Ask, terms: dict[str, Any]) -> None:
    path = f"{SUBSCRIPTIONS}/{ask('POST', SUBSCRIPTIONS, terms)[1]['id']}"
    changed = ask("PATCH", path, {"terminatedAt": "2024-12-24 12:00:00"})[1]
    assert changed["terminatedAt"] == "2024-12-24T12:00:00+01:00"


def test_a_sign_up_that_expired_cannot_be_paid(
    ask: Ask, fake: MijnKlantportaalFake, package_id: str
) -> None:
    body = {**CONTACT, "email": "john.doe@test.com"}
    link = ask("POST", f"{PACKAGES}/{package_id}/sign-up/", body)[1]["paymentLink"]
    _ = fake.clock.advance(hours=1)
    with pytest.raises(ValueError, match="has expired"):
        fake.pay(link)
    assert not fake.customers


def test_a_sign_up_is_paid_once(ask: Ask, fake: MijnKlantportaalFake, package_id: str) -> None:
    body = {**CONTACT, "email": "john.doe@test.com"}
    link = ask("POST", f"{PACKAGES}/{package_id}/sign-up/", body)[1]["paymentLink"]
    fake.pay(link)
    with pytest.raises(LookupError, match="paid already"):
        fake.pay(link)
    assert len(fake.subscriptions) == 1


def test_a_plan_that_the_portal_cannot_have_is_refused(fake: MijnKlantportaalFake) -> None:
    draft = PlanDraft(name="x", price=Money(1, "USD"), interval=Interval(1, "year"), tax_rate=21)
    with pytest.raises(InvalidRequest, match="EUR"):
        _ = fake.add_plan("x", draft)


def test_every_assumption_is_told_in_a_sentence(fake: MijnKlantportaalFake) -> None:
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
def test_a_period_begins_on_a_day_that_exists(
    starts_on: str, interval: str, number: int, day: str
) -> None:
    found = period_start(dt.date.fromisoformat(starts_on), interval, number)
    assert found == dt.date.fromisoformat(day)


def test_a_renewal_is_later_than_the_day_that_is_asked_for() -> None:
    start = dt.date(2024, 4, 29)
    assert renewal_after(start, start, "1 month") == dt.date(2024, 5, 29)
    assert renewal_after(dt.date(2024, 5, 29), start, "1 month") == dt.date(2024, 6, 29)
    assert renewal_after(dt.date(2020, 1, 1), start, "1 month") == dt.date(2024, 5, 29)
