"""Time zones by name, from the system's database or from the package `tzdata`; moments in them."""

from __future__ import annotations

import datetime as dt
import difflib
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subhub.errors import ConfigError, InvalidRequest


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone *name*; raise `ConfigError` if there is none.

    Windows and small containers have no database of time zones. There, even UTC cannot be found
    without the package `tzdata`, which subhub depends on.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        from zoneinfo import available_timezones  # noqa: PLC0415 - it walks the disk

        known = available_timezones()
        if not known:
            message = (
                f"cannot read `timezone` {name!r}: this machine has no database of time zones. "
                "Install it: pip install tzdata"
            )
            raise ConfigError(message) from error
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "write it as 'Europe/Amsterdam'"
        raise ConfigError(f"unknown `timezone` {name!r}: {hint}") from error


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
