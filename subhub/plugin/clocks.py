"""Clocks: how exactly a provider's times can be compared with other times.

The times that a provider gives its objects are by another clock than ours, often by another than
the one that dates its answers, and sometimes written with a wrong offset.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

PRECISION: Final = dt.timedelta(seconds=5)
"""How exactly times can be compared: `Date` and `created_at` are whole seconds, an answer takes
some time, and a provider's servers are not in step to the second. Two equal objects that are
created within less cannot be distinguished by their age."""

SERVERS: Final = dt.timedelta(minutes=5)
"""How far the clock that dates objects may be from the one that dates answers: they may be two
machines of the provider."""

WRONG_ZONE: Final = dt.timedelta(days=1)
"""How far a time may be off that was written with the wrong offset, or that was never compared: a
local time that claims to be in UTC is off by up to 14 hours. So what fits is only certain to be
older than a call if it is older by more than this."""

LATE: Final = dt.timedelta(hours=1)
"""How long after a call a provider may carry it out. What fits and was created later may be the
work of another caller."""
