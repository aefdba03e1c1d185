"""Reading how long a provider asks to wait."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_DIGITS = 9  # 30 years; with some hundred of them the number would be infinite


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that `Retry-After` asks for, written as seconds or as a date.

    A date is measured against the answer's own `Date`, so that no clock has to agree with another.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal() and len(asked) <= _DIGITS:
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        sent = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date; one with, one without a zone
        return None
