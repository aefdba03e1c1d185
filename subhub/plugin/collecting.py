"""The part of the contract of a provider that is about pages and payment methods of customers.

See `Provider`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

    from subhub.models import PaymentMethod, PortalLink, SetupLink
    from subhub.plugin.flows import Flow, Page


class Collecting:
    """The pages on which customers agree to be charged, and manage what they have."""

    if TYPE_CHECKING:

        def _lacks(self, operation: str, *_: object) -> NoReturn: ...

    def create_setup_link(
        self, *, customer: str, return_url: str | None = None, back_url: str | None = None
    ) -> Flow[SetupLink]:
        """Create a page on which an existing customer agrees to be charged later; see `Client`.

        Args:
            customer: The id of a customer.
            return_url: Where the browser goes afterwards. Refuse a call without it where the
                provider requires it.
            back_url: Where the page's Back leads to.
        """
        self._lacks("create_setup_link", customer, return_url, back_url)

    def payment_methods(
        self, cursor: str | None = None, *, customer: str
    ) -> Flow[Page[PaymentMethod]]:
        """Read one page of what a customer can be charged by.

        A word of the provider's that has no neutral one stays as it is in `kind`.
        """
        self._lacks("payment_methods", cursor, customer)

    def create_portal_link(
        self, *, customer: str, return_url: str | None = None
    ) -> Flow[PortalLink]:
        """Create a page on which a customer manages cards and subscriptions; see `Client`.

        Args:
            customer: The id of a customer.
            return_url: Where the page leads back to.
        """
        self._lacks("create_portal_link", customer, return_url)
