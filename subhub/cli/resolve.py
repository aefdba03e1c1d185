"""`subhub resolve`: what happened to changes with an unknown outcome. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal

import typer
from pydantic import BaseModel

import subhub
from subhub.cli.exit_codes import UNKNOWN
from subhub.cli.number_options import LARGEST
from subhub.cli.options import ClientOptions
from subhub.cli.output import write
from subhub.errors import ConfigError, InvalidRequest, SubhubError

IN_FLIGHT: Final = "its process is still running and may yet receive the response"

Verdict = Literal["done", "not-done"]


@dataclass(frozen=True, slots=True)
class IntentReport:
    """One open intent of the journal, and what was found out about it."""

    intent: subhub.OpenIntent
    outcome: Literal["done", "not_done", "ambiguous", "in_flight", "failed", "open"]
    reason: str = ""
    resolution: subhub.Resolution | None = None

    @property
    def unresolved(self) -> bool:
        """Whether the intent is still open."""
        return self.outcome not in {"done", "not_done"}


def resolve(
    *,
    token: Annotated[
        str | None,
        typer.Argument(help="The token of the error; default: every open change of the journal."),
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="List what is open, without asking the provider.")
    ] = False,
    verdict: Annotated[
        Verdict | None,
        typer.Option("--as", help="Close it by hand, as you saw it at the provider."),
    ] = None,
    object_id: Annotated[
        str | None, typer.Option("--id", help="With --as done: the id of the created object.")
    ] = None,
    grace_period: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=LARGEST,
            help="How long the provider may take to carry it out; default: 60, and longer with a "
            "journal on another machine.",
        ),
    ] = None,
    options: ClientOptions,
) -> None:
    """Find out what happened to changes with an unknown outcome.

    It reads at the provider whether the change took effect. Nothing is changed there.
    """
    _check(token, verdict, object_id, only_list=only_list)
    if token is None:
        _resolve_all(grace_period, options, only_list=only_list)
    elif verdict is not None:
        _close(token, verdict, object_id, options)
    else:
        _resolve_one(token, grace_period, options)


def _check(
    token: str | None, verdict: Verdict | None, object_id: str | None, *, only_list: bool
) -> None:
    if token is None and verdict is not None:
        message = "`--as` needs the token of the change to close: see `subhub resolve --list`"
        raise InvalidRequest(message)
    if object_id is not None and verdict != "done":
        message = "`--id` needs `--as done`: it is the id of the created object"
        raise InvalidRequest(message)
    if token is not None and only_list:
        message = "`--list` lists every open change: leave the token out"
        raise InvalidRequest(message)


def _resolve_one(token: str, grace_period: float | None, options: ClientOptions) -> None:
    with options.client() as client:
        found = client.resolve(token, grace_period=grace_period)
    if options.as_json:
        options.data(_resolution_data(found))
    else:
        write(f"{found.outcome.replace('_', ' ')}: {found.reason}")
        if isinstance(found.result, BaseModel):
            options.show(found.result)
        _print_candidates(found, options)
    if found.outcome == "ambiguous":
        raise typer.Exit(UNKNOWN)


def _close(token: str, verdict: Verdict, object_id: str | None, options: ClientOptions) -> None:
    with options.client() as client:
        client.mark_resolved(token, done=verdict == "done", object_id=object_id)
    if options.as_json:
        options.data({"outcome": verdict.replace("-", "_"), "id": object_id})
    else:
        options.note(f"recorded in the journal: {verdict.replace('-', ' ')}")


def _resolve_all(grace_period: float | None, options: ClientOptions, *, only_list: bool) -> None:
    _need_journal(options)
    with options.client() as client:
        intents = client.open_intents()
        reports = _listed(intents) if only_list else _resolved(client, intents, grace_period)
        shown = [_printed(report, options) for report in reports]
    unresolved = sum(report.unresolved for report in shown)
    if options.as_json:
        shown.sort(key=lambda report: report.intent.sent_at)
        options.data(
            {"undecided": unresolved, "intents": [_report_data(report) for report in shown]}
        )
    else:
        options.note(f"{unresolved} of {len(shown)} unresolved" if shown else "nothing is open")
    if unresolved:
        raise typer.Exit(UNKNOWN)


def _need_journal(options: ClientOptions) -> None:
    configuration = options.written
    name = configuration.choose()
    if configuration.settings.accounts[name].journal is None:
        message = (
            f"{configuration.source}: accounts.{name} has no journal, so open changes are not "
            'recorded: add `journal = "journal.db"` to it, or give the token of an error'
        )
        raise ConfigError(message)


def _listed(intents: Sequence[subhub.OpenIntent]) -> Iterator[IntentReport]:
    for intent in intents:
        if intent.in_flight:
            yield IntentReport(intent, "in_flight", IN_FLIGHT)
        else:
            yield IntentReport(intent, "open")


def _resolved(
    client: subhub.Client, intents: Sequence[subhub.OpenIntent], grace_period: float | None
) -> Iterator[IntentReport]:
    left = [intent for intent in intents if not intent.in_flight]
    found = client.resolve_all([intent.token for intent in left], grace_period=grace_period)
    yield from map(_report, left, found)
    yield from _listed([intent for intent in intents if intent.in_flight])


def _report(intent: subhub.OpenIntent, found: subhub.Resolution | SubhubError) -> IntentReport:
    if isinstance(found, SubhubError):
        return IntentReport(intent, "failed", str(found))
    return IntentReport(intent, found.outcome, found.reason, found)


def _printed(report: IntentReport, options: ClientOptions) -> IntentReport:
    """Print *report* for people as soon as it is known, and return it."""
    if not options.as_json:
        intent = report.intent
        job = ", in a bulk job" if intent.job else ""
        reason = f": {report.reason}" if report.reason else ""
        write(f"{intent.operation}, sent {intent.sent_at:%Y-%m-%d %H:%M:%S %Z}{job}")
        write(f"  {report.outcome.replace('_', ' ')}{reason}")
        if report.resolution is not None:
            _print_candidates(report.resolution, options)
        if report.unresolved:
            write(f"  {intent.token}")
    return report


def _report_data(report: IntentReport) -> dict[str, object]:
    known = {"result": None, "candidates": ()}
    found = known if report.resolution is None else _resolution_data(report.resolution)
    return {**asdict(report.intent), **found, "outcome": report.outcome, "reason": report.reason}


def _resolution_data(found: subhub.Resolution) -> dict[str, object]:
    return {
        "outcome": found.outcome,
        "reason": found.reason,
        "result": found.result,
        "candidates": found.candidates,
    }


def _print_candidates(found: subhub.Resolution, options: ClientOptions) -> None:
    if found.candidates:
        rows = [(type(item).__name__, getattr(item, "id", "")) for item in found.candidates]
        options.table(("candidate", "id"), rows)
