"""Afternoon passes the contract suite of all providers."""

from __future__ import annotations

from subhub_afternoon import Afternoon

from subhub import CustomerDraft, Interval, Money, PlanDraft
from subhub.testing import ProviderContract


class TestAfternoon(ProviderContract):
    provider = Afternoon
    plan = PlanDraft(name="Starter", price=Money("12.50", "USD"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Test Company BV", email="john.doe@test.com", country="NL")
