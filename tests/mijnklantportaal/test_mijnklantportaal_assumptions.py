"""What the documents leave open, decided one way and the other; asked without the plugin."""

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
NEWCOMER = {**ADDRESS, "email": "john.doe@test.com"}
LINK = {"description": "A book", "amount": "9.95"}


class Desk:
    """A fake with a customer and a package, and short ways to ask it."""

    def __init__(self, fake: MijnKlantportaalFake) -> None:
        self.fake = fake
        self.package = self.ask("POST", PACKAGES, PACKAGE)[1]["id"]
        self.customer = self.ask("POST", "/v1/customers", CUSTOMER)[1]["id"]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.fake.api_key}"}
        reply = self.fake.handle(method, path, headers, json.dumps(body).encode())
        return reply.status, json.loads(reply.content)

    def status(self, method: str, path: str, body: object = None) -> int:
        return self.ask(method, path, body)[0]

    def subscribe(self, **more: object) -> tuple[int, Any]:
        body = {"customerId": self.customer, "startDate": "2024-04-29", **more}
        return self.ask("POST", f"{PACKAGES}/{self.package}/sign-up", body)

    def sign_up(self, **more: object) -> tuple[int, Any]:
        return self.ask("POST", f"{PACKAGES}/{self.package}/sign-up/", {**NEWCOMER, **more})

    def subscribed(self) -> str:
        return f"{SUBSCRIPTIONS}/{self.subscribe()[1]['id']}"


@pytest.fixture
def desk(fake: MijnKlantportaalFake) -> Desk:
    return Desk(fake)


def test_the_first_choice_is_the_default(fake: MijnKlantportaalFake) -> None:
    told = {each["name"]: each["value"] for each in describe(fake).assumptions}
    assert {name: told[name] for name in CHOICES} == {
        name: choices[0] for name, choices in CHOICES.items()
    }


def test_what_is_decided_is_described(fake: MijnKlantportaalFake) -> None:
    others = {name: choices[-1] for name, choices in CHOICES.items()}
    fake.assume(others)
    told = {each["name"]: each["value"] for each in describe(fake).assumptions}
    assert {name: told[name] for name in CHOICES} == others


@pytest.mark.parametrize(
    ("name", "value"), [("email_in_use", "forbidden"), ("success_status", 204), ("time_zone", [])]
)
def test_only_what_is_open_can_be_chosen(
    fake: MijnKlantportaalFake, name: str, value: object
) -> None:
    with pytest.raises(ValueError, match=rf"{name}.* must be {CHOICES[name][0]!r} or") as caught:
        fake.assume({"sign_up_minutes": 5, name: value})
    assert repr(value) in str(caught.value)
    assert fake.sign_up_minutes == 60


@pytest.mark.parametrize("status", [201, 200])
def test_success_status_is_that_of_making_where_none_is_documented(desk: Desk, status: int) -> None:
    desk.fake.assume({"success_status": status})
    assert desk.status("POST", "/v1/customers", CUSTOMER) == status
    assert desk.status("POST", PACKAGES, PACKAGE) == status
    assert desk.status("POST", "/v1/payment-links", LINK) == status
    assert desk.subscribe()[0] == status
    assert desk.sign_up()[0] == 201
    terms = {**PACKAGE, "customerId": desk.customer, "startDate": "2024-04-29", "description": "x"}
    assert desk.status("POST", SUBSCRIPTIONS, terms) == 201


@pytest.mark.parametrize(("decision", "status"), [("ignored", 201), ("refused", 422)])
def test_unknown_fields_are_ignored_or_refused(desk: Desk, decision: str, status: int) -> None:
    desk.fake.assume({"unknown_fields": decision})
    found, answer = desk.ask("POST", PACKAGES, {**PACKAGE, "colour": "red"})
    assert (found, "colour" in answer.get("message", "")) == (status, status == 422)
    assert desk.status("POST", PACKAGES, {**PACKAGE, "description": "x"}) == 201


@pytest.mark.parametrize(("decision", "status"), [("allowed", 201), ("refused", 422)])
def test_empty_text_is_allowed_or_refused(desk: Desk, decision: str, status: int) -> None:
    desk.fake.assume({"empty_text": decision})
    found, answer = desk.ask("POST", PACKAGES, {**PACKAGE, "name": ""})
    assert (found, "name" in answer.get("message", "")) == (status, status == 422)


