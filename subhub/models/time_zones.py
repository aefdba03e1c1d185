"""Time zones by name, from the system's database or from the package `tzdata`."""

from __future__ import annotations

import difflib
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subhub.errors import ConfigError


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
