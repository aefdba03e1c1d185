"""Signup links: pages on which a customer agrees to a plan and pays, and what came of one."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from subhub.models.customers import Customer
from subhub.models.record import Result
from subhub.models.subscriptions import Refund, Subscription, When

SignupState = Literal["open", "completed", "expired", "ambiguous"]


class SignupLink(Result):
    """A page where a customer signs up for a plan.

    It also holds what was asked for, as far as it takes to follow the link later; the client adds
    what the provider's answer does not repeat. `link.model_dump_json()` is text to store, and
    `SignupLink.model_validate_json(text)` the same link again, without `raw`.

    Attributes:
        id: The provider's id of the link.
        url: The address to pass to the customer unchanged. Whoever has it can use it, so it is left
            out of the repr. Empty in a link that is followed from a stored id.
        expires_at: When it stops working.
        customer_id: The customer, if it exists already; otherwise it is created when the link is
            paid.
        plan_id: The plan, by the id that requests take.
        email: The e-mail address of a new customer.
        name: The name of a new customer.
        new_customer: Whether the customer was created together with the link, so that the customer
            has no subscription from before it.
        return_url: Where the browser goes after paying.
        back_url: Where the page's Back leads to.
        replaces: The id of the subscription that the new one replaces when the link is paid.
        when: When the replaced one ends.
        refund: What the customer gets for the paid rest of its period.
        created_at: When it was created, by the provider's clock.
    """

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
    customer_id: str | None = None
    plan_id: str | None = None
    email: str | None = Field(default=None, repr=False)
    name: str | None = Field(default=None, repr=False)
    new_customer: bool = False
    return_url: str | None = Field(default=None, repr=False)
    back_url: str | None = Field(default=None, repr=False)
    replaces: str | None = None
    when: When | None = None
    refund: Refund | None = None
    created_at: AwareDatetime | None = None


class Signup(Result):
    """What came of a signup link, as far as the provider shows it.

    `completed` means that a subscription of this customer to this plan came since the link. Whether
    it is paid for is what its `status` says: see `access_at`.

    Attributes:
        state: `open` (nothing came so far), `completed`, `expired` (nothing came, and nothing can),
            or `ambiguous` (one of the candidates may have come of the link, and looking cannot
            decide it).
        reason: Why, in a sentence without personal data.
        customer: The customer who signed up, if completed and as far as the provider shows it.
        subscription: The subscription that came of the link, if completed.
        candidates: The subscriptions that may have come of it, if ambiguous.
    """

    state: SignupState
    reason: str
    customer: Customer | None = None
    subscription: Subscription | None = None
    candidates: tuple[Subscription, ...] = ()
