"""`subhub init`: a configuration file that works at once, in a sandbox."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.global_options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration_file import FILE_NAME
from subhub.errors import ConfigError
from subhub.plugin.registry import load, names
from subhub.system import atomic_files

DEFAULT: Final = "mijnklantportaal"
"""The provider in the file if no plugin is installed yet."""

MAIN_JOB: Final = ("create_signup_link", "subscribe")

TEMPLATE: Final = """\
# The configuration of subhub. `subhub check` checks it, without sending anything.

account = "main"  # the account to use; the variable SUBHUB_ACCOUNT overrides it

# What the application needs: no account can be opened whose provider lacks one of these.
# `subhub capabilities` lists the names.
needs = {needs}

[accounts.main]
provider = "{provider}"
sandbox = true  # a fake of the provider, on this machine, without a key
# For the provider itself, replace the line above by this one, and run `subhub plans push`:
# api_key = "env:{variable}"  # or "file:/run/secrets/subhub"

# What is sold. In a sandbox these plans exist already; use their key as the id: --plan phone
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
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    config: ConfigPath = None,
    output: Output,
) -> None:
    """Create a configuration file that works at once, in a sandbox."""
    there = names()
    name = _default(there) if provider is None else load(provider).name
    path = config or Path(FILE_NAME)
    _write(path, render_config(name, _needs(name, there)), replace=force)
    if output.as_json:
        output.data({"path": str(path), "provider": name})
        return
    output.note(f"created {path}; try `subhub plan list`")
    if name not in there:
        output.note(f"the plugin is not installed yet: pip install subhub-{name}")


def render_config(provider: str, needs: Sequence[str]) -> str:
    """Return the text of a configuration for *provider*."""
    variable = f"{provider.upper().replace('-', '_')}_API_KEY"
    return TEMPLATE.format(provider=provider, variable=variable, needs=json.dumps(needs))


def _default(there: Sequence[str]) -> str:
    return there[0] if there and DEFAULT not in there else DEFAULT


def _needs(provider: str, there: Sequence[str]) -> list[str]:
    """Return what of the main job *provider* can do, or all of it if that is not known."""
    if provider not in there:
        return list(MAIN_JOB)
    capabilities = load(provider).capabilities()
    return [name for name in MAIN_JOB if capabilities.supports(name)]


def _write(path: Path, text: str, *, replace: bool) -> None:
    try:
        if replace:
            atomic_files.replace(path, text)
        else:
            atomic_files.create(path, text)
    except FileExistsError as error:
        message = f"{path} exists already: keep it, or replace it with `--force`"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"cannot write {path} ({error.strerror}): name another file with `--config`"
        raise ConfigError(message) from error
