"""Checks on the settings of an account: each raises a `ConfigError` that names the setting."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from subhub.errors import ConfigError, PluginError
from subhub.sending.attempts import Hook

if TYPE_CHECKING:
    from subhub.models.identity import IdentityMode
    from subhub.plugin.provider import Provider

_SERVER: Final = re.compile(r"http://([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?/?")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, where a sandbox is served."""


def checked_hooks(hooks: Sequence[Hook]) -> tuple[Hook, ...]:
    """Return *hooks*, which are called with every attempt."""
    if not all(callable(hook) for hook in hooks):
        raise ConfigError(f"`hooks` must be a list of callables for an `Attempt`, got {hooks!r}")
    return tuple(hooks)


def checked_server(address: str) -> str:
    """Return the *address* of a served sandbox."""
    if not _SERVER.fullmatch(address):
        raise ConfigError(
            "`sandbox` must be true, or the address that `subhub sandbox serve` prints, such as "
            f"http://127.0.0.1:8420, got {address!r}"
        )
    return address


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
    return base_url.rstrip("/")


def check_encryption(provider: type[Provider], address: str, key: str) -> None:
    """Raise `ConfigError` if *key* would be sent unencrypted, where that does harm.

    It does none on this machine; nor in a private network if it is the key of the sandbox, which
    is public: so a sandbox can be served in a container, or for a phone.

    Args:
        provider: The provider.
        address: The account's base URL.
        key: The account's key.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https" or host in LOOPBACK:
        return
    if _is_private(host) and key == _sandbox_key(provider):
        return
    raise ConfigError(
        f"`base_url` {address!r} would send the API key unencrypted: use https://. Without "
        "encryption a private network can be reached with the sandbox's own key"
    )


def _is_private(host: str) -> bool:
    """Return whether *host* is an unregistrable name, or the address of no public host."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".internal", ".local", ".localhost", ".test"))


def _sandbox_key(provider: type[Provider]) -> str | None:
    try:
        return provider.sandbox().api_key
    except PluginError:
        return None


def check_alone(sandbox: object, **others: object) -> None:
    """Raise `ConfigError` if a *sandbox* has one of the *others*: a key, or an address.

    One of the two is a mistake: either the key is not used, or it was meant to be.
    """
    excluded = [f"`{name}`" for name, value in others.items() if value]
    if sandbox and excluded:
        raise ConfigError(
            f"`sandbox` excludes {' and '.join(excluded)}: a sandbox has a key and an address of "
            f"its own. Remove `sandbox` to reach the provider, or {' and '.join(excluded)} to stay "
            "in the sandbox"
        )


def check_production(provider: str, address: str, mode: IdentityMode) -> None:
    """Raise `ConfigError` if an account for production would charge no one, or send in plain text.

    A dry run is allowed: it raises at the first change, so nobody takes it for a sale.

    Args:
        provider: The provider's name.
        address: The account's base URL.
        mode: The mode of the account.
    """
    if mode == "sandbox":
        problem = f"is a sandbox: nothing would reach {provider}. Remove `sandbox`"
    elif not address.startswith("https://"):
        problem = f"has the `base_url` {address!r}, which is not encrypted. Use https://"
    elif mode == "test":
        problem = "is in test mode: nobody would be charged. Give the live key"
    else:
        return
    raise ConfigError(f"`production` is true, and the account {problem}, or leave out `production`")


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
