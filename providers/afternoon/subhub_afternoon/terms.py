"""Neutral words and moments, as Afternoon writes them.

Afternoon has three names for the timing field and one for the refund policy; their values are the
same everywhere. Nothing here knows an endpoint.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import Refund, When

TIMING: Final[Mapping[When, str]] = {"now": "now", "period_end": "end_of_period"}
REFUND_POLICY: Final[Mapping[Refund, str]] = {
    "none": "no_refund_prepaid_fixed_fees",
    "prorated": "refund_prorated_prepaid_fixed_fees",
}


def timing(field: str, when: When, refund: Refund | None) -> dict[str, str]:
    """The timing under Afternoon's name for it, *field*, with the refund policy beside it.

    The policy may be sent only with `now`. There it is always sent when it is known, because what
    Afternoon does without it is not documented.
    """
    if when != "now" and refund == "prorated":
        raise InvalidRequest.of(
            "refund", "'prorated' goes with when='now': at period end nothing is left"
        )
    words = {field: TIMING[when]}
    if when == "now" and refund is not None:
        words["cancel_now_prepaid_refund_policy"] = REFUND_POLICY[refund]
    return words


def instant(field: str, moment: dt.datetime) -> str:
    """*moment* in UTC, as `2024-01-15T10:30:00Z`; one without a time zone is refused."""
    if moment.utcoffset() is None:
        problem = f"{moment!r} has no time zone: give it one, as datetime.now(timezone.utc) has"
        raise InvalidRequest.of(field, problem)
    try:
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    except OverflowError as error:
        raise InvalidRequest.of(
            field, f"{moment!r} is beyond the years that can be written"
        ) from error


def midnight(field: str, day: dt.date, now: dt.datetime) -> str:
    """The moment at which *day* begins in the time zone of *now*, in UTC."""
    return instant(field, dt.datetime.combine(day, dt.time(), tzinfo=now.tzinfo))
