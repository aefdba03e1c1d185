"""Calls that Stripe's own library signs are read, and only those."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from subhub_stripe import Stripe

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, WebhookRefused

SECRET = "whsec_dGVzdA"
NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))


def call(kind: str, thing: dict[str, Any], at: dt.datetime = NOW) -> tuple[bytes, dict[str, str]]:
    """Return a call as Stripe makes it, signed by Stripe's own library."""
    event = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": int(NOW.timestamp()),
        "data": {"object": thing},
    }
    body = json.dumps(event)
    sign: Callable[..., str] = getattr(stripe.WebhookSignature, "generate_signature_header")  # noqa: B009 - half typed
    header = sign(body, SECRET, timestamp=int(at.timestamp()))
    return body.encode(), {"Stripe-Signature": header}


@pytest.fixture
def client() -> Client:
    return Client(Stripe, sandbox=True, clock=lambda: NOW, webhook_secrets=[SECRET])


@pytest.mark.parametrize(
    ("kind", "thing", "about", "change"),
    [
        ("customer.subscription.created", "subscription", "subscription", "created"),
        ("customer.subscription.updated", "subscription", "subscription", "changed"),
        ("customer.subscription.deleted", "subscription", "subscription", "ended"),
        ("customer.subscription.trial_will_end", "subscription", "subscription", "unknown"),
        ("customer.deleted", "customer", "customer", "deleted"),
        ("price.updated", "price", "plan", "changed"),
        ("checkout.session.completed", "checkout.session", "signup_link", "changed"),
        ("invoice.paid", "invoice", "invoice", "changed"),
        ("radar.early_fraud_warning.created", "radar.early_fraud_warning", "unknown", "unknown"),
    ],
)
def test_an_event_says_what_it_is_about(
    client: Client, kind: str, thing: str, about: str, change: str
) -> None:
    body, headers = call(kind, {"object": thing, "id": "x_1"})
    (event,) = client.webhooks.read("/hooks", headers, body)
    assert (event.word, event.about, event.change) == (kind, about, change)
    assert (event.object_id, event.key, event.occurred_at) == ("x_1", "evt_1", NOW)


def test_the_state_is_read_and_not_taken_from_the_call(client: Client) -> None:
    plan = client.create_plan(PHONE)
    customer = CustomerDraft(name="Ann", email="ann@example.com")
    made = client.subscribe(plan=plan.id, customer=customer)
    thing = {"object": "subscription", "id": made.id, "status": "canceled"}
    body, headers = call("customer.subscription.updated", thing)
    (event,) = client.webhooks.read("/hooks", headers, body)
    found = client.refetch(event).subscription
    assert found is not None
    assert (found.id, found.status) == (made.id, made.status)


def test_an_object_without_an_id_is_an_event(client: Client) -> None:
    body, headers = call("invoice.upcoming", {"object": "invoice"})
    (event,) = client.webhooks.read("/hooks", headers, body)
    assert (event.about, event.object_id) == ("invoice", None)


def test_an_old_call_and_another_body_are_refused(client: Client) -> None:
    old, old_headers = call("customer.updated", {"object": "customer", "id": "cus_1"}, NOW - LATE)
    body, headers = call("customer.updated", {"object": "customer", "id": "cus_1"})
    for content, given in ((old, old_headers), (body + b" ", headers)):
        with pytest.raises(WebhookRefused) as refused:
            _ = client.webhooks.read("/hooks", given, content)
        assert refused.value.status == 401


def test_a_thin_event_is_refused(client: Client) -> None:
    body = b'{"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}'
    headers = Stripe.webhooks.scheme.sign(body, SECRET, at=NOW) if Stripe.webhooks else {}
    with pytest.raises(WebhookRefused, match="not an event of Stripe") as refused:
        _ = client.webhooks.read("/hooks", headers, body)
    assert refused.value.status == 400


LATE = dt.timedelta(seconds=301)
