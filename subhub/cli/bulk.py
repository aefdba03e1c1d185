"""Bulk on the command line: one call for each row of a file, taken up again where it ended."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from subhub.cli import INTERRUPTED
from subhub.cli.customers import Person
from subhub.cli.errors import OTHER
from subhub.cli.options import ChangingCall
from subhub.cli.progress import Bar, Estimate
from subhub.cli.resolve import UNDECIDED
from subhub.cli.result_file import DONE, OUTCOMES, ResultFile
from subhub.cli.rows import Row, Trial, read
from subhub.client.configuration import Configuration
from subhub.client.operations import Operations
from subhub.errors import InvalidRequest, WouldSend
from subhub.recovery.journal import Job, Journal

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.bulk import Bulk
    from subhub.client.sync_client import Client
    from subhub.plugin.rate_limits import RateLimit

PANEL: Final = "Many at once"
Operation = Literal["subscribe", "create_signup_link"]
COLUMNS: Final[Mapping[Operation, tuple[str, ...]]] = {
    "subscribe": ("plan", "starts_on", "payment_method"),
    "create_signup_link": ("plan",),
}
"""The arguments that a row may give by itself, beside who the customer is."""


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """The options of a command that is given a file with customers."""

    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE.csv",
            help="Do it for each row of this file; its columns are named as the options are.",
            rich_help_panel=PANEL,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(help="What is between its cells, if that is not seen.", rich_help_panel=PANEL),
    ] = None
    result: Annotated[
        Path | None,
        typer.Option(help="Where to write what became of each row.", rich_help_panel=PANEL),
    ] = None
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a run that ended.", rich_help_panel=PANEL),
    ] = False
    grace_period: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="With --resume: how long the provider may have taken with a lost call.",
            rich_help_panel=PANEL,
        ),
    ] = 60.0

    def instead_of(self, customer: str | None, person: Person) -> Path | None:
        """The file with customers, if there is one, in place of the one customer of the options."""
        given = {
            "delimiter": self.delimiter is not None,
            "result": self.result is not None,
            "resume": self.resume,
        }
        if self.source is None:
            for option in (name for name, there in given.items() if there):
                _refuse(option, "it goes with --from, a file with customers")
        elif customer is not None or person.given:
            _refuse("from", "its rows say who: leave --customer, --name and the like out")
        if self.delimiter is not None and len(self.delimiter) != 1:
            _refuse("delimiter", f"{self.delimiter!r} is not one character")
        return self.source


def perform(
    operation: Operation,
    path: Path,
    terms: Mapping[str, Any],
    many: BatchOptions,
    call: ChangingCall,
) -> None:
    """Do *operation* for each row of the file at *path*; *terms* are what all rows have alike."""
    configuration = Configuration.read(call.config, call.account)
    name = configuration.choose()
    account = configuration.open(dry_run=call.dry_run)
    try:
        rows = read(
            path, many.delimiter, terms, COLUMNS[operation], _trial(account, operation, call)
        )
    finally:
        account.close()
    settings = configuration.settings.accounts[name]
    journal = settings.journal and configuration.folder / settings.journal
    run = _Run(operation, path, rows, many, call, journal or path.with_suffix(".journal.db"))
    if account.dry_run:
        run.show_the_first()
    elif account.fake is not None:
        run.try_out()
    else:
        limit = settings.rate_limit or account.provider.rate_limit
        run.all(account, limit and limit.divided(settings.share))


def _trial(account: Account, operation: Operation, call: ChangingCall) -> Trial:
    """Begin a row's flow, which sends nothing: it refuses what the row cannot ask for."""
    unlimited = replace(account.retries, limiter=None, instrumentation=None)  # nothing is sent
    operations = Operations(replace(account, retries=unlimited, dry_run=True, journal=None))
    begin: Callable[..., Any] = getattr(operations, operation)
    options = call.options_for(account.provider.name)

    def trial(arguments: Mapping[str, Any]) -> None:
        with closing(begin(**arguments, options=options)) as steps, suppress(WouldSend):
            _ = next(steps, None)

    return trial


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over *rows*, of the file at *path*, that is noted in *journal*."""

    operation: Operation
    path: Path
    rows: Sequence[Row]
    many: BatchOptions
    call: ChangingCall
    journal: Path

    def show_the_first(self) -> None:
        """Make the call for one row, of a client that shows it and does not send it."""
        self.call.note(f"{len(self.rows)} rows can be used; this is what the first one sends first")
        with self.call.billing() as client:
            self._make(client)(self.rows[0])

    def try_out(self) -> None:
        """Make the calls in a sandbox: it forgets, so there is never anything to go on with."""
        if self.many.resume:
            _refuse("resume", "a sandbox forgets, so there is nothing to go on with: begin anew")
        target = self.many.result or self.path.with_suffix(".trial.csv")
        if self.many.result is None:
            target.unlink(missing_ok=True)  # so that it is not taken for that of a real run
        with ResultFile(target) as file, self.call.billing() as client:
            self._go(client, file, Estimate(len(self.rows), None), None)

    def all(self, account: Account, limit: RateLimit | None) -> None:
        """Make the calls that are not done yet."""
        job = f"{self.operation} {self.path.name}"
        target = self.many.result or self.path.with_suffix(".results.csv")
        estimate = Estimate(len(self.rows), limit)
        if not self.many.resume:
            self._refuse_to_repeat(account, job)
        with (
            ResultFile(target, resume=self.many.resume) as file,
            self.call.billing(journal=self.journal, hooks=[estimate.sent]) as client,
        ):
            self._go(client, file, estimate, job)

    def _refuse_to_repeat(self, account: Account, name: str) -> None:
        with closing(Journal(self.journal)) as journal:
            job = Job(journal, account.provider.name, account.name, name)
            begun = job.begun
            job.release()
        if begun:
            told = f"{self.path.name} was begun already, says the journal {str(self.journal)!r}"
            _refuse("from", f"{told}: go on with --resume, or give a new run's file another name")

    def _go(self, client: Client, file: ResultFile, estimate: Estimate, job: str | None) -> None:
        left = [each for each in self.rows if each.key not in file.done]
        estimate.total = len(left)
        counted = Counter({"done earlier": len(self.rows) - len(left)})
        run = client.bulk(
            self._make(client), left, job=job, key=_key, grace_period=self.many.grace_period
        )
        try:
            with run, _stopping(run) as stopped, Bar(estimate) as bar:
                for each in run:
                    outcome = file.add(each)
                    counted[outcome] += 1
                    bar.advance(failed=outcome not in DONE)
        finally:
            self._tell(counted, file.path, resumable=job is not None)
        _leave(counted, stopped=bool(stopped))

    def _make(self, client: Client) -> Callable[[Row], Any]:
        operation: Callable[..., Any] = getattr(client, self.operation)
        options = self.call.options(client)
        return lambda row: operation(**row.arguments, provider_options=options)

    def _tell(self, counted: Counter[str], file: Path, *, resumable: bool) -> None:
        left = len(self.rows) - counted.total()
        if self.call.as_json:
            counts = {name.replace(" ", "_"): counted[name] for name in OUTCOMES}
            self.call.data({"rows": len(self.rows), **counts, "left": left, "result": str(file)})
            return
        told = ", ".join(f"{counted[name]} {name}" for name in OUTCOMES if counted[name])
        typer.echo(f"{len(self.rows)} rows: {told or 'nothing done'}")
        typer.echo(f"what became of each is in {file}")
        if resumable and left + counted.total() > sum(counted[name] for name in DONE):
            typer.echo("what is left or failed: the same command with --resume")


def _key(row: Row) -> str:
    return row.key


@contextmanager
def _stopping(run: Bulk[Any, Any]) -> Generator[list[int]]:
    """Ctrl-C, and being told to end, begin nothing more; a second time they do what they always do.

    Gives the list of what came.
    """
    came: list[int] = []
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _: object) -> None:  # it may not print: the bar may be printing
        came.append(number)
        restore()
        run.stop()

    def restore() -> None:
        for number, handler in before.items():
            _ = signal.signal(number, handler)

    for each in before:
        _ = signal.signal(each, stop)
    try:
        yield came
    finally:
        restore()


def _leave(counted: Counter[str], *, stopped: bool) -> None:
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if counted["unknown"]:
        raise typer.Exit(UNDECIDED)
    if counted["refused"] or counted["not sent"]:
        raise typer.Exit(OTHER)


def _refuse(option: str, problem: str) -> None:
    raise InvalidRequest(f"--{option}: {problem}", fields={option: problem})
