"""The operations on subscriptions, and what all operations share.

An operation that needs several of a provider's operations is composed here, once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from subhub.client.customer_locks import CustomerLock, exclusive
from subhub.client.scheduling import canceled_later, canceled_once, changed_later
from subhub.client.signing_up import find_or_create, unless_active
from subhub.client.validation import check_tax, check_timing, day, identifier, whole_number
from subhub.errors import InvalidRequest, SubhubError
from subhub.models import (
    Customer,
    CustomerDraft,
    PaymentMethod,
    Plan,
    PlanDraft,
    Refund,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.models.record import Record, Update
from subhub.plugin.flows import Flow, Page, completed, first_step
from subhub.plugin.pagination import whole
from subhub.plugin.provider_options import ProviderOptions, validated_options
from subhub.recovery.tracking import TrackedChange, Tracker
from subhub.sending.engine import answered, located, steps
from subhub.sending.steps import Steps

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.sending.retries import Operation

T = TypeVar("T")
Options: TypeAlias = ProviderOptions | None

_KINDS: Final = ("plan", "customer", "subscription", "payment method", "invoice")
_PLAIN_ID: Final = re.compile(r"[\w-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a customer is subscribed to: *extra* is what only some providers know."""

    plan: str | PlanDraft
    now: dt.datetime
    starts_on: dt.date | None
    payment_method: str | None
    unless_active: bool
    extra: Mapping[str, Any]


