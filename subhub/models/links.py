"""Signup links: pages on which a customer agrees to a plan and pays."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from subhub.models.record import Result
from subhub.models.subscriptions import Refund, When


class SignupLink(Result):
    """A page where a customer signs up for a plan.

    Attributes:
        id: The provider's id of the link.
        url: The address to pass to the customer unchanged. Whoever has it can use it, so it is left
            out of the repr.
        expires_at: When it stops working.
        customer_id: The customer, if it exists already; otherwise it is created when the link is
            paid.
        plan_id: The plan, by the id that requests take.
        return_url: Where the browser goes after paying.
        back_url: Where the page's Back leads to.
        replaces: The id of the subscription that changes when the link is paid.
        when: When that one changes.
        refund: What is paid back for the rest of its period.
        created_at: When the link was created.
    """

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
    customer_id: str | None = None
    plan_id: str | None = None
    return_url: str | None = Field(default=None, repr=False)
    back_url: str | None = Field(default=None, repr=False)
    replaces: str | None = None
    when: When | None = None
    refund: Refund | None = None
    created_at: AwareDatetime | None = None
