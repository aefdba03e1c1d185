"""Portal pages: what a provider's hosted page shows to a customer who manages subscriptions.

A fake fills in text that is ready to be shown; `subhub.server` renders it as HTML.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortalSubscription:
    """One subscription on a portal page.

    Args:
        id: The provider's id.
        plan: What it is to.
        status: The provider's word.
        note: What happens next, such as the day on which it renews.
        cancelable: Whether the customer can cancel it now.
    """

    id: str
    plan: str
    status: str
    note: str = ""
    cancelable: bool = False


@dataclass(frozen=True, slots=True)
class PortalPage:
    """The content of the page behind a portal link; *return_url* is where it leads back to."""

    customer: str
    subscriptions: tuple[PortalSubscription, ...]
    return_url: str | None = None


class PortalPages:
    """The portal pages of a fake."""

    def portal_page(self, url: str) -> PortalPage | None:
        """Return what the portal page at *url* shows, or `None` for an unknown URL."""
        del url
        return None

    def cancel_at_portal(self, url: str, subscription_id: str) -> None:
        """Do what a customer does who opens the portal page at *url* and cancels a subscription.

        Raises `LookupError` for an unknown URL or a subscription that the page does not show, and
        `ValueError` if it cannot be canceled any more. Override it together with `portal_page`.
        """
        self.portal_subscription(url, subscription_id)

    def portal_subscription(self, url: str, subscription_id: str) -> None:
        """Check that the portal page at *url* can cancel a subscription; see `cancel_at_portal`."""
        page = self.portal_page(url)
        shown = {found.id: found for found in page.subscriptions} if page else {}
        if subscription_id not in shown:
            message = f"no portal page at {url!r} shows the subscription {subscription_id!r}"
            raise LookupError(message)
        if not shown[subscription_id].cancelable:
            message = f"the subscription {subscription_id!r} cannot be canceled any more"
            raise ValueError(message)
