"""The program `subhub`: its commands by name, each imported only when it is run.

`subhub --help` shows the commands from the table below, so it imports none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from subhub.cli import VERSION, exit_codes
from subhub.cli.command import command
from subhub.cli.global_options import AccountName, AsJson, ConfigPath, Verbose
from subhub.cli.help import Entry
from subhub.cli.parsing import Command, Group, UsageError, group_of

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "init": ("init:init", "Create a configuration file that works at once, in a sandbox."),
    "check": (
        "check:check",
        "Check the plugin, the key, the needs and the plans of every account.",
    ),
    "doctor": ("doctor:doctor", "Check each account as it is, at its provider too."),
    "demo": ("demo:demo", "Run the main job in the sandbox of every installed provider."),
    "version": ("version:version", "Show the version, and those of the provider plugins."),
    "providers": (
        "providers:providers",
        "List the installed provider plugins, and what each has proven.",
    ),
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
    "plan": ("plans:app", "Plans: what is sold, and the configured plans at an account."),
    "customer": ("customers:app", "Customers: who is billed."),
    "signup-link": ("links:app", "Signup links: pages on which customers sign up and pay."),
    "setup-link": (
        "payment_methods:setup_links",
        "Setup links: pages on which customers agree to be charged later.",
    ),
    "portal-link": (
        "payment_methods:portal_links",
        "Portal links: pages on which customers manage what they have.",
    ),
    "payment-method": (
        "payment_methods:payment_methods",
        "Payment methods: what customers can be charged by.",
    ),
    "subscription": ("subscriptions:app", "Subscriptions: who is billed for what."),
    "invoice": ("invoices:app", "Invoices: what customers were asked to pay."),
    "webhooks": (
        "webhooks:app",
        "Webhooks: which calls the provider makes, and to which address.",
    ),
    "export": (
        "export:export",
        "Write all customers and subscriptions of an account to a file, within the rate limit.",
    ),
    "switch": ("switch:app", "Switching: move live customers to another account."),
    "watch": ("watch:watch", "Print what changes at the provider, as events."),
    "call": (
        "call:call",
        "Call an operation that only one provider has, or list those.",
    ),
    "api": ("api:api", "Send a request of any form to the provider, with the account's key."),
    "sandbox": ("sandbox:app", "Local sandboxes of the providers: no key, no network."),
    "cassettes": ("cassettes:app", "Cassettes: recorded requests and responses."),
}
"""Where each command is, in this package, and its line of help."""


NOUNS: Final[Mapping[str, str]] = {
    "plans": "plan",
    "customers": "customer",
    "subscriptions": "subscription",
    "sub": "subscription",
    "invoices": "invoice",
    "signup-links": "signup-link",
    "link": "signup-link",
    "links": "signup-link",
    "setup-links": "setup-link",
    "portal-links": "portal-link",
    "payment-methods": "payment-method",
    "webhook": "webhooks",
    "job": "jobs",
    "cassette": "cassettes",
    "provider": "providers",
    "sandboxes": "sandbox",
}
"""Other names of commands."""


class _LazyGroup(Group):
    """The root command, with stand-ins that have a name and a help text."""

    aliases = NOUNS
    notes: Final[Mapping[str, Sequence[Entry]]] = {"Exit codes": exit_codes.MEANINGS}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, help_text) in COMMANDS.items():
            self.add_command(Command(name, help=help_text))

    # `Any`, because the classes are click's or typer's own, depending on typer's version
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Replace the stand-in that *args* name by the command itself."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, stand_in and _imported(COMMANDS[str(name)][0], str(name)), rest

    def main(self, args: Sequence[str] | None = None, *rest: Any, **settings: Any) -> Any:
        """Run the program; print usage errors as the commands print theirs."""
        words = sys.argv[1:] if args is None else [*args]
        try:
            code = super().main(words, *rest, **{**settings, "standalone_mode": False})
        except UsageError as error:
            from subhub.cli import usage  # noqa: PLC0415 - it loads rich, which help does without

            usage.report_usage(error, as_json=usage.wants_json(words))
            sys.exit(exit_codes.USAGE)
        sys.exit(code or 0)


def _imported(place: str, name: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"subhub.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return group_of(found, name)
    single = typer.Typer(add_completion=False)
    _ = command(single, name)(found)
    return get_command(single)


app = typer.Typer(
    name="subhub",
    cls=_LazyGroup,
    help="Subscription billing over any billing provider. Start with `subhub demo`.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,  # its tracebacks show local variables, keys among them
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's form of a callback
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def root(
    *,
    config: ConfigPath = None,
    account: AccountName = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Accept the options that precede the command."""
    del config, account, as_json, verbose, version
