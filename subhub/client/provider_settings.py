"""The keys of an account's table that its provider declares: read, and held against the plugin."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from subhub.client.references import secret
from subhub.client.tables import AccountSettings
from subhub.errors import ConfigError, PluginError
from subhub.plugin.registry import load


def check_keys(accounts: Mapping[str, AccountSettings], source: str) -> None:
    """Raise `ConfigError` for each key of an account that neither subhub nor its provider knows.

    An account whose plugin cannot be used is not checked: it may be for another machine.

    Args:
        accounts: The tables by name.
        source: The name of the file.
    """
    lines = [
        f"{source}: accounts.{name}.{key}: {problem}"
        for name, account in accounts.items()
        for key, problem in _unknown(account)
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def _unknown(account: AccountSettings) -> Iterator[tuple[str, str]]:
    if not account.others:
        return  # and no plugin is imported
    try:
        own = load(account.provider).settings_model.model_fields
    except PluginError:
        return
    known = [*AccountSettings.model_fields, *own]
    for key in account.others.keys() - own.keys():
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        yield key, f"no such key; {hint}"


def resolved(
    account: AccountSettings, folder: Path, absent: Collection[str] = ()
) -> Mapping[str, Any]:
    """Return the keys that are the provider's; `env:NAME` and `file:PATH` are read.

    Args:
        account: Its table.
        folder: That of the file, from which paths count.
        absent: The keys whose references lead nowhere: they are left out.
    """
    found: dict[str, Any] = {}
    for key, value in account.others.items():
        if key not in absent:
            try:
                found[key] = secret(value, folder) if isinstance(value, str) else value
            except ConfigError as error:
                message = f"`{key}`: {error}"
                raise type(error)(message) from error
    return found
