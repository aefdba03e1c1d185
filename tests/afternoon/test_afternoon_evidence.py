"""The plugin's account of itself: what it can do, from where it is known, and what it imports."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from subhub_afternoon import Afternoon

from subhub.plugin.capabilities import NEUTRAL, OPERATIONS, Absence, Evidence, overrides
from subhub.plugin.provider import Provider
from subhub.plugin.registry import load
from subhub.testing.openapi import Document

LACKING = {
    "create_plan",
    "get_plan",
    "list_plans",
    "update_plan",
    "update_subscription",
    "find_customer:email",
    "subscribe:inline_plan",
    "subscribe:payment_method",
}
EXTENSIONS = {
    "delete_customer",
    "customer_balances",
    "update_billing_anchor_day",
    "create_credit_grant",
    "list_invoices",
    "get_invoice",
    "create_draft_invoice",
    "ingest_event",
}


def test_the_entry_point_leads_to_it() -> None:
    assert load("afternoon") is Afternoon


def test_every_capability_and_extension_is_accounted_for() -> None:
    assert set(Afternoon.evidence) == {*NEUTRAL, *EXTENSIONS}
    assert {name for name in NEUTRAL if not Afternoon.capabilities().supports(name)} == LACKING


def test_extensions_are_exactly_the_public_flows_that_are_not_neutral() -> None:
    flows = {
        name
        for name, _ in inspect.getmembers(Afternoon, inspect.isgeneratorfunction)
        if not name.startswith("_")
    }
    assert flows - set(OPERATIONS) == EXTENSIONS


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_implemented_has_evidence_and_what_is_not_has_a_reason(operation: str) -> None:
    found = Afternoon.evidence[operation]
    assert isinstance(found, Evidence) is overrides(Afternoon, operation)


@pytest.mark.parametrize("name", sorted(Afternoon.evidence))
def test_evidence_names_a_page_and_absences_say_what_to_do(name: str) -> None:
    found = Afternoon.evidence[name]
    if isinstance(found, Absence):
        assert found.reason
        assert found.alternative
        assert found.kind == "provider"
    else:
        assert found.source.startswith("https://docs.afternoon.co/")


PATHS = {
    "create_signup_link:existing_customer": ("/v1/subscription-signup-links", "post"),
    "subscribe": ("/v1/subscriptions", "post"),
    "get_subscription": ("/v1/subscriptions/{id}", "get"),
    "list_subscriptions": ("/v1/subscriptions", "get"),
    "change_subscription": ("/v1/subscriptions/{id}/change-plan", "post"),
    "cancel_subscription": ("/v1/subscriptions/{id}/cancel", "post"),
    "update_billing_anchor_day": ("/v1/subscriptions/{id}", "patch"),
    "create_credit_grant": ("/v1/subscriptions/{id}/credit-grants", "post"),
    "create_customer": ("/v1/customers", "post"),
    "get_customer": ("/v1/customers/{id}", "get"),
    "find_customer": ("/v1/customers/search", "get"),
    "update_customer": ("/v1/customers/{id}", "patch"),
    "delete_customer": ("/v1/customers/{id}", "delete"),
    "customer_balances": ("/v1/customers/{id}/balances", "get"),
    "create_draft_invoice": ("/v1/invoices", "post"),
    "get_invoice": ("/v1/invoices/{id}", "get"),
    "ingest_event": ("/v1/events/ingest", "post"),
}


@pytest.mark.parametrize("name", PATHS)
def test_the_marks_are_those_of_the_description(name: str) -> None:
    path, method = PATHS[name]
    described = Document.of(Afternoon).content["paths"][path][method]
    inferred = "x-path-evidence" in described
    found = Afternoon.evidence[name]
    assert isinstance(found, Evidence)
    assert found.mark == ("inferred" if inferred else described["x-evidence"])


def test_importing_the_plugin_imports_no_fake() -> None:
    code = (
        "import sys, subhub_afternoon; "
        "print([name for name in sys.modules if 'fake' in name or 'sandbox' in name])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_its_options_are_afternoons_own_words() -> None:
    found = {name: each.options for name, each in Afternoon.capabilities().items() if each.options}
    assert found == {
        "create_customer": ("first_name", "last_name", "url"),
        "update_customer": ("first_name", "last_name", "url"),
        "subscribe": ("billing_anchor_day", "initial_status"),
    }


def test_its_settings() -> None:
    assert issubclass(Afternoon, Provider)
    assert Afternoon.base_url == "https://api.afternoon.co"
    assert Afternoon.key_prefixes == {"live": "ak_live_", "test": "ak_test_"}
    assert not Afternoon.id_prefixes
    assert Afternoon.documentation.startswith("https://docs.afternoon.co")
