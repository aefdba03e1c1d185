"""The options of every command. They are accepted before the command as well as after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.completion import accounts

PANEL: Final = "Account"

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The configuration file; default: SUBHUB_CONFIG, else subhub.toml.",
        rich_help_panel=PANEL,
    ),
]
AccountName = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        metavar="NAME",
        help="An account of the configuration; default: the one that it chooses.",
        autocompletion=accounts,
        rich_help_panel=PANEL,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", "-j", help="Print JSON, for scripts.")]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Log each request on stderr, and print one that fails as a curl command.",
    ),
]

GLOBAL: Final[Mapping[str, str]] = {
    "config": "--config",
    "account": "--account",
    "as_json": "--json",
    "verbose": "--verbose",
}
"""Those that may precede the command, by argument."""
