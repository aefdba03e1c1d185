"""May this customer use the service now? A judgement of one subscription at one moment.

It reads what the provider said and guesses nothing: where the provider leaves it open, the answer
is `UNKNOWN`, and the application decides.
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
    """An answer, with the reason for it in a sentence."""

    answer: Answer
    reason: str


_BY_STATUS: Final = {
    Status.ACTIVE: Access(Answer.YES, "the subscription is active"),
    Status.PAST_DUE: Access(Answer.GRACE, "a payment is overdue"),
    Status.PAUSED: Access(Answer.NO, "the subscription is paused"),
    Status.PENDING: Access(Answer.NO, "the subscription is pending: it has not become active"),
    Status.ENDED: Access(Answer.NO, "the subscription has ended"),
    Status.CANCELED: Access(Answer.UNKNOWN, "it is canceled, and nothing says until when it runs"),
    Status.SCHEDULED: Access(Answer.UNKNOWN, "it is scheduled, and nothing says from when it runs"),
}


def access_at(subscription: Subscription, moment: dt.datetime) -> Access:
    """Whether *subscription* entitles to the service at *moment*, a time with a zone.

    The days of the subscription are those of the moment's zone. A naive moment is `InvalidRequest`.
    """
    if moment.tzinfo is None:
        problem = f"`moment` needs a time zone: {moment!r}"
        raise InvalidRequest(problem, fields={"moment": problem})
    known = _BY_STATUS.get(subscription.status)
    if known is None:
        word = subscription.raw_status
        return Access(Answer.UNKNOWN, f"the provider's word {word!r} is not known")
    if subscription.status is Status.ENDED:
        return known
    if subscription.ends_at is not None and subscription.ends_at <= moment:
        return Access(Answer.NO, f"it ended at {subscription.ends_at.isoformat()}")
    if subscription.starts_on is not None and subscription.starts_on > moment.date():
        return Access(Answer.NO, f"it starts on {subscription.starts_on.isoformat()}")
    if subscription.status is Status.CANCELED and subscription.ends_at is not None:
        return Access(Answer.YES, f"it is canceled, and runs to {subscription.ends_at.isoformat()}")
    return known
