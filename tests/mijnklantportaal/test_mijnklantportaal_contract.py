"""MijnKlantportaal passes the contract suite of all providers."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.testing import ProviderContract


class TestMijnKlantportaal(ProviderContract):
    provider = MijnKlantportaal
    plan = PlanDraft(
        name="Phone subscription",
        price=Money("12.95", "EUR"),
        interval=Interval(1, "year"),
        tax_rate=21,
        description="1GB per month, 300min per month",
    )
    customer = CustomerDraft(
        name="Test Company BV",
        email="john.doe@test.com",
        address="Teststreet 123",
        postal_code="1234AB",
        city="Amsterdam",
        country="NL",
    )

    # the path is the application's own; what the body holds is not documented
    webhook_calls = (("/hooks/subscription-updated", b"{}"), ("/hooks", b""))

    def extension_arguments(self, client: Client) -> Mapping[str, Mapping[str, object]]:
        """Say which invoice to read, and what cannot follow from a type."""
        fake: Any = client.sandbox
        invoice = fake.add_invoice(client.create_customer(self.customer).id, "12.95", "2025-1")
        names = ("get_customer_invoice", "get_customer_invoice_pdf", "mark_customer_invoice_paid")
        home = self.provider.__module__.partition(".")[0]  # of a copy of the plugin, its own class
        made: Any = import_module(f"{home}.invoices")
        line = made.InvoiceLine(description="Template", amount=Money("12.95", "EUR"), vat_rate=21)
        return {
            **{name: {"invoice_id": invoice} for name in names},
            "create_manual_customer_invoice": {"lines": [line]},
            "create_webhook": {"event": "customer-created"},
        }
