"""VAT ids at Stripe: objects of their own; a customer shows the newest."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from subhub_stripe import Stripe
from subhub_stripe.customers import StripeCustomer
from subhub_stripe.tax_ids import TYPES

from subhub import CustomerDraft, InvalidRequest, NotFound, OutcomeUnknown, SubhubError
from subhub.models import CustomerUpdate
from subhub.sandbox import Fault
from subhub.testing import Sandbox, play, reply, sandbox

DUTCH, BELGIAN, BRITISH = "NL123456789B01", "BE0123456789", "GB123456789"
COMPANY = CustomerDraft(name="Acme", email="a@acme.example", vat_id=DUTCH)
STRIPE = Stripe()


@pytest.fixture
def box() -> Generator[Sandbox]:
    with sandbox(Stripe) as found:
        yield found


def asked(box: Sandbox, method: str, target: str, body: str = "") -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {box.fake.api_key}"}
    answer = box.fake.handle(method, f"/v1{target}", headers, body.encode())
    return answer.status, json.loads(answer.content)


def values(box: Sandbox, customer: str) -> list[str]:
    _, listed = asked(box, "GET", f"/customers/{customer}/tax_ids")
    return [tax_id["value"] for tax_id in listed["data"]]


def test_it_is_sent_with_its_type_and_shown_wherever_the_customer_is(box: Sandbox) -> None:
    created = box.client.create_customer(COMPANY)

    assert created.vat_id == DUTCH
    sent = box.requests[0].body
    assert sent is not None
    assert sent["tax_id_data"] == [{"type": "eu_vat", "value": DUTCH}]
    assert box.client.get_customer(created.id) == created
    assert list(box.client.list_customers()) == [created]
    assert box.client.find_customer(email="A@ACME.example") == created


def test_it_is_replaced_and_other_fields_are_changed_before(box: Sandbox) -> None:
    customer = box.client.create_customer(COMPANY)
    before = len(box.requests)

    changed = box.client.update_customer(customer.id, vat_id=BRITISH, city="Ede", name="Acme Ltd")

    assert (changed.vat_id, changed.city, changed.name) == (BRITISH, "Ede", "Acme Ltd")
    steps = [request.method for request in box.requests[before:]]
    assert values(box, customer.id) == [BRITISH]
    assert steps == ["GET", "POST", "POST", "DELETE", "GET"]


def test_the_same_again_changes_nothing(box: Sandbox) -> None:
    customer = box.client.create_customer(COMPANY)
    before = len(box.requests)
    assert box.client.update_customer(customer.id, vat_id=DUTCH) == customer
    assert {request.method for request in box.requests[before:]} == {"GET"}


def test_the_first_one_is_added(box: Sandbox) -> None:
    customer = box.client.create_customer(CustomerDraft(name="A", email="a@a.example"))
    assert customer.vat_id is None
    assert box.client.update_customer(customer.id, vat_id=DUTCH).vat_id == DUTCH


def test_tax_ids_that_subhub_did_not_show_stay(box: Sandbox) -> None:
    """Of several, the one that was added last is shown, and only that one is replaced."""
    customer = box.client.create_customer(COMPANY)
    _ = box.clock.advance(days=1)
    _ = asked(box, "POST", f"/customers/{customer.id}/tax_ids", f"type=eu_vat&value={BELGIAN}")
    assert box.client.get_customer(customer.id).vat_id == BELGIAN

    changed = box.client.update_customer(customer.id, vat_id=BRITISH)

    assert (changed.vat_id, values(box, customer.id)) == (BRITISH, [BRITISH, DUTCH])
    assert box.client.update_customer(customer.id, vat_id=DUTCH).vat_id == DUTCH
    assert values(box, customer.id) == [DUTCH]


def test_tax_ids_of_other_types_are_not_vat_ids() -> None:
    found = {"id": "txi_1", "type": "us_ein", "value": "12-3456789", "created": 1763715600}
    customer = {"id": "cus_1", "tax_ids": {"data": [found]}}
    read = play(STRIPE.get_customer("cus_1"), reply(200, customer)).result
    unasked = play(STRIPE.get_customer("cus_1"), reply(200, {"id": "cus_1"})).result
    assert (read.vat_id, unasked.vat_id) == (None, None)
    assert StripeCustomer.model_validate(customer).vat_id() is None


def test_a_customer_that_shows_no_tax_ids_gets_one() -> None:
    tax_id = {"id": "txi_1", "type": "eu_vat", "value": DUTCH, "created": 1763715600}
    flow = STRIPE.update_customer("cus_1", CustomerUpdate(vat_id=DUTCH))
    played = play(
        flow,
        reply(200, {"id": "cus_1"}),
        reply(200, tax_id),
        reply(200, {"id": "cus_1", "tax_ids": {"data": [tax_id]}}),
    )
    assert [request.method for request in played.requests] == ["GET", "POST", "GET"]
    assert played.requests[1].body == {"type": "eu_vat", "value": DUTCH}
    assert played.result.vat_id == DUTCH


@pytest.mark.parametrize("vat_id", ["US123456789", "CH123456789", "NO123456789"])
def test_other_countries_are_refused_before_anything_is_sent(box: Sandbox, vat_id: str) -> None:
    customer = box.client.create_customer(COMPANY)
    before = len(box.requests)
    problem = f"begins with {vat_id[:2]}: known are AT, BE"
    with pytest.raises(InvalidRequest, match=problem):
        _ = box.client.update_customer(customer.id, name="B", vat_id=vat_id)
    with pytest.raises(InvalidRequest, match=problem):
        _ = box.client.create_customer(COMPANY.model_copy(update={"vat_id": vat_id}))
    assert len(box.requests) == before
    assert {TYPES["EL"], TYPES["XI"], TYPES["GB"]} == {"eu_vat", "gb_vat"}


@pytest.mark.parametrize(("step", "shown"), [(1, None), (2, (DUTCH,)), (3, (BRITISH,))])
def test_a_failure_half_way_says_what_was_changed(
    box: Sandbox, step: int, shown: tuple[str, ...] | None
) -> None:
    """The steps that change something: the name, the new VAT id, the old one."""
    customer = box.client.create_customer(COMPANY)
    target, method = {
        1: ("/customers/*", "POST"),
        2: ("/customers/*/tax_ids", "POST"),
        3: ("/customers/*/tax_ids/*", "DELETE"),
    }[step]
    box.faults.next(Fault("redirect"), path=target, method=method)

    with pytest.raises(SubhubError) as caught:
        _ = box.client.update_customer(customer.id, name="Acme Ltd", vat_id=BRITISH)

    completed: Any = caught.value.completed
    assert (tuple(found.vat_id for found in completed[-1:]) or None) == shown
    assert {found.name for found in completed} <= {"Acme Ltd"}


def test_a_lost_answer_is_recognized_by_the_new_value(box: Sandbox) -> None:
    customer = box.client.create_customer(COMPANY)
    box.faults.next(Fault("dropped", after=True), path="/customers/*/tax_ids/*", method="DELETE")
    with pytest.raises(OutcomeUnknown) as caught:
        _ = box.client.update_customer(customer.id, vat_id=BRITISH)
    found: Any = box.client.resolve(caught.value.token or "")
    assert (found.outcome, found.result.vat_id) == ("done", BRITISH)


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "param"),
    [
        ("POST", "/customers/{}/tax_ids", "type=xx_vat&value=1", 400, "type"),
        ("POST", "/customers/{}/tax_ids", "type=eu_vat", 400, "value"),
        ("POST", "/customers/{}/tax_ids", "type=eu_vat&value=GB123456789", 400, None),
        ("POST", "/customers/cus_x/tax_ids", "type=eu_vat&value=NL1234", 404, "id"),
        ("POST", "/customers", "name=A&tax_id_data[0][type]=eu_vat", 400, "value"),
        ("DELETE", "/customers/{}/tax_ids/txi_x", "", 404, "id"),
        ("DELETE", "/customers/cus_x/tax_ids/{tax_id}", "", 404, None),
    ],
)
def test_the_fake_refuses_what_stripe_would(
    box: Sandbox, method: str, target: str, body: str, status: int, param: str | None
) -> None:
    customer = box.client.create_customer(COMPANY).id
    _, listed = asked(box, "GET", f"/customers/{customer}/tax_ids")
    place = target.format(customer, tax_id=listed["data"][0]["id"])

    answered, shown = asked(box, method, place, body)

    assert (answered, shown["error"].get("param")) == (status, param)
    assert values(box, customer) == [DUTCH]
    assert len(list(box.client.list_customers())) == 1


def test_a_tax_id_of_nobody_known_is_not_found(box: Sandbox) -> None:
    with pytest.raises(NotFound):
        _ = box.client.update_customer("cus_x", vat_id=DUTCH)
