"""Dates and times, in the three formats of MijnKlantportaal.

A date is `2024-05-04`. Answers carry times with an offset, `2024-04-29T21:00:00+02:00`; two
requests take one without, `2024-07-04 22:01:00`, in a zone that the documentation does not name.
Nothing here reads a clock or supplies an offset that an answer does not have.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BeforeValidator


def naive_text(moment: dt.datetime) -> str:
    """*moment* on its own wall clock, without its offset (that this is meant is inferred)."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def _read(value: object) -> dt.datetime | None:
    """The documentation's own examples hold impossible dates: what cannot be read is `None`.

    An answer that holds a date which does not exist still tells that something was done.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        message = "a time is written as text"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None


def _day(value: object) -> dt.date | None:
    moment = _read(value)
    return None if moment is None else moment.date()


def _moment(value: object) -> dt.datetime | None:
    """A time without an offset is no moment, and which zone it is in would be a guess."""
    moment = _read(value)
    return None if moment is None or moment.tzinfo is None else moment


Day = Annotated[dt.date | None, BeforeValidator(_day)]
"""A day in an answer; `None` when it cannot be read."""

Moment = Annotated[dt.datetime | None, BeforeValidator(_moment)]
"""A time with its offset in an answer; `None` when it cannot be read or has no offset."""
