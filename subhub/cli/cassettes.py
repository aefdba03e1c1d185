"""`subhub cassettes`: recordings of conversations with a provider, made, checked and looked at."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from subhub.cli.cassettes_record import FOLDER, record
from subhub.cli.command import command
from subhub.cli.extras import need_testing
from subhub.cli.output import Output
from subhub.errors import ConfigError, InvalidRequest
from subhub.messages import is_object

if TYPE_CHECKING:
    from subhub.testing.cassettes import Interaction
    from subhub.testing.cassettes.checking import Finding
    from subhub.testing.cassettes.drift import Drift

app = typer.Typer(
    name="cassettes", help="Recordings of conversations with providers.", no_args_is_help=True
)

FAILED: Final = 1
LONGEST: Final = 70
"""How much of a body a table shows, in letters."""

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Cassettes, or folders of them; else cassettes/.")
]


@command(app, "check")
def check(
    *,
    paths: Paths = None,
    max_age: Annotated[
        int | None, typer.Option(metavar="DAYS", help="Refuse older recordings.", min=0)
    ] = None,
    output: Output,
) -> None:
    """Check that cassettes are honest: origin, age, keys, people's data, the API's description."""
    found = _cassettes(paths)
    from subhub.testing.cassettes.checking import findings  # noqa: PLC0415 - its needs are an extra

    today = dt.datetime.now(dt.UTC).date()
    wrong = [each for path in found for each in findings(path, today=today, max_age=max_age)]
    if output.as_json:
        output.data({"checked": len(found), "findings": [asdict(each) for each in wrong]})
    else:
        _tell_findings(wrong, output)
        output.note(
            f"{len(found)} cassettes were checked, {len({e.path for e in wrong})} are wrong"
        )
    if wrong:
        raise typer.Exit(FAILED)


@command(app, "show")
def show(*, path: Annotated[Path, typer.Argument(help="A cassette.")], output: Output) -> None:
    """Show the conversation on a cassette, and where it comes from."""
    (found,) = _cassettes([path])
    from subhub.testing.cassettes import Cassette, CassetteMismatch  # noqa: PLC0415 - as above

    try:
        conversation = Cassette.at(found)
        rows = [_row(number, each) for number, each in enumerate(conversation.interactions, 1)]
    except CassetteMismatch as error:
        raise ConfigError(str(error)) from error
    head = conversation.provenance
    if output.as_json:
        output.data({"provenance": asdict(head), "interactions": conversation.interactions})
        return
    played = f", playing {head.scenario}" if head.scenario else ""
    output.note(f"{head.source}, recorded on {head.recorded_on} by {head.plugin}{played}")
    output.table(("", "method", "address", "asked", "status", "answered"), rows)


@command(app, "drift")
def drift(*, paths: Paths = None, output: Output) -> None:
    """Play again what cassettes were recorded from, and show what differs; nothing is overwritten.

    What was recorded live is compared in what is asked only.
    """
    found = _cassettes(paths)
    from subhub.testing.cassettes.drift import drifts  # noqa: PLC0415 - its needs are an extra

    played = drifts(found, Path.cwd())
    drifted = [each for each in played if each.lines]
    if output.as_json:
        output.data({"played": len(played), "drifted": [asdict(each) for each in drifted]})
    else:
        _tell_drifts(drifted)
        output.note(f"{len(played)} cassettes were played again, {len(drifted)} differ")
    if drifted:
        raise typer.Exit(FAILED)


def _cassettes(paths: list[Path] | None) -> list[Path]:
    """The cassettes that are meant; none at all is a mistake."""
    need_testing()
    from subhub.testing.cassettes.checking import cassettes_in  # noqa: PLC0415 - its needs are an extra

    asked = paths or [FOLDER]
    for each in asked:
        if not each.exists():
            raise InvalidRequest.of("paths", f"there is no {each}: name a cassette, or a folder")
    found = cassettes_in(asked)
    if not found:
        names = ", ".join(map(str, asked))
        raise InvalidRequest.of("paths", f"there is no cassette in {names}: record one first")
    return found


def _row(number: int, interaction: Interaction) -> tuple[object, ...]:
    asked, answered = interaction["request"], interaction["response"]
    address = str(asked["uri"]).partition("://")[2]
    return (
        number,
        asked["method"],
        address[address.find("/") :],
        _said(asked),
        answered["status"],
        _said(answered),
    )


def _said(message: Any) -> str:
    """What a body says, in short: its values, without what is empty."""
    body = message.get("json", message.get("text", ""))
    text = body if isinstance(body, str) else json.dumps(_full(body), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _full(value: Any) -> Any:
    if is_object(value):
        kept = {name: _full(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (None, {}, [])}
    return value


def _tell_findings(found: list[Finding], output: Output) -> None:
    if found:
        rows = [(each.path, each.place, each.problem, each.remedy) for each in found]
        output.table(("cassette", "exchange", "problem", "remedy"), rows)


def _tell_drifts(drifted: list[Drift]) -> None:
    from subhub.testing.cassettes.drift import shown  # noqa: PLC0415 - its needs are an extra

    for each in drifted:
        typer.echo(str(each.path))
        for line in shown(each):
            typer.echo(line)
        if each.again:
            typer.echo(f"  if that is meant: {each.again}")


_ = command(app, "record")(record)
