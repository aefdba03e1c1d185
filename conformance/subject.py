"""What is driven: a provider's fake with something in it, and its plugin's API description.

What a description cannot say, or what a fake is known to leave out, is listed here with its reason
and nowhere else.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Subject:
    """A fake and the description that it is held against."""

    name: str
    fake: Callable[[], Fake]
    content: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    """Operations that the fake does not have, with the reason."""
    beyond_schema: Mapping[str, str] = field(default_factory=dict[str, str])
    """Messages of refusals of what the schema allows, with the reason."""
    unchecked: Mapping[str, str] = field(default_factory=dict[str, str])
    """Checks of schemathesis that take the provider for another one, with the reason."""
    closed_bodies: bool = False
    """Whether the fake refuses fields that are not described, which schemas leave open."""


def mijnklantportaal() -> Subject:
    """MijnKlantportaal's fake, with an invoice, which nothing in the API makes."""
    provider = load("mijnklantportaal")

    def fake() -> Fake:
        made: Fake = provider.sandbox()
        _ = made.add_plan("starter_plan", DRAFT)
        portal: Any = made
        _ = portal.add_invoice("cst_abc12345def678", "12.95", "2024-001")
        return made

    return Subject(
        "mijnklantportaal",
        fake,
        Document.of(provider).content,
        left_out={
            "POST /customer-invoices/manual": "invoices are made by hand in the portal",
            "GET /webhooks": "webhooks are not simulated",
            "POST /webhooks": "webhooks are not simulated",
            "GET /webhooks/{webhookId}": "webhooks are not simulated",
        },
        beyond_schema={
            "The customerId field is invalid.": "no such customer",
            "The paidAt field is invalid.": "a pattern does not know the calendar",
            "The terminatedAt field is invalid.": "a pattern does not know the calendar",
            "At least one field is required.": "a schema counts fields that are not described too",
            "The payment link is already closed.": "the state forbids it",
        },
        unchecked={"use_after_free": "DELETE closes a payment link, which stays to be read"},
    )


def afternoon() -> Subject:
    """Afternoon's fake, with the plan of the documented examples."""
    provider = load("afternoon")

    def fake() -> Fake:
        made = provider.sandbox()
        _ = made.add_plan("starter_plan", DRAFT)
        return made

    return Subject(
        "afternoon",
        fake,
        Document.of(provider).content,
        beyond_schema={
            "Plan not found": "no such plan; the subscription is there",
            "Unknown customer": "no such customer, and 404 is not listed for events",
            "Invalid limit": "a number, typed as a string",
            "Invalid cursor": "a cursor is opaque",
        },
        closed_bodies=True,
    )


SUBJECTS: Final[tuple[Callable[[], Subject], ...]] = (mijnklantportaal, afternoon)
