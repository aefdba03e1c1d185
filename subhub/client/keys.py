"""API keys: each belongs to one provider and one mode, and is sent to no other.

No message repeats a key.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from subhub.client.references import misspelled_reference
from subhub.client.settings import LOOPBACK
from subhub.errors import ConfigError, PluginError
from subhub.plugin.account_settings import pattern_of
from subhub.plugin.registry import load, names

if TYPE_CHECKING:
    from subhub.models.identity import IdentityMode
    from subhub.plugin.account_settings import Settings
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Fake

Mode: TypeAlias = Literal["live", "test"]
ANY: Final = "any"
"""The kind of keys that are for both modes."""

DOCUMENTED: Final = {
    # https://docs.stripe.com/keys and https://docs.stripe.com/webhooks
    "Stripe": re.compile(r"(?:sk|rk|pk)_(?:live|test)_\w+|whsec_\w+"),
    # https://docs.mollie.com/reference/authentication
    "Mollie": re.compile(r"(?:live|test)_[A-Za-z0-9]{30,}|access_[A-Za-z0-9]{30,}"),
}
"""The documented form of the keys of services that people have next to a provider."""

_PREFIXED: Final = re.compile("[A-Za-z]+[_-]")


def checked_key(
    provider: type[Provider],
    key: str | None,
    mode: Mode | None,
    fake: Fake | None,
    settings: Settings,
) -> str:
    """Return the API key of an account.

    Args:
        provider: Its keys begin in a certain way, where it documents that.
        key: The key, if one was given.
        mode: The mode that the key must have, if one was given.
        fake: The sandbox, if it is one: it needs no key, and takes no live one.
        settings: Those that the account has besides, which go with some keys only.
    """
    if key and (reference := misspelled_reference(key)):
        raise ConfigError(
            f"`api_key` is not a key, but meant as a reference to one: write {reference} in "
            "subhub.toml, and pass the key itself to a client"
        )
    if key and (not (key.isascii() and key.isprintable()) or " " in key):
        raise ConfigError("`api_key` holds blanks, line ends or letters that no header can carry")
    if fake is not None:
        if key and key.startswith(provider.prefixes_of("live")):
            raise ConfigError(
                f"`api_key` is a live key of {provider.name}, and this is a sandbox: leave it out"
            )
        own = settings.stand_in_key(key or fake.api_key)
        settings.check_key(own)
        return own
    if not key:
        raise ConfigError(
            f"{provider.name} needs an API key: give `api_key`, or `sandbox = true` to try"
        )
    _check_owner(provider, key)
    settings.check_key(key)
    found = _mode(provider, key)
    if mode is not None and found not in {None, ANY, mode}:
        raise ConfigError(
            f"`mode` is {mode!r}, but the `api_key` is a {found} key: make the two agree"
        )
    return key


def check_mode(settings: Settings, mode: Mode | None) -> None:
    """Raise `ConfigError` if *mode* is not the one that an account's own settings decide."""
    found = settings.mode()
    if None not in {mode, found} and mode != found:
        deciding = next(kind for kind in type(settings).__mro__ if "mode" in vars(kind))
        names = ", ".join(f"`{name}`" for name in inspect.get_annotations(deciding))
        raise ConfigError(
            f"`mode` is {mode!r}, but by its own settings ({names}) the account is in {found} "
            "mode: make them agree"
        )


def checked_webhook_secrets(secrets: Sequence[str]) -> tuple[str, ...]:
    """Return the secrets of an account's webhooks: an unusable one is a mistake of now."""
    for index, found in enumerate(secrets):
        place = f"`webhook_secrets[{index}]`"
        if not found or found != found.strip():
            raise ConfigError(
                f"{place} is empty, or begins or ends with white space: give the secret, or leave "
                "the entry out"
            )
        if reference := misspelled_reference(found):
            raise ConfigError(
                f"{place} is not a secret, but meant as a reference to one: write {reference} in "
                "subhub.toml, and pass the secret itself to a client"
            )
    return tuple(secrets)


def stand_in_key(provider: type[Provider], mode: Mode | None) -> str:
    """Return a text in the form of a key of *provider*, for a check that sends nothing."""
    kinds = (mode or "test", *provider.key_prefixes)
    prefixes = (prefix for kind in kinds for prefix in provider.prefixes_of(kind))
    return f"{next(prefixes, '')}standin"


def identity_mode(
    provider: type[Provider],
    key: str,
    mode: Mode | None,
    fake: Fake | None,
    settings: Settings,
) -> IdentityMode:
    """Return the mode of an account whose settings were checked.

    Args:
        provider: Its keys show their mode, where it documents that.
        key: The API key.
        mode: What the configuration says.
        fake: The sandbox, if it is one.
        settings: Those that the account has besides: they may decide it.
    """
    if fake is not None:
        return "sandbox"
    shown = _mode(provider, key)
    found = settings.mode() or (mode if shown in {None, ANY} else shown)
    return "live" if found == "live" else "test" if found == "test" else "unknown"


def check_host(provider: type[Provider], address: str) -> None:
    """Raise `ConfigError` if *address* is at the host of another installed provider."""
    host = _host(address)
    if host is None or host in LOOPBACK or _is_at(provider, host):
        return  # and no other plugin is imported
    for other in _others(provider):
        if _is_at(other, host):
            raise ConfigError(
                f"`base_url` is the address of {other.name}, which must not get a key of "
                f"{provider.name}: set `provider` to {other.name}, or leave `base_url` out"
            )


def _is_at(provider: type[Provider], host: str) -> bool:
    """Return whether *host* is where accounts of *provider* are."""
    own = _host(provider.base_url)
    return own is not None and pattern_of(own).fullmatch(host) is not None


def _host(address: str) -> str | None:
    with suppress(ValueError):  # the address of another plugin may be wrong
        return urlsplit(address).hostname
    return None


def _check_owner(provider: type[Provider], key: str) -> None:
    """Raise `ConfigError` if *key* is, as far as is documented, the key of another provider."""
    prefixes = provider.key_prefixes
    if prefixes and _mode(provider, key) is None:
        known = " or ".join(
            f"{prefix}..." for kind in prefixes for prefix in provider.prefixes_of(kind)
        )
        raise ConfigError(f"`api_key` must be a key of {provider.name}: those begin with {known}")
    owner = None if prefixes else _other_owner(provider, key)
    if owner is not None:
        raise ConfigError(
            f"`api_key` begins like a key of {owner}, which {provider.name} must not get: "
            f"give one of {provider.name}"
        )


def _mode(provider: type[Provider], key: str) -> str | None:
    kinds = provider.key_prefixes
    return next((kind for kind in kinds if key.startswith(provider.prefixes_of(kind))), None)


def _other_owner(provider: type[Provider], key: str) -> str | None:
    """Return whose key it is, by what the other installed plugins and services document."""
    if not _PREFIXED.match(key):
        return None  # and no other plugin is imported
    for other in _others(provider):
        form = DOCUMENTED.get(other.name.capitalize())  # says more than how a key begins
        if _mode(other, key) is not None if form is None else form.fullmatch(key):
            return other.name
    return next((name for name, form in DOCUMENTED.items() if form.fullmatch(key)), None)


def _others(provider: type[Provider]) -> Iterator[type[Provider]]:
    for name in names():
        if name != provider.name:
            with suppress(PluginError):  # a broken plugin does not disturb the others
                yield load(name)
