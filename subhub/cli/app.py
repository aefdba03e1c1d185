"""The program `subhub`: its commands put together. What a command does is in its own module."""

from __future__ import annotations

from typing import Annotated

import typer

from subhub._version import __version__
from subhub.cli import cassettes, customers, links, plans, sandbox, subscriptions
from subhub.cli.check import check
from subhub.cli.command import command
from subhub.cli.demo import demo
from subhub.cli.init import init
from subhub.cli.matrix import matrix
from subhub.cli.new_provider import new_provider
from subhub.cli.providers import capabilities, providers
from subhub.cli.resolve import resolve

EXIT_CODES = """
Exit codes:

0  done, or shown by --dry-run

1  the provider refused, or did not answer as documented

2  the command, the configuration or a plugin is at fault; nothing was changed

3  the provider has no way to do it; the message says what to do instead

4  the outcome is unknown: `subhub resolve` looks at the provider; do not just repeat the command

130  stopped with Ctrl-C
"""

app = typer.Typer(
    name="subhub",
    help="Subscription billing over any billing provider. Begin with `subhub demo`.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, keys among them
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's form of a callback
    if wanted:
        typer.echo(f"subhub-billing {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    """Take the options that go before any command."""
    del version


_ = command(app, "init")(init)
_ = command(app, "check")(check)
_ = command(app, "demo")(demo)
_ = command(app, "providers")(providers)
_ = command(app, "capabilities")(capabilities)
_ = command(app, "matrix")(matrix)
_ = command(app, "new-provider")(new_provider)
_ = command(app, "subscribe")(subscriptions.subscribe)
_ = command(app, "resolve")(resolve)
app.add_typer(plans.app, name="plan")
app.add_typer(customers.app, name="customer")
app.add_typer(links.app, name="signup-link")
app.add_typer(subscriptions.app, name="subscription")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(cassettes.app, name="cassettes")
