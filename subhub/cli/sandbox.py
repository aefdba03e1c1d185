"""`subhub sandbox`: local sandboxes of the providers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from subhub.cli.command import command
from subhub.cli.kept_commands import KEPT
from subhub.cli.output import Output, write
from subhub.cli.sandbox_serve import serve
from subhub.plugin.registry import load
from subhub.sandbox.description import describe

app = typer.Typer(help="Local sandboxes of the providers: no key, no network.")


def describe_provider(
    *, provider: Annotated[str, typer.Argument(help="The provider's name.")], output: Output
) -> None:
    """Show a sandbox's endpoints, assumptions, faults and magic values.

    An assumption with a value can be changed with `fake.assume(...)`.
    """
    found = describe(load(provider).sandbox())
    if output.as_json:
        output.data(asdict(found))
        return
    for title, rows in (
        ("Endpoints", found.routes),
        ("Assumptions, where the provider's documentation is silent", found.assumptions),
        ("Faults that can be scheduled", found.faults),
        ("Magic values: an e-mail address or amount that makes a call fail", found.magic),
        ("Charges that go wrong: by plan, or by the customer's address or price", found.charges),
    ):
        write(f"\n{title}:\n")
        output.table(list(rows[0]), (list(row.values()) for row in rows))


_ = command(app, "describe")(describe_provider)
_ = command(app, "serve")(serve)
for _name, _function in KEPT.items():
    _ = command(app, _name)(_function)
