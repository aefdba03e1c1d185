"""What the documentation leaves open, decided each way; without the plugin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mijnklantportaal.sandbox.open_points import CHOICES

from subhub.sandbox.description import describe

PACKAGES = "/v1/customer-subscription-packages"
SUBSCRIPTIONS = "/v1/customer-subscriptions"
PACKAGE = {"name": "Phone", "interval": "1 month", "amount": "12.95", "vatRate": 21}
ADDRESS = {
    "companyName": "Test Company BV",
    "address": "Teststreet 123",
    "zipCode": "1234AB",
    "city": "Amsterdam",
}
CUSTOMER = {**ADDRESS, "primaryEmail": "john.doe@test.com"}
NEW_CUSTOMER = {**ADDRESS, "email": "john.doe@test.com"}
LINK = {"description": "A book", "amount": "9.95"}


class Requests:
    """A fake with a customer and a package, and short forms of requests to it."""

    def __init__(self, fake: MijnKlantportaalFake) -> None:
        self.fake = fake
        self.package = self.send("POST", PACKAGES, PACKAGE)[1]["id"]
        self.customer = self.send("POST", "/v1/customers", CUSTOMER)[1]["id"]

    def send(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.fake.api_key}"}
        reply = self.fake.handle(method, path, headers, json.dumps(body).encode())
        return reply.status, json.loads(reply.content)

    def status(self, method: str, path: str, body: object = None) -> int:
        return self.send(method, path, body)[0]

    def subscribe(self, **more: object) -> tuple[int, Any]:
        body = {"customerId": self.customer, "startDate": "2024-04-29", **more}
        return self.send("POST", f"{PACKAGES}/{self.package}/sign-up", body)

    def sign_up(self, **more: object) -> tuple[int, Any]:
        return self.send("POST", f"{PACKAGES}/{self.package}/sign-up/", {**NEW_CUSTOMER, **more})

    def subscribed(self) -> str:
        return f"{SUBSCRIPTIONS}/{self.subscribe()[1]['id']}"


@pytest.fixture
def requests(fake: MijnKlantportaalFake) -> Requests:
    return Requests(fake)


def test_the_first_choice_is_the_default(fake: MijnKlantportaalFake) -> None:
    values = {row["name"]: row["value"] for row in describe(fake).assumptions}
    assert {name: values[name] for name in CHOICES} == {
        name: choices[0] for name, choices in CHOICES.items()
    }


def test_the_description_has_the_current_values(fake: MijnKlantportaalFake) -> None:
    others = {name: choices[-1] for name, choices in CHOICES.items()}
    fake.assume(others)
    values = {row["name"]: row["value"] for row in describe(fake).assumptions}
    assert {name: values[name] for name in CHOICES} == others


@pytest.mark.parametrize(
    ("name", "value"), [("email_in_use", "forbidden"), ("success_status", 204), ("time_zone", [])]
)
def test_only_possible_values_can_be_chosen(
    fake: MijnKlantportaalFake, name: str, value: object
) -> None:
    with pytest.raises(ValueError, match=rf"{name}.* must be {CHOICES[name][0]!r} or") as caught:
        fake.assume({"sign_up_minutes": 5, name: value})
    assert repr(value) in str(caught.value)
    assert fake.sign_up_minutes == 60


@pytest.mark.parametrize("status", [201, 200])
def test_success_status_is_for_creating_where_none_is_documented(
    requests: Requests, status: int
) -> None:
    requests.fake.assume({"success_status": status})
    assert requests.status("POST", "/v1/customers", CUSTOMER) == status
    assert requests.status("POST", PACKAGES, PACKAGE) == status
    assert requests.status("POST", "/v1/payment-links", LINK) == status
    assert requests.subscribe()[0] == status
    assert requests.sign_up()[0] == 201
    terms = {
        **PACKAGE,
        "customerId": requests.customer,
        "startDate": "2024-04-29",
        "description": "x",
    }
    assert requests.status("POST", SUBSCRIPTIONS, terms) == 201


@pytest.mark.parametrize(("decision", "status"), [("ignored", 201), ("refused", 422)])
def test_unknown_fields_are_ignored_or_refused(
    requests: Requests, decision: str, status: int
) -> None:
    requests.fake.assume({"unknown_fields": decision})
    found, body = requests.send("POST", PACKAGES, {**PACKAGE, "colour": "red"})
    assert (found, "colour" in body.get("message", "")) == (status, status == 422)
    assert requests.status("POST", PACKAGES, {**PACKAGE, "description": "x"}) == 201


@pytest.mark.parametrize(("decision", "status"), [("allowed", 201), ("refused", 422)])
def test_empty_text_is_allowed_or_refused(requests: Requests, decision: str, status: int) -> None:
    requests.fake.assume({"empty_text": decision})
    found, body = requests.send("POST", PACKAGES, {**PACKAGE, "name": ""})
    assert (found, "name" in body.get("message", "")) == (status, status == 422)


@pytest.mark.parametrize(("decision", "status"), [("lenient", 200), ("refused", 422)])
def test_page_parameter_is_read_as_1_or_refused(
    requests: Requests, decision: str, status: int
) -> None:
    requests.fake.assume({"page_parameter": decision})
    assert requests.status("GET", "/v1/customers?page=x") == status
    assert requests.status("GET", "/v1/customers?page=2") == 200
    assert requests.status("GET", "/v1/customers") == 200


@pytest.mark.parametrize(("zone", "offset"), [("Europe/Amsterdam", 0), ("UTC", 2)])
def test_time_zone_is_for_times_without_an_offset(
    requests: Requests, zone: str, offset: int
) -> None:
    requests.fake.assume({"time_zone": zone})
    changed = requests.send(
        "PATCH", requests.subscribed(), {"terminatedAt": "2024-07-04 12:00:00"}
    )[1]
    assert changed["terminatedAt"] == f"2024-07-04T{12 + offset}:00:00+02:00"


@pytest.mark.parametrize(("decision", "status"), [("allowed", 201), ("refused", 422)])
def test_email_in_use_is_allowed_or_refused(requests: Requests, decision: str, status: int) -> None:
    other = requests.send("POST", "/v1/customers", {**CUSTOMER, "primaryEmail": "jane@test.com"})[1]
    requests.fake.assume({"email_in_use": decision})
    assert requests.status("POST", "/v1/customers", CUSTOMER) == status
    assert requests.sign_up()[0] == status
    assert requests.sign_up(email="new@test.com")[0] == 201
    edit = {"primaryEmail": CUSTOMER["primaryEmail"]}
    assert requests.status("PATCH", f"/v1/customers/{requests.customer}", edit) == 200
    assert requests.status("PATCH", f"/v1/customers/{other['id']}", {"city": "Utrecht"}) == 200
    edited = requests.status("PATCH", f"/v1/customers/{other['id']}", edit)
    assert edited == (422 if status == 422 else 200)


@pytest.mark.parametrize(("decision", "status"), [("allowed", 201), ("refused", 422)])
def test_not_for_sale_can_be_sold_or_not(requests: Requests, decision: str, status: int) -> None:
    requests.fake.assume({"not_for_sale": decision})
    assert (requests.subscribe()[0], requests.sign_up()[0]) == (status, status)
    _ = requests.send("PATCH", f"{PACKAGES}/{requests.package}", {"availableForSale": True})
    assert (requests.subscribe()[0], requests.sign_up()[0]) == (201, 201)


def test_sign_up_declined_can_be_tried_again(requests: Requests) -> None:
    url = requests.sign_up()[1]["paymentLink"]
    requests.fake.decline(url)
    page = requests.fake.checkout_page(url)
    assert page is not None
    assert page.state == "declined"
    requests.fake.pay(url)
    page = requests.fake.checkout_page(url)
    assert page is not None
    assert (page.state, len(requests.fake.subscriptions)) == ("paid", 1)


def test_sign_up_declined_can_close_the_link(requests: Requests) -> None:
    requests.fake.assume({"sign_up_declined": "closed"})
    url = requests.sign_up()[1]["paymentLink"]
    requests.fake.decline(url)
    page = requests.fake.checkout_page(url)
    assert page is not None
    assert page.state == "closed"
    with pytest.raises(ValueError, match="because it was declined"):
        requests.fake.pay(url)
    with pytest.raises(ValueError, match="because the page is closed"):
        requests.fake.decline(url)
    assert not requests.fake.subscriptions


@pytest.mark.parametrize("address", [None, "https://shop.example.com/thanks"])
def test_afterwards_the_browser_goes_nowhere_or_to_an_address(
    requests: Requests, address: str | None
) -> None:
    requests.fake.assume({"afterwards": address})
    payment = requests.send("POST", "/v1/payment-links", LINK)[1]["checkoutUrl"]
    for url in (requests.sign_up()[1]["paymentLink"], payment):
        page = requests.fake.checkout_page(url)
        assert page is not None
        assert (page.done_url, page.back_url) == (address, address)


@pytest.mark.parametrize("country", ["NL", "BE"])
def test_sign_up_country_is_for_customers_from_a_sign_up(requests: Requests, country: str) -> None:
    requests.fake.assume({"sign_up_country": country})
    requests.fake.pay(requests.sign_up()[1]["paymentLink"])
    assert [*requests.fake.customers.values()][-1]["countryCode"] == country


@pytest.mark.parametrize(("decision", "status"), [(True, 412), (False, 201)])
def test_sign_up_precondition_is_checked_or_not(
    requests: Requests, decision: object, status: int
) -> None:
    requests.fake.integrations_connected = False
    requests.fake.assume({"sign_up_precondition": decision})
    assert (requests.subscribe()[0], requests.sign_up()[0]) == (status, status)
    assert requests.status("POST", "/v1/payment-links", LINK) == status
    terms = {
        **PACKAGE,
        "customerId": requests.customer,
        "startDate": "2024-04-29",
        "description": "x",
    }
    assert requests.status("POST", SUBSCRIPTIONS, terms) == 412


@pytest.mark.parametrize(("decision", "status"), [("unchecked", 201), ("checked", 422)])
def test_mandate_ids_are_checked_or_not(requests: Requests, decision: str, status: int) -> None:
    requests.fake.assume({"mandate_ids": decision})
    requests.fake.pay(requests.sign_up()[1]["paymentLink"])
    ((mandate, owner),) = requests.fake.mandates.items()
    assert requests.subscribe(mandateId="mdt_unknown")[0] == status
    assert requests.subscribe(mandateId=mandate)[0] == status, "it belongs to another customer"
    assert requests.subscribe(mandateId=mandate, customerId=owner)[0] == 201
    assert requests.subscribe()[0] == 201


@pytest.mark.parametrize(
    ("decision", "status", "renews"),
    [("renewal", "terminated", "2024-05-29"), ("at_once", "ended", None)],
)
def test_termination_waits_for_the_renewal_or_not(
    requests: Requests, decision: str, status: str, renews: str | None
) -> None:
    requests.fake.assume({"termination": decision})
    path = requests.subscribed()
    changed = requests.send("PATCH", path, {"terminatedAt": "2024-04-29 21:00:00"})[1]
    assert (changed["status"], changed["renewsAt"]) == (status, renews)
    _ = requests.fake.clock.advance(days=30)
    assert requests.send("GET", path)[1]["status"] == "ended"


@pytest.mark.parametrize(("decision", "status"), [("changeable", 200), ("final", 422)])
def test_terminated_at_can_be_set_again_or_not(
    requests: Requests, decision: str, status: int
) -> None:
    requests.fake.assume({"terminated_at": decision})
    path = requests.subscribed()
    first = requests.send("PATCH", path, {"terminatedAt": "2024-07-04 12:00:00"})[1]["terminatedAt"]
    later = {"terminatedAt": "2024-08-04 12:00:00", "amount": "99.00"}
    assert requests.status("PATCH", path, later) == status
    found = requests.send("GET", path)[1]
    assert (found["terminatedAt"] == first, found["amount"] == "12.95") == (status == 422,) * 2
    assert requests.status("PATCH", path, {"amount": "5.00"}) == 200


@pytest.mark.parametrize(("decision", "amount"), [("keep", "12.95"), ("follow", "19.95")])
def test_package_changed_is_followed_by_subscriptions_or_not(
    requests: Requests, decision: str, amount: str
) -> None:
    requests.fake.assume({"package_changed": decision})
    other = requests.send("POST", PACKAGES, PACKAGE)[1]["id"]
    body = {"customerId": requests.customer, "startDate": "2024-04-29"}
    elsewhere = requests.send("POST", f"{PACKAGES}/{other}/sign-up", body)[1]["id"]
    path = requests.subscribed()
    requests.fake.pay(requests.sign_up()[1]["paymentLink"])
    paid = [*requests.fake.subscriptions][-1]
    _ = requests.send("PATCH", f"{PACKAGES}/{requests.package}", {"amount": "19.95"})
    assert requests.send("GET", path)[1]["amount"] == amount
    assert requests.send("GET", f"{SUBSCRIPTIONS}/{paid}")[1]["amount"] == amount
    assert requests.send("GET", f"{SUBSCRIPTIONS}/{elsewhere}")[1]["amount"] == "12.95"


@pytest.mark.parametrize("body", [{"message": "Unauthenticated."}, {"error": "no key"}])
def test_unauthorized_is_the_body_of_a_401(requests: Requests, body: dict[str, str]) -> None:
    requests.fake.assume({"unauthorized": body})
    requests.fake.revoke_key()
    assert requests.send("GET", "/v1/customers") == (401, body)


@pytest.mark.parametrize("body", [{"message": "Server error."}, {"error": "broken"}])
def test_server_error_is_the_body_of_a_5xx(requests: Requests, body: dict[str, str]) -> None:
    requests.fake.assume({"server_error": body})
    requests.fake.faults.next("server_error")
    assert requests.send("GET", "/v1/customers") == (500, body)
