"""The asynchronous client: the same operations, awaited, and lists for `async for`.

It works under asyncio and trio.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from subhub.client.events import AsyncEvents
from subhub.client.invoices import AsyncInvoices
from subhub.client.lifecycle import AsyncLifecycle
from subhub.client.paginator import AsyncPaginator
from subhub.client.payment_methods import AsyncPaymentMethods
from subhub.client.signup_links import AsyncSignupLinks
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


class AsyncClient(
    AsyncSignupLinks, AsyncPaymentMethods, AsyncLifecycle, AsyncInvoices, AsyncEvents
):
    """One account at one billing provider, for code that awaits; see `Client`.

    Close it with `await client.close()`, or use it in an `async with` block.
    """

    # Plans ----------------------------------------------------------------------------------------

    async def create_plan(
        self, draft: PlanDraft, *, provider_options: ProviderOptions | None = None
    ) -> Plan:
        """See `Client.create_plan`."""
        return await self._run(self._operations.create_plan(draft, provider_options))

    async def get_plan(self, plan_id: str | Plan) -> Plan:
        """See `Client.get_plan`."""
        return await self._run(self._operations.get_plan(plan_id))

    def list_plans(self, *, limit: int | None = None, strict: bool = False) -> AsyncPaginator[Plan]:
        """See `Client.list_plans`."""
        return self._walk(partial(self._operations.list_plans, strict=strict), limit)

    async def update_plan(
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
        """See `Client.update_plan`."""
        changes = PlanUpdate(
            name=name,
            price=price,
            interval=interval,
            tax_rate=tax_rate,
            description=description,
            public=public,
        )
        return await self._run(self._operations.update_plan(plan_id, changes, provider_options))

    # Customers ------------------------------------------------------------------------------------

    async def create_customer(
        self, draft: CustomerDraft, *, provider_options: ProviderOptions | None = None
    ) -> Customer:
        """See `Client.create_customer`."""
        return await self._run(self._operations.create_customer(draft, provider_options))

    async def get_customer(self, customer_id: str | Customer) -> Customer:
        """See `Client.get_customer`."""
        return await self._run(self._operations.get_customer(customer_id))

    def list_customers(
        self, *, limit: int | None = None, strict: bool = False
    ) -> AsyncPaginator[Customer]:
        """See `Client.list_customers`."""
        return self._walk(partial(self._operations.list_customers, strict=strict), limit)

    async def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Customer | None:
        """See `Client.find_customer`."""
        flow = self._operations.find_customer(external_id=external_id, email=email)
        return await self._run(flow)

    async def update_customer(
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
        """See `Client.update_customer`."""
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
        return await self._run(
            self._operations.update_customer(customer_id, changes, provider_options),
        )

    async def delete_customer(
        self, customer_id: str | Customer, *, provider_options: ProviderOptions | None = None
    ) -> DeletedCustomer:
        """See `Client.delete_customer`."""
        flow = self._operations.delete_customer(customer_id, provider_options)
        return await self._run(flow)

    # The main job ---------------------------------------------------------------------------------

    async def subscribe(
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
        """See `Client.subscribe`."""
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
        return await self._run(flow)

    # Subscriptions --------------------------------------------------------------------------------

    async def get_subscription(self, subscription_id: str | Subscription) -> Subscription:
        """See `Client.get_subscription`."""
        return await self._run(self._operations.get_subscription(subscription_id))

    def list_subscriptions(
        self,
        *,
        customer: str | Customer | None = None,
        status: Status | None = None,
        limit: int | None = None,
        strict: bool = False,
        provider_options: ProviderOptions | None = None,
    ) -> AsyncPaginator[Subscription]:
        """See `Client.list_subscriptions`."""
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

    async def change_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        plan: str | Plan,
        when: When,
        refund: Refund = "none",
        quantity: int | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> SubscriptionChange:
        """See `Client.change_subscription`."""
        flow = self._operations.change_subscription(
            subscription_id,
            plan=plan,
            when=when,
            refund=refund,
            quantity=quantity,
            options=provider_options,
        )
        return await self._run(flow)

    async def update_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        price: Money | str | None = None,
        interval: Interval | str | None = None,
        description: str | None = None,
        tax_rate: Decimal | int | str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """See `Client.update_subscription`."""
        changes = SubscriptionUpdate(
            price=price, interval=interval, description=description, tax_rate=tax_rate
        )
        return await self._run(
            self._operations.update_subscription(subscription_id, changes, provider_options),
        )

    async def cancel_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        when: When,
        refund: Refund = "none",
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """See `Client.cancel_subscription`."""
        flow = self._operations.cancel_subscription(
            subscription_id, when=when, refund=refund, options=provider_options
        )
        return await self._run(flow)
