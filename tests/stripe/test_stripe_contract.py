"""The contract of every provider, checked against the sandbox."""

from __future__ import annotations

from typing import cast

from subhub_stripe import Stripe
from subhub_stripe.sandbox import StripeFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.testing import ProviderContract

CALL = b"""{
  "id": "evt_1",
  "object": "event",
  "type": "customer.subscription.updated",
  "created": 1714824000,
  "data": {"object": {"object": "subscription", "id": "sub_1"}}
}"""


class TestStripe(ProviderContract):
    provider = Stripe
    webhook_calls = (("/hooks", CALL),)
    plan = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Acme & Sons", email="billing@acme.example")

    def make_payment_method(self, client: Client, customer: str) -> str:
        """Return the id of a card."""
        return cast("StripeFake", client.sandbox).add_payment_method(customer)
