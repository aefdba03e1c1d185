"""Setup links and payment methods in the core: what is sent, and which results are taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from subhub import Customer, InvalidRequest, PaymentMethod, PaymentMethodStatus, SetupLink

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk

CUSTOMER = Customer(provider="toy", id="cst_1")
METHOD = PaymentMethod(provider="toy", id="mdt_1", customer_id="cst_1")


def test_a_setup_link_sends_its_customer_and_addresses(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "set_1", "url": "https://toy.test/s/1", "customer": "cst_1"})
    link = billing.create_setup_link(
        CUSTOMER, return_url="https://a.test/thanks", back_url="https://a.test/cart"
    )
    assert link == SetupLink(
        provider="toy", id="set_1", url="https://toy.test/s/1", customer_id="cst_1"
    )
    assert "https://toy.test/s/1" not in repr(link)
    assert json.loads(desk.sent[0].content) == {
        "who": "cst_1",
        "return": "https://a.test/thanks",
        "back": "https://a.test/cart",
    }


@pytest.mark.parametrize("field", ["return_url", "back_url"])
def test_an_address_must_be_one(billing: Caller, desk: Desk, field: str) -> None:
    with pytest.raises(InvalidRequest, match="must be an absolute web address, got 'shop'"):
        _ = billing.create_setup_link("cst_1", **{field: "shop"})
    assert not desk.sent


def test_a_link_for_another_customer_is_no_answer(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "set_1", "customer": "cst_2"})
    with pytest.raises(Exception, match="`customer_id` is not the one asked for"):
        _ = billing.create_setup_link("cst_1")


def test_payment_methods_are_read_page_by_page(billing: Caller, desk: Desk) -> None:
    desk.answer(200, {"items": [{"id": "mdt_2", "name": "swish"}], "next": "2"})
    desk.answer(200, {"items": [{"id": "mdt_1", "status": "odd"}]})
    found = billing.payment_methods(CUSTOMER)
    assert [(method.id, method.kind, method.raw_status) for method in found] == [
        ("mdt_2", "swish", None),
        ("mdt_1", None, "odd"),
    ]
    assert {method.status for method in found} == {PaymentMethodStatus.UNKNOWN}
    assert desk.asked == [
        "GET /v1/customers/cst_1/methods",
        "GET /v1/customers/cst_1/methods?after=2",
    ]


def test_an_unreadable_one_is_left_out_unless_all_are_wanted(billing: Caller, desk: Desk) -> None:
    for _ in range(2):
        desk.answer(200, {"items": [{"id": "mdt_1"}, {"name": "without an id"}]})
    assert [method.id for method in billing.payment_methods("cst_1")] == ["mdt_1"]
    with pytest.raises(Exception, match="id"):
        _ = billing.payment_methods("cst_1", strict=True)


@pytest.mark.parametrize("customer", ["cst_1", CUSTOMER])
def test_a_payment_method_is_taken_where_its_id_is(
    billing: Caller, desk: Desk, customer: str | Customer
) -> None:
    desk.answer(201, {"id": "sub_1", "status": "active"})
    _ = billing.subscribe(plan="pln_1", customer=customer, payment_method=METHOD)
    assert json.loads(desk.sent[0].content)["method"] == "mdt_1"


def test_one_that_names_no_customer_is_taken(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "sub_1", "status": "active"})
    anyones = METHOD.model_copy(update={"customer_id": None})
    _ = billing.subscribe(plan="pln_1", customer="cst_2", payment_method=anyones)
    assert len(desk.sent) == 1


@pytest.mark.parametrize("customer", ["cst_2", Customer(provider="toy", id="cst_2")])
def test_another_customers_is_refused_unsent(
    billing: Caller, desk: Desk, customer: str | Customer
) -> None:
    said = "is one of the customer 'cst_1', and `customer` is 'cst_2': pass one of theirs"
    with pytest.raises(InvalidRequest, match=said) as caught:
        _ = billing.subscribe(plan="pln_1", customer=customer, payment_method=METHOD)
    assert list(caught.value.fields) == ["payment_method"]
    assert not desk.sent


@pytest.mark.parametrize(("origin"), ["provider", "account"])
def test_one_from_elsewhere_is_refused_unsent(billing: Caller, desk: Desk, origin: str) -> None:
    foreign = METHOD.model_copy(update={origin: "other"})
    with pytest.raises(InvalidRequest, match="is a PaymentMethod of "):
        _ = billing.subscribe(plan="pln_1", customer="cst_1", payment_method=foreign)
    assert not desk.sent
