"""Checks on the settings of an account: each raises a `ConfigError` that names the setting."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subhub.errors import ConfigError
from subhub.sending.attempts import Hook

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Fake

Mode: TypeAlias = Literal["live", "test"]


def checked_hooks(hooks: Sequence[Hook]) -> tuple[Hook, ...]:
    """Return *hooks*, which are called with every attempt."""
    if callable(hooks) or not all(callable(hook) for hook in hooks):
        raise ConfigError(f"`hooks` must be a list of callables for an `Attempt`, got {hooks!r}")
    return tuple(hooks)


def checked_timeout(timeout: float) -> float:
    """Return *timeout*, in seconds."""
    if not 0 < timeout < math.inf:
        raise ConfigError(f"`timeout` must be > 0 seconds, got {timeout!r}")
    return timeout


def checked_size(size: int) -> int:
    """Return *size*, in bytes."""
    if not size > 0:
        raise ConfigError(f"`max_response_bytes` must be >= 1, got {size!r}")
    return size


def checked_key(
    provider: type[Provider], key: str | None, mode: Mode | None, fake: Fake | None
) -> str:
    """Return the API key of an account; no message repeats it.

    Args:
        provider: Its keys begin in a certain way, where it documents that.
        key: The key, if one was given.
        mode: The mode that the key must have, if one was given.
        fake: The sandbox, if it is one: it needs no key, and takes no live one.
    """
    prefixes = provider.key_prefixes
    if fake is not None:
        if key and key.startswith(provider.prefixes_of("live")):
            raise ConfigError(
                f"`api_key` is a live key of {provider.name}, and this is a sandbox: leave it out"
            )
        return key or fake.api_key
    if not key:
        raise ConfigError(
            f"{provider.name} needs an API key: give `api_key`, or `sandbox = true` to try"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigError("`api_key` holds blanks, line ends or letters that no header can carry")
    found = next((kind for kind in prefixes if key.startswith(provider.prefixes_of(kind))), None)
    if prefixes and found is None:
        known = " or ".join(
            f"{prefix}..." for kind in prefixes for prefix in provider.prefixes_of(kind)
        )
        raise ConfigError(f"`api_key` must be a key of {provider.name}: those begin with {known}")
    if mode is not None and found is not None and found != mode:
        raise ConfigError(
            f"`mode` is {mode!r}, but the `api_key` is a {found} key: make the two agree"
        )
    return key


def checked_address(base_url: str) -> str:
    """Return *base_url* without a slash at the end; no message repeats a password in it."""
    parts = _parts(base_url)
    if parts is None:
        secret = set(base_url) & set("@?#")
        shown = "one that holds a password or a query" if secret else repr(base_url)
        raise ConfigError(
            f"`base_url` must be an address such as https://api.example.com/v1, got {shown}"
        )
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ConfigError(
            f"`base_url` {base_url!r} would send the API key unencrypted: use https://"
        )
    return base_url.rstrip("/")


def _parts(base_url: str) -> SplitResult | None:
    """Return the parts of an address that has a scheme, a host and at most a port and a path."""
    if not base_url.isprintable() or set(base_url) & set(" @?#"):
        return None
    try:
        parts = urlsplit(base_url)
        _ = parts.port  # only now is a port refused that is not a number
    except ValueError:
        return None
    return parts if parts.hostname and parts.scheme in {"http", "https"} else None


def checked_zone(name: str) -> ZoneInfo:
    """Return the time zone *name*; the message for an unknown one names the closest."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from zoneinfo import available_timezones  # noqa: PLC0415 - it walks the disk

        close = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else "write it as 'Europe/Amsterdam'"
        raise ConfigError(f"unknown `timezone` {name!r}: {hint}") from error
