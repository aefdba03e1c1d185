"""The subjects: each is a fake with some data, and the API description of its plugin.

What a description cannot express and what a fake leaves out is listed here, with its reason.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from subhub import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.sandbox import Fake
from subhub.testing.openapi import Document

DRAFT: Final = PlanDraft(
    name="Starter", price=Money("10", "EUR"), interval=Interval(1, "month"), tax_rate=21
)


TEXT: Final = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A fake, and the description that it is tested against."""

    name: str
    fake: Callable[[], Fake]
    content: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    """Operations that the fake does not have, with the reason."""
    beyond_schema: Mapping[str, str] = field(default_factory=dict[str, str])
    """Messages with which the fake refuses what the schema allows, with the reason."""
    unchecked: Mapping[str, str] = field(default_factory=dict[str, str])
    """Checks of schemathesis that do not fit the provider, with the reason."""
    destructive: frozenset[str] = frozenset()
    """Operations that take away what others need: all others are first tested without them."""
    single_use: frozenset[str] = frozenset()
    """Headers, in lower case, whose value may come with one body only."""
    closed_bodies: bool = False
    """Whether the fake refuses undocumented fields, which the schemas allow."""


def mijnklantportaal() -> Subject:
    """Return MijnKlantportaal's fake, with a plan and an invoice of the documented examples."""
    provider = load("mijnklantportaal")

    def fake() -> Fake:
        portal = provider.sandbox()
        _ = portal.add_plan("starter_plan", DRAFT)
        with_invoices: Any = portal  # `add_invoice` is this fake's own
        with_invoices.add_invoice("cst_abc12345def678", "12.95", "2024-001")
        return portal

    return Subject(
        "mijnklantportaal",
        fake,
        Document.of(provider).content,
        beyond_schema={
            "The customerId field is invalid.": "unknown customer",
            "The paidAt field is invalid.": "the pattern matches impossible dates too",
            "The terminatedAt field is invalid.": "the pattern matches impossible dates too",
            "At least one field is required.": "the schema counts undocumented fields too",
            "The payment link is already closed.": "depends on the state",
        },
        unchecked={"use_after_free": "DELETE closes a payment link, which can still be read"},
    )


def afternoon() -> Subject:
    """Return Afternoon's fake, with the plan of the documented examples."""
    provider = load("afternoon")

    def fake() -> Fake:
        company = provider.sandbox()
        _ = company.add_plan("starter_plan", DRAFT)
        return company

    return Subject(
        "afternoon",
        fake,
        Document.of(provider).content,
        beyond_schema={
            "Plan not found": "unknown plan of an existing subscription",
            "Unknown customer": "unknown customer; 404 is not documented for events",
            "Invalid limit": "a number that is typed as a string",
            "Invalid cursor": "cursors are opaque",
        },
        closed_bodies=True,
    )


def mollie() -> Subject:
    """Return Mollie's fake, with objects of each kind, because most need a customer who has paid.

    The description names no ids of our fake, so they are written into it here as examples. What is
    deleted in the examples is nothing that the other examples need.
    """
    provider = load("mollie")

    def fake() -> Fake:
        return _mollie_profile(provider.sandbox())[0]

    content = copy.deepcopy(dict(Document.of(provider).content))
    ids, doomed = _mollie_profile(provider.sandbox())[1:]
    for name, example in ids.items():
        content["components"]["parameters"][name]["example"] = example
        content["components"]["schemas"][f"{name[0].upper()}{name[1:]}"]["examples"] = [example]
    for path, examples in doomed.items():
        content["paths"][path]["delete"]["parameters"] = [
            {"name": name, "in": "path", "required": True, "example": example, "schema": TEXT}
            for name, example in examples.items()
        ]
    return Subject(
        "mollie",
        fake,
        content,
        beyond_schema={
            "Invalid cursor value": "an unknown object, or one of another list",
            "The customer is no longer available": "deleted by an earlier request",
            "The customer id is invalid": "unknown customer of a payment",
            "No suitable mandates found for customer": "unknown mandate, or none of that kind",
            "A subscription with the same description already exists for this customer": "state",
            "The start date should not be in the past": "depends on the day",
            "The start date cannot be changed any more": "depends on the state",
            "times is less than the payments that were made": "depends on the state",
            "A canceled subscription cannot be updated": "depends on the state",
            "The subscription has been canceled": "depends on the state",
            "The field 'metadata' should be at most 1 kB, and not a boolean": "its size",
        },
        destructive=frozenset(f"DELETE {path}" for path in doomed),
        single_use=frozenset({"idempotency-key"}),
        closed_bodies=True,
    )


def _mollie_profile(profile: Fake) -> tuple[Fake, dict[str, str], dict[str, dict[str, str]]]:
    """Return a profile, its ids by parameter, and by path those of what is to be deleted."""
    kept, deleted, subscribed = (
        _mollie_post(profile, "/customers", {"name": name}) for name in ("Acme", "B", "C")
    )
    own: Any = profile  # `add_mandate` is this fake's own
    terms = {"amount": {"currency": "EUR", "value": "10.00"}, "interval": "1 month"}
    subscribe = {**terms, "description": "Starter"}
    mandate, spare, _ = (own.add_mandate(customer) for customer in (kept, kept, subscribed))
    to_cancel = _mollie_post(profile, f"/customers/{subscribed}/subscriptions", subscribe)
    ids = {
        "customerId": kept,
        "mandateId": mandate,
        "subscriptionId": _mollie_post(
            profile, f"/customers/{kept}/subscriptions", {**subscribe, "mandateId": mandate}
        ),
        "paymentId": [*own.payments][-1],  # the subscription's first
    }
    doomed = {
        "/customers/{customerId}": {"customerId": deleted},
        "/customers/{customerId}/mandates/{mandateId}": {"customerId": kept, "mandateId": spare},
        "/customers/{customerId}/subscriptions/{subscriptionId}": {
            "customerId": subscribed,
            "subscriptionId": to_cancel,
        },
    }
    return profile, ids, doomed


def _mollie_post(profile: Fake, path: str, body: Mapping[str, Any]) -> str:
    """Create an object in the way of an application, and return its id."""
    key = {"authorization": f"Bearer {profile.api_key}"}
    reply = profile.handle("POST", f"/v2{path}", key, json.dumps(body).encode())
    return str(json.loads(reply.content)["id"])


SUBJECTS: Final[tuple[Callable[[], Subject], ...]] = (mijnklantportaal, afternoon, mollie)
