"""No link of a sandbox leads a customer to the provider."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.plugin.registry import load

PRICE = Money("12.95", "EUR")
PLAN = PlanDraft(name="Phone", price=PRICE, interval=Interval(1, "month"))
COMPANY = CustomerDraft(
    name="Acme Corp",
    email="billing@acme.com",
    address="Main street 1",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)


def signup(billing: Client, plan: str) -> str:
    back = "https://shop.example/done"
    returns = back if billing.supports("create_signup_link:return_url") else None
    return billing.create_signup_link(plan=plan, customer=COMPANY, return_url=returns).url


def first_payment(billing: Client, plan: str) -> str:
    del plan
    return billing.call(
        Mollie.create_first_payment,
        billing.create_customer(COMPANY).id,
        amount=PRICE,
        description="Phone",
        redirect_url="https://shop.example/done",
    ).url


def payment(billing: Client, plan: str) -> str:
    del plan
    link = billing.call(MijnKlantportaal.create_payment_link, "Contribution", PRICE)
    return str(link.raw["checkoutUrl"])


LINKS = [
    ("afternoon", signup),
    ("mijnklantportaal", signup),
    ("mijnklantportaal", payment),
    ("mollie", first_payment),
    ("stripe", signup),
]


@pytest.mark.parametrize("site", ["", "http://127.0.0.1:8420/x/main"])
@pytest.mark.parametrize(("provider", "create"), LINKS)
def test_links_never_lead_to_the_provider(
    provider: str, create: Callable[[Client, str], str], site: str
) -> None:
    fake = load(provider).sandbox()
    tax = 21 if provider == "mijnklantportaal" else None
    plan = fake.add_plan("phone", PLAN.model_copy(update={"tax_rate": tax}))
    fake.site = site
    with Client(provider, sandbox=fake) as billing:
        url = create(billing, plan)

    assert urlsplit(url).hostname == ("127.0.0.1" if site else "sandbox.invalid")
    assert fake.checkout_page(url) is not None
    fake.pay(url)
