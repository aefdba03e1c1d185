"""The demo for people: what each provider needed for each call, on one screen, or every request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from pydantic import BaseModel
from rich.text import Text

from subhub.cli.demo_run import CALLS, DemoCall, DemoRun
from subhub.cli.output import NOT_OF_THE_OBJECT, Output, plain, rendered, write
from subhub.models import SignupLink

OMITTED: Final = NOT_OF_THE_OBJECT | {"provider"}


def print_demo(
    runs: Sequence[DemoRun], notice: str, problems: Sequence[str], output: Output
) -> None:
    """Print the main job at each provider, and what a switch takes.

    Args:
        runs: The main job at each provider.
        notice: A line to begin with.
        problems: Why other providers are missing.
        output: How the command prints.
    """
    _line(Text(notice, style="bold"))
    if output.verbose:
        for run in runs:
            _print_run(run)
    else:
        write("")
        _print_summary(runs, output)
    for problem in problems:
        _line(Text.assemble(("also: ", "bold"), plain(problem)))
    _print_switch(runs)
    if not output.verbose:
        _line(Text("`subhub demo --verbose` shows each request, `--json` the assumptions too."))


def _print_summary(runs: Sequence[DemoRun], output: Output) -> None:
    write("Requests that each call took (no: the API cannot; -: not needed or not reached):\n")
    rows = [
        [run.provider, *(_outcome(run, name) for name in CALLS), len(run.lacks)] for run in runs
    ]
    output.table(["provider", "plan", "link", "customer", "subscribe", "lacks"], rows)


def _outcome(run: DemoRun, name: str) -> str:
    """Return in a word how a call ended."""
    call = _found(run, name)
    if call is None:
        return "-"
    if call.error is None:
        return str(len(call.requests))
    return f"error {call.requests[-1].status}" if call.requests else "no"


def _found(run: DemoRun, name: str) -> DemoCall | None:
    return next((call for call in run.calls if call.name == name), None)


def _print_run(run: DemoRun) -> None:
    """Print every request of one provider, and its result."""
    _line(Text(f"\n{run.provider} {run.version}", style="bold"))
    for call in run.calls:
        for line in _of_call(call):
            _line(line)
    write("lacking of the main job:" if run.lacks else "lacking of the main job: nothing")
    for lacking in run.lacks:
        instead = f"; instead: {lacking.alternative}" if lacking.alternative else ""
        _line(plain(f"  {lacking.operation}: {lacking.reason}{instead}"))


def _of_call(call: DemoCall) -> Iterator[Text]:
    yield Text(call.name, style="bold")
    for request in call.requests:
        yield Text(f"  {request.method} {request.path} -> {request.status}", style="cyan")
        if request.body is not None:
            yield plain(f"    {json.dumps(request.body, ensure_ascii=False)}")
    if call.error is not None:
        yield Text(f"  {plain(call.error)}", style="yellow")
    else:
        yield from _of_result(call.result)


def _of_result(result: BaseModel | None) -> Iterator[Text]:
    if result is None:
        yield Text("  -> nothing found", style="green")
        return
    yield Text(f"  -> {type(result).__name__}", style="green")
    for name, value in result:
        if value is not None and name not in OMITTED:
            yield plain(f"     {name}: {value}")
    if isinstance(result, SignupLink):
        yield Text("  then the customer pays on that page")


def _print_switch(runs: Sequence[DemoRun]) -> None:
    for before, after in [*pairwise(runs)][:1]:
        write("\nThe program was the same. The switch is one line of subhub.toml:")
        _line(Text(f'- provider = "{before.provider}"', style="red"))
        _line(Text(f'+ provider = "{after.provider}"', style="green"))
        write("(Real accounts have a table each: there the switch is `account = ...`.)")


def _line(text: Text) -> None:
    write(rendered(text), nl=False)
