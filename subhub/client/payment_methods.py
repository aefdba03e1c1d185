"""Payment methods in both clients, and the pages on which customers add and manage them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor
from subhub.client.paginator import AsyncPaginator, Paginator
from subhub.models import Customer, PaymentMethod, PortalLink, SetupLink

if TYPE_CHECKING:
    from subhub.plugin.provider_options import ProviderOptions


class PaymentMethods(Executor):
    """The pages on which customers agree to be charged, and manage what they have."""

    def create_setup_link(
        self,
        customer: str | Customer,
        *,
        return_url: str | None = None,
        back_url: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> SetupLink:
        """Create a page on which an existing customer agrees to be charged later.

        Nothing is sold there. When the customer has agreed, `payment_methods` has one more, to
        `subscribe` with. That a browser reached *return_url* proves nothing.

        Args:
            customer: The customer's id.
            return_url: Where the browser goes afterwards; Mollie requires it.
            back_url: Where the page's Back leads to.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.create_setup_link(
            customer, return_url=return_url, back_url=back_url, options=provider_options
        )
        return self._run(flow)

    def payment_methods(
        self, customer: str | Customer, *, limit: int | None = None, strict: bool = False
    ) -> Paginator[PaymentMethod]:
        """Read what a customer can be charged by, page by page as it is asked for.

        Args:
            customer: The customer's id.
            limit: At most so many.
            strict: Raise `InvalidReply` for one that cannot be read, as for `list_customers`.
        """
        return self._walk(
            partial(self._operations.payment_methods, customer=customer, strict=strict), limit
        )

    def create_portal_link(
        self,
        customer: str | Customer,
        *,
        return_url: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> PortalLink:
        """Create a page on which a customer manages cards, invoices and cancellations.

        Whoever has its address acts as that customer: create it when they ask for it, after they
        have signed in, and redirect. What they may do there is set in the provider's dashboard.

        Args:
            customer: The customer's id.
            return_url: Where the page leads back to.
            provider_options: What only one provider knows, by provider name.
        """
        flow = self._operations.create_portal_link(
            customer, return_url=return_url, options=provider_options
        )
        return self._run(flow)


class AsyncPaymentMethods(AsyncExecutor):
    """The same, to be awaited."""

    async def create_setup_link(
        self,
        customer: str | Customer,
        *,
        return_url: str | None = None,
        back_url: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> SetupLink:
        """See `Client.create_setup_link`."""
        flow = self._operations.create_setup_link(
            customer, return_url=return_url, back_url=back_url, options=provider_options
        )
        return await self._run(flow)

    def payment_methods(
        self, customer: str | Customer, *, limit: int | None = None, strict: bool = False
    ) -> AsyncPaginator[PaymentMethod]:
        """See `Client.payment_methods`."""
        return self._walk(
            partial(self._operations.payment_methods, customer=customer, strict=strict), limit
        )

    async def create_portal_link(
        self,
        customer: str | Customer,
        *,
        return_url: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> PortalLink:
        """See `Client.create_portal_link`."""
        flow = self._operations.create_portal_link(
            customer, return_url=return_url, options=provider_options
        )
        return await self._run(flow)
