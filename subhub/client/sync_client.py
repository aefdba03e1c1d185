"""The synchronous client: every operation, as a call that returns when it is done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from subhub.client.events import Events
from subhub.client.invoices import Invoices
from subhub.client.lifecycle import Lifecycle
from subhub.client.paginator import Paginator
from subhub.client.payment_methods import PaymentMethods
from subhub.client.signup_links import SignupLinks
from subhub.client.validation import belongs
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    DeletedCustomer,
    Interval,
    Money,
    PaymentMethod,
    Plan,
    PlanDraft,
    PlanUpdate,
    Refund,
    Status,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from subhub.plugin.provider_options import ProviderOptions


class Client(SignupLinks, PaymentMethods, Lifecycle, Invoices, Events):
    """One account at one billing provider.

    It may be shared among threads. Close it, or use it in a `with` block. Wrong settings raise
    `ConfigError`, a missing plugin `PluginError`.

    A request that provably had no effect is retried. Requests are paced so that the provider's rate
    limit is never exceeded; a sandbox advances its clock instead of waiting. With a journal,
    every change is written down before it is sent and closed by its answer, so that a killed
    process loses nothing silently: see `open_intents`. A journal that cannot be used is a
    `JournalError`, and then nothing is sent.

    Wherever an id is asked for, a result of this account may be passed: `customer=customer`. One
    of another account or provider, or of another kind, is an `InvalidRequest`.
    """

    # Plans ----------------------------------------------------------------------------------------

    def create_plan(
        self, draft: PlanDraft, *, provider_options: ProviderOptions | None = None
    ) -> Plan:
        """Create a plan that customers can be subscribed to."""
        return self._run(self._operations.create_plan(draft, provider_options))

    def get_plan(self, plan_id: str | Plan) -> Plan:
        """Read one plan, by id or by its key in the configuration."""
        return self._run(self._operations.get_plan(plan_id))

    def list_plans(self, *, limit: int | None = None, strict: bool = False) -> Paginator[Plan]:
        """Read the plans, page by page as they are asked for; at most *limit* of them.

        A plan that cannot be read is left out, with a warning; see `list_customers`.
        """
        return self._walk(partial(self._operations.list_plans, strict=strict), limit)

    def update_plan(
        self,
        plan_id: str | Plan,
        *,
        name: str | None = None,
        price: Money | str | None = None,
        interval: Interval | str | None = None,
        tax_rate: Decimal | int | str | None = None,
        description: str | None = None,
        public: bool | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Plan:
        """Change the fields of a plan that are given.

        Whether running subscriptions follow is the provider's rule.

        Args:
            plan_id: Its id, or its key in the configuration.
            name: What customers read.
            price: The price of a period: `Money`, or text such as `"12.95 EUR"`.
            interval: How long a period is: `Interval`, or text such as `"6 months"`.
            tax_rate: In percent.
            description: What the plan contains.
            public: Whether all customers may choose it.
            provider_options: What only one provider knows, by provider name.
        """
        changes = PlanUpdate(
            name=name,
            price=price,
            interval=interval,
            tax_rate=tax_rate,
            description=description,
            public=public,
        )
        return self._run(self._operations.update_plan(plan_id, changes, provider_options))

    # Customers ------------------------------------------------------------------------------------

    def create_customer(
        self, draft: CustomerDraft, *, provider_options: ProviderOptions | None = None
    ) -> Customer:
        """Create a customer.

        One who has the draft's `external_id` already is returned unchanged; several raise
        `Ambiguous`, with `candidates`.
        """
        return self._run(self._operations.create_customer(draft, provider_options))

    def get_customer(self, customer_id: str | Customer) -> Customer:
        """Read one customer."""
        return self._run(self._operations.get_customer(customer_id))

    def list_customers(
        self, *, limit: int | None = None, strict: bool = False
    ) -> Paginator[Customer]:
        """Read the customers, page by page as they are asked for; at most *limit* of them.

        A record whose id, state or amount does not have the documented form is left out, and a
        warning is logged that names it. With *strict*, it raises `InvalidReply` instead. See
        `Paginator` for pages with a cursor, and for the first item alone.
        """
        return self._walk(partial(self._operations.list_customers, strict=strict), limit)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Customer | None:
        """Find the one customer with this id of yours or this e-mail address; `None` if none.

        The capitals of an e-mail address do not matter. More than one raises `Ambiguous`. At a
        provider that cannot search, all pages are read; see the capability `find_customer:email`.
        """
        flow = self._operations.find_customer(external_id=external_id, email=email)
        return self._run(flow)

    def update_customer(
        self,
        customer_id: str | Customer,
        *,
        name: str | None = None,
        email: str | None = None,
        address: str | None = None,
        postal_code: str | None = None,
        city: str | None = None,
        country: str | None = None,
        phone: str | None = None,
        external_id: str | None = None,
        vat_id: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Customer:
        """Change the fields of a customer that are given.

        Args:
            customer_id: The customer's id.
            name: The name of a person or a company.
            email: The e-mail address.
            address: Street and number.
            postal_code: The postal code.
            city: The city.
            country: Two letters, as in ISO 3166.
            phone: The phone number.
            external_id: An id of your own.
            vat_id: The VAT number, beginning with the letters of the country.
            provider_options: What only one provider knows, by provider name.
        """
        changes = CustomerUpdate(
            name=name,
            email=email,
            address=address,
            postal_code=postal_code,
            city=city,
            country=country,
            phone=phone,
            external_id=external_id,
            vat_id=vat_id,
        )
        return self._run(
            self._operations.update_customer(customer_id, changes, provider_options),
        )

    def delete_customer(
        self, customer_id: str | Customer, *, provider_options: ProviderOptions | None = None
    ) -> DeletedCustomer:
        """Delete a customer, which cannot be undone.

        What happens to their subscriptions is the provider's rule: Mollie cancels them, and
        Afternoon does not say. End them with `cancel_subscription` first. Whoever is gone already
        is `NotFound`.

        Args:
            customer_id: The customer's id.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.delete_customer(customer_id, provider_options)
        return self._run(flow)

    # The main job ---------------------------------------------------------------------------------

    def subscribe(
        self,
        *,
        plan: str | Plan | PlanDraft,
        customer: str | Customer | CustomerDraft,
        starts_on: dt.date | None = None,
        payment_method: str | PaymentMethod | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
        unless_active: bool = False,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Start billing a customer for a plan, without a page.

        Args:
            plan: A plan's id, its key in the configuration, or, where the provider can bill without
                a stored plan, a draft of one.
            customer: A customer's id, or a draft of a new customer, who is created first: if the
                rest then fails, `error.completed` holds that customer. A customer who has the
                draft's `external_id` already is used unchanged.
            starts_on: A day in the account's time zone; today if left out.
            payment_method: What to charge: one of `payment_methods`, or its id.
            trial_days: For so many days nothing is charged; then the first period begins.
            quantity: How many units of the plan are billed, such as seats; one if left out.
            unless_active: Return the customer's running subscription, of whatever plan, instead of
                starting a second one. One that may be running raises `Ambiguous`.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.subscribe(
            plan=plan,
            customer=customer,
            starts_on=starts_on,
            payment_method=payment_method,
            trial_days=trial_days,
            quantity=quantity,
            unless_active=unless_active,
            options=provider_options,
        )
        return self._run(flow)

    # Subscriptions --------------------------------------------------------------------------------

    def get_subscription(self, subscription_id: str | Subscription) -> Subscription:
        """Read one subscription."""
        return self._run(self._operations.get_subscription(subscription_id))

    def list_subscriptions(
        self,
        *,
        customer: str | Customer | None = None,
        status: Status | None = None,
        limit: int | None = None,
        strict: bool = False,
        provider_options: ProviderOptions | None = None,
    ) -> Paginator[Subscription]:
        """Read the subscriptions, page by page as they are asked for.

        At a provider that cannot filter, all pages are read, one request each: at MijnKlantportaal
        that is 15 subscriptions a request, and 60 requests a minute.

        Args:
            customer: Only those of this customer.
            status: Only those in this status. If no word of the provider is known to mean it, this
                raises `InvalidRequest`: see `statuses` of `Client`.
            limit: At most so many.
            strict: Raise `InvalidReply` for one that cannot be read, as for `list_customers`.
            provider_options: What only one provider knows, by provider name.
        """
        return self._walk(
            partial(
                self._operations.list_subscriptions,
                customer=customer,
                status=status,
                strict=strict,
                options=provider_options,
            ),
            limit,
            belongs(customer, status),
        )

    def change_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        plan: str | Plan,
        when: When,
        refund: Refund = "none",
        quantity: int | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> SubscriptionChange:
        """Move a subscription to another plan, now or at the end of the period that is paid for.

        The id may change: continue with the one in `.new`.

        Args:
            subscription_id: The subscription's id.
            plan: The id of the new plan, or its key in the configuration.
            when: `"now"` or `"period_end"`.
            refund: What the customer gets for the rest of the old period: with `"prorated"` money,
                with `"credit"` a balance at the provider, which later invoices use.
            quantity: How many units are billed from then on; if left out, as many as before.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.change_subscription(
            subscription_id,
            plan=plan,
            when=when,
            refund=refund,
            quantity=quantity,
            options=provider_options,
        )
        return self._run(flow)

    def update_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        price: Money | str | None = None,
        interval: Interval | str | None = None,
        description: str | None = None,
        tax_rate: Decimal | int | str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Change the terms of a subscription that are given.

        Args:
            subscription_id: The subscription's id.
            price: The price of a period: `Money`, or text such as `"12.95 EUR"`.
            interval: How long a period is: `Interval`, or text such as `"6 months"`.
            description: What the customer reads.
            tax_rate: In percent.
            provider_options: What only one provider knows, by provider name.
        """
        changes = SubscriptionUpdate(
            price=price, interval=interval, description=description, tax_rate=tax_rate
        )
        return self._run(
            self._operations.update_subscription(subscription_id, changes, provider_options),
        )

    def cancel_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        when: When,
        refund: Refund = "none",
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Stop a subscription, now or at the end of the period that is paid for.

        That the provider accepted it does not mean that it has ended: see `status` and `ends_at`.
        A subscription that is over already is returned as it is.

        Args:
            subscription_id: The subscription's id.
            when: `"now"` or `"period_end"`.
            refund: What the customer gets for the paid rest of the period: with `"prorated"` money,
                with `"credit"` a balance at the provider, which later invoices use.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.cancel_subscription(
            subscription_id, when=when, refund=refund, options=provider_options
        )
        return self._run(flow)
