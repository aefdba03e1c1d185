"""Opening an account: its settings are checked against its provider, and fixed."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from subhub.client.account import HEADERS, Account
from subhub.client.changing_keys import identity_of, keys_from, split_key
from subhub.client.keys import (
    Mode,
    check_host,
    check_mode,
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
from subhub.models import time_zone
from subhub.models.identity import Identity
from subhub.plugin.account_settings import Settings, address_of, checked_settings
from subhub.plugin.provider import Provider
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.attempts import Hook
from subhub.sending.instrumentation import Instrumentation, OddityLog
from subhub.sending.opentelemetry import Spans
from subhub.sending.ratelimit import limiters, terms_of
from subhub.sending.redaction import KeyRing, Redactor
from subhub.sending.retries import RetryPolicy
from subhub.sending.steps import monotonic
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES
from subhub.stores.registry import StorePlace

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from subhub.recovery.journal import Journal
    from subhub.sandbox import Fake
    from subhub.sending.access_keys import ApiKey

JournalPlace: TypeAlias = str | os.PathLike[str] | StorePlace
"""The path or URL of a journal."""
Fakes: TypeAlias = "Callable[[type[Provider], str], Fake]"
"""Returns the fake of an embedded sandbox, for a provider and the name of an account."""


def open_account(
    provider: type[Provider],
    *,
    name: str = "",
    api_key: ApiKey | None = None,
    base_url: str | None = None,
    settings: Mapping[str, object] | None = None,
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
    simulated, served = bool(sandbox), ""
    if isinstance(sandbox, str):
        check_alone(sandbox, api_key=api_key, base_url=base_url)
        served, base_url = _served(sandbox, provider, name)
        sandbox = False
    if isinstance(rate_limit, str):
        rate_limit = RateLimit.parse(rate_limit)
    connector = provider()
    fake = _fake(provider, sandbox)
    connector.settings = checked_settings(provider, settings or {}, sandbox=simulated)
    own: Settings = connector.settings
    address = checked_address(base_url or address_of(provider.base_url, own))
    if fake is None:
        check_host(provider, address)
    check_mode(own, mode)
    if served:
        api_key = own.stand_in_key(served)
    given, source = split_key(provider, api_key, lineage, fake)
    key = "" if source else checked_key(provider, given, mode, fake, own)
    check_encryption(provider, address, key)
    secrets = checked_webhook_secrets(webhook_secrets)
    zone = time_zone(timezone or provider.timezone)
    place = None if permits is None else checked_place("permits", permits)
    connector.address, connector.zone = address, zone
    connector.status_words = checked_statuses(provider, statuses or {})
    name = name or provider.name
    ring = KeyRing()
    redact = ring if source else Redactor(key)
    present, now = _clocks(clock, fake, zone)
    ticks = monotonic if fake is None else lambda: fake.clock.now().timestamp()
    identity = identity_of(
        Identity.of(
            provider.name,
            address,
            identity_mode(provider, key, mode, fake, own),
            key,
            lineage,
        ),
        source,
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
        headers=HEADERS if source else {**HEADERS, **connector.credentials(key)},
        keys=keys_from(source, connector, mode, present, ring),
        oddities=OddityLog(provider.name, name),
        key_variable=key_variable,
        own_journal=journals is None,
        rate_limit=limit,
        sells=sells,
        webhook_secrets=secrets,
        journal=None
        if journal is None
        else (journals or open_journal)(journal),  # last: what is refused before opens no file
    )


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


def _has_plans(provider: type[Provider]) -> bool:
    supports = provider.capabilities().supports
    known = any(map(supports, ("create_plan", "get_plan", "list_plans")))
    return known or not supports("subscribe:inline_plan")


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
    if not _has_plans(provider):
        return found  # each subscription is to the configured draft itself
    for key, draft in plans.items():
        try:
            found[key] = fake.configured_plan(key, draft)
        except InvalidRequest as error:
            raise ConfigError(f"plans.{key} cannot be a plan of this provider: {error}") from error
    return found
