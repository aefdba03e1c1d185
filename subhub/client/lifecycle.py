"""Subscriptions that go on, in both clients: undoing a cancellation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor
from subhub.models import Subscription

if TYPE_CHECKING:
    from subhub.plugin.provider_options import ProviderOptions


class Lifecycle(Executor):
    """The operations that let a subscription go on."""

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
