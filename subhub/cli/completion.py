"""What a shell completes: accounts, plan keys, and the names of installed providers.

The file is read as TOML alone, and no plugin is imported: a completion must not be felt.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

import typer

from subhub.messages import is_object


def accounts(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the configured accounts, each with its provider."""
    found = _table(ctx, "accounts")
    return [
        (name, str(account.get("provider", "")) if is_object(account) else "")
        for name, account in found.items()
        if name.startswith(incomplete)
    ]


def plan_keys(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the keys of the configured plans, each with its name."""
    found = _table(ctx, "plans")
    return [
        (key, str(plan.get("name", "")) if is_object(plan) else "")
        for key, plan in found.items()
        if key.startswith(incomplete)
    ]


def providers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the installed providers."""
    del ctx
    names = {entry.name for entry in entry_points(group="subhub.providers")}
    return sorted(name for name in names if name.startswith(incomplete))


def _table(ctx: Any, name: str) -> Mapping[str, object]:
    """Return a table of the file that `--config` names, or that would be found."""
    # `subhub --help` imports this module
    from subhub.client.configuration_file import locate, parsed  # noqa: PLC0415
    from subhub.errors import ConfigError  # noqa: PLC0415

    path = None
    while ctx is not None and path is None:
        path, ctx = ctx.params.get("config"), ctx.parent
    try:
        found: object = parsed(locate(path)).get(name)
    except ConfigError:  # a shell has no place for a message
        return {}
    return found if is_object(found) else {}
