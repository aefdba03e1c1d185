"""An account: one provider with one key, and everything else that is fixed for a client's life."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subhub import __version__
from subhub.errors import ConfigError
from subhub.flow import Request, Response
from subhub.outgoing import REDACTED, Outgoing

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from subhub.provider import Provider
    from subhub.sandbox import Fake

Mode = Literal["live", "test"]

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"subhub/{__version__}",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account at one provider; `api_key` never shows in a repr."""

    name: str
    provider: Provider
    base_url: str
    timeout: float
    zone: ZoneInfo
    dry_run: bool = False
    fake: Fake | None = None
    plan_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def now(self) -> dt.datetime:
        """The present in the account's time zone; in a sandbox, by the sandbox's clock."""
        if self.fake is not None:
            return self.fake.clock.now().astimezone(self.zone)
        return dt.datetime.now(self.zone)

    def plan_id(self, key: str) -> str:
        """The provider's id of the plan *key*; what is no key is taken for an id."""
        return self.plan_ids.get(key, key)

    def outgoing(self, request: Request) -> Outgoing:
        """*request* as it goes out."""
        return Outgoing.of(request, self.base_url, self.headers)

    def preview(self, request: Request) -> Outgoing:
        """*request* as it would go out, without the key."""
        return Outgoing.of(
            request, self.base_url, {**_HEADERS, **self.provider.credentials(REDACTED)}
        )

    def scrub(self, response: Response) -> Response:
        """*response* without the key, should the provider repeat it."""
        secret = self.api_key.encode()
        if not secret or secret not in response.content:
            return response
        content = response.content.replace(secret, REDACTED.encode())
        return Response(response.status, response.headers, content)


def open_account(
    provider: type[Provider],
    *,
    name: str = "",
    api_key: str | None = None,
    base_url: str | None = None,
    mode: Mode | None = None,
    timeout: float = 30.0,
    timezone: str | None = None,
    sandbox: bool | Fake = False,
    dry_run: bool = False,
    plans: Mapping[str, PlanDraft] | None = None,
) -> Account:
    """Check the settings against *provider*, and fix them."""
    address = _address(base_url or provider.base_url)
    fake = _fake(provider, sandbox)
    key = _key(provider, api_key, mode, fake)
    connector = provider()
    if timeout <= 0:
        message = f"`timeout` is a number of seconds above zero, not {timeout!r}"
        raise ConfigError(message)
    return Account(
        name=name or provider.name,
        provider=connector,
        base_url=address,
        timeout=timeout,
        zone=_zone(timezone or provider.timezone),
        dry_run=dry_run,
        fake=fake,
        plan_ids={} if fake is None else fake.add_plans(plans or {}),
        api_key=key,
        headers={**_HEADERS, **connector.credentials(key)},
    )


def _fake(provider: type[Provider], sandbox: bool | Fake) -> Fake | None:  # noqa: FBT001
    if isinstance(sandbox, bool):
        return provider.sandbox() if sandbox else None
    return sandbox


def _key(provider: type[Provider], key: str | None, mode: Mode | None, fake: Fake | None) -> str:
    prefixes = provider.key_prefixes
    if fake is not None:
        if key and "live" in prefixes and key.startswith(prefixes["live"]):
            message = f"a live key of {provider.name} was given to a sandbox: leave `api_key` out"
            raise ConfigError(message)
        return key or fake.api_key
    if not key:
        message = f"{provider.name} needs an API key: give `api_key`, or `sandbox = true` to try"
        raise ConfigError(message)
    if not (key.isascii() and key.isprintable()) or " " in key:
        message = "`api_key` holds blanks, line ends or letters that no header can carry"
        raise ConfigError(message)
    found = next((each for each, prefix in prefixes.items() if key.startswith(prefix)), None)
    if prefixes and found is None:
        known = " or ".join(f"{prefix}..." for prefix in prefixes.values())
        message = f"`api_key` is no key of {provider.name}: those begin with {known}"
        raise ConfigError(message)
    if mode is not None and found is not None and found != mode:
        message = f"`mode` is {mode!r}, but the `api_key` is a {found} key: make the two agree"
        raise ConfigError(message)
    return key


def _address(base_url: str) -> str:
    parts = urlsplit(base_url)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.netloc or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        message = f"`base_url` is an address such as https://api.example.com/v1, not {base_url!r}"
        raise ConfigError(message)
    if parts.scheme == "http" and not local:
        message = f"`base_url` {base_url!r} would send the API key in the clear: use https://"
        raise ConfigError(message)
    return base_url.rstrip("/")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from zoneinfo import available_timezones  # noqa: PLC0415 - it walks the disk

        close = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else "write it as 'Europe/Amsterdam'"
        message = f"`timezone` {name!r} is not known: {hint}"
        raise ConfigError(message) from error
