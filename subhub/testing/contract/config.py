"""The configuration of the contract suite by a plugin's author; nothing else may be changed.

The suite creates everything else itself, from these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from subhub.models import (
    CustomerDraft,
    CustomerUpdate,
    PlanDraft,
    PlanUpdate,
    SubscriptionUpdate,
)

if TYPE_CHECKING:
    from subhub.client.sync_client import Client
    from subhub.plugin.provider import Provider


class ContractConfig:
    """The settings of a contract class for its provider."""

    provider: ClassVar[type[Provider]]
    """The class under test; `sandbox()` gives its fake."""
    plan: ClassVar[PlanDraft]
    """A plan that the provider's sandbox can hold."""
    customer: ClassVar[CustomerDraft]
    """A customer that the provider can create."""
    left_out: ClassVar[Mapping[str, str]] = {}
    """Contract tests that do not apply, or single cases `test_name[case]`, each with its reason."""

    plan_changes: ClassVar[PlanUpdate] = PlanUpdate(name="Another name")
    """The changes of a plan."""
    customer_changes: ClassVar[CustomerUpdate] = CustomerUpdate(name="Another Name BV")
    """The changes of a customer."""
    subscription_changes: ClassVar[SubscriptionUpdate] = SubscriptionUpdate(
        description="Other config"
    )
    """The changes of a subscription."""

    webhook_calls: ClassVar[Sequence[tuple[str, bytes]]] = ()
    """Path and body of calls as the provider documents them, where the plugin reads webhooks."""

    def make_customer(self, client: Client, draft: CustomerDraft) -> str:
        """Return the id of a customer; override it if the provider has no `create_customer`."""
        if client.supports("create_customer"):
            return client.create_customer(draft).id
        return self.provider.stand_in_id

    def make_subscription(self, client: Client, plan: str | PlanDraft, customer: str) -> str:
        """Return the id of a subscription; override it if the provider has no `subscribe`.

        By default a signup link is paid then, and the newest subscription of the list is taken.

        Args:
            client: A client of the provider's sandbox.
            plan: The id of a plan, or its draft where the provider has no plans.
            customer: The id of a customer.
        """
        if client.supports("subscribe"):
            return client.subscribe(plan=plan, customer=customer).id
        paid = client.sandbox is not None and client.supports("list_subscriptions")
        if paid and isinstance(plan, str):
            known = client.supports("create_signup_link:existing_customer")
            link = client.create_signup_link(
                plan=plan, customer=customer if known else self.customer
            )
            client.sandbox.pay(link.url)  # type: ignore[union-attr]
            return [subscription.id for subscription in client.list_subscriptions()][-1]
        return self.provider.stand_in_id

    def make_invoice(self, client: Client, plan: str | PlanDraft, customer: str) -> str:
        """Return the id of a new invoice; override it if a subscription does not create one.

        By default it is the invoice of a new subscription that is listed first.

        Args:
            client: A client of the provider's sandbox.
            plan: The id of a plan, or its draft where the provider has no plans.
            customer: The id of the customer who is billed.
        """
        subscription = self.make_subscription(client, plan, customer)
        of = subscription if client.supports("list_invoices:subscription") else None
        found = client.list_invoices(customer=customer, subscription=of).first()
        return self.provider.stand_in_id if found is None else found.id

    def make_payment_method(self, client: Client, customer: str) -> str:
        """Return the id of a payment method.

        By default it is the newest after a setup link, or else one that the sandbox does not know.
        """
        sandbox = client.sandbox
        agreed = client.supports("create_setup_link") and client.supports("payment_methods")
        if sandbox is not None and agreed:
            known = client.supports("create_setup_link:return_url")
            returns = "https://shop.example/thanks" if known else None
            sandbox.pay(client.create_setup_link(customer, return_url=returns).url)
            found = client.payment_methods(customer).first()
            if found is not None:
                return found.id
        return self.provider.id_prefixes.get("payment method", "") + "contract0001"

    def extension_arguments(self, client: Client) -> Mapping[str, Mapping[str, object]]:
        """Return arguments with which each extension can be called, by its name.

        An argument called `customer`, `subscription` or `plan`, with or without `_id`, and one
        whose type says enough (`Money`, a date, a web address by its name), need not be given.
        *client* is one of the sandbox, in which what else is needed can be created.
        """
        del client
        return {}


HOOKS = frozenset(name for name in vars(ContractConfig) if not name.startswith("_")) | {
    "provider",
    "plan",
    "customer",
}
"""All that a contract class may define."""
