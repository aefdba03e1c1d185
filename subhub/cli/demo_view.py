"""The demo for people: one column for each provider, one row for each call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subhub.cli.demo_run import CALLS, DemoCall, DemoRun
from subhub.cli.output import NOT_OF_THE_OBJECT, console, plain
from subhub.models import SignupLink

WIDTH: Final = 120
"""The width of the demo where there is no terminal."""

OMITTED: Final = NOT_OF_THE_OBJECT | {"provider"}


def print_demo(runs: Sequence[DemoRun], notice: str, problems: Sequence[str]) -> None:
    """Print the requests to each provider, the results, and what a switch takes.

    Args:
        runs: The main job at each provider.
        notice: A line to begin with.
        problems: Why other providers are missing.
    """
    stdout = console(width=WIDTH)
    stdout.print(Text(notice, style="bold"))
    assumptions = ", ".join(f"{len(run.assumptions)} for {run.provider}" for run in runs)
    stdout.print(
        "Where the providers' documents say nothing, the sandboxes make an assumption: "
        f"{assumptions}. `subhub demo --json` lists them."
    )
    stdout.print(_side_by_side(runs))
    for problem in problems:
        stdout.print(Text("also: ", style="bold") + plain(problem))
    _print_switch(stdout, runs)


def _side_by_side(runs: Sequence[DemoRun]) -> Table:
    table = Table(box=box.SQUARE, show_lines=True, expand=True)
    for run in runs:
        table.add_column(f"{run.provider} {run.version}", ratio=1, overflow="fold")
    for row in _rows(runs):
        table.add_row(*row)
    table.add_row(*(_lacks(run) for run in runs))
    return table


def _rows(runs: Sequence[DemoRun]) -> Iterator[list[Text]]:
    """Yield the same call of each provider, side by side."""
    for name in CALLS:
        found = [next((call for call in run.calls if call.name == name), None) for run in runs]
        if any(found):
            yield [
                _cell(call) if call else _no_cell(run)
                for call, run in zip(found, runs, strict=True)
            ]


def _no_cell(run: DemoRun) -> Text:
    failed = run.calls[-1].error is not None
    return Text("(not reached)" if failed else "(not needed: the link names the customer)")


def _cell(call: DemoCall) -> Text:
    lines = [Text(call.name, style="bold")]
    for request in call.requests:
        lines.append(Text(f"{request.method} {request.path} -> {request.status}", style="cyan"))
        if request.body is not None:
            lines.append(plain(json.dumps(request.body, indent=2, ensure_ascii=False)))
    if call.error is not None:
        lines.append(plain(call.error))
        lines[-1].stylize("yellow")
    else:
        lines += _result(call.result)
    return Text("\n").join(lines)


def _result(result: BaseModel | None) -> list[Text]:
    if result is None:
        return [Text("-> nothing found", style="green")]
    shown = [
        plain(f"   {name}: {value}")
        for name, value in result
        if value is not None and name not in OMITTED
    ]
    paid = [Text("Then the customer pays on that page.")] if isinstance(result, SignupLink) else []
    return [Text(f"-> {type(result).__name__}", style="green"), *shown, *paid]


def _lacks(run: DemoRun) -> Text:
    lines = [Text("what it lacks of the main job", style="bold")]
    for lacking in run.lacks:
        instead = f"; instead: {lacking.alternative}" if lacking.alternative else ""
        lines.append(plain(f"{lacking.operation}: {lacking.reason}{instead}"))
    return Text("\n").join(lines if run.lacks else [*lines, Text("nothing")])


def _print_switch(stdout: Console, runs: Sequence[DemoRun]) -> None:
    for before, after in pairwise(runs):
        stdout.print("The program was the same. The switch is one line of subhub.toml:")
        stdout.print("  [accounts.main]")
        stdout.print(f'- provider = "{before.provider}"', style="red")
        stdout.print(f'+ provider = "{after.provider}"', style="green")
        stdout.print("(Real accounts have a table each: there the switch is `account = ...`.)")
