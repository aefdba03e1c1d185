"""`subhub sandbox`: the providers on your desk."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from subhub.cli.command import command
from subhub.cli.output import Output
from subhub.cli.sandbox_serve import serve
from subhub.plugin.registry import load
from subhub.sandbox.description import DescriptionRow, describe

app = typer.Typer(
    name="sandbox", help="Providers on your desk: no key, no network.", no_args_is_help=True
)


def describe_provider(
    *, provider: Annotated[str, typer.Argument(help="The provider's name.")], output: Output
) -> None:
    """Show what a provider's sandbox answers to, what it assumes, and how to make it fail.

    An assumption with a value can be changed; the others are how the sandbox is made.
    """
    found = describe(load(provider).sandbox())
    if output.as_json:
        output.data(asdict(found))
        return
    for title, rows in (
        ("Answers to", found.routes),
        ("Assumes, where the provider's documents are silent", found.assumptions),
        ("Can fail, on demand", found.faults),
        ("Fails by itself for an e-mail address or an amount", found.magic),
    ):
        typer.echo(f"\n{title}:\n")
        output.table(list(rows[0]), map(_cells, rows))


def _cells(row: DescriptionRow) -> list[object]:
    return ["yes" if each is True else "no" if each is False else each for each in row.values()]


_ = command(app, "describe")(describe_provider)
_ = command(app, "serve")(serve)
