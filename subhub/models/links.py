"""Signup links: pages on which a customer agrees to a plan and pays."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from subhub.models.record import Result


class SignupLink(Result):
    """A page that a customer opens to sign up for a plan.

    *url* is to be handed to the customer as it is; whoever has it can use it, so it is left out of
    the repr. *expires_at* is when it stops working. *customer_id* is set when the customer exists
    already; a link for somebody new makes the customer when it is paid.
    """

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
    customer_id: str | None = None
