"""`subhub resolve`: what became of changes whose answer was lost. It changes nothing there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from pydantic import BaseModel

from subhub.cli.options import Call
from subhub.client.configuration import Configuration
from subhub.errors import ConfigError, InvalidRequest, SubhubError
from subhub.recovery.reconcile import Resolution

if TYPE_CHECKING:
    from subhub.client.sync_client import Client
    from subhub.recovery.journal import OpenIntent

UNDECIDED: Final = 4
"""As for a call whose outcome is unknown: it still is."""
IN_FLIGHT: Final = "its process still lives, and may yet get the answer"

Verdict = Literal["done", "not-done"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one open intent of the journal."""

    intent: OpenIntent
    outcome: Literal["done", "not_done", "ambiguous", "in_flight", "failed", "open"]
    reason: str = ""
    resolution: Resolution | None = None

    @property
    def undecided(self) -> bool:
        """Whether it is still open."""
        return self.outcome not in {"done", "not_done"}


def resolve(
    *,
    token: Annotated[
        str | None,
        typer.Argument(help="The token of a lost call; without one, all of the journal."),
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="List what is open in the journal; look at nothing.")
    ] = False,
    verdict: Annotated[
        Verdict | None, typer.Option("--as", help="Close it as you saw it at the provider.")
    ] = None,
    object_id: Annotated[
        str | None, typer.Option("--id", help="With --as done: the id of what was made.")
    ] = None,
    grace_period: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="How long the provider may have taken with it."),
    ] = 60.0,
    call: Call,
) -> None:
    """Look at the provider for what calls whose answer was lost have done."""
    _check(token, verdict, object_id, only_list=only_list)
    if token is None:
        _resolve_all(grace_period, call, only_list=only_list)
    elif verdict is not None:
        _close(token, verdict, object_id, call)
    else:
        _resolve_one(token, grace_period, call)


def _check(
    token: str | None, verdict: Verdict | None, object_id: str | None, *, only_list: bool
) -> None:
    if token is None and verdict is not None:
        _refuse("as", "it closes one change: give the token of that, from `subhub resolve --list`")
    if object_id is not None and verdict != "done":
        _refuse("id", "it goes with --as done: it is the id of what was made")
    if token is not None and only_list:
        _refuse("list", "it lists all that is open: leave the token out")


def _refuse(option: str, problem: str) -> None:
    raise InvalidRequest(f"--{option}: {problem}", fields={option: problem})


def _resolve_one(token: str, grace_period: float, call: Call) -> None:
    with call.billing() as client:
        found = client.resolve(token, grace_period=grace_period)
    if call.as_json:
        call.data(_facts(found))
    else:
        _tell(found, call)
    if found.outcome == "ambiguous":
        raise typer.Exit(UNDECIDED)


def _close(token: str, verdict: Verdict, object_id: str | None, call: Call) -> None:
    with call.billing() as client:
        client.mark_resolved(token, done=verdict == "done", object_id=object_id)
    if call.as_json:
        call.data({"outcome": verdict.replace("-", "_"), "id": object_id})
    else:
        call.note(f"noted in the journal: {verdict.replace('-', ' ')}")


def _resolve_all(grace_period: float, call: Call, *, only_list: bool) -> None:
    _need_a_journal(call)
    with call.billing() as client:
        intents = client.open_intents()
        findings = _listed(intents) if only_list else _found(client, intents, grace_period)
        told = [_told(each, call) for each in findings]
    left = sum(each.undecided for each in told)
    if call.as_json:
        told.sort(key=lambda each: each.intent.sent_at)
        call.data({"undecided": left, "intents": [_row(each) for each in told]})
    else:
        call.note(f"{left} of {len(told)} undecided" if told else "nothing is open")
    if left:
        raise typer.Exit(UNDECIDED)


def _need_a_journal(call: Call) -> None:
    configuration = Configuration.read(call.config, call.account)
    name = configuration.choose()
    if configuration.settings.accounts[name].journal is None:
        raise ConfigError(
            f"{configuration.source}: accounts.{name} keeps no journal, so nothing is known to be "
            'open: add `journal = "journal.db"` to it, or give the token of a lost call'
        )


def _listed(intents: Sequence[OpenIntent]) -> Iterator[Finding]:
    for each in intents:
        yield Finding(each, "in_flight", IN_FLIGHT) if each.in_flight else Finding(each, "open")


def _found(client: Client, intents: Sequence[OpenIntent], grace_period: float) -> Iterator[Finding]:
    left = [each for each in intents if not each.in_flight]
    found = client.resolve_all([each.token for each in left], grace_period=grace_period)
    yield from map(_finding, left, found)
    yield from _listed([each for each in intents if each.in_flight])


def _finding(intent: OpenIntent, found: Resolution | SubhubError) -> Finding:
    if isinstance(found, SubhubError):
        return Finding(intent, "failed", str(found))
    return Finding(intent, found.outcome, found.reason, found)


def _told(finding: Finding, call: Call) -> Finding:
    if not call.as_json:
        intent = finding.intent
        job = ", of a bulk job" if intent.job else ""
        why = f": {finding.reason}" if finding.reason else ""
        outcome = finding.outcome.replace("_", " ")
        typer.echo(f"{intent.operation}, begun {intent.sent_at:%Y-%m-%d %H:%M:%S %Z}{job}")
        typer.echo(f"  {outcome}{why}")
        if finding.resolution is not None:
            _tell_candidates(finding.resolution, call)
        if finding.undecided:
            typer.echo(f"  {intent.token}")
    return finding


def _row(finding: Finding) -> dict[str, object]:
    known = {"result": None, "candidates": ()}
    found = known if finding.resolution is None else _facts(finding.resolution)
    return {**asdict(finding.intent), **found, "outcome": finding.outcome, "reason": finding.reason}


def _facts(found: Resolution) -> dict[str, object]:
    return {
        "outcome": found.outcome,
        "reason": found.reason,
        "result": found.result,
        "candidates": found.candidates,
    }


def _tell(found: Resolution, call: Call) -> None:
    typer.echo(f"{found.outcome.replace('_', ' ')}: {found.reason}")
    if isinstance(found.result, BaseModel):
        call.show(found.result)
    _tell_candidates(found, call)


def _tell_candidates(found: Resolution, call: Call) -> None:
    if found.candidates:
        rows = [(type(each).__name__, getattr(each, "id", "")) for each in found.candidates]
        call.table(("candidate", "id"), rows)
