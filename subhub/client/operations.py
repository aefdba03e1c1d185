"""The operations: arguments checked, capabilities checked, then the provider's flow as steps.

Both clients call these and carry out the steps that come back. Nothing here performs I/O.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from subhub.client.collecting import CollectingOperations
from subhub.client.following import (
    checked_parts,
    concluded,
    followed_link,
    known_ids,
    remembered,
)
from subhub.client.scheduling import paused_once, resumed_once
from subhub.client.signing_up import find_or_create, find_or_link
from subhub.client.statuses import status_filter
from subhub.client.subscribing import Options
from subhub.client.validation import check_links, check_replacement, check_tax, instance, text
from subhub.errors import InvalidRequest
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    DeletedCustomer,
    Invoice,
    InvoicePdf,
    Plan,
    PlanDraft,
    PlanUpdate,
    Refund,
    Signup,
    SignupLink,
    Status,
    Subscription,
    When,
)
from subhub.plugin.flows import Flow, Page
from subhub.sending.engine import answered, steps
from subhub.sending.steps import Steps


class Operations(CollectingOperations):
    """The operations of one account; each returns the steps that carry it out."""

    # Plans ----------------------------------------------------------------------------------------

    def create_plan(self, draft: PlanDraft, options: Options) -> Steps[Plan]:
        """See `Client.create_plan`."""
        extra = self._extra("create_plan", options)
        draft = instance("draft", draft, PlanDraft)
        check_tax("create_plan", draft, self.capabilities)
        flow = self.provider.create_plan(draft, **extra)
        return self.change("create_plan", flow, fields=draft)

    def get_plan(self, plan_id: str | Plan) -> Steps[Plan]:
        """See `Client.get_plan`."""
        self._require("get_plan")
        plan = self._plan(plan_id)
        return self._read("get_plan", self.provider.get_plan(plan), id=plan)

    def list_plans(self, cursor: str | None, *, strict: bool) -> Steps[Page[Plan]]:
        """Read one page for `Client.list_plans`."""
        self._require("list_plans")
        return self._page("list_plans", self.provider.list_plans(cursor), strict=strict)

    def update_plan(
        self, plan_id: str | Plan, changes: PlanUpdate, options: Options
    ) -> Steps[Plan]:
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

        def creating() -> Steps[Customer]:
            flow = self.provider.create_customer(draft, **extra)
            flow = find_or_create(self.provider, draft, flow, [])
            return self._customer(self.rules.begin("create_customer"), draft, flow)

        if draft.external_id is not None:
            self._try("create_customer", self.provider.create_customer(draft, **extra))
        return self._exclusive("external_id", draft.external_id, creating)

    def get_customer(self, customer_id: str | Customer) -> Steps[Customer]:
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
        self, customer_id: str | Customer, changes: CustomerUpdate, options: Options
    ) -> Steps[Customer]:
        """See `Client.update_customer`."""
        extra = self._extra("update_customer", options, changes)
        customer = self._id("customer_id", customer_id, "customer")
        flow = self.provider.update_customer(customer, changes, **extra)
        return self.change("update_customer", flow, fields=changes, target=customer)

    def delete_customer(
        self, customer_id: str | Customer, options: Options
    ) -> Steps[DeletedCustomer]:
        """See `Client.delete_customer`."""
        extra = self._extra("delete_customer", options)
        customer = self._id("customer_id", customer_id, "customer")
        flow = self.provider.delete_customer(customer, **extra)
        return self.change("delete_customer", flow, target=customer)

    # Signup links ---------------------------------------------------------------------------------

    def create_signup_link(
        self,
        *,
        plan: str | Plan,
        customer: str | Customer | CustomerDraft,
        return_url: str | None,
        back_url: str | None,
        replaces: str | Subscription | None,
        when: When | None,
        refund: Refund | None,
        trial_days: int | None,
        quantity: int | None,
        options: Options,
    ) -> Steps[SignupLink]:
        """See `Client.create_signup_link`."""
        extra = self._extra("create_signup_link", options)
        if isinstance(customer, CustomerDraft):
            self._require("create_signup_link:new_customer")
        else:
            self._require("create_signup_link:existing_customer")
            customer = self._id("customer", customer, "customer")
        check_links("create_signup_link", return_url, back_url, self.capabilities)
        if replaces is not None:
            self._require("create_signup_link:replaces")
            replaces = self._id("replaces", replaces, "subscription")
        check_replacement(replaces, when, refund, self.capabilities)
        if trial_days is not None:
            extra["trial_days"] = self._counted("create_signup_link", "trial_days", trial_days)
        if quantity is not None:
            extra["quantity"] = self._counted("create_signup_link", "quantity", quantity)
        place = self._plan(plan)

        def link(customer: str | CustomerDraft) -> Flow[SignupLink]:
            flow = self.provider.create_signup_link(
                plan=place,
                customer=customer,
                return_url=return_url,
                back_url=back_url,
                replaces=replaces,
                when=when,
                refund=refund,
                **extra,
            )
            known = None if isinstance(customer, CustomerDraft) else customer
            return answered(flow, change=True, customer_id=known)

        if isinstance(customer, CustomerDraft) and customer.external_id is not None:
            draft = customer
            self._try("create_signup_link", link(draft))
            created = self._exclusive(
                "external_id",
                draft.external_id,
                lambda: self.change("create_signup_link", find_or_link(self.provider, draft, link)),
            )
        else:
            created = self.change("create_signup_link", link(customer))
        return remembered(
            created, self._account, plan=place, customer=customer, replaces=replaces, when=when
        )

    def follow_signup_link(
        self,
        link: SignupLink | str,
        *,
        plan: str | Plan | None,
        customer: str | Customer | None,
        email: str | None,
        created_at: dt.datetime | str | None,
        expires_at: dt.datetime | str | None,
        replaces: str | Subscription | None,
        known: Collection[str] | None,
    ) -> Steps[Signup]:
        """See `Client.follow`."""
        self._require("follow_signup_link")
        given = checked_parts(email=email, created_at=created_at, expires_at=expires_at)
        if plan is not None:
            given["plan_id"] = self._plan(plan)
        if customer is not None:
            given["customer_id"] = self._id("customer", customer, "customer")
        if replaces is not None:
            given["replaces"] = self._id("replaces", replaces, "subscription")
        found = followed_link(self._account, link, given)
        earlier = known_ids(known, self._account)
        flow = self.provider.follow_signup_link(found, known=earlier)
        operation = self.rules.begin("follow_signup_link")
        operation.page_by_page = True  # the lists to look through may be long
        return concluded(steps(operation, flow, None, self.rules), self._account, found)

    # Subscriptions --------------------------------------------------------------------------------

    def list_subscriptions(
        self,
        cursor: str | None,
        *,
        customer: str | Customer | None,
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

    def uncancel_subscription(
        self, subscription_id: str | Subscription, options: Options
    ) -> Steps[Subscription]:
        """See `Client.uncancel_subscription`."""
        extra = self._extra("uncancel_subscription", options)
        subscription = self._subscription(subscription_id)
        flow = self.provider.uncancel_subscription(subscription, **extra)
        return self.change("uncancel_subscription", flow, target=subscription)

    def pause_subscription(
        self, subscription_id: str | Subscription, options: Options
    ) -> Steps[Subscription]:
        """See `Client.pause_subscription`."""
        extra = self._extra("pause_subscription", options)
        subscription = self._subscription(subscription_id)
        flow = self.provider.pause_subscription(subscription, **extra)
        flow = paused_once(flow, self.provider, subscription)
        return self.change("pause_subscription", flow, target=subscription)

    def resume_subscription(
        self, subscription_id: str | Subscription, options: Options
    ) -> Steps[Subscription]:
        """See `Client.resume_subscription`."""
        extra = self._extra("resume_subscription", options)
        subscription = self._subscription(subscription_id)
        flow = self.provider.resume_subscription(subscription, **extra)
        flow = resumed_once(flow, self.provider, subscription)
        return self.change("resume_subscription", flow, target=subscription)

    # Invoices -------------------------------------------------------------------------------------

    def list_invoices(
        self,
        cursor: str | None,
        *,
        customer: str | Customer | None,
        subscription: str | Subscription | None,
        strict: bool,
        options: Options,
    ) -> Steps[Page[Invoice]]:
        """Read one page for `Client.list_invoices`."""
        extra = self._extra("list_invoices", options)
        if customer is not None:
            customer = self._id("customer", customer, "customer")
        if subscription is not None:
            self._require("list_invoices:subscription")
            subscription = self._id("subscription", subscription, "subscription")
        flow = self.provider.list_invoices(
            cursor, customer=customer, subscription=subscription, **extra
        )
        return self._page("list_invoices", flow, strict=strict)

    def get_invoice(self, invoice_id: str | Invoice) -> Steps[Invoice]:
        """See `Client.get_invoice`."""
        self._require("get_invoice")
        invoice = self._id("invoice_id", invoice_id, "invoice")
        return self._read("get_invoice", self.provider.get_invoice(invoice), id=invoice)

    def get_invoice_pdf(self, invoice_id: str | Invoice) -> Steps[InvoicePdf]:
        """See `Client.get_invoice_pdf`."""
        self._require("get_invoice_pdf")
        invoice = self._id("invoice_id", invoice_id, "invoice")
        return self._read("get_invoice_pdf", self.provider.get_invoice_pdf(invoice), id=invoice)
