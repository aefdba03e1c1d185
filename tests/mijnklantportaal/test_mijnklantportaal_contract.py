"""MijnKlantportaal passes the contract suite of all providers."""

from __future__ import annotations

from subhub_mijnklantportaal import MijnKlantportaal

from subhub import CustomerDraft, Interval, Money, PlanDraft
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
