"""Arguments: whatever is wrong is refused by name, and nothing is sent."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from subhub import (
    InvalidRequest,
    PlanDraft,
)

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk

DAY = dt.date(2024, 5, 4)


def refusal(
    desk: Desk, operation: Callable[..., object], *args: Any, **terms: Any
) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        _ = operation(*args, **terms)
    assert desk.sent == []
    return caught.value


IDS: list[tuple[str, str, dict[str, Any]]] = [
    ("get_plan", "plan", {}),
    ("update_plan", "plan", {"name": "A"}),
    ("get_customer", "customer_id", {}),
    ("update_customer", "customer_id", {"name": "A"}),
    ("delete_customer", "customer_id", {}),
    ("get_subscription", "subscription_id", {}),
    ("update_subscription", "subscription_id", {"description": "A"}),
    ("cancel_subscription", "subscription_id", {"when": "now"}),
    ("change_subscription", "subscription_id", {"plan": "1", "when": "now"}),
    ("uncancel_subscription", "subscription_id", {}),
    ("pause_subscription", "subscription_id", {}),
    ("resume_subscription", "subscription_id", {}),
    ("get_invoice", "invoice_id", {}),
    ("get_invoice_pdf", "invoice_id", {}),
]
NAMED_IDS: list[tuple[str, str, dict[str, Any]]] = [
    ("create_signup_link", "plan", {"customer": "1"}),
    ("create_signup_link", "customer", {"plan": "1"}),
    ("create_signup_link", "replaces", {"plan": "1", "customer": "1", "when": "now"}),
    ("subscribe", "plan", {"customer": "1"}),
    ("subscribe", "customer", {"plan": "1"}),
    ("subscribe", "payment_method", {"plan": "1", "customer": "1"}),
    ("create_setup_link", "customer", {}),
    ("create_portal_link", "customer", {}),
    ("payment_methods", "customer", {}),
    ("list_subscriptions", "customer", {}),
    ("list_invoices", "customer", {}),
    ("list_invoices", "subscription", {}),
]
NO_IDS: list[Any] = [
    "",
    " ",
    " a",
    "a\n",
    "a\x00b",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    ".",
    "..",
    "\ud800",
    "a" * 70_000,
    7,
    b"pln_1",
    ["pln_1"],
    {"id": 1},
    True,
    2.5,
]


@pytest.mark.parametrize("value", NO_IDS, ids=lambda each: ascii(each)[:30])
def test_what_is_no_id_is_refused_wherever_an_id_is_asked_for(
    billing: Caller, desk: Desk, value: Any
) -> None:
    for operation, field, terms in IDS:
        error = refusal(desk, getattr(billing, operation), value, **terms)
        assert list(error.fields) == [field], operation
        assert re.search(r"`\w+` must be an id", str(error))
        assert len(str(error)) < 300
    for operation, field, terms in NAMED_IDS:
        error = refusal(desk, getattr(billing, operation), **{field: value}, **terms)
        assert list(error.fields) == [field], operation


def test_an_id_left_out_is_refused_where_one_is_needed(billing: Caller, desk: Desk) -> None:
    for operation, field, terms in IDS:
        assert list(refusal(desk, getattr(billing, operation), None, **terms).fields) == [field]


def test_what_has_an_id_and_is_no_result_of_that_kind_is_told_so(
    billing: Caller, desk: Desk
) -> None:
    error = refusal(desk, billing.get_plan, SimpleNamespace(id="pln_1"))

    assert str(error) == "`plan` must be an id (text), got SimpleNamespace: pass its `.id`"


@pytest.mark.parametrize(
    ("operation", "value", "said"),
    [
        (
            "get_plan",
            "cst_1",
            "must be the id of a plan (`pln_...`), got 'cst_1', the id of a customer",
        ),
        ("get_customer", "sub_1", "must be the id of a customer (`cst_...`), got 'sub_1'"),
        ("get_subscription", "pln_1", "must be the id of a subscription (`sub_...`), got 'pln_1'"),
    ],
)
def test_an_id_of_another_kind_is_refused(
    billing: Caller, desk: Desk, operation: str, value: str, said: str
) -> None:
    assert said in str(refusal(desk, getattr(billing, operation), value))


def test_a_kind_without_a_prefix_of_its_own_is_named_without_one(
    billing: Caller, desk: Desk
) -> None:
    error = refusal(desk, billing.subscribe, plan="1", customer="1", payment_method="cst_1")

    told = "must be the id of a payment method, got 'cst_1', the id of a customer"
    assert str(error) == f"`payment_method` {told}"


def test_an_id_of_the_right_kind_or_of_no_known_kind_goes_out_quoted(
    billing: Caller, desk: Desk
) -> None:
    for plan_id in ("pln_1", "older id", "50%", "é"):
        desk.answer(200, {"id": plan_id})
        _ = billing.get_plan(plan_id)

    assert [each.rpartition("/")[2] for each in desk.asked] == [
        "pln_1",
        "older%20id",
        "50%25",
        "%C3%A9",
    ]


@pytest.mark.parametrize(
    ("operation", "value"),
    [("create_plan", {"name": "A"}), ("create_plan", None), ("create_customer", "John")],
)
def test_a_draft_is_a_draft(billing: Caller, desk: Desk, operation: str, value: object) -> None:
    error = refusal(desk, getattr(billing, operation), value)

    assert re.fullmatch(r"`draft` must be a (Plan|Customer)Draft, got \w+", str(error))


@pytest.mark.parametrize("operation", ["update_plan", "update_customer", "update_subscription"])
def test_an_update_of_nothing_is_refused(billing: Caller, desk: Desk, operation: str) -> None:
    assert "give at least one of" in str(refusal(desk, getattr(billing, operation), "1"))


@pytest.mark.parametrize("value", [dt.datetime(2024, 5, 4, tzinfo=dt.UTC), "2024-05-04", 20240504])
def test_a_day_is_a_date_without_a_time(billing: Caller, desk: Desk, value: object) -> None:
    error = refusal(desk, billing.subscribe, plan="1", customer="1", starts_on=value)

    assert error.fields == {"starts_on": f"must be a day (datetime.date), got {value!r}"}


@pytest.mark.parametrize("field", ["return_url", "back_url"])
@pytest.mark.parametrize(
    "value",
    [
        "/thanks",
        "toy.test/thanks",
        "ftp://toy.test",
        "javascript:alert(1)",
        "https://",
        "",
        "https://toy.test/a b",
        "https://toy.test/\n",
        "https://[toy",
        7,
    ],
)
def test_a_web_address_is_absolute(billing: Caller, desk: Desk, field: str, value: object) -> None:
    terms = {"plan": "1", "customer": "1", field: value}

    error = refusal(desk, billing.create_signup_link, **terms)

    told = f"must be an absolute web address, got {value!r}: write it with https://"
    assert error.fields == {field: told}


@pytest.mark.parametrize(
    ("terms", "field", "said"),
    [
        ({"when": "now"}, "when", "it goes with `replaces`"),
        ({"refund": "none"}, "refund", "it goes with `replaces`"),
        ({"replaces": "sub_1"}, "when", "'now' or 'period_end'"),
        ({"replaces": "sub_1", "when": "later"}, "when", "one of 'now', 'period_end', got 'later'"),
        (
            {"replaces": "sub_1", "when": "now", "refund": "all"},
            "refund",
            "one of 'none', 'prorated', 'credit', got 'all'",
        ),
        ({"replaces": "sub_1", "when": "period_end", "refund": "prorated"}, "refund", "when='now'"),
        ({"replaces": "sub_1", "when": "period_end", "refund": "credit"}, "refund", "when='now'"),
        ({"refund": "credit"}, "refund", "it goes with `replaces`"),
        ({"replaces": "sub_1", "when": "period_end", "refund": "none"}, "refund", "when='now'"),
    ],
)
def test_timing_and_refund_of_a_link_are_about_what_it_replaces(
    billing: Caller, desk: Desk, terms: dict[str, Any], field: str, said: str
) -> None:
    error = refusal(desk, billing.create_signup_link, plan="1", customer="1", **terms)

    assert list(error.fields) == [field]
    assert said in str(error)


@pytest.mark.parametrize("operation", ["change_subscription", "cancel_subscription"])
@pytest.mark.parametrize(
    ("terms", "field", "said"),
    [
        ({"when": "tomorrow"}, "when", "one of 'now', 'period_end', got 'tomorrow'"),
        ({"when": ["now"]}, "when", "got ['now']"),
        (
            {"when": "now", "refund": "half"},
            "refund",
            "one of 'none', 'prorated', 'credit', got 'half'",
        ),
        ({"when": "period_end", "refund": "prorated"}, "refund", "'prorated' goes with when='now'"),
        ({"when": "period_end", "refund": "credit"}, "refund", "'credit' goes with when='now'"),
    ],
)
def test_timing_and_refund_of_an_ending_agree(
    billing: Caller, desk: Desk, operation: str, terms: dict[str, Any], field: str, said: str
) -> None:
    plan = {"plan": "pln_1"} if operation == "change_subscription" else {}

    error = refusal(desk, getattr(billing, operation), "sub_1", **plan, **terms)

    assert list(error.fields) == [field]
    assert said in str(error)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"external_id": "1", "email": "a@b.c"},
        {"external_id": ""},
        {"email": ""},
        {"external_id": 5},
        {"email": "a\x00"},
        {"external_id": "\ud800"},
        {"email": " "},
        {"email": "a" * 70_000},
    ],
    ids=str,
)
def test_a_customer_is_found_by_one_thing_that_is_text(
    billing: Caller, desk: Desk, terms: dict[str, Any]
) -> None:
    error = refusal(desk, billing.find_customer, **terms)

    assert all(field in str(error) for field in terms or ("external_id", "email"))


def test_a_status_to_list_is_one_that_exists(billing: Caller, desk: Desk) -> None:
    error = refusal(desk, billing.list_subscriptions, status="actve")

    assert "must be one of 'pending', 'scheduled', 'active'" in error.fields["status"]


@pytest.mark.parametrize("operation", ["create_signup_link", "change_subscription"])
def test_a_plan_that_does_not_exist_yet_is_refused_where_one_has_to(
    billing: Caller, desk: Desk, draft: PlanDraft, operation: str
) -> None:
    given: dict[str, Any] = {"plan": draft, "customer": "1"}
    if operation == "change_subscription":
        given = {"subscription_id": "1", "plan": draft, "when": "now"}

    error = refusal(desk, getattr(billing, operation), **given)

    assert "create it with `create_plan`" in error.fields["plan"]
