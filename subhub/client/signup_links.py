"""Signup links in both clients: creating one, and following what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor
from subhub.models import (
    Customer,
    CustomerDraft,
    Plan,
    Refund,
    Signup,
    SignupLink,
    Subscription,
    When,
)

if TYPE_CHECKING:
    from subhub.plugin.provider_options import ProviderOptions


class SignupLinks(Executor):
    """The operations on signup links."""

    def create_signup_link(
        self,
        *,
        plan: str | Plan,
        customer: str | Customer | CustomerDraft,
        return_url: str | None = None,
        back_url: str | None = None,
        replaces: str | Subscription | None = None,
        when: When | None = None,
        refund: Refund | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> SignupLink:
        """Create a page on which a customer signs up for a plan.

        That a browser reached *return_url* proves nothing: look at the subscription.

        Args:
            plan: A plan's id, or its key in the configuration.
            customer: A customer's id, or a draft of a new customer. A customer who has the draft's
                `external_id` already is used unchanged.
            return_url: Where the browser goes after paying.
            back_url: Where the page's Back leads to.
            replaces: The id of a subscription that the new one replaces.
            when: When the replaced one ends.
            refund: What the customer gets for the paid rest of its period, as for
                `cancel_subscription`.
            trial_days: For so many days nothing is charged; then the first period begins.
            quantity: How many units of the plan are billed, such as seats; one if left out.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.create_signup_link(
            plan=plan,
            customer=customer,
            return_url=return_url,
            back_url=back_url,
            replaces=replaces,
            when=when,
            refund=refund,
            trial_days=trial_days,
            quantity=quantity,
            options=provider_options,
        )
        return self._run(flow)

    def follow(
        self,
        link: SignupLink | str,
        *,
        plan: str | Plan | None = None,
        customer: str | Customer | None = None,
        email: str | None = None,
        created_at: dt.datetime | str | None = None,
        expires_at: dt.datetime | str | None = None,
        replaces: str | Subscription | None = None,
        known: Collection[str] | None = None,
    ) -> Signup:
        """Look at the provider once for what came of a signup link, and change nothing there.

        Look again later while the state is `open`; docs/signup-to-access.md has the whole way.

        Args:
            link: The link; or its id, and as the other arguments the parts that you stored.
            plan: Its `plan_id`, or the plan's key in the configuration.
            customer: Its `customer_id`, if it had one.
            email: Its `email`: that of a customer who was new.
            created_at: Its `created_at`, which is by the provider's clock; text is ISO 8601.
            expires_at: Its `expires_at`, without which the state is never `expired`.
            replaces: Its `replaces`.
            known: The ids of all subscriptions that the customer had before; `[]` for none. It is
                needed for a customer who is not new, where subscriptions are not dated.
        """
        flow = self._operations.follow_signup_link(
            link,
            plan=plan,
            customer=customer,
            email=email,
            created_at=created_at,
            expires_at=expires_at,
            replaces=replaces,
            known=known,
        )
        return self._run(flow)


class AsyncSignupLinks(AsyncExecutor):
    """The same, to be awaited."""

    async def create_signup_link(
        self,
        *,
        plan: str | Plan,
        customer: str | Customer | CustomerDraft,
        return_url: str | None = None,
        back_url: str | None = None,
        replaces: str | Subscription | None = None,
        when: When | None = None,
        refund: Refund | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> SignupLink:
        """See `Client.create_signup_link`."""
        flow = self._operations.create_signup_link(
            plan=plan,
            customer=customer,
            return_url=return_url,
            back_url=back_url,
            replaces=replaces,
            when=when,
            refund=refund,
            trial_days=trial_days,
            quantity=quantity,
            options=provider_options,
        )
        return await self._run(flow)

    async def follow(
        self,
        link: SignupLink | str,
        *,
        plan: str | Plan | None = None,
        customer: str | Customer | None = None,
        email: str | None = None,
        created_at: dt.datetime | str | None = None,
        expires_at: dt.datetime | str | None = None,
        replaces: str | Subscription | None = None,
        known: Collection[str] | None = None,
    ) -> Signup:
        """See `Client.follow`."""
        flow = self._operations.follow_signup_link(
            link,
            plan=plan,
            customer=customer,
            email=email,
            created_at=created_at,
            expires_at=expires_at,
            replaces=replaces,
            known=known,
        )
        return await self._run(flow)
