"""The operations: arguments checked, capabilities checked, then the provider's flow as steps.

Both clients call these and carry out the steps that come back. An operation that needs several of a
provider's operations is composed here, once. Nothing here performs I/O.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from subhub.client.validation import (
    check_links,
    check_replacement,
    check_timing,
    day,
    identifier,
    instance,
    text,
)
from subhub.errors import InvalidRequest, SubhubError
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    Plan,
    PlanDraft,
    PlanUpdate,
    Refund,
    SignupLink,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.models.record import Record, Update
from subhub.plugin.flows import Flow, Page, completed
from subhub.plugin.provider_options import ProviderOptions, validated_options
from subhub.recovery.tracking import TrackedChange, Tracker
from subhub.sending.engine import answered, located, steps
from subhub.sending.steps import Steps

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.sending.retries import Operation

T = TypeVar("T")
Options: TypeAlias = ProviderOptions | None

_KINDS: Final = ("plan", "customer", "subscription", "payment method")
_PLAIN_ID: Final = re.compile(r"[\w-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a customer is subscribed to: *extra* is what only the provider knows."""

    plan: str | PlanDraft
    now: dt.datetime
    starts_on: dt.date | None
    payment_method: str | None
    extra: Mapping[str, Any]


class Operations:
    """The operations of one account; each returns the steps that carry it out."""

    def __init__(self, account: Account) -> None:
        self.provider = account.provider
        self.capabilities = account.provider.capabilities()
        self.rules = account.rules()
        self.tracker = Tracker(account.provider, account.name, account.clock, account.journal)
        self._account = account
        prefixes = self.provider.id_prefixes.items()
        self._foreign = {
            kind: tuple(prefix for other, prefix in prefixes if other != kind) for kind in _KINDS
        }

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

    def list_plans(self, cursor: str | None) -> Steps[Page[Plan]]:
        """Read one page for `Client.list_plans`."""
        self._require("list_plans")
        return self._read("list_plans", self.provider.list_plans(cursor))

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
        return self._create_customer(self.rules.begin("create_customer"), draft, extra)

    def _create_customer(
        self, operation: Operation, draft: CustomerDraft, extra: Mapping[str, Any]
    ) -> Steps[Customer]:
        flow = self.provider.create_customer(draft, **extra)
        key = "external_id" if draft.external_id else None
        return self.change("create_customer", flow, operation, fields=draft, key=key)

    def get_customer(self, customer_id: str) -> Steps[Customer]:
        """See `Client.get_customer`."""
        self._require("get_customer")
        customer = self._id("customer_id", customer_id, "customer")
        return self._read("get_customer", self.provider.get_customer(customer), id=customer)

    def list_customers(self, cursor: str | None) -> Steps[Page[Customer]]:
        """Read one page for `Client.list_customers`."""
        self._require("list_customers")
        return self._read("list_customers", self.provider.list_customers(cursor))

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
        options: Options,
    ) -> Steps[SignupLink]:
        """See `Client.create_signup_link`."""
        extra = self._extra("create_signup_link", options)
        if isinstance(customer, CustomerDraft):
            self._require("create_signup_link:new_customer")
        else:
            self._require("create_signup_link:existing_customer")
            customer = self._id("customer", customer, "customer")
        check_links(return_url, back_url, self.capabilities)
        if replaces is not None:
            self._require("create_signup_link:replaces")
            replaces = self._id("replaces", replaces, "subscription")
        check_replacement(replaces, when, refund, self.capabilities)
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
        asked = {} if isinstance(customer, CustomerDraft) else {"customer_id": customer}
        return self.change("create_signup_link", flow, asked=asked)

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str | CustomerDraft,
        starts_on: dt.date | None,
        payment_method: str | None,
        options: Options,
    ) -> Steps[Subscription]:
        """See `Client.subscribe`."""
        extra = self._extra("subscribe", options)
        if isinstance(plan, PlanDraft):
            self._require("subscribe:inline_plan")
        else:
            plan = self._plan(plan)
        if starts_on is not None:
            self._require("subscribe:starts_on")
            starts_on = day("starts_on", starts_on)
        if payment_method is not None:
            self._require("subscribe:payment_method")
            payment_method = self._id("payment_method", payment_method, "payment method")
        terms = Terms(plan, self._account.now(), starts_on, payment_method, extra)
        operation = self.rules.begin("subscribe")
        if isinstance(customer, CustomerDraft):
            self._require("create_customer")
            return self._subscribe_new(operation, customer, terms)
        return self._subscribe(operation, self._id("customer", customer, "customer"), terms)

    def _subscribe_new(
        self, operation: Operation, draft: CustomerDraft, terms: Terms
    ) -> Steps[Subscription]:
        # A flow does nothing by itself, so its first step can be tried before the customer is
        # created: terms that the plugin refuses are refused here, not when the customer exists.
        try:
            with closing(self._subscribing(self.provider.stand_in_id, terms)) as trial:
                _ = next(trial, None)
        except SubhubError as error:
            raise located(error, operation.name, self.provider) from None
        customer = yield from self._create_customer(operation, draft, {})
        with completed(customer):
            # This customer is new: a subscription of theirs can only be the one created here.
            new = self._subscribe(operation, customer.id, terms, key="customer_id")
            return (yield from new)

    def _subscribe(
        self, operation: Operation, customer: str, terms: Terms, key: str | None = None
    ) -> Steps[Subscription]:
        plan = terms.plan
        inline = plan if isinstance(plan, PlanDraft) else None
        fields = {
            "customer_id": customer,
            "plan_id": None if inline else plan,
            "price": inline and inline.price,
            "interval": inline and inline.interval,
            "starts_on": terms.starts_on,
        }
        flow = self._subscribing(customer, terms)
        asked = {"customer_id": customer, "plan_id": None if isinstance(plan, PlanDraft) else plan}
        return self.change(
            "subscribe", flow, operation, fields=fields, owner=customer, key=key, asked=asked
        )

    def _subscribing(self, customer: str, terms: Terms) -> Flow[Subscription]:
        return self.provider.subscribe(
            customer=customer,
            plan=terms.plan,
            now=terms.now,
            starts_on=terms.starts_on,
            payment_method=terms.payment_method,
            **terms.extra,
        )

    # Subscriptions --------------------------------------------------------------------------------

    def get_subscription(self, subscription_id: str) -> Steps[Subscription]:
        """See `Client.get_subscription`."""
        self._require("get_subscription")
        found = self._subscription(subscription_id)
        return self._read("get_subscription", self.provider.get_subscription(found), id=found)

    def list_subscriptions(
        self, cursor: str | None, customer: str | None
    ) -> Steps[Page[Subscription]]:
        """Read one page for `Client.list_subscriptions`."""
        self._require("list_subscriptions")
        if customer is not None:
            customer = self._id("customer", customer, "customer")
        flow = self.provider.list_subscriptions(cursor, customer=customer)
        return self._read("list_subscriptions", flow)

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        options: Options,
    ) -> Steps[SubscriptionChange]:
        """See `Client.change_subscription`."""
        extra = self._extra("change_subscription", options)
        check_timing("change_subscription", when, refund, self.capabilities)
        old, now = self._subscription(subscription_id), self._account.now()
        plan = self._plan(plan)
        flow = self.provider.change_subscription(
            old, plan=plan, when=when, refund=refund, now=now, **extra
        )
        # Until the period ends, the provider may still name the old plan.
        asked = {"plan_id": plan} if when == "now" else {}
        return self.change("change_subscription", flow, target=old, asked=asked)

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate, options: Options
    ) -> Steps[Subscription]:
        """See `Client.update_subscription`."""
        extra = self._extra("update_subscription", options, changes)
        subscription = self._subscription(subscription_id)
        flow = self.provider.update_subscription(subscription, changes, **extra)
        return self.change("update_subscription", flow, fields=changes, target=subscription)

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, options: Options
    ) -> Steps[Subscription]:
        """See `Client.cancel_subscription`."""
        extra = self._extra("cancel_subscription", options)
        check_timing("cancel_subscription", when, refund, self.capabilities)
        old, now = self._subscription(subscription_id), self._account.now()
        flow = self.provider.cancel_subscription(old, when=when, refund=refund, now=now, **extra)
        return self.change("cancel_subscription", flow, target=old, at_once=when == "now")

    # What they share ------------------------------------------------------------------------------

    def change(
        self,
        name: str,
        flow: Flow[T],
        operation: Operation | None = None,
        *,
        fields: Record | Mapping[str, object] | None = None,
        target: str | None = None,
        owner: str | None = None,
        key: str | None = None,
        at_once: bool = False,
        asked: Mapping[str, str | None] | None = None,
    ) -> Steps[T]:
        """Return the steps of *flow*, tracked as the change *name*; see `TrackedChange`.

        *operation* is what it is a part of; *asked* is what fields of the result must be.
        """
        flow = answered(flow, change=True, id=target, **(asked or {}))
        tracker = self.tracker
        change = TrackedChange(
            tracker,
            name,
            journaled=tracker.journal is not None,
            sent_at=tracker.clock(),
            fields=fields,
            target=target,
            owner=owner,
            key=key,
            at_once=at_once,
        )
        if change.journaled:
            flow = change.resumed(flow)
        return steps(operation or self.rules.begin(name), flow, change, self.rules)

    def _read(self, name: str, flow: Flow[T], **asked: str | None) -> Steps[T]:
        flow = answered(flow, change=False, **asked) if asked else flow
        return steps(self.rules.begin(name), flow, None, self.rules)

    def _extra(self, name: str, options: Options, changes: Update | None = None) -> dict[str, Any]:
        """Check that the provider can do *name*; return its part of *options*."""
        self._require(name)
        extra = {} if options is None else validated_options(type(self.provider), name, options)
        if changes is not None and not changes.changes() and not extra:
            known = ", ".join((*type(changes).model_fields, *self.capabilities[name].options))
            raise InvalidRequest(f"`{name}` has nothing to change: give at least one of {known}")
        return extra

    def _require(self, name: str) -> None:
        if name in self.capabilities.lacking:
            self.capabilities.require(name)

    def _subscription(self, value: str) -> str:
        return self._id("subscription_id", value, "subscription")

    def _plan(self, value: object) -> str:
        if isinstance(value, PlanDraft):
            problem = "must be the id or key of an existing plan: create it with `create_plan`"
            raise InvalidRequest.of("plan", problem)
        if isinstance(value, str) and value in self._account.plan_ids:
            value = self._account.plan_id(value)
        return self._id("plan", value, "plan")

    def _id(self, field: str, value: object, kind: str) -> str:
        if (  # nearly every id is plain: then there is nothing to look into
            isinstance(value, str)
            and _PLAIN_ID.fullmatch(value)
            and not value.startswith(self._foreign[kind])
        ):
            return value
        return identifier(field, value, kind, self.provider.id_prefixes)
