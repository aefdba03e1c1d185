"""`subhub matrix`: providers side by side, with what they can do and how that was proven."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.extras import need_testing
from subhub.cli.output import Output
from subhub.cli.providers import capability_data
from subhub.errors import InvalidRequest
from subhub.matrix.page import page
from subhub.matrix.proofs import WHOLE, Report
from subhub.matrix.rows import Column, run_in_words
from subhub.plugin.capabilities import Absence
from subhub.plugin.registry import installed, load

if TYPE_CHECKING:
    from subhub.matrix.proofs import Proof, Run
    from subhub.matrix.rows import Row
    from subhub.plugin.provider import Provider

HEADINGS: Final = ("provider", "capability", "wire", "if_lost", "proof", "lacking_because")


def matrix(
    *,
    providers: Annotated[
        list[str] | None, typer.Argument(help="Names of providers; else all that are installed.")
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="What `pytest --subhub-report PATH` wrote; repeatable."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a page in Markdown.")] = False,
    output: Output,
) -> None:
    """Show what each provider can do, how well that is known, and what has proven it.

    Only the contract suite proves anything, and only for what is installed: without a report of it
    nothing is proven here, and a report of other versions, documents or tests is shown as stale.
    """
    if markdown and output.as_json:
        message = "`--markdown` and `--json` exclude each other: choose one"
        raise InvalidRequest(message)
    reports = _reports(report or [])
    chosen, broken = _chosen(providers or [])
    columns = [Column.of(each, [*reports.values()]) for each in chosen]
    if markdown:
        typer.echo(page(columns, reports), nl=False)
    elif output.as_json:
        output.data({"providers": [_column(each) for each in columns], "broken": broken})
    else:
        output.table(HEADINGS, (_cells(each, row) for each in columns for row in each.rows))
    _note(columns, broken, output)


def _reports(paths: list[Path]) -> dict[str, Report]:
    if paths:
        need_testing("reports")
    return {each.as_posix(): Report.at(each) for each in paths}


def _chosen(names: list[str]) -> tuple[list[type[Provider]], dict[str, str]]:
    """The providers called *names*, or all that work, and why the others do not."""
    if names:
        return [load(each) for each in dict.fromkeys(names)], {}
    found = installed()
    working = [each.provider for each in found if each.provider is not None]
    return working, {each.name: each.problem for each in found if each.problem}


def _note(columns: list[Column], broken: dict[str, str], output: Output) -> None:
    """Tell where the proofs come from, and of which providers there are none."""
    for name, problem in broken.items():
        output.note(f"{name} is left out: {problem}")
    for each in columns:
        for run in each.runs:
            output.note(f"{each.name}: {run_in_words(run)}")
        if not each.runs:
            output.note(
                f"{each.name}: no report, so nothing is proven here; `pytest --subhub-report PATH` "
                "on its contract tests writes one"
            )


def _cells(column: Column, row: Row) -> tuple[str, ...]:
    found = row.capability
    name = f"{found.name} (only here)" if found.extension else found.name
    reason = found.found.reason if isinstance(found.found, Absence) else ""
    return column.name, name, row.wire, found.lost or "", row.proof(), reason


def _column(column: Column) -> dict[str, object]:
    return {
        "provider": column.name,
        "package": column.package,
        "version": column.version,
        "runs": [_run(each) for each in column.runs],
        "capabilities": [_row(each) for each in column.rows],
    }


def _run(run: Run) -> dict[str, object]:
    tested = run.tested
    return {
        "contract": tested.contract,
        "source": tested.source,
        "date": run.date,
        "stale": run.stale,
        "left_out": tested.left_out,
        "plugin": _proof(run.proof(WHOLE)),
    }


def _row(row: Row) -> dict[str, object]:
    return {
        **capability_data(row.capability),
        "proven_by": row.proven_by,
        "proofs": [_proof(each) for each in row.proofs],
    }


def _proof(proof: Proof) -> dict[str, object]:
    return {
        "state": proof.state,
        "source": proof.source,
        "date": proof.date,
        **proof.counts.model_dump(),
    }
