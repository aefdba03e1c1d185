"""Afternoon passes the contract suite of all providers."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from subhub_afternoon import Afternoon

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.testing import ProviderContract


class TestAfternoon(ProviderContract):
    provider = Afternoon
    plan = PlanDraft(name="Starter", price=Money("12.50", "USD"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Test Company BV", email="john.doe@test.com", country="NL")

    def make_invoice(self, client: Client, plan: str | PlanDraft, customer: str) -> str:
        """Create a draft: no request of Afternoon finalizes one."""
        del plan
        plugin: Any = self.provider  # it may be a copy
        invoice: str = client.call(plugin.create_draft_invoice, customer, lines=[]).id
        return invoice

    def extension_arguments(self, client: Client) -> Mapping[str, Mapping[str, object]]:
        """Say what an invoice and a grant are made of."""
        del client
        home = self.provider.__module__.partition(".")[0]  # of a copy of the plugin, its own class
        made: Any = import_module(f"{home}.invoices")
        line = made.InvoiceLine(description="Setup", unit_amount_cents=500)
        return {
            "create_draft_invoice": {"lines": [line]},
            "create_credit_grant": {"currency_code": "usd"},
        }
