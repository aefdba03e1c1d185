"""An account: one provider with one key, and everything else that is fixed for a client's life."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import EllipsisType
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subhub._version import __version__
from subhub.errors import ConfigError, InvalidRequest
from subhub.messages import REDACTED, PreparedRequest, Request, Response
from subhub.sending.attempts import Hook
from subhub.sending.instrumentation import Instrumentation
from subhub.sending.opentelemetry import Spans
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.redaction import Redactor
from subhub.sending.retries import RetryPolicy

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from subhub.plugin.provider import Provider
    from subhub.plugin.rate_limits import RateLimit
    from subhub.recovery.journal import Journal
    from subhub.sandbox import Fake
    from subhub.sending.steps import Pause

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
    clock: Callable[[], dt.datetime]
    sending: RetryPolicy
    dry_run: bool = False
    fake: Fake | None = None
    journal: Journal | None = None
    plan_ids: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    api_key: str = field(default="", repr=False)
    redact: Redactor = field(default_factory=lambda: Redactor(""), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def now(self) -> dt.datetime:
        """The present in the account's time zone."""
        return self.clock().astimezone(self.zone)

    def close(self) -> None:
        """Give up what is held open."""
        self.sending.close()
        if self.journal is not None:
            self.journal.close()

    def with_options(
        self,
        attempts: int | EllipsisType = ...,
        deadline: float | EllipsisType | None = ...,
        timeout: float | EllipsisType = ...,
    ) -> Account:
        """The same account, with those options that are given in place of its own."""
        sending = self.sending
        if not isinstance(attempts, EllipsisType):
            sending = replace(sending, attempts=attempts)
        if not isinstance(deadline, EllipsisType):
            sending = replace(sending, deadline=deadline)
        chosen = self.timeout if isinstance(timeout, EllipsisType) else _timeout(timeout)
        return replace(self, sending=sending, timeout=chosen)

    def skip(self, pause: Pause) -> bool:
        """Let the time of a sandbox pass, where nobody sleeps; elsewhere it cannot be skipped."""
        if self.fake is None:
            return False
        if pause.until is None:
            _ = self.fake.clock.advance(seconds=pause.seconds)
        else:  # of several that wait at a time, each waits for its own moment
            self.fake.clock.reach(dt.datetime.fromtimestamp(pause.until, dt.UTC))
        return True

    def plan_id(self, key: str) -> str:
        """The provider's id of the plan *key*; what is no key of the file is taken for an id."""
        found = self.plan_ids.get(key, key)
        if found is None:
            message = (
                f"the plan {key!r} is described in the configuration, but not yet linked to a plan "
                f"of the account {self.name!r}: pass the id that {self.provider.name} gave it"
            )
            raise ConfigError(message)
        return found

    def prepared(self, request: Request) -> PreparedRequest:
        """*request* as it goes out."""
        return PreparedRequest.of(request, self.base_url, self.headers, self.provider.encode)

    def preview(self, request: Request) -> PreparedRequest:
        """*request* as it would go out, without the key."""
        return PreparedRequest.of(
            request,
            self.base_url,
            {**_HEADERS, **self.provider.credentials(REDACTED)},
            self.provider.encode,
        )

    def scrub(self, response: Response) -> Response:
        """*response* without the key, should the provider repeat it."""
        return self.redact(response)


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
    clock: Callable[[], dt.datetime] | None = None,
    deadline: float | None = 120.0,
    attempts: int = 4,
    rate_limit: RateLimit | None = None,
    share: float = 1.0,
    permits: str | os.PathLike[str] | None = None,
    journal: str | os.PathLike[str] | None = None,
    hooks: Sequence[Hook] = (),
    plans: Mapping[str, PlanDraft] | None = None,
) -> Account:
    """Check the settings against *provider*, and fix them."""
    address = _address(base_url or provider.base_url)
    fake = _fake(provider, sandbox)
    key = _key(provider, api_key, mode, fake)
    zone = _zone(timezone or provider.timezone)
    connector = provider()
    connector.address, connector.zone = address, zone
    name = name or provider.name
    redact = Redactor(key)
    return Account(
        name=name,
        provider=connector,
        base_url=address,
        timeout=_timeout(timeout),
        zone=zone,
        clock=clock or (fake.clock.now if fake else _utc_now),
        sending=RetryPolicy(
            clock=time.monotonic if fake is None else lambda: fake.clock.now().timestamp(),
            chance=random.random,
            limiter=_pacer(
                rate_limit or provider.rate_limit, share, None if fake else permits, key
            ),
            attempts=attempts,
            deadline=deadline,
            observer=Instrumentation(
                connector,
                name,
                _hooks(hooks),
                Spans(provider.name, name, address),
                redact,
            ),
        ),
        dry_run=dry_run,
        fake=fake,
        plan_ids=_plan_ids(plans or {}, fake),
        api_key=key,
        redact=redact,
        headers={**_HEADERS, **connector.credentials(key)},
        journal=_journal(journal),  # last, so that what is refused before leaves no open file
    )


