"""API keys that change while a client is open: a function of the application's, or OAuth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from subhub.client.keys import ANY, Mode, checked_key
from subhub.errors import ConfigError
from subhub.models.identity import Identity, fingerprint

if TYPE_CHECKING:
    import datetime as dt

    from subhub.plugin.provider import Provider
    from subhub.sandbox import Fake
    from subhub.sending.access_keys import AccessKeys, ApiKey, OAuth
    from subhub.sending.redaction import KeyRing

Source: TypeAlias = "Callable[[], str] | OAuth"


def split_key(
    provider: type[Provider], api_key: ApiKey | None, lineage: str | None, fake: Fake | None
) -> tuple[str | None, Source | None]:
    """Return an `api_key` as the key itself, or as where keys come from; a sandbox has its own.

    Args:
        provider: May document where access tokens are renewed.
        api_key: As it was passed to a client.
        lineage: The name that the keys of the account have in common.
        fake: The sandbox, if it is one.
    """
    if api_key is None or isinstance(api_key, str):
        return api_key, None
    if fake is not None:
        return None, None
    if not lineage:
        raise ConfigError(
            "`lineage` is missing: give the account a name, such as lineage='shop', because this "
            "`api_key` changes, and tokens, journal and jobs have to stay its own"
        )
    if not callable(api_key) and provider.oauth is None:
        raise ConfigError(f"{provider.name} documents no OAuth that renews tokens: give a key")
    return None, api_key


def identity_of(known: Identity, source: Source | None) -> Identity:
    """Return *known* with a fingerprint that does not change with the keys from *source*."""
    if source is None:
        return known
    return replace(known, fingerprint=fingerprint(f"lineage {known.lineage}"))


def keys_from(
    source: Source | None,
    provider: Provider,
    mode: Mode | None,
    now: Callable[[], dt.datetime],
    ring: KeyRing,
) -> AccessKeys | None:
    """Return what asks for the key of each request; `None` for an account with one key.

    Args:
        source: Where the keys come from.
        provider: The account's.
        mode: The mode that keys must have, if one was given.
        now: The present, with a time zone.
        ring: Gets each key before it is used.
    """
    if source is None:
        return None
    from subhub.sending.access_keys import AskedKeys, OAuthKeys  # noqa: PLC0415 - for few accounts

    kind = type(provider)
    if callable(source):
        check = partial(checked_key, kind, mode=mode, fake=None, settings=provider.settings)
        return AskedKeys(source, check, provider.credentials, ring)
    assert kind.oauth is not None  # noqa: S101 - by `split_key`
    provider.settings.check_key(next(iter(kind.prefixes_of(ANY)), ""))
    return OAuthKeys(source, kind.oauth, now, provider.credentials, ring)
