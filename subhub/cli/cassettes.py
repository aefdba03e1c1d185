"""`subhub cassettes`: record, check and show recordings of a provider."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from subhub.cli.cassettes_record import FOLDER, need_testing_extra, record
from subhub.cli.command import command
from subhub.cli.exit_codes import FAILED
from subhub.cli.output import Output
from subhub.errors import ConfigError, InvalidRequest
from subhub.messages import is_object

if TYPE_CHECKING:
    from subhub.testing.cassettes import Interaction
    from subhub.testing.cassettes.checking import CassetteFinding

app = typer.Typer(help="Cassettes: recorded requests and responses.")

LONGEST: Final = 70
"""How many characters of a body a table shows."""

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Cassettes, or folders of them; default: cassettes/.")
]


@command(app, "check")
def check(
    *,
    paths: Paths = None,
    max_age: Annotated[
        int | None,
        typer.Option(metavar="DAYS", help="Refuse older recordings of a provider.", min=0),
    ] = None,
    output: Output,
) -> None:
    """Check cassettes: origin, age, keys, personal data, and the API description."""
    found = _cassettes(paths)
    from subhub.testing.cassettes.checking import findings  # noqa: PLC0415 - an extra

    today = dt.datetime.now(dt.UTC).date()
    wrong = [finding for path in found for finding in findings(path, today=today, max_age=max_age)]
    if output.as_json:
        output.data({"checked": len(found), "findings": [asdict(finding) for finding in wrong]})
    else:
        _print_findings(wrong, output)
        failed = len({finding.path for finding in wrong})
        output.note(f"checked {len(found)} cassettes: {failed} have problems")
    if wrong:
        raise typer.Exit(FAILED)


@command(app, "show")
def show(*, path: Annotated[Path, typer.Argument(help="A cassette.")], output: Output) -> None:
    """Show the requests and responses on a cassette, and where they come from."""
    (found,) = _cassettes([path])
    from subhub.testing.cassettes import Cassette, CassetteMismatch  # noqa: PLC0415 - an extra

    try:
        cassette = Cassette.at(found)
        rows = [_row(number, each) for number, each in enumerate(cassette.interactions, 1)]
    except CassetteMismatch as error:
        raise ConfigError(str(error)) from error
    head = cassette.provenance
    if output.as_json:
        output.data({"provenance": asdict(head), "interactions": cassette.interactions})
        return
    scenario = f", playing {head.scenario}" if head.scenario else ""
    output.note(f"{head.source}, recorded on {head.recorded_on} by {head.plugin}{scenario}")
    output.table(("", "method", "path", "request", "status", "response"), rows)


def _cassettes(paths: list[Path] | None) -> list[Path]:
    """Return the cassettes that are meant; none at all is an error."""
    need_testing_extra()
    from subhub.testing.cassettes.checking import cassettes_in  # noqa: PLC0415 - an extra

    asked = paths or [FOLDER]
    for path in asked:
        if not path.exists():
            message = f"{path} does not exist: name a cassette or a folder"
            raise InvalidRequest(message)
    found = cassettes_in(asked)
    if not found:
        message = f"no cassette in {', '.join(map(str, asked))}: record one first"
        raise InvalidRequest(message)
    return found


def _row(number: int, interaction: Interaction) -> tuple[object, ...]:
    request, response = interaction["request"], interaction["response"]
    address = str(request["uri"]).partition("://")[2]
    return (
        number,
        request["method"],
        address[address.find("/") :],
        _shortened(request),
        response["status"],
        _shortened(response),
    )


def _shortened(message: Any) -> str:
    """Return a body in short: its values, without the empty ones."""
    body = message.get("json", message.get("text", ""))
    text = body if isinstance(body, str) else json.dumps(_without_empty(body), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _without_empty(value: Any) -> Any:
    if is_object(value):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, {}, [])}
    return value


def _print_findings(found: list[CassetteFinding], output: Output) -> None:
    if found:
        rows = [(finding.path, finding.place, finding.problem, finding.remedy) for finding in found]
        output.table(("cassette", "exchange", "problem", "remedy"), rows)


_ = command(app, "record")(record)