def _pacer(
    limit: RateLimit | None, share: float, permits: str | os.PathLike[str] | None, key: str
) -> RateLimiter | None:
    """The pacer of an account; with a folder for *permits*, that of all processes that use it."""
    if limit is None:
        return None
    if permits is None:
        return RateLimiter(limit, share=share)
    from subhub.sending.ratelimit.shared import SharedStore  # noqa: PLC0415 - only a `permits` folder needs it

    return RateLimiter(limit, SharedStore(permits, key), share)


def _journal(path: str | os.PathLike[str] | None) -> Journal | None:
    if path is None:
        return None
    from subhub.recovery.journal import Journal  # noqa: PLC0415 - it loads SQLite

    return Journal(path)


def _hooks(hooks: Sequence[Hook]) -> tuple[Hook, ...]:
    if callable(hooks) or not all(callable(each) for each in hooks):
        message = f"`hooks` is a list of callables that take an `Attempt`, not {hooks!r}"
        raise ConfigError(message)
    return tuple(hooks)


def _timeout(timeout: float) -> float:
    if not 0 < timeout < math.inf:
        message = f"`timeout` is a number of seconds above zero, not {timeout!r}"
        raise ConfigError(message)
    return timeout


def _plan_ids(plans: Mapping[str, PlanDraft], fake: Fake | None) -> dict[str, str | None]:
    """A sandbox makes the plans at once; at a real provider they are not linked yet."""
    found: dict[str, str | None] = dict.fromkeys(plans)
    if fake is None:
        return found
    for key, draft in plans.items():
        try:
            found[key] = fake.add_plan(key, draft)
        except InvalidRequest as error:
            message = f"plans.{key} cannot be a plan of this provider: {error}"
            raise ConfigError(message) from error
    return found


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _fake(provider: type[Provider], sandbox: bool | Fake) -> Fake | None:  # noqa: FBT001
    if isinstance(sandbox, bool):
        return provider.sandbox() if sandbox else None
    return sandbox


def _key(provider: type[Provider], key: str | None, mode: Mode | None, fake: Fake | None) -> str:
    prefixes = provider.key_prefixes
    if fake is not None:
        if key and key.startswith(provider.prefixes_of("live")):
            message = f"a live key of {provider.name} was given to a sandbox: leave `api_key` out"
            raise ConfigError(message)
        return key or fake.api_key
    if not key:
        message = f"{provider.name} needs an API key: give `api_key`, or `sandbox = true` to try"
        raise ConfigError(message)
    if not (key.isascii() and key.isprintable()) or " " in key:
        message = "`api_key` holds blanks, line ends or letters that no header can carry"
        raise ConfigError(message)
    found = next((each for each in prefixes if key.startswith(provider.prefixes_of(each))), None)
    if prefixes and found is None:
        known = " or ".join(
            f"{each}..." for kind in prefixes for each in provider.prefixes_of(kind)
        )
        message = f"`api_key` is no key of {provider.name}: those begin with {known}"
        raise ConfigError(message)
    if mode is not None and found is not None and found != mode:
        message = f"`mode` is {mode!r}, but the `api_key` is a {found} key: make the two agree"
        raise ConfigError(message)
    return key


def _address(base_url: str) -> str:
    parts = _parts(base_url)
    if parts is None:
        secret = set(base_url) & set("@?#")
        told = "one that holds a password or a query" if secret else repr(base_url)
        message = f"`base_url` is an address such as https://api.example.com/v1, not {told}"
        raise ConfigError(message)
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        message = f"`base_url` {base_url!r} would send the API key in the clear: use https://"
        raise ConfigError(message)
    return base_url.rstrip("/")


def _parts(base_url: str) -> SplitResult | None:
    """The parts of an address that has a scheme, a host and at most a port and a path."""
    if not base_url.isprintable() or set(base_url) & set(" @?#"):
        return None
    try:
        parts = urlsplit(base_url)
        _ = parts.port  # a port that is no number is found only now
    except ValueError:
        return None
    return parts if parts.hostname and parts.scheme in {"http", "https"} else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from zoneinfo import available_timezones  # noqa: PLC0415 - it walks the disk

        close = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else "write it as 'Europe/Amsterdam'"
        message = f"`timezone` {name!r} is not known: {hint}"
        raise ConfigError(message) from error
