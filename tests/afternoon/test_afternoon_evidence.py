"""The plugin's declarations: capabilities, their evidence, options and settings.

The contract suite checks that each declaration is complete and agrees with the code.
"""

from __future__ import annotations

import inspect
import subprocess
import sys

from subhub_afternoon import Afternoon

from subhub.plugin.capabilities import Absence, Evidence
from subhub.plugin.operations import FIELD_NAMES, NEUTRAL, OPERATIONS
from subhub.plugin.registry import load
from subhub.testing.openapi import Document

ABSENT = {
    "create_plan",
    "get_plan",
    "list_plans",
    "update_plan",
    "update_subscription",
    "find_customer:email",
    "subscribe:inline_plan",
    "subscribe:payment_method",
    "create_signup_link:credit",
    "change_subscription:credit",
    "cancel_subscription:credit",
    "create_signup_link:trial_days",
    "subscribe:trial_days",
    "create_signup_link:quantity",
    "subscribe:quantity",
    "change_subscription:quantity",
    "create_setup_link",
    "create_setup_link:return_url",
    "create_setup_link:back_url",
    "payment_methods",
    "uncancel_subscription",
    "create_portal_link",
    "create_portal_link:return_url",
    "pause_subscription",
    "resume_subscription",
    "list_invoices:subscription",
    "get_invoice_pdf",
}
EXTENSIONS = {
    "customer_balances",
    "search_customers",
    "update_billing_anchor_day",
    "update_next_renewal_date",
    "update_status",
    "create_credit_grant",
    "create_draft_invoice",
    "ingest_event",
}
DESCRIBED = {
    "create_signup_link:existing_customer": ("/v1/subscription-signup-links", "post"),
    "subscribe": ("/v1/subscriptions", "post"),
    "get_subscription": ("/v1/subscriptions/{id}", "get"),
    "list_subscriptions": ("/v1/subscriptions", "get"),
    "change_subscription": ("/v1/subscriptions/{id}/change-plan", "post"),
    "cancel_subscription": ("/v1/subscriptions/{id}/cancel", "post"),
    "search_customers": ("/v1/customers/search", "get"),
    "update_next_renewal_date": ("/v1/subscriptions/{id}", "patch"),
    "update_status": ("/v1/subscriptions/{id}", "patch"),
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


def test_the_entry_point_leads_to_the_class() -> None:
    assert load("afternoon") is Afternoon


def test_every_capability_and_extension_has_a_row() -> None:
    assert set(Afternoon.evidence) - set(FIELD_NAMES) == {*NEUTRAL, "webhooks", *EXTENSIONS}
    assert {name for name in NEUTRAL if not Afternoon.capabilities().supports(name)} == ABSENT


def test_the_extensions_are_the_public_flows_that_are_not_neutral() -> None:
    flows = {
        name
        for name, _ in inspect.getmembers(Afternoon, inspect.isgeneratorfunction)
        if not name.startswith("_")
    }
    assert flows - set(OPERATIONS) == EXTENSIONS


def test_evidence_is_a_page_of_the_provider_and_absences_have_an_alternative() -> None:
    for name, found in Afternoon.evidence.items():
        if isinstance(found, Evidence):
            assert found.source.startswith("https://docs.afternoon.co/"), name
        else:
            assert (bool(found.alternative), found.kind) == (True, "provider"), name


def test_the_marks_are_those_of_the_api_description() -> None:
    paths = Document.of(Afternoon).content["paths"]
    marks = {}
    for name, (path, method) in DESCRIBED.items():
        described = paths[path][method]
        inferred = "x-path-evidence" in described
        marks[name] = "inferred" if inferred else described["x-evidence"]
    declared = {name: Afternoon.evidence[name] for name in DESCRIBED}
    assert not any(isinstance(found, Absence) for found in declared.values())
    assert {name: getattr(found, "mark", None) for name, found in declared.items()} == marks


def test_importing_the_plugin_does_not_import_the_fake() -> None:
    code = (
        "import sys, subhub_afternoon; "
        "print([name for name in sys.modules if 'fake' in name or 'sandbox' in name])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_its_options_are_afternoons_own_fields() -> None:
    capabilities = Afternoon.capabilities().items()
    assert {name: found.options for name, found in capabilities if found.options} == {
        "create_customer": ("first_name", "last_name", "url"),
        "update_customer": ("first_name", "last_name", "url"),
        "subscribe": ("billing_anchor_day", "initial_status"),
        "list_subscriptions": ("status",),
        "list_invoices": ("status",),
    }


def test_its_settings() -> None:
    assert Afternoon.base_url == "https://api.afternoon.co"
    assert Afternoon.key_prefixes == {"live": "ak_live_", "test": "ak_test_"}
    assert not Afternoon.id_prefixes
    assert Afternoon.documentation.startswith("https://docs.afternoon.co")
