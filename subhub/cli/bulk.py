"""Bulk on the command line: one call for each row of a file; a run that was stopped can resume."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import typer

from subhub.cli.batch_options import BatchOptions
from subhub.cli.earlier_run import check_same_rows
from subhub.cli.exit_codes import FAILED, INTERRUPTED, UNKNOWN
from subhub.cli.options import ChangeOptions
from subhub.cli.output import echo
from subhub.cli.plan_check import PlanCheck
from subhub.cli.progress import Estimate, RowProgress
from subhub.cli.rendering import json_text
from subhub.cli.result_file import DONE, OUTCOMES, ResultFile
from subhub.cli.rows import CustomerRow, Validator, read
from subhub.client.opening import open_journal
from subhub.client.operations import Operations
from subhub.errors import InvalidRequest, WouldSend
from subhub.recovery.journal import Job
from subhub.stores.registry import StorePlace

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.bulk import Bulk
    from subhub.client.sync_client import Client
    from subhub.plugin.rate_limits import RateLimit

Operation = Literal["subscribe", "create_signup_link"]
COLUMNS: Final[Mapping[Operation, tuple[str, ...]]] = {
    "subscribe": ("plan", "starts_on", "payment_method"),
    "create_signup_link": ("plan",),
}
"""The arguments that a row may set, besides its customer."""


def perform(
    operation: Operation,
    path: Path,
    terms: Mapping[str, Any],
    batch: BatchOptions,
    options: ChangeOptions,
) -> None:
    """Call *operation* for each row of a file.

    Args:
        operation: What to call.
        path: The file with the customers.
        terms: The arguments that all rows have in common.
        batch: How the file is read, and its run resumed.
        options: The account, and the provider's own options.
    """
    configuration = options.written
    name = configuration.choose()
    account = configuration.open(dry_run=options.dry_run)
    try:
        validate = _validator(account, operation, options)
        rows = read(path, batch.delimiter, terms, COLUMNS[operation], validate)
    finally:
        account.close()
    settings = configuration.settings.accounts[name]
    journal = configuration.journal(name) or path.with_suffix(".journal.db")
    _refuse_same_file(batch.result, path, journal)
    run = _Run(operation, path, rows, batch, options, journal)
    if account.dry_run:
        run.print_first_request()
    elif account.fake is not None:
        run.in_sandbox()
    else:
        limit = settings.rate_limit or account.provider.rate_limit
        run.for_real(account, limit and limit.divided(settings.share))


def _refuse_same_file(result: Path | None, rows: Path, journal: Path | StorePlace) -> None:
    for other, what in ((rows, "the file with the customers"), (journal, "the journal")):
        same = (
            isinstance(other, Path) and result is not None and result.resolve() == other.resolve()
        )
        if same:
            message = f"`--result` must not be {what}, got {result}: name another"
            raise InvalidRequest(message)


def _validator(account: Account, operation: Operation, options: ChangeOptions) -> Validator:
    """Return a check that starts a row's flow up to its first request, which is not sent."""
    unlimited = replace(account.retries, limiter=None, instrumentation=None)  # nothing is sent
    operations = Operations(replace(account, retries=unlimited, dry_run=True, journal=None))
    start: Callable[..., Any] = getattr(operations, operation)
    own = options.provider_options(account.provider.name)

    def validate(arguments: Mapping[str, Any]) -> None:
        with closing(start(**arguments, options=own)) as steps, suppress(WouldSend):
            _ = next(steps, None)

    return validate


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over *rows*, of the file at *path*, that is recorded in *journal*."""

    operation: Operation
    path: Path
    rows: Sequence[CustomerRow]
    batch: BatchOptions
    options: ChangeOptions
    journal: Path | StorePlace

    def print_first_request(self) -> None:
        """Make the first row's call on a dry-run client, which raises `WouldSend`."""
        self.options.note(f"{len(self.rows)} rows are valid; the first request of the first row:")
        with self.options.client() as client:
            self._call(client)(self.rows[0])

    def in_sandbox(self) -> None:
        """Make the calls in a sandbox of its own; nothing of it is kept or resumed."""
        if self.batch.resume:
            message = (
                "`--resume` has no effect in a sandbox, where each run is a trial: leave it out"
            )
            raise InvalidRequest(message)
        target = self.batch.result or self.path.with_suffix(".trial.csv")
        if self.batch.result is None:
            _remove(target)  # so that it is not mistaken for that of a real run
        with ResultFile(target, rows=len(self.rows)) as file, self._trial() as client:
            self._calls(client, file, Estimate(len(self.rows), None), None)

    def _trial(self) -> AbstractContextManager[Client]:
        return self.options.client(trial=True)

    def for_real(self, account: Account, limit: RateLimit | None) -> None:
        """Make the calls that are not done yet."""
        job = f"{self.operation} {self.path.name}"
        target = self.batch.result or self.path.with_suffix(".results.csv")
        estimate = Estimate(len(self.rows), limit)
        elsewhere = self._check_earlier_run(account, job, target)
        own = self.journal if isinstance(self.journal, Path) else None  # the account has the URL
        with (
            ResultFile(target, resume=self.batch.resume, rows=len(self.rows)) as file,
            self.options.client(journal=own, hooks=[estimate.sent]) as client,
        ):
            if elsewhere and file.done:
                raise self._other_results(account, file)
            self._calls(client, file, estimate, job)

    def _check_earlier_run(self, account: Account, name: str, results: Path) -> bool:
        """Refuse to repeat or to mix runs; return whether only other accounts have this one."""
        with closing(open_journal(self.journal)) as journal:
            job = Job(journal, account.identity, account.name, name, adopt=self.batch.adopt)
            if self.batch.resume:
                check_same_rows(self.path, self.rows, job, results)
            begun, elsewhere = job.started, job.known_to_others
        if begun and not self.batch.resume:
            message = (
                f"the journal {str(self.journal)!r} already has a run of {self.path.name}: "
                "add `--resume`, or rename the file to start a new run"
            )
            raise InvalidRequest(message)
        return elsewhere and not begun

    def _other_results(self, account: Account, file: ResultFile) -> InvalidRequest:
        """Return the error for rows that only the result file calls done: of another account."""
        return InvalidRequest(
            f"{file.path} has rows that are done, but the journal {str(self.journal)!r} has no "
            f"run of {self.path.name} for this account ({account.identity}), only for another "
            "one. Name another `--result`"
        )

    def _calls(self, client: Client, file: ResultFile, estimate: Estimate, job: str | None) -> None:
        if file.note:
            self.options.note(file.note)
        left = [row for row in self.rows if row.key not in file.done]
        estimate.total = len(left)
        counted = Counter({"done earlier": len(self.rows) - len(left)})
        call = self._call(client)
        created: dict[str, Any] = {}  # by row, until it is in the results

        def noted(row: CustomerRow) -> Any:
            created[row.key] = result = call(row)
            return result

        run = client.bulk(
            noted,
            left,
            job=job,
            key=_key,
            grace_period=self.batch.grace_period,
            adopt=self.batch.adopt,
        )
        try:
            progress = RowProgress(estimate)
            with run, _stopping(run) as signals:
                for result in run:
                    outcome = file.add(result)
                    _ = created.pop(result.item.key, None)
                    counted[outcome] += 1
                    progress.advance(failed=outcome not in DONE)
        finally:
            self._print_counts(counted, file.path, created, resumable=job is not None)
        _exit(counted, stopped=bool(signals))

    def _call(self, client: Client) -> Callable[[CustomerRow], Any]:
        operation: Callable[..., Any] = getattr(client, self.operation)
        own = self.options.provider_options(client.provider)
        return PlanCheck(
            client, lambda row: operation(**row.arguments, provider_options=own), self.rows
        )

    def _print_counts(
        self, counted: Counter[str], file: Path, unrecorded: Mapping[str, Any], *, resumable: bool
    ) -> None:
        """Print how many rows had which outcome, and what was created but is in no file."""
        left = len(self.rows) - counted.total()
        if self.options.as_json:
            counts = {name.replace(" ", "_"): counted[name] for name in OUTCOMES}
            data = {"rows": len(self.rows), **counts, "left": left, "result": str(file)}
            echo(json_text({**data, "unrecorded": unrecorded}))
            return
        outcomes = ", ".join(f"{counted[name]} {name}" for name in OUTCOMES if counted[name])
        lines = [
            f"{len(self.rows)} rows: {outcomes or 'nothing done'}",
            f"the outcome of each row: {file}",
        ]
        unfinished = len(self.rows) - sum(counted[name] for name in DONE)
        if resumable and unfinished:
            lines.append(f"{unfinished} rows are left: run the same command with --resume")
        for key, result in unrecorded.items():
            words = (key, getattr(result, "id", None), getattr(result, "url", None))
            lines.append(f"created, but not in that file: {' '.join(filter(None, words))}")
        echo("\n".join(lines))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        message = f"cannot replace {path} ({error.strerror}): name another `--result`"
        raise InvalidRequest(message) from error


def _key(row: CustomerRow) -> str:
    return row.key


@contextmanager
def _stopping(run: Bulk[Any, Any]) -> Generator[list[int]]:
    """Stop *run* at the first SIGINT or SIGTERM; a second one does what it does by default.

    Yields the list of the signals that were received.
    """
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _: object) -> None:  # may not print: it may interrupt printing
        received.append(number)
        restore()
        run.stop()

    def restore() -> None:
        for number, handler in before.items():
            _ = signal.signal(number, handler)

    for number in before:
        _ = signal.signal(number, stop)
    try:
        yield received
    finally:
        restore()


def _exit(counted: Counter[str], *, stopped: bool) -> None:
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if counted["unknown"]:
        raise typer.Exit(UNKNOWN)
    if counted["refused"] or counted["not sent"]:
        raise typer.Exit(FAILED)
