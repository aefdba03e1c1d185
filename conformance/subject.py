"""The subjects: each is a fake with some data, and the API description of its plugin.

What a description cannot express and what a fake leaves out is listed here, with its reason.
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


SUBJECTS: Final[tuple[Callable[[], Subject], ...]] = (mijnklantportaal, afternoon)