@pytest.mark.parametrize(("decision", "status"), [("lenient", 200), ("refused", 422)])
def test_page_parameter_is_read_as_1_or_refused(desk: Desk, decision: str, status: int) -> None:
    desk.fake.assume({"page_parameter": decision})
    assert desk.status("GET", "/v1/customers?page=x") == status
    assert desk.status("GET", "/v1/customers?page=2") == 200
    assert desk.status("GET", "/v1/customers") == 200


@pytest.mark.parametrize(("zone", "offset"), [("Europe/Amsterdam", 0), ("UTC", 2)])
def test_time_zone_is_that_of_times_without_an_offset(desk: Desk, zone: str, offset: int) -> None:
    desk.fake.assume({"time_zone": zone})
    changed = desk.ask("PATCH", desk.subscribed(), {"terminatedAt": "2024-07-04 12:00:00"})[1]
    assert changed["terminatedAt"] == f"2024-07-04T{12 + offset}:00:00+02:00"


@pytest.mark.parametrize(("decision", "status"), [("allowed", 201), ("refused", 422)])
def test_email_in_use_is_allowed_or_refused(desk: Desk, decision: str, status: int) -> None:
    other = desk.ask("POST", "/v1/customers", {**CUSTOMER, "primaryEmail": "jane@test.com"})[1]
    desk.fake.assume({"email_in_use": decision})
    assert desk.status("POST", "/v1/customers", CUSTOMER) == status
    assert desk.sign_up()[0] == status
    assert desk.sign_up(email="new@test.com")[0] == 201
    edit = {"primaryEmail": CUSTOMER["primaryEmail"]}
    assert desk.status("PATCH", f"/v1/customers/{desk.customer}", edit) == 200
    assert desk.status("PATCH", f"/v1/customers/{other['id']}", {"city": "Utrecht"}) == 200
    edited = desk.status("PATCH", f"/v1/customers/{other['id']}", edit)
    assert edited == (422 if status == 422 else 200)


@pytest.mark.parametrize(("decision", "status"), [("allowed", 201), ("refused", 422)])
def test_not_for_sale_can_be_sold_or_not(desk: Desk, decision: str, status: int) -> None:
    desk.fake.assume({"not_for_sale": decision})
    assert (desk.subscribe()[0], desk.sign_up()[0]) == (status, status)
    _ = desk.ask("PATCH", f"{PACKAGES}/{desk.package}", {"availableForSale": True})
    assert (desk.subscribe()[0], desk.sign_up()[0]) == (201, 201)


def test_sign_up_declined_can_be_tried_again(desk: Desk) -> None:
    url = desk.sign_up()[1]["paymentLink"]
    desk.fake.decline(url)
    page = desk.fake.checkout_page(url)
    assert page is not None
    assert page.state == "declined"
    desk.fake.pay(url)
    page = desk.fake.checkout_page(url)
    assert page is not None
    assert (page.state, len(desk.fake.subscriptions)) == ("paid", 1)


def test_sign_up_declined_can_be_the_end_of_it(desk: Desk) -> None:
    desk.fake.assume({"sign_up_declined": "closed"})
    url = desk.sign_up()[1]["paymentLink"]
    desk.fake.decline(url)
    page = desk.fake.checkout_page(url)
    assert page is not None
    assert page.state == "closed"
    with pytest.raises(ValueError, match="it was declined"):
        desk.fake.pay(url)
    with pytest.raises(ValueError, match="because the page is closed"):
        desk.fake.decline(url)
    assert not desk.fake.subscriptions


@pytest.mark.parametrize("address", [None, "https://shop.example.com/thanks"])
def test_afterwards_the_browser_goes_nowhere_or_to_an_address(
    desk: Desk, address: str | None
) -> None:
    desk.fake.assume({"afterwards": address})
    payment = desk.ask("POST", "/v1/payment-links", LINK)[1]["checkoutUrl"]
    for url in (desk.sign_up()[1]["paymentLink"], payment):
        page = desk.fake.checkout_page(url)
        assert page is not None
        assert (page.done_url, page.back_url) == (address, address)


@pytest.mark.parametrize("country", ["NL", "BE"])
def test_sign_up_country_is_that_of_who_came_by_a_sign_up(desk: Desk, country: str) -> None:
    desk.fake.assume({"sign_up_country": country})
    desk.fake.pay(desk.sign_up()[1]["paymentLink"])
    assert [*desk.fake.customers.values()][-1]["countryCode"] == country


