"""Access: whether one subscription entitles its customer to the service at one moment.

Only what the provider said counts. Where the provider leaves it open, the answer is `UNKNOWN`, and
the application decides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models.subscriptions import Status, Subscription


class Answer(StrEnum):
    """Whether the service may be used; `GRACE` means that a payment is overdue."""

    YES = "yes"
    GRACE = "grace"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Access:
    """An answer and its reason, which is a sentence."""

    answer: Answer
    reason: str


_BY_STATUS: Final = {
    Status.ACTIVE: Access(Answer.YES, "the subscription is active"),
    Status.PAST_DUE: Access(Answer.GRACE, "a payment is overdue"),
    Status.PAUSED: Access(Answer.NO, "the subscription is paused"),
    Status.PENDING: Access(Answer.NO, "the subscription is pending: it has not become active"),
    Status.ENDED: Access(Answer.NO, "the subscription has ended"),
    Status.CANCELED: Access(Answer.UNKNOWN, "it is canceled, and has no end date"),
    Status.SCHEDULED: Access(Answer.UNKNOWN, "it is scheduled, and has no start date"),
}


def access_at(subscription: Subscription, moment: dt.datetime) -> Access:
    """Return whether *subscription* entitles its customer to the service at *moment*.

    The days of the subscription are those of the moment's time zone. A moment without a time zone
    raises `InvalidRequest`.
    """
    _check(subscription, moment)
    known = _BY_STATUS.get(subscription.status)
    if known is None:
        return Access(Answer.UNKNOWN, f"unknown status {subscription.raw_status!r}")
    if subscription.status is Status.ENDED:
        return known
    # the dates come before the status: a provider may update the status late
    if subscription.ends_at is not None and subscription.ends_at <= moment:
        return Access(Answer.NO, f"it ended at {subscription.ends_at.isoformat()}")
    if subscription.starts_on is not None and subscription.starts_on > moment.date():
        return Access(Answer.NO, f"it starts on {subscription.starts_on.isoformat()}")
    if subscription.status is Status.CANCELED and subscription.ends_at is not None:
        return Access(
            Answer.YES, f"it is canceled, and runs until {subscription.ends_at.isoformat()}"
        )
    return known


def _check(subscription: object, moment: object) -> None:
    if not isinstance(subscription, Subscription):
        problem = f"must be a Subscription, got {type(subscription).__name__}"
        raise InvalidRequest.of("subscription", problem)
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        problem = f"must be a datetime that has a time zone, got {moment!r}"
        raise InvalidRequest.of("moment", problem)
