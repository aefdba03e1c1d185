"""Subscriptions that continue, in both clients: undoing a cancellation, pausing and resuming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor
from subhub.models import Subscription

if TYPE_CHECKING:
    from subhub.plugin.provider_options import ProviderOptions


class Lifecycle(Executor):
    """The operations that pause a subscription, or let it continue."""

    def uncancel_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Undo a cancellation at the end of the period, before that end: the subscription renews.

        One that is not canceled stays as it is. One that is over cannot be brought back: the
        provider refuses it.

        Args:
            subscription_id: The subscription's id.
            provider_options: What only one provider knows, by provider name.
        """
        return self._run(self._operations.uncancel_subscription(subscription_id, provider_options))

    def pause_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Pause a subscription now: nothing is charged for it until `resume_subscription`.

        Its status is `PAUSED` from now on, also for the rest of a period that is paid for, and
        `access_at` answers no; what is done about that rest is the provider's, see the README of
        its plugin. One that is paused already stays as it is. One that is over is refused.

        Args:
            subscription_id: The subscription's id.
            provider_options: What only one provider knows, by provider name.
        """
        return self._run(self._operations.pause_subscription(subscription_id, provider_options))

    def resume_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """End the pause of a subscription: it is billed again.

        A provider may bill a new period at once. If that payment is still missing, the result is
        `PAUSED`, `PENDING` or `PAST_DUE`, so look at its status. One that is not paused stays as it
        is. One that is over is refused.

        Args:
            subscription_id: The subscription's id.
            provider_options: What only one provider knows, by provider name.
        """
        return self._run(self._operations.resume_subscription(subscription_id, provider_options))


class AsyncLifecycle(AsyncExecutor):
    """The same, to be awaited."""

    async def uncancel_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """See `Client.uncancel_subscription`."""
        flow = self._operations.uncancel_subscription(subscription_id, provider_options)
        return await self._run(flow)

    async def pause_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """See `Client.pause_subscription`."""
        flow = self._operations.pause_subscription(subscription_id, provider_options)
        return await self._run(flow)

    async def resume_subscription(
        self,
        subscription_id: str | Subscription,
        *,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """See `Client.resume_subscription`."""
        flow = self._operations.resume_subscription(subscription_id, provider_options)
        return await self._run(flow)
