"""The plan, the customer and the paths that the tests of MijnKlantportaal share."""

from __future__ import annotations

from subhub import CustomerDraft, Interval, Money, PlanDraft

PHONE = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    tax_rate=21,
    description="1GB per month, 300min per month",
    public=True,
)
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
COMPANY_BODY = {
    "companyName": "Test Company BV",
    "address": "Teststreet 123",
    "zipCode": "1234AB",
    "city": "Amsterdam",
}
PACKAGES = "/customer-subscription-packages"
PACKAGE = f"{PACKAGES}/spg_abc12345def678"
