"""`subhub switch`: moving live customers to another account: plan, run, status, undo."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from subhub import Client, Clients, switching
from subhub.cli.command import command
from subhub.cli.completion import accounts
from subhub.cli.exit_codes import FAILED, UNKNOWN, UNSUPPORTED
from subhub.cli.global_options import ConfigPath
from subhub.cli.number_options import LARGEST
from subhub.cli.options import DryRun, option_values
from subhub.cli.output import Output, write
from subhub.errors import InvalidRequest
from subhub.switching.joining import STATES
from subhub.switching.outcomes import FINE, WORDS, Outcome
from subhub.switching.planning import OVERLAP_DAYS
from subhub.switching.rows import SwitchRow, read_rows, write_rows
from subhub.switching.running import MARGIN
from subhub.system import atomic_files

app = typer.Typer(help="Switching: move live customers to another account.")
COLUMNS: Final = ("key", "subscription", "outcome", "new", "reason")

SwitchFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="SWITCH.CSV", help="The file that `subhub switch plan` wrote.")
]
Adopt: TypeAlias = Annotated[
    bool, typer.Option("--adopt", help="The journal's switch with another key is this one.")
]


@dataclass(frozen=True, kw_only=True)
class SwitchOptions(Output):
    """The options of a command that calls two accounts."""

    config: ConfigPath = None
    dry_run: DryRun = False

    @contextmanager
    def clients(self, source: str, target: str) -> Generator[tuple[Client, Client]]:
        """Open both accounts."""
        with Clients.from_config(self.config, dry_run=self.dry_run, check_plans=False) as clients:
            yield clients[source], clients[target]

    @contextmanager
    def rows(self, path: Path) -> Generator[tuple[Client, Client, list[SwitchRow]]]:
        """Open both accounts of a plan, and its rows."""
        rows = read_rows(path)
        with self.clients(rows[0].source, rows[0].target) as (source, target):
            yield source, target, rows


@dataclass(frozen=True, kw_only=True)
class RunOptions(SwitchOptions):
    """The options of a command that changes something at two accounts."""

    results: Annotated[
        Path | None,
        typer.Option(help="Where outcomes are added; default: switch.results.csv."),
    ] = None
    in_flight: Annotated[int, typer.Option(min=1, help="How many customers at a time.")] = 4
    grace_period: Annotated[
        float | None,
        typer.Option(
            min=0, max=LARGEST, help="Seconds that a provider may take to carry out a lost request."
        ),
    ] = None
    adopt: Adopt = False

    def sending(self, path: Path) -> dict[str, Any]:
        """Return the arguments that `run` and `undo` share."""
        return {
            "results": self.results or path.with_suffix(".results.csv"),
            "in_flight": self.in_flight,
            "grace_period": self.grace_period,
            "adopt": self.adopt,
        }

    def report(self, outcomes: Iterable[Outcome]) -> None:
        """Print outcomes as they come, and exit with what they mean."""
        counts: Counter[str] = Counter()
        to_look_at: list[Outcome] = []
        for outcome in outcomes:
            counts[outcome.outcome] += 1
            if self.as_json:
                self.line(asdict(outcome))
            elif outcome.outcome not in FINE:
                to_look_at.append(outcome)
        if not self.as_json:
            write(_counted(counts, WORDS))
            if to_look_at:
                self.table(
                    COLUMNS, ([getattr(one, name) for name in COLUMNS] for one in to_look_at)
                )
        problems = counts.keys() - FINE
        if problems:
            raise typer.Exit(UNKNOWN if problems == {"unknown"} else FAILED)


@command(app, "plan")
def plan(
    *,
    source: Annotated[
        str,
        typer.Option("--from", help="The account that customers leave.", autocompletion=accounts),
    ],
    target: Annotated[
        str, typer.Option("--to", help="The account that they go to.", autocompletion=accounts)
    ],
    customers: Annotated[Path, typer.Option(help="The CSV file of `subhub export`.")],
    out: Annotated[Path, typer.Option(help="Where the plan is written.")] = Path("switch.csv"),
    way: Annotated[
        str, typer.Option(help="api, link, or auto: api for those with a `payment_method`.")
    ] = "auto",
    end: Annotated[
        str | None,
        typer.Option(
            "--break",
            help="When old subscriptions end: now or period_end; default: the latter if possible.",
        ),
    ] = None,
    overlap_days: Annotated[
        int, typer.Option(min=1, help="Days before a renewal on which a link may be paid.")
    ] = OVERLAP_DAYS,
    plans: Annotated[
        list[str] | None,
        typer.Option(
            "--plan", metavar="OLD=NEW", help="A plan of the source and of the target. Repeatable."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="An option of the target's `subscribe`; VALUE is JSON or text. Repeatable.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report to report.md or report.json, too.")
    ] = None,
    options: SwitchOptions,
) -> None:
    """Write what is to happen to each subscription, for a person to sign off. Changes nothing.

    Exits with 3, and writes no plan, if a step cannot be done at one of the accounts.
    """
    if out.exists():
        raise InvalidRequest(f"{out} exists already: name another `--out`, or remove it")
    with options.clients(source, target) as (old, new):
        found = switching.plan(
            old,
            new,
            customers,
            way=way,  # type: ignore[arg-type]  # it is checked there
            end=end,  # type: ignore[arg-type]
            overlap_days=overlap_days,
            plans=dict(map(_pair, plans or ())),
            options=option_values(option),
        )
    data = found.report.as_json()
    if report is not None:
        is_json = report.suffix == ".json"
        text = json.dumps(data, indent=2) + "\n" if is_json else found.report.markdown()
        atomic_files.replace(report, text)
    if options.as_json:
        options.data(data)
    else:
        write(found.report.markdown(), nl=False)
    if found.report.missing:
        raise typer.Exit(UNSUPPORTED)
    write_rows(out, found.rows)
    options.note(f"written to {out}: read it, cut it, then run `subhub switch run {out}`")


@command(app, "run")
def run(
    *,
    path: SwitchFile,
    limit: Annotated[
        int | None, typer.Option(min=0, help="How many subscriptions to begin at most.")
    ] = None,
    margin: Annotated[
        int, typer.Option(min=1, help="Days before a renewal on which none is begun.")
    ] = MARGIN,
    options: RunOptions,
) -> None:
    """Move the customers of a plan. It may be stopped, and run again, until nothing waits.

    New links are in the results file: send them to the customers.
    """
    with options.rows(path) as (source, target, rows):
        sending = options.sending(path)
        options.report(switching.run(source, target, rows, limit=limit, margin=margin, **sending))


@command(app, "status")
def status(*, path: SwitchFile, adopt: Adopt = False, options: SwitchOptions) -> None:
    """Show who bills for each row, at both accounts. Exits with 1 if anything does not fit."""
    with options.rows(path) as (source, target, rows):
        found = list(switching.status(source, target, rows, adopt=adopt))
    if options.as_json:
        options.data([asdict(standing) for standing in found])
    else:
        counts: Counter[str] = Counter(standing.state for standing in found)
        write(_counted(counts, STATES))
        columns = ("key", "subscription", "new", "state", "reason")
        odd = [standing for standing in found if not standing.fits]
        if odd:
            options.table(columns, ([getattr(one, name) for name in columns] for one in odd))
    if not all(standing.fits for standing in found):
        raise typer.Exit(FAILED)


@command(app, "undo")
def undo(*, path: SwitchFile, options: RunOptions) -> None:
    """Take back what was created at the target, where the old subscription still bills."""
    with options.rows(path) as (source, target, rows):
        options.report(switching.undo(source, target, rows, **options.sending(path)))


def _counted(counts: Mapping[str, int], order: Sequence[str]) -> str:
    return ", ".join(f"{counts[word]} {word}" for word in order if word in counts)


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise InvalidRequest(f"invalid `--plan` {text!r}: expected OLD=NEW")
    return old, new
