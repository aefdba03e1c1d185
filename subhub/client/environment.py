"""The `SUBHUB_*` variables: they choose an account of the configuration, and set what it has.

A key belongs to one host. So the key, and what says where it is sent, are of one account. The other
variables are of the account in use.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from subhub.errors import ConfigError
from subhub.messages import is_object

BELONGING: Final = ("provider", "base_url", "api_key")
"""The settings that say which key is sent to which host."""

logger: Final = logging.getLogger("subhub")


def variable(key: str) -> str:
    """Return the name of the variable that sets the setting *key* of an account."""
    return f"SUBHUB_{key.upper()}"


def apply_environment(
    document: dict[str, Any], account: str | None, keys: Iterable[str]
) -> Mapping[str, Collection[str]]:
    """Set in *document* what the `SUBHUB_*` variables say; return what they set, by account.

    Args:
        document: The configuration as it was read.
        account: The account that is asked for, by an argument.
        keys: The settings of an account: `timeout` is set by `SUBHUB_TIMEOUT`.
    """
    named = os.environ.get("SUBHUB_ACCOUNT")
    found = {key: os.environ.get(variable(key), "") for key in keys}
    applied: dict[str, list[str]] = {}
    given = {key: value for key, value in found.items() if value}
    accounts: object = document.setdefault("accounts", {})
    if given and is_object(accounts):  # otherwise the settings model says what is wrong with it
        own = document.get("account")
        owner = named or (own if isinstance(own, str) else None) or _only(accounts, account)
        owners = _owners(accounts, given, named, owner)
        for name, key in _set(accounts, given, owners, account or owner):
            applied.setdefault(name, []).append(key)
    if chosen := account or named:
        document["account"] = chosen
    return applied


def _only(accounts: Mapping[str, Any], account: str | None) -> str | None:
    """Return the only account; one that the variables make, if there is none."""
    if not accounts:
        return account or "main"
    return next(iter(accounts)) if len(accounts) == 1 else None


def _owners(
    accounts: dict[str, Any], given: Mapping[str, str], named: str | None, owner: str | None
) -> Mapping[str, str | None]:
    """Return the account that each variable of `BELONGING` is for."""
    owners: dict[str, str | None] = dict.fromkeys(BELONGING, owner)
    if "api_key" in given:
        owners["api_key"] = _owner_of_key(accounts, named, owner)
    if "provider" in given and owner is not None:
        table: object = accounts.setdefault(owner, {})
        replaced = "api_key" in given and owners["api_key"] == owner
        if is_object(table) and table.get("api_key") and not replaced:
            _check_switch(table, given["provider"], owner)
    return owners


def _set(
    accounts: Mapping[str, Any],
    given: Mapping[str, str],
    owners: Mapping[str, str | None],
    used: str | None,
) -> Iterator[tuple[str, str]]:
    """Set what is *given*; yield the account and the setting, for each that was set."""
    for key, value in given.items():
        owner = owners.get(key, used)
        table: object = accounts.get(owner or "")
        if is_object(table):
            table[key] = value
            yield owner or "", key
        if owner != used and (owner is None or key != "api_key"):
            logger.warning(
                "%s is not used for the account %r: SUBHUB_ACCOUNT=%s would say that it is",
                variable(key),
                used,
                used,
            )


def _owner_of_key(accounts: Mapping[str, Any], named: str | None, owner: str | None) -> str | None:
    """Return the account that `SUBHUB_API_KEY` is for: one without a key, or the one *named*."""
    if named:
        return named
    lacking = {
        name: table
        for name, table in accounts.items()
        if is_object(table) and not table.get("api_key")
    }
    if owner in lacking or not accounts:
        return owner
    real = [name for name, table in lacking.items() if not table.get("sandbox")]
    return real[0] if len(real) == 1 else None


def _check_switch(table: Mapping[str, Any], provider: str, owner: str) -> None:
    """Raise `ConfigError` if the key in *table* would be sent to *provider*, which is another."""
    if table.get("provider", provider) != provider:
        message = (
            f"`SUBHUB_PROVIDER` would send the key of accounts.{owner} to {provider}, and it is "
            f"one of {table['provider']}: add an account for {provider}, and name it in "
            "`SUBHUB_ACCOUNT`"
        )
        raise ConfigError(message)
