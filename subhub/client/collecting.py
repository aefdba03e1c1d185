"""The pages and payment methods of customers: arguments checked, then the provider's flow."""

from __future__ import annotations

from subhub.client.subscribing import Options, SubscriptionOperations
from subhub.client.validation import check_links
from subhub.models import Customer, PaymentMethod, PortalLink, SetupLink
from subhub.plugin.flows import Page
from subhub.sending.engine import answered
from subhub.sending.steps import Steps


class CollectingOperations(SubscriptionOperations):
    """How one account has customers agree to be charged, as steps."""

    def create_setup_link(
        self,
        customer: str | Customer,
        *,
        return_url: str | None,
        back_url: str | None,
        options: Options,
    ) -> Steps[SetupLink]:
        """See `Client.create_setup_link`."""
        extra = self._extra("create_setup_link", options)
        owner = self._id("customer", customer, "customer")
        check_links("create_setup_link", return_url, back_url, self.capabilities)
        flow = self.provider.create_setup_link(
            customer=owner, return_url=return_url, back_url=back_url, **extra
        )
        flow = answered(flow, change=True, customer_id=owner)
        return self.change("create_setup_link", flow)

    def payment_methods(
        self, cursor: str | None, *, customer: str | Customer, strict: bool
    ) -> Steps[Page[PaymentMethod]]:
        """Read one page for `Client.payment_methods`."""
        self._require("payment_methods")
        owner = self._id("customer", customer, "customer")
        flow = self.provider.payment_methods(cursor, customer=owner)
        return self._page("payment_methods", flow, strict=strict)

    def create_portal_link(
        self, customer: str | Customer, *, return_url: str | None, options: Options
    ) -> Steps[PortalLink]:
        """See `Client.create_portal_link`."""
        extra = self._extra("create_portal_link", options)
        owner = self._id("customer", customer, "customer")
        check_links("create_portal_link", return_url, None, self.capabilities)
        flow = self.provider.create_portal_link(customer=owner, return_url=return_url, **extra)
        flow = answered(flow, change=True, customer_id=owner)
        return self.change("create_portal_link", flow)
