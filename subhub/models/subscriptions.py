"""Subscriptions: which customer is billed for which plan, and when."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import AwareDatetime, Field

from subhub.models.interval import Interval
from subhub.models.money import ExactDecimal, Money, Percent
from subhub.models.plans import Name, Period, Price
from subhub.models.record import ORIGIN, Record, Result, Update

if TYPE_CHECKING:
    from decimal import Decimal

When = Literal["now", "period_end"]
Refund = Literal["none", "prorated", "credit"]
"""What the customer gets for the paid rest of a period: nothing, money, or credit.

Credit is a balance of the customer at the provider, which later invoices use; no money goes back.
"""


class Status(StrEnum):
    """The status of a subscription, in neutral terms."""

    PENDING = "pending"
    """It exists and has not started, because something is missing, such as a first payment."""
    SCHEDULED = "scheduled"
    """It is agreed on, and starts on a later day by itself."""
    ACTIVE = "active"
    """It is running, and nothing that was due is unpaid."""
    PAST_DUE = "past_due"
    """It is running, and a payment that was due has not been received."""
    PAUSED = "paused"
    """It has started, nothing is charged for now, and it can continue."""
    CANCELED = "canceled"
    """It was ended by someone, and is not renewed; a period that is paid for may still run."""
    ENDED = "ended"
    """It is over: nothing is charged and nothing is delivered any more."""
    UNKNOWN = "unknown"
    """The provider's word for it, if any, is in `raw_status`, and its meaning is not known."""


class Scheduled(Record):
    """A change of a subscription that was accepted and takes effect later.

    Attributes:
        change: `"cancel"` for its end, `"plan"` for a move to another plan.
        at: When it takes effect; None where the provider does not say it.
    """

    change: Literal["cancel", "plan"]
    at: AwareDatetime | None = None


class Subscription(Result):
    """A subscription at a provider; a field that the provider did not send is `None`.

    Attributes:
        id: The provider's id of the subscription.
        customer_id: The provider's id of the customer.
        plan_id: The provider's id of the plan.
        description: Its description at the provider.
        status: The status in neutral terms.
        raw_status: The provider's own word for it.
        price: The price of one interval, for all units.
        quantity: How many units of the plan it bills, such as seats.
        interval: How often it bills.
        tax_rate: In percent (21, not 0.21).
        starts_on: The first day.
        renews_on: The day of the next renewal.
        trial_ends_at: When its trial ends or ended, if it has one.
        ends_at: When it ends or ended, if the provider says so.
        created_at: When it was created.
        reference: A text by which subhub recognizes what it created, where the provider keeps it.
            It is ignored by equality, hashing, the repr and `model_dump`.
        scheduled: What was accepted and takes effect later: after `cancel_subscription` at period
            end, for example. Not every provider shows it when the subscription is read again.
    """

    _ignored: ClassVar[frozenset[str]] = ORIGIN | {"reference"}

    id: str
    customer_id: str | None = None
    plan_id: str | None = None
    description: str | None = None
    status: Status = Status.UNKNOWN
    raw_status: str | None = None
    price: Money | None = None
    quantity: int | None = None
    interval: Interval | None = None
    tax_rate: ExactDecimal | None = None
    starts_on: dt.date | None = None
    renews_on: dt.date | None = None
    trial_ends_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    scheduled: Scheduled | None = None
    reference: str | None = Field(default=None, repr=False, exclude=True)


class SubscriptionUpdate(Update):
    """The fields of a subscription to change; a field that is `None` stays as it is."""

    price: Price | None = None
    interval: Period | None = None
    description: Name | None = None
    tax_rate: Percent | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            price: Money | str | None = None,
            interval: Interval | str | None = None,
            description: str | None = None,
            tax_rate: Decimal | int | str | None = None,
        ) -> None: ...


class SubscriptionChange(Result):
    """A subscription before and after a change of plan.

    Some providers change the subscription, others replace it.

    Attributes:
        old: The subscription as it was.
        new: The subscription as it is, which may have another id; None when the change is only
            scheduled and the provider says no more yet.
        scheduled: Given if the change was accepted and takes effect later.
    """

    old: Subscription
    new: Subscription | None = None
    scheduled: Scheduled | None = None
