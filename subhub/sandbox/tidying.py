"""Tidying: the values of a reply as a provider may store them, in a spelling of its own.

A value is recognised by its shape, because every provider has other names for its fields.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import Interval

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_POSTAL_CODE: Final = re.compile(r"(\d{4})([A-Z]{2})")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def tidied(value: str) -> str:
    """Return *value* in another spelling; ids, words and instants stay as they are.

    "John@Test.com" becomes "john@test.com", "1234AB" "1234 AB", "1 year" "12 months", a text with
    blanks is in capitals and escaped for HTML, and a day is the one before, as after a conversion
    from one time zone to another.
    """
    if _EMAIL.fullmatch(value):
        return value.lower()
    if _POSTAL_CODE.fullmatch(value):
        return _POSTAL_CODE.sub(r"\1 \2", value)
    if _DAY.fullmatch(value):
        return (dt.date.fromisoformat(value) - dt.timedelta(days=1)).isoformat()
    return _in_words(value) if " " in value else value


def _in_words(value: str) -> str:
    try:
        interval = Interval.parse(value)
    except InvalidRequest:
        return html.escape(value.upper())
    if interval.unit == "year":
        return str(Interval(interval.count * 12, "month"))
    if interval.unit == "week":
        return str(Interval(interval.count * 7, "day"))
    return value
