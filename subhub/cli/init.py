"""`subhub init`: a configuration to begin with, which works at once in a sandbox."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from subhub.cli.options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import FILE_NAME
from subhub.errors import ConfigError
from subhub.plugin.registry import load, names

FIRST = "mijnklantportaal"
"""What the file names when no plugin is installed yet."""

MAIN_JOB = ("create_signup_link", "subscribe")

TEMPLATE = """\
# The configuration of subhub. `subhub check` checks it, without sending anything.

account = "main"  # the account that is used; the variable SUBHUB_ACCOUNT goes before it

# What the application cannot do without: opening any account fails when one of them lacks it.
# `subhub capabilities` shows the words.
needs = {needs}

[accounts.main]
provider = "{provider}"
sandbox = true  # a fake of the provider answers, on this machine, without a key
# For the provider itself, put this in place of the line above:
# api_key = "env:{variable}"  # or "file:/run/secrets/subhub"

# What is sold. In a sandbox these plans exist already, and go by their key: --plan phone
[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21  # percent
description = "1GB per month, 300min per month"
"""


def init(
    *,
    provider: Annotated[
        str | None, typer.Option(help="The provider's name; see `subhub providers`.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    config: ConfigPath = None,
    output: Output,
) -> None:
    """Write a configuration that works at once, in a sandbox."""
    name = _chosen(provider)
    path = config or Path(FILE_NAME)
    _write(path, starter(name, _needs(name)), replace=force)
    if output.as_json:
        output.data({"path": str(path), "provider": name})
        return
    output.note(f"{path} is written; try `subhub plan list`")
    if name not in names():
        output.note(f"the plugin is not installed yet: pip install subhub-{name}")


def starter(provider: str, needs: Sequence[str]) -> str:
    """The text of a configuration for *provider*."""
    variable = f"{provider.upper().replace('-', '_')}_API_KEY"
    return TEMPLATE.format(provider=provider, variable=variable, needs=json.dumps(needs))


def _chosen(provider: str | None) -> str:
    """The provider that was asked for, if it is installed, or one that is."""
    if provider is not None:
        return load(provider).name
    there = names()
    return there[0] if there and FIRST not in there else FIRST


def _needs(provider: str) -> list[str]:
    """What of the main job the file may demand: what the provider can do, if that is known."""
    if provider not in names():
        return list(MAIN_JOB)
    return [name for name in MAIN_JOB if load(provider).capabilities().supports(name)]


def _write(path: Path, text: str, *, replace: bool) -> None:
    try:
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            _ = file.write(text)
    except FileExistsError as error:
        message = f"{path} is there already: keep it, or replace it with --force"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}): name another with --config"
        raise ConfigError(message) from error
