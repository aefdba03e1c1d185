"""Checks on the settings of an account: each raises a `ConfigError` that names the setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from subhub.errors import ConfigError
from subhub.sending.attempts import Hook

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, where a sandbox is served."""


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


def checked_address(base_url: str) -> str:
    """Return *base_url* without a slash at the end; no message repeats a password in it."""
    parts = _parts(base_url)
    if parts is None:
        secret = set(base_url) & set("@?#")
        shown = "one that holds a password or a query" if secret else repr(base_url)
        raise ConfigError(
            f"`base_url` must be an address such as https://api.example.com/v1, got {shown}"
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
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
