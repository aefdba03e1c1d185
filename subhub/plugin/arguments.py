"""Arguments on their way into a request: what was not given is left out, and moments are placed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from subhub.errors import InvalidRequest


def given(**fields: Any) -> dict[str, Any]:
    """Return *fields* without those that are `None`: what is not given is left out of a request."""
    # compared with None, because 0 and False are values
    return {name: value for name, value in fields.items() if value is not None}


def moment_in(zone: dt.tzinfo, field: str, moment: dt.datetime) -> dt.datetime:
    """Return *moment* in *zone*; `InvalidRequest` for one that has no time zone, or is not there.

    Args:
        zone: Where the provider reads it.
        field: The argument's name, for the error.
        moment: The argument.
    """
    if moment.utcoffset() is None:
        problem = f"must have a time zone, got {moment!r}. Use for example datetime.now(UTC)"
        raise InvalidRequest.of(field, problem)
    try:
        return moment.astimezone(zone)
    except OverflowError as error:
        problem = f"must be in the years 1 to 9999 in {zone}, got {moment!r}"
        raise InvalidRequest.of(field, problem) from error
