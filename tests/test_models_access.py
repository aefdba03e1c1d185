"""May this customer use the service? Only what the provider said counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from subhub import Answer, InvalidRequest, Status, Subscription, access_at

NOW = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "terms", "answer", "reason"),
    [
        (Status.ACTIVE, {}, Answer.YES, "active"),
        (Status.ACTIVE, {"ends_at": NOW + HOUR}, Answer.YES, "active"),
        (Status.ACTIVE, {"ends_at": NOW}, Answer.NO, "ended at 2024-05-04T12:00:00"),
        (Status.ACTIVE, {"starts_on": TODAY}, Answer.YES, "active"),
        (Status.ACTIVE, {"starts_on": TODAY + DAY}, Answer.NO, "starts on 2024-05-05"),
        (Status.PAST_DUE, {}, Answer.GRACE, "overdue"),
        (Status.PAUSED, {}, Answer.NO, "paused"),
        (Status.PENDING, {}, Answer.NO, "pending"),
        (Status.ENDED, {}, Answer.NO, "has ended"),
        (Status.ENDED, {"ends_at": NOW + HOUR}, Answer.NO, "has ended"),
        (Status.CANCELED, {}, Answer.UNKNOWN, "has no end date"),
        (Status.CANCELED, {"ends_at": NOW + HOUR}, Answer.YES, "runs until 2024-05-04T13:00:00"),
        (Status.CANCELED, {"ends_at": NOW - HOUR}, Answer.NO, "ended at"),
        (Status.SCHEDULED, {}, Answer.UNKNOWN, "has no start date"),
        (Status.SCHEDULED, {"starts_on": TODAY + DAY}, Answer.NO, "starts on"),
        (Status.UNKNOWN, {"raw_status": "limbo"}, Answer.UNKNOWN, "unknown status 'limbo'"),
    ],
)
def test_access_follows_from_what_the_provider_said(
    status: Status, terms: dict[str, Any], answer: Answer, reason: str
) -> None:
    subscription = Subscription(provider="toy", id="sub_1", status=status, **terms)

    access = access_at(subscription, NOW)

    assert access.answer is answer
    assert reason in access.reason


def test_every_status_has_a_reason_of_its_own() -> None:
    judged = [
        access_at(Subscription(provider="toy", id="1", status=status), NOW) for status in Status
    ]

    assert len({access.reason for access in judged}) == len(Status)


def test_days_are_those_of_the_moments_own_zone() -> None:
    late = dt.datetime(2024, 5, 4, 23, tzinfo=dt.UTC)
    there = late.astimezone(dt.timezone(2 * HOUR))
    subscription = Subscription(
        provider="toy", id="1", status=Status.ACTIVE, starts_on=dt.date(2024, 5, 5)
    )

    assert access_at(subscription, late).answer is Answer.NO
    assert access_at(subscription, there).answer is Answer.YES


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = dt.datetime(2024, 5, 4)  # noqa: DTZ001 - the point

    with pytest.raises(InvalidRequest, match="must be a datetime that has a time zone") as caught:
        _ = access_at(Subscription(provider="toy", id="1"), naive)

    assert "moment" in caught.value.fields