class SubscriptionOperations:
    """What one account can do about subscriptions, as steps."""

    def __init__(self, account: Account) -> None:
        self.provider = account.provider
        self.capabilities = account.capabilities()
        self.rules = account.rules()
        self.tracker = Tracker(
            account.provider,
            account.name,
            account.identity,
            account.clock,
            account.clock_ahead,
            account.journal,
        )
        self._account = account
        prefixes = self.provider.id_prefixes.items()
        self._foreign = {
            kind: tuple(prefix for other, prefix in prefixes if other != kind) for kind in _KINDS
        }

    # Subscribing ----------------------------------------------------------------------------------

    def subscribe(
        self,
        *,
        plan: str | Plan | PlanDraft,
        customer: str | Customer | CustomerDraft,
        starts_on: dt.date | None,
        payment_method: str | PaymentMethod | None,
        trial_days: int | None,
        quantity: int | None,
        unless_active: bool,
        options: Options,
    ) -> Steps[Subscription]:
        """See `Client.subscribe`."""
        extra = self._extra("subscribe", options)
        if isinstance(plan, str) and plan in self._account.plans:
            plan = self._account.inline_plan(plan) or plan
        if isinstance(plan, PlanDraft):
            self._require("subscribe:inline_plan")
            check_tax("subscribe", plan, self.capabilities)
        else:
            if "subscribe:plan_id" in self.capabilities.lacking:  # no call: every sale is here
                self.capabilities.require("subscribe:plan_id")
            plan = self._plan(plan)
        if starts_on is not None:
            self._require("subscribe:starts_on")
            starts_on = day("starts_on", starts_on)
        if payment_method is not None:
            payment_method = self._payment_method(payment_method, customer)
        if trial_days is not None:
            extra["trial_days"] = self._counted("subscribe", "trial_days", trial_days)
        if quantity is not None:
            extra["quantity"] = self._counted("subscribe", "quantity", quantity)
        if unless_active:
            self._require("list_subscriptions")
        now = self._account.now()
        terms = Terms(plan, now, starts_on, payment_method, unless_active, extra)
        operation = self.rules.begin("subscribe")
        if isinstance(customer, CustomerDraft):
            self._require("create_customer")
            return self._exclusive(
                "external_id",
                customer.external_id,
                lambda: self._subscribe_new(operation, customer, terms),
            )
        return self._subscribe_known(operation, self._id("customer", customer, "customer"), terms)

    def _payment_method(self, found: str | PaymentMethod, customer: object) -> str:
        """Return the id of a payment method; that of another customer is an `InvalidRequest`."""
        self._require("subscribe:payment_method")
        method = self._id("payment_method", found, "payment method")
        owner = found.customer_id if isinstance(found, PaymentMethod) else None
        payer = customer.id if isinstance(customer, Customer) else customer
        if owner is not None and isinstance(payer, str) and payer != owner:
            problem = f"is one of the customer {owner!r}, and `customer` is {payer!r}"
            raise InvalidRequest.of("payment_method", f"{problem}: pass one of theirs")
        return method

    def _subscribe_new(
        self, operation: Operation, draft: CustomerDraft, terms: Terms
    ) -> Steps[Subscription]:
        self._try(
            operation.name,
            self._subscribing(self.provider.stand_in_id, terms),
            self.provider.create_customer(draft),
        )
        found: list[Customer] = []
        flow = find_or_create(self.provider, draft, self.provider.create_customer(draft), found)
        customer = yield from self._customer(operation, draft, flow)
        if found:
            return (yield from self._subscribe_known(operation, customer.id, terms))
        with completed(customer):
            # This customer is new: a subscription of theirs can only be the one created here.
            new = self._subscribe(
                operation,
                customer.id,
                terms,
                self._subscribing(customer.id, terms),
                key="customer_id",
            )
            return (yield from new)

    def _subscribe_known(
        self, operation: Operation, customer: str, terms: Terms
    ) -> Steps[Subscription]:
        flow = self._subscribing(customer, terms)
        if not terms.unless_active:
            return self._subscribe(operation, customer, terms, flow)
        first_step(self._subscribing(customer, terms))
        guarded = unless_active(self.provider, customer, flow)
        return self._exclusive(
            "id", customer, lambda: self._subscribe(operation, customer, terms, guarded)
        )

    def _subscribe(
        self,
        operation: Operation,
        customer: str,
        terms: Terms,
        flow: Flow[Subscription],
        key: str | None = None,
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
        return self.change("subscribe", flow, operation, fields=fields, owner=customer, key=key)

    def _subscribing(self, customer: str, terms: Terms) -> Flow[Subscription]:
        flow = self.provider.subscribe(
            customer=customer,
            plan=terms.plan,
            now=terms.now,
            starts_on=terms.starts_on,
            payment_method=terms.payment_method,
            **terms.extra,
        )
        plan = None if isinstance(terms.plan, PlanDraft) else terms.plan
        return answered(flow, change=True, customer_id=customer, plan_id=plan)

    # Subscriptions --------------------------------------------------------------------------------

    def get_subscription(self, subscription_id: str | Subscription) -> Steps[Subscription]:
        """See `Client.get_subscription`."""
        self._require("get_subscription")
        found = self._subscription(subscription_id)
        return self._read("get_subscription", self.provider.get_subscription(found), id=found)

    def change_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        plan: str | Plan,
        when: When,
        refund: Refund,
        quantity: int | None,
        options: Options,
    ) -> Steps[SubscriptionChange]:
        """See `Client.change_subscription`."""
        extra = self._extra("change_subscription", options)
        check_timing("change_subscription", when, refund, self.capabilities)
        if quantity is not None:
            extra["quantity"] = self._counted("change_subscription", "quantity", quantity)
        old, now = self._subscription(subscription_id), self._account.now()
        plan = self._plan(plan)
        flow = self.provider.change_subscription(
            old, plan=plan, when=when, refund=refund, now=now, **extra
        )
        # Until the period ends, the provider may still name the old plan.
        asked = {"plan_id": plan} if when == "now" else {}
        flow = flow if when == "now" else changed_later(flow)
        return self.change("change_subscription", flow, target=old, asked=asked)

    def update_subscription(
        self, subscription_id: str | Subscription, changes: SubscriptionUpdate, options: Options
    ) -> Steps[Subscription]:
        """See `Client.update_subscription`."""
        extra = self._extra("update_subscription", options, changes)
        subscription = self._subscription(subscription_id)
        flow = self.provider.update_subscription(subscription, changes, **extra)
        return self.change("update_subscription", flow, fields=changes, target=subscription)

    def cancel_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        when: When,
        refund: Refund,
        options: Options,
    ) -> Steps[Subscription]:
        """See `Client.cancel_subscription`."""
        extra = self._extra("cancel_subscription", options)
        check_timing("cancel_subscription", when, refund, self.capabilities)
        old, now = self._subscription(subscription_id), self._account.now()
        flow = self.provider.cancel_subscription(old, when=when, refund=refund, now=now, **extra)
        flow = canceled_once(flow, self.provider, old)
        flow = flow if when == "now" else canceled_later(flow)
        # an option may name another moment
        at_once = when == "now" and not extra
        return self.change("cancel_subscription", flow, target=old, at_once=at_once)

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
        if target is not None or asked:
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

    def _customer(
        self, operation: Operation, draft: CustomerDraft, flow: Flow[Customer]
    ) -> Steps[Customer]:
        key = "external_id" if draft.external_id else None
        return self.change("create_customer", flow, operation, fields=draft, key=key)

    def _try(self, name: str, *flows: Flow[object]) -> None:
        """Refuse what *flows* refuse, before anything is looked for or created."""
        try:
            for flow in flows:
                first_step(flow)
        except SubhubError as error:
            raise located(error, name, self.rules) from None

    def _exclusive(self, field: str, value: str | None, steps: Callable[[], Steps[T]]) -> Steps[T]:
        """Carry out *steps*, for one call at a time about the customer named by *field*."""
        if value is None:
            return steps()
        lock = CustomerLock(self._account, field, value)
        return exclusive(lock, self._account.retries.deadline, steps)

    def _read(self, name: str, flow: Flow[T], **asked: str | None) -> Steps[T]:
        flow = answered(flow, change=False, **asked) if asked else flow
        return steps(self.rules.begin(name), flow, None, self.rules)

    def _page(self, name: str, flow: Flow[Page[T]], *, strict: bool) -> Steps[Page[T]]:
        return self._read(name, whole(flow) if strict else flow)

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

    def _counted(self, operation: str, field: str, value: int) -> int:
        """Return a number that is at least 1, where the provider has this argument.

        Flows get it only then: a plugin without it need not know of the argument.
        """
        self._require(f"{operation}:{field}")
        return whole_number(field, value, 1)

    def _subscription(self, value: str | Subscription) -> str:
        return self._id("subscription_id", value, "subscription")

    def _plan(self, value: object) -> str:
        if isinstance(value, PlanDraft):
            problem = "must be the id or key of an existing plan: create it with `create_plan`"
            raise InvalidRequest.of("plan", problem)
        if isinstance(value, str) and value in self._account.plans:
            value = self._account.plan_id(value)
        return self._id("plan", value, "plan")

    def _id(self, field: str, value: object, kind: str) -> str:
        if (  # nearly every id is plain: then there is nothing to look into
            isinstance(value, str)
            and _PLAIN_ID.fullmatch(value)
            and not value.startswith(self._foreign[kind])
        ):
            return value
        return identifier(field, value, kind, self.provider, self._account.name)
