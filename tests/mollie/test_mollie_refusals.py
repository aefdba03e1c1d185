"""What is refused before anything is sent, and the remedy that the message names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mollie import Mollie

from subhub import (
    Client,
    ConfigError,
    Customer,
    CustomerDraft,
    InvalidReply,
    InvalidRequest,
    PlanDraft,
    Rejected,
    Unsupported,
)
from subhub.models import CustomerUpdate, SubscriptionUpdate
from subhub.plugin import Flow
from subhub.testing import play, reply
from tests.mollie.conftest import PHONE, World

NOW = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
TAXED = PHONE.model_copy(update={"tax_rate": 21})
TEN = SubscriptionUpdate(tax_rate=10)


def subscribe(plan: str | PlanDraft, **options: Any) -> Flow[Any]:
    return Mollie().subscribe(plan=plan, customer="cst_1", now=NOW, **options)


REFUSED: dict[str, tuple[Callable[[], Flow[Any]], str, str]] = {
    "tax": (lambda: subscribe(TAXED), "tax_rate", "with tax included"),
    "changed tax": (
        lambda: Mollie().update_subscription("sub_1:cst_1", TEN),
        "tax_rate",
        "with tax included",
    ),
    "empty key": (lambda: subscribe(PHONE, idempotency_key=""), "idempotency_key", "ASCII"),
    "strange key": (lambda: subscribe(PHONE, idempotency_key="a\n"), "idempotency_key", "ASCII"),
    "foreign key": (lambda: subscribe(PHONE, idempotency_key="ü"), "idempotency_key", "ASCII"),
}


@pytest.mark.parametrize(("flow", "field", "remedy"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_silently_wrong_is_refused_by_its_name(
    flow: Callable[[], Flow[Any]], field: str, remedy: str
) -> None:
    with pytest.raises(InvalidRequest, match=remedy) as caught:
        _ = play(flow())
    assert field in caught.value.fields


@pytest.mark.parametrize(
    "value", ["sub_1", "sub_1:", ":cst_1", "sub_1:cst_1:x", "..:cst_1", "sub_1:.", "sub_1:..", ":"]
)
def test_an_id_of_a_subscription_has_two_parts_that_lead_nowhere_else(value: str) -> None:
    flows = (
        Mollie().get_subscription(value),
        Mollie().update_subscription(value, SubscriptionUpdate(description="x")),
        Mollie().cancel_subscription(value, when="now", refund="none", now=NOW),
        Mollie().list_subscription_payments(subscription=value),
    )
    for flow in flows:
        with pytest.raises(InvalidRequest, match="sub_rVKGtNd6s3:cst_stTC2WHAuS"):
            _ = play(flow)


def test_both_parts_of_an_id_are_quoted() -> None:
    wire = {"id": "a b", "status": "active", "amount": {"currency": "EUR", "value": "1.00"}}
    played = play(Mollie().get_subscription("a b:ü?"), reply(200, wire))
    assert played.requests[0].path == "/customers/%C3%BC%3F/subscriptions/a%20b"
    assert played.result.id == "a b:ü?"


def test_metadata_that_is_not_an_object_is_not_overwritten() -> None:
    flow = Mollie().update_customer("cst_1", CustomerUpdate(city="Utrecht"))
    with pytest.raises(InvalidReply) as caught:
        _ = play(flow, reply(200, {"id": "cst_1", "metadata": "vip"}))
    assert isinstance(caught.value.__cause__, InvalidRequest)
    assert "pass the whole metadata" in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "kwargs"),
    [
        ("create_plan", {"draft": PHONE}),
        ("create_signup_link", {"plan": "phone", "customer": "cst_1"}),
        ("change_subscription", {"subscription_id": "sub_1:cst_1", "plan": "x", "when": "now"}),
    ],
)
def test_what_mollie_lacks_says_what_to_do_instead(
    world: World, operation: str, kwargs: dict[str, Any]
) -> None:
    with pytest.raises(Unsupported) as caught:
        _ = getattr(world.client, operation)(**kwargs)
    assert caught.value.alternative


@pytest.mark.parametrize(
    ("when", "refund"), [("period_end", "none"), ("now", "prorated"), ("now", "credit")]
)
def test_a_flow_refuses_too_what_the_table_lacks(when: Any, refund: Any) -> None:
    flow = Mollie().cancel_subscription("sub_1:cst_1", when=when, refund=refund, now=NOW)
    with pytest.raises(Unsupported):
        _ = play(flow)


def test_a_customer_without_a_mandate_cannot_be_subscribed(world: World) -> None:
    other = world.client.create_customer(CustomerDraft(name="B", email="b@acme.com"))
    with pytest.raises(Rejected, match="No suitable mandates"):
        _ = world.client.subscribe(plan=PHONE, customer=other.id)


def test_a_new_customer_is_named_when_the_subscription_fails(world: World) -> None:
    with pytest.raises(Rejected, match="No suitable mandates") as caught:
        _ = world.client.subscribe(plan=PHONE, customer=CustomerDraft(name="B", email="b@acme.com"))
    (created,) = caught.value.completed
    assert isinstance(created, Customer)
    assert created.email == "b@acme.com"


def test_a_key_of_another_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="live key"):
        _ = Client(Mollie, api_key="live_x", mode="test")


def test_a_flow_takes_no_plan_id_either() -> None:
    with pytest.raises(Unsupported, match="no plans") as caught:
        _ = play(subscribe("phone"))
    assert caught.value.operation == "subscribe:plan_id"
