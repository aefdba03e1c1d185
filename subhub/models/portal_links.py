"""Portal links: pages on which customers manage what they have."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from subhub.models.record import Result


class PortalLink(Result):
    """A page of the provider's, on which one customer manages cards, invoices and cancellations.

    What the customer may do there is set in the provider's dashboard. What they did is read with
    `get_subscription` and the like, or comes as a webhook.

    Attributes:
        url: The address to pass to the customer unchanged. Whoever has it acts as the customer, so
            it is left out of the repr: create one when it is asked for, and do not store it.
        expires_at: When it stops working; None where the provider does not say it.
        id: The provider's id of the link, where it has one.
        customer_id: The customer whose page it is.
        created_at: When it was created, by the provider's clock.
    """

    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
    id: str | None = None
    customer_id: str | None = None
    created_at: AwareDatetime | None = None
