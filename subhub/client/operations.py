"""The operations: arguments checked, capabilities checked, then the provider's flow.

Both clients call these and perform the flow that comes back; whatever is composed of several of a
provider's operations is composed here, once. Nothing here performs I/O.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from subhub.client import validation as arguments
from subhub.errors import InvalidRequest
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    Plan,
    PlanDraft,
    PlanUpdate,
    Refund,
    SignupLink,
    Status,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.models.record import Update
from subhub.plugin.capabilities import Capabilities
from subhub.plugin.flows import Flow, Page, completed
from subhub.plugin.provider_options import ProviderOptions, chosen
from subhub.recovery.tracking import Tracker

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider


@dataclass(frozen=True, slots=True)
class Operations:
    """The operations of one account.

    *clock* tells the present in the account's time zone; *plan_id* turns a plan key of the
    configuration into the provider's id, and leaves ids as they are.
    """

    provider: Provider
    clock: Callable[[], dt.datetime]
    plan_id: Callable[[str], str]
    changes: Tracker

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do."""
        return self.provider.capabilities()

    # Plans ----------------------------------------------------------------------------------------

    def create_plan(self, draft: PlanDraft, options: ProviderOptions | None) -> Flow[Plan]:
        """See `Client.create_plan`."""
        extra = self._begin("create_plan", options)
        draft = arguments.instance("draft", draft, PlanDraft)
        flow = self.provider.create_plan(draft, **extra)
        return self.changes.carry_out("create_plan", flow, fields=draft)

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        """See `Client.get_plan`."""
        self.capabilities.require("get_plan")
        return self.provider.get_plan(self._plan(plan_id))

    def list_plans(self, cursor: str | None) -> Flow[Page[Plan]]:
        """One page for `Client.list_plans`."""
        self.capabilities.require("list_plans")
        return self.provider.list_plans(cursor)

    def update_plan(
        self, plan_id: str, changes: PlanUpdate, options: ProviderOptions | None
    ) -> Flow[Plan]:
        """See `Client.update_plan`."""
        extra = self._change("update_plan", changes, options)
        found = self._plan(plan_id)
        flow = self.provider.update_plan(found, changes, **extra)
        return self.changes.carry_out("update_plan", flow, fields=changes, target=found)

    # Customers ------------------------------------------------------------------------------------

    def create_customer(
        self, draft: CustomerDraft, options: ProviderOptions | None
    ) -> Flow[Customer]:
        """See `Client.create_customer`."""
        extra = self._begin("create_customer", options)
        return self._create_customer(arguments.instance("draft", draft, CustomerDraft), extra)

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """See `Client.get_customer`."""
        self.capabilities.require("get_customer")
        return self.provider.get_customer(self._id("customer_id", customer_id, "customer"))

    def list_customers(self, cursor: str | None) -> Flow[Page[Customer]]:
        """One page for `Client.list_customers`."""
        self.capabilities.require("list_customers")
        return self.provider.list_customers(cursor)

    def find_customer(self, *, external_id: str | None, email: str | None) -> Flow[Customer | None]:
        """See `Client.find_customer`."""
        if (external_id is None) == (email is None):
            message = "find_customer takes either `external_id` or `email`"
            raise InvalidRequest(message)
        by = "email" if external_id is None else "external_id"
        _ = arguments.text(by, external_id if email is None else email)
        self.capabilities.require("find_customer")
        self.capabilities.require(f"find_customer:{by}")
        return self.provider.find_customer(external_id=external_id, email=email)

    def update_customer(
        self, customer_id: str, changes: CustomerUpdate, options: ProviderOptions | None
    ) -> Flow[Customer]:
        """See `Client.update_customer`."""
        extra = self._change("update_customer", changes, options)
        found = self._id("customer_id", customer_id, "customer")
        flow = self.provider.update_customer(found, changes, **extra)
        return self.changes.carry_out("update_customer", flow, fields=changes, target=found)

    def _create_customer(self, draft: CustomerDraft, extra: dict[str, Any]) -> Flow[Customer]:
        flow = self.provider.create_customer(draft, **extra)
        key = "external_id" if draft.external_id else None
        return self.changes.carry_out("create_customer", flow, fields=draft, key=key)

    # The main job ---------------------------------------------------------------------------------

    def create_signup_link(
        self,
        *,
        plan: str,
        customer: str | CustomerDraft,
        return_url: str | None,
        back_url: str | None,
        replaces: str | None,
        when: When | None,
        refund: Refund | None,
        options: ProviderOptions | None,
    ) -> Flow[SignupLink]:
        """See `Client.create_signup_link`."""
        extra = self._begin("create_signup_link", options)
        if isinstance(customer, CustomerDraft):
            self.capabilities.require("create_signup_link:new_customer")
        else:
            self.capabilities.require("create_signup_link:existing_customer")
            customer = self._id("customer", customer, "customer")
        for field, address in (("return_url", return_url), ("back_url", back_url)):
            if address is not None:
                self.capabilities.require(f"create_signup_link:{field}")
                _ = arguments.web_address(field, address)
        if replaces is not None:
            self.capabilities.require("create_signup_link:replaces")
            replaces = self._id("replaces", replaces, "subscription")
        self._replacement(replaces, when, refund)
        flow = self.provider.create_signup_link(
            plan=self._plan(plan),
            customer=customer,
            return_url=return_url,
            back_url=back_url,
            replaces=replaces,
            when=when,
            refund=refund,
            **extra,
        )
        return self.changes.carry_out("create_signup_link", flow)

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str | CustomerDraft,
        starts_on: dt.date | None,
        payment_method: str | None,
        options: ProviderOptions | None,
    ) -> Flow[Subscription]:
        """See `Client.subscribe`."""
        extra = self._begin("subscribe", options)
        if isinstance(plan, PlanDraft):
            self.capabilities.require("subscribe:inline_plan")
        else:
            plan = self._plan(plan)
        if starts_on is not None:
            self.capabilities.require("subscribe:starts_on")
            starts_on = arguments.day("starts_on", starts_on)
        if payment_method is not None:
            self.capabilities.require("subscribe:payment_method")
            payment_method = self._id("payment_method", payment_method, "payment method")
        terms: dict[str, Any] = {
            "plan": plan,
            "now": self.clock(),
            "starts_on": starts_on,
            "payment_method": payment_method,
            **extra,
        }
        if isinstance(customer, CustomerDraft):
            self.capabilities.require("create_customer")
            return self._subscribe_new(customer, terms)
        return self._subscribe(self._id("customer", customer, "customer"), terms)

    def _subscribe(
        self, customer: str, terms: dict[str, Any], key: str | None = None
    ) -> Flow[Subscription]:
        plan, starts_on = terms["plan"], terms["starts_on"]
        inline = plan if isinstance(plan, PlanDraft) else None
        fields = {
            "customer_id": customer,
            "plan_id": None if inline else plan,
            "price": inline and inline.price,
            "interval": inline and inline.interval,
            "starts_on": starts_on,
        }
        flow = self.provider.subscribe(customer=customer, **terms)
        return self.changes.carry_out("subscribe", flow, fields=fields, owner=customer, key=key)

    def _subscribe_new(self, draft: CustomerDraft, terms: dict[str, Any]) -> Flow[Subscription]:
        # A flow does nothing by itself, so its first step can be tried before anybody is made:
        # terms that the plugin refuses are refused here, not when the customer exists already.
        somebody = self.provider.stand_in_id
        with closing(self.provider.subscribe(customer=somebody, **terms)) as trial:
            _ = next(trial, None)
        customer = yield from self._create_customer(draft, {})
        with completed(customer):
            # Whatever this customer, who is new, is subscribed to can only be what is made here.
            return (yield from self._subscribe(customer.id, terms, key="customer_id"))

    # Subscriptions --------------------------------------------------------------------------------

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """See `Client.get_subscription`."""
        self.capabilities.require("get_subscription")
        return self.provider.get_subscription(self._subscription(subscription_id))

    def list_subscriptions(
        self, cursor: str | None, customer: str | None
    ) -> Flow[Page[Subscription]]:
        """One page for `Client.list_subscriptions`."""
        self.capabilities.require("list_subscriptions")
        if customer is not None:
            customer = self._id("customer", customer, "customer")
        return self.provider.list_subscriptions(cursor, customer=customer)

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        options: ProviderOptions | None,
    ) -> Flow[SubscriptionChange]:
        """See `Client.change_subscription`."""
        extra = self._begin("change_subscription", options)
        self._timing("change_subscription", when, refund)
        found = self._subscription(subscription_id)
        flow = self.provider.change_subscription(
            found, plan=self._plan(plan), when=when, refund=refund, now=self.clock(), **extra
        )
        return self.changes.carry_out("change_subscription", flow, target=found)

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate, options: ProviderOptions | None
    ) -> Flow[Subscription]:
        """See `Client.update_subscription`."""
        extra = self._change("update_subscription", changes, options)
        found = self._subscription(subscription_id)
        flow = self.provider.update_subscription(found, changes, **extra)
        return self.changes.carry_out("update_subscription", flow, fields=changes, target=found)

    def cancel_subscription(
        self,
        subscription_id: str,
        *,
        when: When,
        refund: Refund,
        options: ProviderOptions | None,
    ) -> Flow[Subscription]:
        """See `Client.cancel_subscription`."""
        extra = self._begin("cancel_subscription", options)
        self._timing("cancel_subscription", when, refund)
        found = self._subscription(subscription_id)
        flow = self.provider.cancel_subscription(
            found, when=when, refund=refund, now=self.clock(), **extra
        )
        at_once = when == "now"
        return self.changes.carry_out("cancel_subscription", flow, target=found, at_once=at_once)

    # Checks ---------------------------------------------------------------------------------------

    def _begin(self, operation: str, options: ProviderOptions | None) -> dict[str, Any]:
        self.capabilities.require(operation)
        return chosen(type(self.provider), operation, options)

    def _change(
        self, operation: str, changes: Update, options: ProviderOptions | None
    ) -> dict[str, Any]:
        extra = self._begin(operation, options)
        if not changes.changes() and not extra:
            known = ", ".join((*type(changes).model_fields, *self.capabilities[operation].options))
            message = f"`{operation}` has nothing to change: give at least one of {known}"
            raise InvalidRequest(message)
        return extra

    def _id(self, field: str, value: object, kind: str) -> str:
        return arguments.identifier(field, value, kind, self.provider.id_prefixes)

    def _subscription(self, value: str) -> str:
        return self._id("subscription_id", value, "subscription")

    def _plan(self, value: object) -> str:
        if isinstance(value, PlanDraft):
            message = "this takes the id or key of a plan that exists: make it with create_plan"
            raise InvalidRequest.of("plan", message)
        known = self.plan_id(value) if isinstance(value, str) else value
        return self._id("plan", known, "plan")

    def _timing(self, operation: str, when: When, refund: Refund) -> None:
        _ = arguments.choice("when", when, get_args(When))
        _ = arguments.choice("refund", refund, get_args(Refund))
        if refund == "prorated" and when != "now":
            raise InvalidRequest.of(
                "refund", "'prorated' goes with when='now': at period end nothing is left"
            )
        self.capabilities.require(f"{operation}:{when}")
        if refund == "prorated":
            self.capabilities.require(f"{operation}:prorated")

    def _replacement(self, replaces: str | None, when: When | None, refund: Refund | None) -> None:
        """`when` and `refund` are about the subscription that the new one replaces."""
        if replaces is None:
            for field, given in (("when", when), ("refund", refund)):
                if given is not None:
                    raise InvalidRequest.of(
                        field, "it goes with `replaces`, the subscription to end"
                    )
            return
        if when is None:
            raise InvalidRequest.of(
                "when", "with `replaces` say when the old one ends: now or period_end"
            )
        _ = arguments.choice("when", when, get_args(When))
        if when == "period_end":
            self.capabilities.require("create_signup_link:period_end")
        if refund is not None:
            _ = arguments.choice("refund", refund, get_args(Refund))
        if refund is not None and when != "now":
            raise InvalidRequest.of("refund", "it goes with when='now'")
        if refund == "prorated":
            self.capabilities.require("create_signup_link:prorated")


def belongs(customer: str | None, status: Status | None) -> Callable[[Subscription], bool]:
    """Whether a subscription is of *customer* and in *status*, where these are given.

    It is asked of every listed subscription, whether or not the provider could filter.
    """
    if status is not None:
        _ = arguments.choice("status", status, tuple(Status))

    def fits(each: Subscription) -> bool:
        return (customer is None or each.customer_id == customer) and (
            status is None or each.status == status
        )

    return fits
