"""`subhub jobs`: how far jobs are, and forgetting what they have done. It calls no provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from subhub.cli.command import command
from subhub.cli.global_options import PANEL, AccountName, ConfigPath
from subhub.cli.output import Output, write
from subhub.client.configuration import Configuration
from subhub.client.once import needed_journal
from subhub.errors import InvalidRequest
from subhub.recovery.journal import Job

app = typer.Typer(help="Jobs of `bulk` and `once`: how far they are, and forgetting what is done.")

DAY: Final = "2026-11-26"
Name: TypeAlias = Annotated[
    str, typer.Argument(help='The name of the job; for a file: "subscribe customers.csv".')
]


@dataclass(frozen=True, kw_only=True)
class JobOptions(Output):
    """The options of a command that looks into the journal of one account."""

    config: ConfigPath = None
    account: AccountName = None
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The journal, for an account that names none: customers.journal.db, for a file.",
            rich_help_panel=PANEL,
        ),
    ] = None

    @contextmanager
    def job(self, name: str) -> Generator[tuple[Job, dt.tzinfo]]:
        """Open the job *name*, with the time zone of its account."""
        configuration = Configuration.read(self.config, self.account)
        account = configuration.open(journal=self.journal, check_plans=False)
        try:
            journal = needed_journal(account, "subhub jobs")
            yield Job(journal, account.identity, account.name, name, record=False), account.zone
        finally:
            account.close()


@command(app, "status")
def status(*, name: Name, options: JobOptions) -> None:
    """Show how many items of a job are done, in progress, and begun without being finished.

    Items that were never begun are not in the journal.
    """
    with options.job(name) as (job, _):
        counts = job.counts
    if options.as_json:
        options.data(asdict(counts))
        return
    write(f"{counts.done} done, {counts.in_progress} in progress, {counts.left} left")
    if counts.open_changes:
        options.note(f"{counts.open_changes} changes have an unknown outcome: see `subhub resolve`")


@command(app, "forget")
def forget(
    *,
    name: Name,
    before: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help=f"Only what was done before this day ({DAY}, in the time zone of the account), or "
            f"before this moment ({DAY}T12:00Z).",
        ),
    ] = None,
    options: JobOptions,
) -> None:
    """Forget the items of a job that are done. The same keys would be worked on again."""
    with options.job(name) as (job, zone):
        count = job.forget(None if before is None else _moment(before, zone).timestamp())
    if options.as_json:
        options.data({"forgotten": count})
    else:
        write(f"forgotten: {count} items")


def _moment(text: str, zone: dt.tzinfo) -> dt.datetime:
    """Read a day, which begins in *zone*, or a moment with a time zone of its own."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or (found.tzinfo is None and len(text) > len(DAY)):
        message = (
            f"invalid `--before` {text!r}: expected a day such as {DAY}, or a moment with a time "
            f"zone such as {DAY}T12:00Z"
        )
        raise InvalidRequest(message)
    return found.replace(tzinfo=found.tzinfo or zone)
