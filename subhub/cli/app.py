"""The program `subhub`: its commands by name, each imported only when it is run.

`subhub --help` shows the commands from the table below, so it imports none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from subhub.cli import VERSION, exit_codes
from subhub.cli.command import command

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "init": ("init:init", "Create a configuration file that works at once, in a sandbox."),
    "check": (
        "check:check",
        "Check the plugin, the key, the needs and the plans of every account.",
    ),
    "doctor": ("doctor:doctor", "Check each account as it is, at its provider too."),
    "demo": ("demo:demo", "Run the main job in the sandbox of every installed provider."),
    "providers": ("providers:providers", "List the installed provider plugins."),
    "capabilities": (
        "providers:capabilities",
        "Show what a provider can do, on what evidence, and how it was proven.",
    ),
    "new-provider": ("new_provider:new_provider", "Create the project of a new provider plugin."),
    "subscribe": ("subscriptions:subscribe", "Subscribe a customer to a plan."),
    "resolve": ("resolve:resolve", "Find out what happened to changes with an unknown outcome."),
    "jobs": (
        "jobs:app",
        "Jobs of `bulk` and `once`: how far they are, and forgetting what is done.",
    ),
    "plan": ("plans:app", "Plans: what is sold, at what price, how often."),
    "plans": ("catalog:app", "The configured plans at an account: compared, created and linked."),
    "customer": ("customers:app", "Customers: who is billed."),
    "signup-link": ("links:app", "Signup links: pages on which customers sign up and pay."),
    "subscription": ("subscriptions:app", "Subscriptions: who is billed for what."),
    "invoice": ("invoices:app", "Invoices: what customers were asked to pay."),
    "webhooks": (
        "webhooks:app",
        "Webhooks: which calls the provider makes, and to which address.",
    ),
    "export": ("export:export", "Write the customers and subscriptions of an account to a file."),
    "switch": ("switch:app", "Switching: move live customers to another account."),
    "watch": ("watch:watch", "Print what changes at the provider, as events."),
    "call": (
        "call:call",
        "Call an operation that only one provider has, or list those.",
    ),
    "sandbox": ("sandbox:app", "Local sandboxes of the providers: no key, no network."),
    "cassettes": ("cassettes:app", "Cassettes: recorded requests and responses."),
}
"""Where each command is, in this package, and its line of help."""


class _LazyGroup(TyperGroup):
    """The root command, with stand-ins that have a name and a help text."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, help_text) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=help_text))

    # `Any`, because the classes are click's or typer's own, depending on typer's version
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Replace the stand-in that *args* name by the command itself."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, stand_in and _imported(COMMANDS[str(name)][0], str(name)), rest


def _imported(place: str, name: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"subhub.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False)
        _ = command(single, name)(found)
        found = single
    return get_command(found)


app = typer.Typer(
    name="subhub",
    cls=_LazyGroup,
    help="Subscription billing over any billing provider. Start with `subhub demo`.",
    epilog=exit_codes.HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, keys among them
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's form of a callback
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Accept the options that precede the command."""
    del version
