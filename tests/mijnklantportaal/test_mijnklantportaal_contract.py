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

    def make_invoice(self, client: Client, plan: str | PlanDraft, customer: str) -> str:
        """Create an invoice, as in the portal: a subscription does not create one at once."""
        del plan
        fake: Any = client.sandbox
        invoice: str = fake.add_invoice(customer, "12.95", f"2025-{len(fake.invoices) + 1}")
        return invoice

    def extension_arguments(self, client: Client) -> Mapping[str, Mapping[str, object]]:
        """Say which invoice to read, and what cannot follow from a type."""
        fake: Any = client.sandbox
        invoice = fake.add_invoice(client.create_customer(self.customer).id, "12.95", "2025-1")
        home = self.provider.__module__.partition(".")[0]  # of a copy of the plugin, its own class
        made: Any = import_module(f"{home}.invoices")
        line = made.InvoiceLine(description="Template", amount=Money("12.95", "EUR"), vat_rate=21)
        return {
            "mark_customer_invoice_paid": {"invoice_id": invoice},
            "create_manual_customer_invoice": {"lines": [line]},
            "create_webhook": {"event": "customer-created"},
        }
