"""Subscriptions: who is billed for what, from when, until when."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime

from subhub.models.interval import Interval
from subhub.models.money import Money, Percent
from subhub.models.plans import Name, Period, Price
from subhub.models.record import Result, Update

if TYPE_CHECKING:
    from decimal import Decimal

When = Literal["now", "period_end"]
Refund = Literal["none", "prorated"]


class Status(StrEnum):
    """Where a subscription stands; a provider's word that is not known is `UNKNOWN`."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELED = "canceled"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Subscription(Result):
    """A subscription at a provider; what the provider did not say is `None`, never guessed.

    *raw_status* is the provider's own word for *status*. *price* is what one *interval* costs.
    *starts_on* and *renews_on* are days; *ends_at* is the moment at which it ends or ended, set
    only when the provider said so.
    """

    id: str
    customer_id: str | None = None
    plan_id: str | None = None
    description: str | None = None
    status: Status = Status.UNKNOWN
    raw_status: str | None = None
    price: Money | None = None
    interval: Interval | None = None
    starts_on: dt.date | None = None
    renews_on: dt.date | None = None
    ends_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None


class SubscriptionUpdate(Update):
    """The terms of a subscription to change; `None` leaves one as it is."""

    price: Price | None = None
    interval: Period | None = None
    description: Name | None = None
    tax_rate: Percent | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            price: Money | None = None,
            interval: Interval | None = None,
            description: str | None = None,
            tax_rate: Decimal | int | str | None = None,
        ) -> None: ...


class SubscriptionChange(Result):
    """A subscription before and after a change of plan.

    Some providers change the subscription, others replace it: *new* may have another id than *old*.
    *new* is `None` when the change is only scheduled and the provider does not yet say more.
    """

    old: Subscription
    new: Subscription | None = None
