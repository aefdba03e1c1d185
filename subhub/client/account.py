"""An account: one provider with one key, and everything else that is fixed for a client's life."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from subhub._version import __version__
from subhub.client.keys import (
    Mode,
    check_host,
    checked_key,
    checked_webhook_secrets,
    identity_mode,
)
from subhub.client.references import checked_place
from subhub.client.setting_types import check_types
from subhub.client.settings import (
    check_alone,
    check_encryption,
    check_production,
    checked_address,
    checked_hooks,
    checked_server,
    checked_size,
    checked_timeout,
)
from subhub.client.statuses import Statuses, checked_statuses
from subhub.errors import ConfigError, InvalidRequest
from subhub.messages import REDACTED, PreparedRequest, Request, Response, as_json
from subhub.models import time_zone
from subhub.models.identity import Identity
from subhub.plugin.capabilities import Absence
from subhub.plugin.operations import SELLING
from subhub.plugin.provider import Provider
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.attempts import Hook
from subhub.sending.engine import Rules
from subhub.sending.instrumentation import Instrumentation, OddityLog
from subhub.sending.opentelemetry import Spans
from subhub.sending.ratelimit import limiters, terms_of
from subhub.sending.redaction import Redactor
from subhub.sending.retries import Operation, RetryPolicy
from subhub.sending.steps import monotonic
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES
from subhub.stores.registry import StorePlace

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from subhub.plugin.capabilities import Capabilities
    from subhub.recovery.journal import Journal
    from subhub.sandbox import Fake
    from subhub.sending.steps import Pause

JournalPlace: TypeAlias = str | os.PathLike[str] | StorePlace
"""The path or URL of a journal."""

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"subhub/{__version__}",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account at one provider; `api_key` never shows in a repr.

    `clock` is the machine's, the application's or the sandbox's, and `now` the same in the
    account's time zone. `key_variable` names the environment variable that the key came from.
    `own_journal` is whether the journal is closed with the account, and `sells` whether it takes
    new business.
    """

    name: str
    provider: Provider
    identity: Identity
    base_url: str
    timeout: float
    zone: ZoneInfo
    clock: Callable[[], dt.datetime]
    now: Callable[[], dt.datetime]
    retries: RetryPolicy
    dry_run: bool = False
    max_response_bytes: int = MAX_RESPONSE_BYTES
    fake: Fake | None = None
    journal: Journal | None = None
    plans: Mapping[str, PlanDraft] = field(default_factory=dict[str, "PlanDraft"])
    plan_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    api_key: str = field(default="", repr=False)
    redact: Redactor = field(default_factory=lambda: Redactor(""), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    oddities: OddityLog | None = None
    key_variable: str = ""
    own_journal: bool = True
    sells: bool = True
    webhook_secrets: Sequence[str] = field(default=(), repr=False)

    def close(self) -> None:
        """Release what is held open."""
        self.retries.close()
        if self.journal is not None and self.own_journal:
            self.journal.close()

    @property
    def remote(self) -> bool:
        """Whether closing it waits for a store on another machine."""
        limiter = self.retries.limiter
        return (self.journal is not None and self.journal.remote) or (
            limiter is not None and limiter.remote
        )

    def with_options(
        self,
        attempts: int | EllipsisType = ...,
        deadline: float | EllipsisType | None = ...,
        timeout: float | EllipsisType = ...,
        max_wait: float | EllipsisType | None = ...,
    ) -> Account:
        """Return the same account with other options; `...` leaves one as it is.

        Args:
            attempts: How often a request is sent at most.
            deadline: How many seconds an operation may take; `None` for any time.
            timeout: In seconds, for each step of connecting, sending and receiving.
            max_wait: How many seconds a request may wait for a rate limit; `None` for any time.
        """
        given = {"attempts": attempts, "deadline": deadline, "max_wait": max_wait}
        check_types({name: value for name, value in given.items() if value is not ...})
        retries = self.retries
        if not isinstance(attempts, EllipsisType):
            retries = replace(retries, attempts=attempts)
        if not isinstance(deadline, EllipsisType):
            retries = replace(retries, deadline=deadline)
        if not isinstance(max_wait, EllipsisType):
            retries = replace(retries, max_wait=max_wait)
        seconds = self.timeout
        if not isinstance(timeout, EllipsisType):
            check_types({"timeout": timeout})
            seconds = checked_timeout(timeout)
        return replace(self, retries=retries, timeout=seconds)

    def rules(self) -> Rules:
        """Return what the engine has to know of this account."""
        own_form = type(self.provider).encode is not Provider.encode
        prepare = partial(
            PreparedRequest.of,
            base_url=self.base_url,
            headers=self.headers,
            encode=self.provider.encode if own_form else as_json,
        )

        def show(request: Request) -> PreparedRequest:
            headers = {**_HEADERS, **self.provider.credentials(REDACTED)}
            shown = prepare(request, headers=headers)
            content = self.redact(Response(0, content=shown.content)).content
            return replace(shown, content=content, key_variable=self.key_variable)

        return Rules(
            provider=self.provider,
            begin=partial(Operation, self.retries),
            prepare=prepare,
            redact=self.redact,
            preview=show if self.dry_run else None,
            note=self.oddities,
            show=show,
            account=self.name,
        )

    def capabilities(self) -> Capabilities:
        """Return the provider's capabilities, as far as the account may use them."""
        known = self.provider.capabilities()
        return known if self.sells else without_selling(known, self.name)

    def clock_ahead(self) -> tuple[float, float] | None:
        """Return by how many seconds, at least and at most, the provider's clock is ahead of ours.

        `None` means that no answer has said it so far.
        """
        return self.retries.server_clock.ahead(self.clock(), self.retries.clock())

    def skip(self, pause: Pause) -> bool:
        """Advance the clock of a sandbox instead of sleeping; return whether it was advanced."""
        if self.fake is None or pause.real:
            return False
        if pause.until is None:
            _ = self.fake.clock.advance(seconds=pause.seconds)
        else:  # of several that wait at a time, each waits for its own moment
            self.fake.clock.reach(dt.datetime.fromtimestamp(pause.until, dt.UTC))
        return True

    def plan_id(self, key: str) -> str:
        """Return the provider's id of the plan *key*; any other text is taken for an id."""
        found = self.plan_ids.get(key)
        if found is None and key in self.plans:
            from subhub.client.plan_links import how_to_link  # noqa: PLC0415 - only for this message

            raise ConfigError(
                f"the plan {key!r} of the configuration is linked to no plan of the account "
                f"{self.name!r}: {how_to_link(key)}"
            )
        return found or key

    def inline_plan(self, key: str) -> PlanDraft | None:
        """Return the configured plan *key* if it is linked to no plan, and needs no link here."""
        supported = self.provider.capabilities().supports("subscribe:inline_plan")
        return self.plans[key] if supported and key not in self.plan_ids else None


def open_account(
    provider: type[Provider],
    *,
    name: str = "",
    api_key: str | None = None,
    base_url: str | None = None,
    mode: Mode | None = None,
    lineage: str | None = None,
    timeout: float = 30.0,
    timezone: str | None = None,
    sandbox: bool | str | Fake = False,
    dry_run: bool = False,
    clock: Callable[[], dt.datetime] | None = None,
    deadline: float | None = 120.0,
    attempts: int = 4,
    max_wait: float | None = None,
    max_response_bytes: int = MAX_RESPONSE_BYTES,
    rate_limit: RateLimit | str | None = None,
    share: float = 1.0,
    permits: str | os.PathLike[str] | StorePlace | None = None,
    journal: JournalPlace | None = None,
    journals: Callable[[JournalPlace], Journal] | None = None,
    hooks: Sequence[Hook] = (),
    production: bool = False,
    sells: bool = True,
    plans: Mapping[str, PlanDraft] | None = None,
    plan_ids: Mapping[str, str] | None = None,
    key_variable: str = "",
    statuses: Statuses | None = None,
    webhook_secrets: Sequence[str] = (),
) -> Account:
    """Check the settings of an account against *provider*, and fix them.

    See `Client` for what they mean. *name* is the account's in the configuration, *plans* are those
    that the configuration describes, by key, *plan_ids* the ids of those that are linked to one at
    the provider, and *statuses* the words of the provider that it adds. *key_variable* names the
    environment variable that the key came from. *journals* opens a journal that several accounts
    have in common, and closes it. Wrong settings raise `ConfigError`.
    """
    check_types(locals())  # which are the arguments so far
    if isinstance(sandbox, str):
        check_alone(sandbox, api_key=api_key, base_url=base_url)
        api_key, base_url = _served(sandbox, provider, name)
        sandbox = False
    if isinstance(rate_limit, str):
        rate_limit = RateLimit.parse(rate_limit)
    address = checked_address(base_url or provider.base_url)
    fake = _fake(provider, sandbox)
    if fake is None:
        check_host(provider, address)
    key = checked_key(provider, api_key, mode, fake)
    check_encryption(provider, address, key)
    secrets = checked_webhook_secrets(webhook_secrets)
    zone = time_zone(timezone or provider.timezone)
    place = None if permits is None else checked_place("permits", permits)
    connector = provider()
    connector.address, connector.zone = address, zone
    connector.status_words = checked_statuses(provider, statuses or {})
    name = name or provider.name
    redact = Redactor(key)
    present, now = _clocks(clock, fake, zone)
    ticks = monotonic if fake is None else lambda: fake.clock.now().timestamp()
    identity = Identity.of(
        provider.name, address, identity_mode(provider, key, mode, fake), key, lineage
    )
    if production:
        check_production(provider.name, address, identity.mode)
    limit = rate_limit or provider.rate_limit
    terms = None if limit is None else terms_of(limit, share, None if fake else place)
    return Account(
        name=name,
        provider=connector,
        identity=identity,
        base_url=address,
        timeout=checked_timeout(timeout),
        zone=zone,
        clock=present,
        now=now,
        retries=RetryPolicy(
            clock=ticks,
            chance=random.random,
            limiter=(
                None if terms is None else limiters(fake).join(identity.of_key, terms, ticks())
            ),
            attempts=attempts,
            deadline=deadline,
            max_wait=max_wait,
            instrumentation=Instrumentation(
                connector,
                name,
                checked_hooks(hooks),
                Spans(provider.name, name, address),
                redact,
            ),
        ),
        dry_run=dry_run,
        max_response_bytes=checked_size(max_response_bytes),
        fake=fake,
        plans=plans or {},
        plan_ids=_plan_ids(provider, plans or {}, plan_ids or {}, fake),
        api_key=key,
        redact=redact,
        headers={**_HEADERS, **connector.credentials(key)},
        oddities=OddityLog(provider.name, name),
        key_variable=key_variable,
        own_journal=journals is None,
        sells=sells,
        webhook_secrets=secrets,
        journal=None
        if journal is None
        else (journals or open_journal)(journal),  # last: what is refused before opens no file
    )


def without_selling(known: Capabilities, account: str) -> Capabilities:
    """Return the capabilities of an account that takes no new business.

    Args:
        known: Those of its provider.
        account: The account's name.
    """
    reason = f"the account {account!r} takes no new business, because its `sells` is false"
    alternative = "use an account that sells, or remove `sells`"
    return known.without(SELLING, Absence(reason, alternative, "account"))


def _clocks(
    clock: Callable[[], dt.datetime] | None, fake: Fake | None, zone: ZoneInfo
) -> tuple[Callable[[], dt.datetime], Callable[[], dt.datetime]]:
    """Return the clock of an account, and the same in its time zone."""
    if fake is not None:
        clock = clock or fake.clock.now
    if clock is None:
        return partial(dt.datetime.now, dt.UTC), partial(dt.datetime.now, zone)
    return clock, lambda: clock().astimezone(zone)


def _served(address: str, provider: type[Provider], name: str) -> tuple[str, str]:
    """Return the key and the address of the account that a served sandbox has for *provider*."""
    from subhub.client.served_sandbox import find  # noqa: PLC0415 - only where one is named

    served = find(checked_server(address), provider.name, name or provider.name)
    return served.api_key, served.base_url


def _fake(provider: type[Provider], sandbox: bool | Fake) -> Fake | None:  # noqa: FBT001
    if isinstance(sandbox, bool):
        return provider.sandbox() if sandbox else None
    return sandbox


def open_journal(place: JournalPlace) -> Journal:
    """Return the journal at a path or URL."""
    from subhub.recovery.journal import Journal  # noqa: PLC0415 - few calls have one

    found = checked_place("journal", place)
    return Journal(found.database() if isinstance(found, StorePlace) else found)


def _plan_ids(
    provider: type[Provider],
    plans: Mapping[str, PlanDraft],
    linked: Mapping[str, str],
    fake: Fake | None,
) -> Mapping[str, str]:
    """Return the ids of *plans* by key; an embedded sandbox creates them.

    Args:
        provider: Its plans may be named by codes of the application's own.
        plans: The configured plans by key.
        linked: The ids of those that are linked.
        fake: The embedded sandbox, if it is one.
    """
    if fake is None:
        return {**{key: key for key in plans if provider.plan_codes}, **linked}
    found: dict[str, str] = {}
    for key, draft in plans.items():
        try:
            found[key] = fake.configured_plan(key, draft)
        except InvalidRequest as error:
            raise ConfigError(f"plans.{key} cannot be a plan of this provider: {error}") from error
    return found
