"""`subhub export`: the customers and subscriptions of an account, in neutral words."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.options import ClientOptions
from subhub.cli.output import write
from subhub.errors import InvalidRequest
from subhub.switching import export as export_to
from subhub.switching import write_table

LINES: Final = ".jsonl"
TABLE: Final = ".csv"


def export(
    *,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="export.csv, with export.jsonl next to it; or export.jsonl alone.",
            show_default=False,
        ),
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an export that was stopped.")
    ] = False,
    skip_unreadable: Annotated[
        bool,
        typer.Option("--skip-unreadable", help="Leave out records that cannot be read."),
    ] = False,
    options: ClientOptions,
) -> None:
    """Write all customers and subscriptions of an account to a file, within the rate limit.

    The lines of export.jsonl hold all fields, and as `raw` what the provider says. The table has a
    row for each subscription, with its customer: it is what `subhub switch plan` reads.
    """
    if path.suffix not in {LINES, TABLE}:
        raise InvalidRequest(f"invalid `path` {path}: expected a name ending in {TABLE} or {LINES}")
    if path.suffix == TABLE and path.exists() and not resume:
        raise InvalidRequest(f"{path} exists already: add `--resume`, or name another file")
    with options.client() as client:
        done = export_to(
            client,
            path.with_suffix(LINES),
            resume=resume,
            skip_unreadable=skip_unreadable,
            progress=lambda name, count: options.note(f"{count} {name}"),
        )
    if path.suffix == TABLE:
        write_table(path, done.path)
    if options.as_json:
        options.data({**asdict(done), "path": str(path)})
    else:
        write(f"{path}: {done.customers} customers, {done.subscriptions} subscriptions")
