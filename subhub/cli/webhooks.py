"""`subhub webhooks`: which calls a provider makes, and to which address."""

from __future__ import annotations

import typer

from subhub.cli.command import command
from subhub.cli.webhook_tools import TOOLS

app = typer.Typer(
    help="Webhooks: which calls the provider makes, and to which address.",
    no_args_is_help=True,
    add_completion=False,
)

for name, tool in TOOLS.items():
    _ = command(app, name)(tool)
