"""Timing, refunds and moments as Afternoon writes them.

The timing field has a different name in each of three requests; its values are the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from subhub.models import Refund, When
from subhub.plugin import moment_in

TIMING: Final[Mapping[When, str]] = {"now": "now", "period_end": "end_of_period"}
REFUND_POLICY: Final[Mapping[Refund, str]] = {
    "none": "no_refund_prepaid_fixed_fees",
    "prorated": "refund_prorated_prepaid_fixed_fees",
}
NEUTRAL_TIMING: Final[Mapping[str, When]] = {word: when for when, word in TIMING.items()}
NEUTRAL_REFUND: Final[Mapping[str, Refund]] = {
    word: refund for refund, word in REFUND_POLICY.items()
}


def timing(field: str, when: When, refund: Refund | None) -> dict[str, str]:
    """Return the timing and the refund policy of a request.

    The policy is sent only with `now`, where it is allowed. There it is always sent if given,
    because Afternoon's default is not documented. The client refuses `prorated` without `now`, and
    `credit`, which evidence declares as absent.

    Args:
        field: The name of the timing field in this request.
        when: The timing.
        refund: The refund policy.
    """
    fields = {field: TIMING[when]}
    if when == "now" and refund is not None:
        fields["cancel_now_prepaid_refund_policy"] = REFUND_POLICY[refund]
    return fields


def instant(field: str, moment: dt.datetime) -> str:
    """Return *moment* in UTC, such as `2024-01-15T10:30:00Z`; it must have a time zone."""
    return moment_in(dt.UTC, field, moment).isoformat().replace("+00:00", "Z")


def midnight(field: str, day: dt.date, now: dt.datetime) -> str:
    """Return the start of *day* in the time zone of *now*, in UTC.

    Args:
        field: The argument's name, for the error.
        day: The day.
        now: A time with the time zone.
    """
    return instant(field, dt.datetime.combine(day, dt.time(), tzinfo=now.tzinfo))
