"""Mollie keeps the contract that every provider keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.models import CustomerUpdate, SubscriptionUpdate
from subhub.testing import ProviderContract


class TestMollie(ProviderContract):
    provider = Mollie
    plan = PlanDraft(name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"))
    customer = CustomerDraft(
        name="Test Company BV",
        email="john.doe@test.com",
        address="Teststreet 123",
        postal_code="1234AB",
        city="Amsterdam",
        country="NL",
    )
    customer_changes = CustomerUpdate(name="Another Name BV", city="Utrecht")
    subscription_changes = SubscriptionUpdate(
        description="Other terms", price=Money("15", "EUR"), interval=Interval(3, "month")
    )

    webhook_calls = (("/hooks", b"id=tr_5B8cwPMGnU6qLbRvo7qEZo"),)

    def make_customer(self, client: Client, draft: CustomerDraft) -> str:
        """Create a customer who can be charged, as after a first payment."""
        customer = client.create_customer(draft).id
        _ = fake_of(client).add_mandate(customer)
        return customer

    def make_subscription(self, client: Client, plan: str | PlanDraft, customer: str) -> str:
        """Subscribe to the terms; the names of a customer's active subscriptions are unique."""
        del plan
        number = len(fake_of(client).subscriptions)
        name = f"{self.plan.name} {number}" if number else self.plan.name
        return client.subscribe(
            plan=self.plan.model_copy(update={"name": name}), customer=customer
        ).id

    def make_payment_method(self, client: Client, customer: str) -> str:
        """Return the id of a mandate."""
        return fake_of(client).add_mandate(customer)

    def extension_arguments(self, client: Client) -> Mapping[str, Mapping[str, object]]:
        """Say that a first payment needs nothing but its customer, amount and addresses."""
        del client
        return {"create_first_payment": {"description": "First period"}}


def fake_of(client: Client) -> MollieFake:
    """Return the sandbox behind *client*, which may be of a copy of the plugin."""
    return cast("MollieFake", client.sandbox)
