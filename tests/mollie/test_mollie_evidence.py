"""The plugin's account of itself: what it can do, from where it is known, and what it imports."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from subhub_mollie import Mollie

from subhub.plugin.capabilities import Absence, Evidence
from subhub.plugin.operations import NEUTRAL, OPERATIONS
from subhub.plugin.registry import load
from subhub.testing.openapi import Document

LACKING = {
    "create_plan",
    "get_plan",
    "list_plans",
    "update_plan",
    "create_signup_link",
    "create_signup_link:new_customer",
    "create_signup_link:existing_customer",
    "create_signup_link:return_url",
    "create_signup_link:back_url",
    "create_signup_link:replaces",
    "create_signup_link:period_end",
    "create_signup_link:prorated",
    "create_signup_link:credit",
    "follow_signup_link",
    "subscribe:plan_id",
    "change_subscription",
    "change_subscription:now",
    "change_subscription:period_end",
    "change_subscription:prorated",
    "change_subscription:credit",
    "cancel_subscription:period_end",
    "cancel_subscription:prorated",
    "cancel_subscription:credit",
    "create_signup_link:trial_days",
    "subscribe:trial_days",
    "create_signup_link:quantity",
    "subscribe:quantity",
    "change_subscription:quantity",
    "uncancel_subscription",
    "create_portal_link",
    "create_portal_link:return_url",
    "pause_subscription",
    "resume_subscription",
    "list_invoices",
    "list_invoices:subscription",
    "get_invoice",
    "get_invoice_pdf",
}
EXTENSIONS = {
    "create_first_payment",
    "get_payment",
    "list_subscription_payments",
    "revoke_mandate",
}


def test_the_entry_point_leads_to_it() -> None:
    assert load("mollie") is Mollie


def test_every_capability_and_extension_is_accounted_for() -> None:
    assert set(Mollie.evidence) == {*NEUTRAL, "webhooks", *EXTENSIONS}
    assert {name for name in NEUTRAL if not Mollie.capabilities().supports(name)} == LACKING


def test_extensions_are_exactly_the_public_flows_that_are_not_neutral() -> None:
    flows = {
        name
        for name, _ in inspect.getmembers(Mollie, inspect.isgeneratorfunction)
        if not name.startswith("_")
    }
    assert flows - set(OPERATIONS) == EXTENSIONS


@pytest.mark.parametrize("name", sorted(Mollie.evidence))
def test_evidence_names_a_page_and_absences_say_what_to_do(name: str) -> None:
    found = Mollie.evidence[name]
    if isinstance(found, Absence):
        assert found.reason
        assert found.alternative
        # sales invoices exist, in beta
        assert found.kind == ("plugin" if "invoice" in name else "provider")
    else:
        assert found.mark == "docs"
        assert found.source.startswith("https://docs.mollie.com/")


def test_the_pages_are_those_of_the_description() -> None:
    described = Document.of(Mollie).content["paths"].values()
    pages = {
        operation["x-page"]
        for path in described
        for method, operation in path.items()
        if method != "parameters"
    }
    named = {found.source for found in Mollie.evidence.values() if isinstance(found, Evidence)}
    # Listing those of one customer is a variant of the same operation.
    assert pages - named == {"https://docs.mollie.com/reference/list-subscriptions"}
    # What Mollie sends is on a page of its own.
    assert named - pages == {"https://docs.mollie.com/reference/webhooks"}


def test_importing_the_plugin_imports_no_fake() -> None:
    code = (
        "import sys, subhub_mollie; "
        "print([name for name in sys.modules if 'fake' in name or 'sandbox' in name])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_its_options_are_mollies_own_words() -> None:
    found = {name: each.options for name, each in Mollie.capabilities().items() if each.options}
    assert found == {
        "create_customer": ("locale", "metadata", "idempotency_key"),
        "update_customer": ("locale", "metadata"),
        "create_setup_link": ("method", "webhook_url", "metadata", "idempotency_key"),
        "subscribe": ("times", "method", "webhook_url", "metadata", "idempotency_key"),
        "update_subscription": ("start_date", "times", "mandate_id", "webhook_url", "metadata"),
    }
