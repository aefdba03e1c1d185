"""The options of a command that can be run for each row of a file; `bulk` runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.customers import CustomerFields
from subhub.cli.number_options import LARGEST
from subhub.errors import InvalidRequest

PANEL: Final = "Many at once"


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """The file with the customers, and how its run is resumed."""

    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE.csv",
            help="Run once for each row of this file; its columns are named like the options.",
            rich_help_panel=PANEL,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER",
            help="What separates its cells; default: read from its first line.",
            rich_help_panel=PANEL,
        ),
    ] = None
    result: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Where to write the outcome of each row; default: next to the file.",
            rich_help_panel=PANEL,
        ),
    ] = None
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Resume a run that was stopped.", rich_help_panel=PANEL),
    ] = False
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="With --resume: the run was begun with another key of this account, or by an "
            "earlier version of subhub.",
            rich_help_panel=PANEL,
        ),
    ] = False
    grace_period: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=LARGEST,
            help="How long the provider may take to carry out a lost request; default: 60, or "
            "longer than a request can take where several machines share the journal.",
            rich_help_panel=PANEL,
        ),
    ] = None

    def file_or_none(self, customer: str | None, fields: CustomerFields) -> Path | None:
        """Return the file, if there is one; refuse a customer next to it, and options without it.

        Args:
            customer: The customer's id, if the command was given one.
            fields: The fields of a new customer, if it was given any.
        """
        if self.source is None:
            self._refuse_without_file()
        elif customer is not None or fields.given:
            message = (
                "`--from` cannot be combined with `--customer`, `--name` and other fields: "
                "the rows of the file name the customers"
            )
            raise InvalidRequest(message)
        if self.delimiter is not None and len(self.delimiter) != 1:
            message = f"`--delimiter` must be one character, got {self.delimiter!r}"
            raise InvalidRequest(message)
        return self.source

    def _refuse_without_file(self) -> None:
        given = {
            "--delimiter": self.delimiter is not None,
            "--result": self.result is not None,
            "--resume": self.resume,
            "--adopt": self.adopt,
        }
        for option in (name for name, there in given.items() if there):
            message = f"`{option}` needs `--from`, a file with customers"
            raise InvalidRequest(message)
