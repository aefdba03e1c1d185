"""Signup links: pages on which a customer agrees to a plan and pays."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from subhub.models.record import Result


class SignupLink(Result):
    """A page where a customer signs up for a plan.

    Attributes:
        id: The provider's id of the link.
        url: The address to pass to the customer unchanged. Whoever has it can use it, so it is left
            out of the repr.
        expires_at: When it stops working.
        customer_id: The customer, if it exists already; otherwise it is created when the link is
            paid.
    """

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
    customer_id: str | None = None
