"""Signup links: for existing and new customers, as replacements, and when they fail half way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_afternoon import Afternoon

from subhub import (
    Customer,
    CustomerDraft,
    InvalidReply,
    NotFound,
    OutcomeUnknown,
    SignupLink,
)
from subhub.errors import SubhubError
from subhub.plugin import Request
from subhub.testing import play, reply

CUSTOMER = "cm5x9z8nv0001h85r7l9p2k2m"
SUBSCRIPTION = "cm5x9z8nv0004h85r7l9p2k5m"
LINKS = "/v1/subscription-signup-links"
LINK = {
    "id": "cm5x9z8nv0002h85r7l9p2k3m",
    "customer_id": CUSTOMER,
    "plan_id": "cm5x9z8nv0003h85r7l9p2k4m",
    "plan_code": None,
    "url": "https://billing.example.com/subscribe/TOKEN",
    "token_expiration": "2024-01-16T10:30:00Z",
    "success_url": None,
    "back_url": None,
    "previous_subscription_id": None,
    "change_timing_mode": None,
    "cancel_now_prepaid_refund_policy": None,
    "created_at": "2024-01-15T10:30:00Z",
}
CREATED = reply(201, {"success": True, "subscription_signup_link": LINK, "request_id": "req_1"})
NEW_CUSTOMER = reply(201, {"success": True, "customer": {"id": CUSTOMER}, "request_id": "req_2"})
BODY = {"customer_id": CUSTOMER, "plan_code": "starter_plan"}
UNNAMED = CustomerDraft(name="Acme Corp", email="billing@acme.com")
KNOWN = CustomerDraft(name="Acme Corp", email="billing@acme.com", external_id="cust_123")


def link(**arguments: Any) -> Any:
    terms: dict[str, Any] = {"plan": "starter_plan"} | arguments
    return Afternoon().create_signup_link(**terms)


def test_a_link_for_an_existing_customer_is_one_request() -> None:
    played = play(link(customer=CUSTOMER), CREATED)

    assert played.requests == (Request("POST", LINKS, BODY),)
    assert played.result == SignupLink(
        provider="afternoon",
        id="cm5x9z8nv0002h85r7l9p2k3m",
        url="https://billing.example.com/subscribe/TOKEN",
        expires_at=dt.datetime(2024, 1, 16, 10, 30, tzinfo=dt.UTC),
        customer_id=CUSTOMER,
        created_at=dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC),
    )
    assert played.result.raw == {
        "success": True,
        "subscription_signup_link": LINK,
        "request_id": "req_1",
    }
    assert played.result.request_id == "req_1"


def test_all_seven_fields_can_be_sent() -> None:
    flow = link(
        customer=CUSTOMER,
        return_url="https://app.example.com/done",
        back_url="https://app.example.com/",
        replaces=SUBSCRIPTION,
        when="now",
        refund="prorated",
    )
    assert play(flow, CREATED).requests[0].body == {
        **BODY,
        "success_url": "https://app.example.com/done",
        "back_url": "https://app.example.com/",
        "previous_subscription_id": SUBSCRIPTION,
        "change_timing_mode": "now",
        "cancel_now_prepaid_refund_policy": "refund_prorated_prepaid_fixed_fees",
    }


@pytest.mark.parametrize(
    ("when", "refund", "words"),
    [
        ("now", None, {"change_timing_mode": "now"}),
        (
            "now",
            "none",
            {
                "change_timing_mode": "now",
                "cancel_now_prepaid_refund_policy": "no_refund_prepaid_fixed_fees",
            },
        ),
        ("period_end", None, {"change_timing_mode": "end_of_period"}),
    ],
)
def test_unset_fields_of_a_replacement_are_not_sent(
    when: str, refund: str | None, words: dict[str, str]
) -> None:
    flow = link(customer=CUSTOMER, replaces=SUBSCRIPTION, when=when, refund=refund)
    expected = {**BODY, "previous_subscription_id": SUBSCRIPTION, **words}
    assert play(flow, CREATED).requests[0].body == expected


def test_a_new_customer_is_created_first() -> None:
    played = play(link(customer=UNNAMED), NEW_CUSTOMER, CREATED)
    assert played.requests == (
        Request("POST", "/v1/customers", {"name": "Acme Corp", "email": "billing@acme.com"}),
        Request("POST", LINKS, BODY),
    )


def test_the_flow_leaves_the_search_for_an_external_id_to_the_client() -> None:
    played = play(link(customer=KNOWN), NEW_CUSTOMER, CREATED)
    assert [request.path for request in played.requests] == ["/v1/customers", LINKS]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (reply(404, {"success": False, "error": {"code": "X", "message": "gone"}}), NotFound),
        (reply(201, {"success": True}), InvalidReply),
        (OutcomeUnknown("connection lost"), OutcomeUnknown),
    ],
)
def test_if_a_link_fails_the_error_has_the_created_customer(
    failure: Any, kind: type[SubhubError]
) -> None:
    with pytest.raises(kind) as caught:
        _ = play(link(customer=UNNAMED), NEW_CUSTOMER, failure, provider=Afternoon())
    assert caught.value.completed == (Customer(provider="afternoon", id=CUSTOMER),)