@pytest.mark.parametrize(("decision", "status"), [(True, 412), (False, 201)])
def test_sign_up_precondition_holds_for_payments_or_not(
    desk: Desk, decision: object, status: int
) -> None:
    desk.fake.integrations_connected = False
    desk.fake.assume({"sign_up_precondition": decision})
    assert (desk.subscribe()[0], desk.sign_up()[0]) == (status, status)
    assert desk.status("POST", "/v1/payment-links", LINK) == status
    terms = {**PACKAGE, "customerId": desk.customer, "startDate": "2024-04-29", "description": "x"}
    assert desk.status("POST", SUBSCRIPTIONS, terms) == 412


@pytest.mark.parametrize(("decision", "status"), [("unchecked", 201), ("checked", 422)])
def test_mandate_ids_are_checked_or_not(desk: Desk, decision: str, status: int) -> None:
    desk.fake.assume({"mandate_ids": decision})
    desk.fake.pay(desk.sign_up()[1]["paymentLink"])
    ((mandate, owner),) = desk.fake.mandates.items()
    assert desk.subscribe(mandateId="mdt_unknown")[0] == status
    assert desk.subscribe(mandateId=mandate)[0] == status, "it is somebody else's"
    assert desk.subscribe(mandateId=mandate, customerId=owner)[0] == 201
    assert desk.subscribe()[0] == 201


@pytest.mark.parametrize(
    ("decision", "status", "renews"),
    [("renewal", "terminated", "2024-05-29"), ("at_once", "ended", None)],
)
def test_termination_waits_for_the_renewal_or_not(
    desk: Desk, decision: str, status: str, renews: str | None
) -> None:
    desk.fake.assume({"termination": decision})
    path = desk.subscribed()
    changed = desk.ask("PATCH", path, {"terminatedAt": "2024-04-29 21:00:00"})[1]
    assert (changed["status"], changed["renewsAt"]) == (status, renews)
    _ = desk.fake.clock.advance(days=30)
    assert desk.ask("GET", path)[1]["status"] == "ended"


@pytest.mark.parametrize(("decision", "status"), [("changeable", 200), ("final", 422)])
def test_terminated_at_can_be_set_again_or_not(desk: Desk, decision: str, status: int) -> None:
    desk.fake.assume({"terminated_at": decision})
    path = desk.subscribed()
    first = desk.ask("PATCH", path, {"terminatedAt": "2024-07-04 12:00:00"})[1]["terminatedAt"]
    later = {"terminatedAt": "2024-08-04 12:00:00", "amount": "99.00"}
    assert desk.status("PATCH", path, later) == status
    found = desk.ask("GET", path)[1]
    assert (found["terminatedAt"] == first, found["amount"] == "12.95") == (status == 422,) * 2
    assert desk.status("PATCH", path, {"amount": "5.00"}) == 200


@pytest.mark.parametrize(("decision", "amount"), [("keep", "12.95"), ("follow", "19.95")])
def test_package_changed_is_kept_from_subscriptions_or_followed(
    desk: Desk, decision: str, amount: str
) -> None:
    desk.fake.assume({"package_changed": decision})
    other = desk.ask("POST", PACKAGES, PACKAGE)[1]["id"]
    body = {"customerId": desk.customer, "startDate": "2024-04-29"}
    elsewhere = desk.ask("POST", f"{PACKAGES}/{other}/sign-up", body)[1]["id"]
    path = desk.subscribed()
    desk.fake.pay(desk.sign_up()[1]["paymentLink"])
    paid = [*desk.fake.subscriptions][-1]
    _ = desk.ask("PATCH", f"{PACKAGES}/{desk.package}", {"amount": "19.95"})
    assert desk.ask("GET", path)[1]["amount"] == amount
    assert desk.ask("GET", f"{SUBSCRIPTIONS}/{paid}")[1]["amount"] == amount
    assert desk.ask("GET", f"{SUBSCRIPTIONS}/{elsewhere}")[1]["amount"] == "12.95"


@pytest.mark.parametrize("body", [{"message": "Unauthenticated."}, {"error": "no key"}])
def test_unauthorized_is_the_body_of_a_401(desk: Desk, body: dict[str, str]) -> None:
    desk.fake.assume({"unauthorized": body})
    desk.fake.revoke_key()
    assert desk.ask("GET", "/v1/customers") == (401, body)


@pytest.mark.parametrize("body", [{"message": "Server error."}, {"error": "broken"}])
def test_server_error_is_the_body_of_a_5xx(desk: Desk, body: dict[str, str]) -> None:
    desk.fake.assume({"server_error": body})
    desk.fake.faults.next("server_error")
    assert desk.ask("GET", "/v1/customers") == (500, body)
