"""The time at which a call was sent, and what its provider's clock says about an object's age.

Whether an object is older than a call decides whether the call can have created it. The object's
`created_at` is by the provider's clock and the call's time by ours, so the two clocks are compared
first. Where they were not, or where they contradict each other, the age is unclear.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from subhub.plugin.clocks import LATE, PRECISION, SERVERS, WRONG_ZONE

if TYPE_CHECKING:
    from subhub.recovery.intents import Intent

Ahead: TypeAlias = Sequence[float]
"""By how many seconds, at least and at most, the provider's clock is ahead of ours."""

Age = Literal["before", "unclear", "since", "undated"]
"""Whether an object was created before a call was sent, or since; `undated` means that the provider
does not say when it was created."""


@dataclass(frozen=True, slots=True)
class SendingTime:
    """When a call was sent, on the provider's clock.

    Args:
        earliest: The earliest moment at which it can have been.
        surely: What was created from this moment on is not older than the call.
        latest: What was created after this moment is too late to be surely the call's.
        compared: Whether the clocks were compared; if not, `earliest` is by our clock.
    """

    earliest: dt.datetime
    surely: dt.datetime
    latest: dt.datetime
    compared: bool

    @classmethod
    def of(cls, intent: Intent, ahead: Ahead | None) -> SendingTime:
        """Return the sending time of *intent*.

        *ahead* was measured while looking for it; that of the intent, while it was sent. If they
        agree, what they have in common counts. If a clock was set in between, either may be right.
        """
        began = dt.datetime.fromisoformat(intent.sent_at)
        ended = began if intent.lost_at is None else dt.datetime.fromisoformat(intent.lost_at)
        known = [measured for measured in (intent.ahead, ahead) if measured is not None]
        if not known:
            return cls(began, began, ended, compared=False)
        lowest, highest = max(low for low, _ in known), min(high for _, high in known)
        if lowest > highest:
            lowest, highest = min(low for low, _ in known), max(high for _, high in known)
        least, most = dt.timedelta(seconds=lowest), dt.timedelta(seconds=highest)
        return cls(began + least, began + most - PRECISION, ended + most + LATE, compared=True)

    def age(self, created_at: dt.datetime | None) -> Age:
        """Return the age of an object that fits the call."""
        if created_at is None:
            return "undated"
        if created_at <= self.earliest - WRONG_ZONE:
            return "before"
        if self.compared and self.surely <= created_at <= self.latest:
            return "since"
        return "unclear"

    def may_be_new(self, created_at: dt.datetime | None) -> bool:
        """Return whether an object that does not fit the call may have been created since."""
        margin = SERVERS if self.compared else WRONG_ZONE
        return created_at is None or created_at > self.earliest - margin
