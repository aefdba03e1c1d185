"""Afternoon passes the contract suite of all providers."""

from __future__ import annotations

from collections.abc import Mapping

from subhub_afternoon import Afternoon
from subhub_afternoon.invoices import InvoiceLine

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.testing import ProviderContract


class TestAfternoon(ProviderContract):
    provider = Afternoon
    plan = PlanDraft(name="Starter", price=Money("12.50", "USD"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Test Company BV", email="john.doe@test.com", country="NL")

    def extension_arguments(self, client: Client) -> Mapping[str, Mapping[str, object]]:
        """Say what an invoice and a grant are made of."""
        del client
        return {
            "create_draft_invoice": {
                "lines": [InvoiceLine(description="Setup", unit_amount_cents=500)]
            },
            "create_credit_grant": {"currency_code": "usd"},
        }
