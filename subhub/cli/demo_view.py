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

from subhub.cli.demo_run import CALLS, Run, Step
from subhub.cli.output import console, plain
from subhub.models import SignupLink

WIDTH: Final = 120
"""The columns of the demo where there is no terminal."""

OMITTED: Final = frozenset({"raw", "provider"})


def print_demo(runs: Sequence[Run], notice: str, problems: Sequence[str]) -> None:
    """Print what the providers were asked, what came back, and what switching takes."""
    stdout = console(width=WIDTH)
    stdout.print(Text(notice, style="bold"))
    open_points = ", ".join(f"{len(each.assumptions)} for {each.provider}" for each in runs)
    stdout.print(
        "Where the providers' documents say nothing, the sandboxes make an assumption: "
        f"{open_points}. `subhub demo --json` lists them."
    )
    stdout.print(_side_by_side(runs))
    for problem in problems:
        stdout.print(Text("also: ", style="bold") + plain(problem))
    _print_switch(stdout, runs)


def _side_by_side(runs: Sequence[Run]) -> Table:
    table = Table(box=box.SQUARE, show_lines=True, expand=True)
    for each in runs:
        table.add_column(f"{each.provider} {each.version}", ratio=1, overflow="fold")
    for row in _rows(runs):
        table.add_row(*row)
    table.add_row(*(_lacks(each) for each in runs))
    return table


def _rows(runs: Sequence[Run]) -> Iterator[list[Text]]:
    """The same call of each provider in one row."""
    for call in CALLS:
        found = [next((step for step in each.steps if step.call == call), None) for each in runs]
        if any(found):
            yield [
                _cell(step) if step else _no_cell(run)
                for step, run in zip(found, runs, strict=True)
            ]


def _no_cell(run: Run) -> Text:
    ended = run.steps[-1].error is not None
    return Text("(not reached)" if ended else "(not needed: the link names the customer)")


def _cell(step: Step) -> Text:
    lines = [Text(step.call, style="bold")]
    for each in step.asked:
        lines.append(Text(f"{each.method} {each.path} -> {each.status}", style="cyan"))
        if each.body is not None:
            lines.append(plain(json.dumps(each.body, indent=2, ensure_ascii=False)))
    if step.error is not None:
        lines.append(plain(step.error))
        lines[-1].stylize("yellow")
    else:
        lines += _result(step.result)
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


def _lacks(run: Run) -> Text:
    lines = [Text("what it lacks of the main job", style="bold")]
    for each in run.lacks:
        instead = f"; instead: {each.alternative}" if each.alternative else ""
        lines.append(plain(f"{each.operation}: {each.reason}{instead}"))
    return Text("\n").join(lines if run.lacks else [*lines, Text("nothing")])


def _print_switch(stdout: Console, runs: Sequence[Run]) -> None:
    for before, after in pairwise(runs):
        stdout.print("The program was the same. The switch was one line of subhub.toml:")
        stdout.print("  [accounts.main]")
        stdout.print(f'- provider = "{before.provider}"', style="red")
        stdout.print(f'+ provider = "{after.provider}"', style="green")
        stdout.print("(Outside a sandbox each provider has a key and plans of its own.)")
