"""`subhub resolve`: what became of a change whose answer was lost. It changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import typer
from pydantic import BaseModel

from subhub.cli.call import Call
from subhub.outcomes import Resolution

UNDECIDED: Final = 4
"""As for a call whose outcome is unknown: it still is."""


def resolve(
    *,
    token: Annotated[str, typer.Argument(help="The token that the lost call was reported with.")],
    settle: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="How long the provider may have taken with it."),
    ] = 60.0,
    call: Call,
) -> None:
    """Look at the provider for what a call whose answer was lost has done."""
    with call.billing() as client:
        found = client.resolve(token, settle=settle)
    if call.as_json:
        call.data({**asdict(found), "result": found.result, "candidates": found.candidates})
    else:
        _tell(found, call)
    if found.outcome == "ambiguous":
        raise typer.Exit(UNDECIDED)


def _tell(found: Resolution, call: Call) -> None:
    typer.echo(f"{found.outcome.replace('_', ' ')}: {found.reason}")
    if isinstance(found.result, BaseModel):
        call.show(found.result)
    if found.candidates:
        rows = [(type(each).__name__, getattr(each, "id", "")) for each in found.candidates]
        call.table(("candidate", "id"), rows)
