"""Output: tables for people, JSON for scripts. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from subhub.cli.activity import counted, printing
from subhub.cli.exit_codes import FAILED
from subhub.cli.global_options import AsJson, Verbose
from subhub.cli.layout import record, table
from subhub.cli.streams import abandon_stdout, require_stdout

if TYPE_CHECKING:
    from pydantic import BaseModel  # it takes as long to import as typer and rich together

NOT_OF_THE_OBJECT: Final = frozenset({"account", "request_id", "raw"})
"""The fields of a result that say where it came from; people do not read them, scripts may."""

WIDE: Final = 1000
"""The width without a terminal: whatever reads the output wants each line whole."""


_PLAIN: Final[Mapping[str, Any]] = {"markup": False, "emoji": False, "highlight": False}


@dataclass(frozen=True, kw_only=True)
class Output:
    """How a command prints its result."""

    as_json: AsJson = False
    verbose: Verbose = False

    def show(self, result: BaseModel | None) -> None:
        """Print one result; `None` means that none was found, which is the exit code 1."""
        if self.as_json:
            self.data(result)
        elif result is not None:
            _print_fields(dict(result))
        if result is None:
            self.note("not found")
            raise typer.Exit(FAILED)

    def data(self, value: object) -> None:
        """Print *value* as JSON."""
        write(json_text(value))

    def line(self, value: object) -> None:
        """Print *value* as JSON on one line, at once, for a reader that follows."""
        write(json.dumps(value, default=_encoded))

    def listing(self, what: str, items: Iterable[object], columns: Sequence[str]) -> None:
        """Print *items*: as a table of some fields, or as JSON with all fields.

        Args:
            what: What the items are, in the plural.
            items: The results; while they are read, it is shown how many there are so far.
            columns: The fields that the table has.
        """
        found = counted(f"reading {what}", items)
        if self.as_json:
            self.data(found)
        elif found:
            self.table(columns, ([getattr(item, name) for name in columns] for item in found))
        else:
            self.note(f"no {what}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table, for people."""
        cells = [[plain(cell).plain for cell in row] for row in rows]
        write(rendered(table(columns, cells, console().width)), nl=False)

    def note(self, text: str) -> None:
        """Print a remark to stderr, unless JSON was asked for."""
        if not self.as_json:
            with suppress(OSError):  # a command does not fail because of a remark
                write(rendered(plain(text), "dim", stderr=True), nl=False, err=True)


def console(*, stderr: bool = False, width: int = WIDE) -> Console:
    """Return a console that interprets no markup; *width* applies where there is no terminal."""
    opened = Console(stderr=stderr, **_PLAIN)
    # without this, rich folds lines at 80 columns in a pipe
    if not opened.is_terminal:
        opened.width = width
    return opened


def rendered(value: RenderableType, style: str = "", *, stderr: bool = False) -> str:
    """Return *value* as it is printed, on lines that are not cut.

    Printing by rich itself ends the program without a word when the reader of a pipe is gone.
    """
    printed = StringIO()
    target = console(stderr=stderr)
    like = Console(file=printed, force_terminal=target.is_terminal, width=target.width, **_PLAIN)
    like.print(value, style=style, soft_wrap=isinstance(value, Text))
    return printed.getvalue()


def write(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print *text* to stdout, or to stderr; every command prints with this function."""
    with printing():
        typer.echo(text, nl=nl, err=err)


def echo(text: str) -> None:
    """Print *text* to stdout, or to stderr if that is impossible, which is an `OSError` then.

    It may be the only place where the id of a new object is.
    """
    try:
        require_stdout()
        write(text)
    except OSError:
        abandon_stdout()
        complain(text)
        raise


def complain(text: str) -> None:
    """Print *text* to stderr; to stdout, if stderr is closed: an error can hold a token."""
    for stream in filter(None, (sys.stderr, sys.stdout)):
        with suppress(OSError):
            with printing():
                typer.echo(text, file=stream)
            return


def plain(value: object) -> Text:
    """Return *value* as text without control characters, which could steer the terminal."""
    text = "" if value is None else str(value)
    return Text("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text))


def json_text(value: object) -> str:
    """Return *value* as JSON: models with their fields, amounts and moments as text."""
    return json.dumps(value, default=_encoded, indent=2)


def _encoded(value: object) -> object:
    dump: Any = getattr(value, "model_dump", None)
    return str(value) if dump is None else dump(mode="json")


def _print_fields(fields: Mapping[str, object]) -> None:
    shown = {
        name: value
        for name, value in fields.items()
        if value is not None and name not in NOT_OF_THE_OBJECT
    }
    lines = [(name.replace("_", " "), plain(value).plain) for name, value in shown.items()]
    write(rendered(record(lines, console().width)), nl=False)
