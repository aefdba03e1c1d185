"""The operations: arguments checked, capabilities checked, then the provider's flow as steps.

Both clients call these and carry out the steps that come back. Nothing here performs I/O.
"""

from __future__ import annotations

from subhub.client.statuses import status_filter
from subhub.client.subscribing import Options, SubscriptionOperations
from subhub.client.validation import instance, text
from subhub.errors import InvalidRequest
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    Plan,
    PlanDraft,
    PlanUpdate,
    Status,
    Subscription,
)
from subhub.plugin.flows import Page
from subhub.sending.steps import Steps


class Operations(SubscriptionOperations):
    """The operations of one account; each returns the steps that carry it out."""

    # Plans ----------------------------------------------------------------------------------------

    def create_plan(self, draft: PlanDraft, options: Options) -> Steps[Plan]:
        """See `Client.create_plan`."""
        extra = self._extra("create_plan", options)
        draft = instance("draft", draft, PlanDraft)
        flow = self.provider.create_plan(draft, **extra)
        return self.change("create_plan", flow, fields=draft)

    def get_plan(self, plan_id: str) -> Steps[Plan]:
        """See `Client.get_plan`."""
        self._require("get_plan")
        plan = self._plan(plan_id)
        return self._read("get_plan", self.provider.get_plan(plan), id=plan)

    def list_plans(self, cursor: str | None, *, strict: bool) -> Steps[Page[Plan]]:
        """Read one page for `Client.list_plans`."""
        self._require("list_plans")
        return self._page("list_plans", self.provider.list_plans(cursor), strict=strict)

    def update_plan(self, plan_id: str, changes: PlanUpdate, options: Options) -> Steps[Plan]:
        """See `Client.update_plan`."""
        extra = self._extra("update_plan", options, changes)
        plan = self._plan(plan_id)
        flow = self.provider.update_plan(plan, changes, **extra)
        return self.change("update_plan", flow, fields=changes, target=plan)

    # Customers ------------------------------------------------------------------------------------

    def create_customer(self, draft: CustomerDraft, options: Options) -> Steps[Customer]:
        """See `Client.create_customer`."""
        extra = self._extra("create_customer", options)
        draft = instance("draft", draft, CustomerDraft)
        flow = self.provider.create_customer(draft, **extra)
        return self._customer(self.rules.begin("create_customer"), draft, flow)

    def get_customer(self, customer_id: str) -> Steps[Customer]:
        """See `Client.get_customer`."""
        self._require("get_customer")
        customer = self._id("customer_id", customer_id, "customer")
        return self._read("get_customer", self.provider.get_customer(customer), id=customer)

    def list_customers(self, cursor: str | None, *, strict: bool) -> Steps[Page[Customer]]:
        """Read one page for `Client.list_customers`."""
        self._require("list_customers")
        return self._page("list_customers", self.provider.list_customers(cursor), strict=strict)

    def find_customer(
        self, *, external_id: str | None, email: str | None
    ) -> Steps[Customer | None]:
        """See `Client.find_customer`."""
        if (external_id is None) == (email is None):
            raise InvalidRequest("`find_customer` takes either `external_id` or `email`")
        by = "email" if external_id is None else "external_id"
        _ = text(by, external_id if email is None else email)
        self._require("find_customer")
        self._require(f"find_customer:{by}")
        flow = self.provider.find_customer(external_id=external_id, email=email)
        return self._read("find_customer", flow, external_id=external_id)

    def update_customer(
        self, customer_id: str, changes: CustomerUpdate, options: Options
    ) -> Steps[Customer]:
        """See `Client.update_customer`."""
        extra = self._extra("update_customer", options, changes)
        customer = self._id("customer_id", customer_id, "customer")
        flow = self.provider.update_customer(customer, changes, **extra)
        return self.change("update_customer", flow, fields=changes, target=customer)

    # Subscriptions --------------------------------------------------------------------------------

    def list_subscriptions(
        self,
        cursor: str | None,
        *,
        customer: str | None,
        status: Status | None,
        strict: bool,
        options: Options,
    ) -> Steps[Page[Subscription]]:
        """Read one page for `Client.list_subscriptions`."""
        extra = self._extra("list_subscriptions", options)
        if customer is not None:
            customer = self._id("customer", customer, "customer")
        extra = {**status_filter(self.provider, self._account.name, status), **extra}
        flow = self.provider.list_subscriptions(cursor, customer=customer, **extra)
        return self._page("list_subscriptions", flow, strict=strict)
