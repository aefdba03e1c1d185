"""Output: tables for people, JSON for scripts. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subhub.errors import SubhubError

if TYPE_CHECKING:
    from pydantic import BaseModel  # it takes as long to import as typer and rich together

T = TypeVar("T")

WIDE: Final = 1000
"""The width without a terminal: whatever reads the output wants each line whole."""


class CannotPrint(SubhubError):
    """The output cannot be written, for instance to a full disk."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """How a command prints its result."""

    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False

    def show(self, result: BaseModel | None) -> None:
        """Print one result; `None` means that none was found."""
        if self.as_json:
            self.data(result)
        elif result is None:
            self.note("not found")
        else:
            _print_fields(dict(result))

    def data(self, value: object) -> None:
        """Print *value* as JSON."""
        echo(json_text(value))

    def listing(self, what: str, items: Iterable[object], columns: Sequence[str]) -> None:
        """Print *items*: as a table of some fields, or as JSON with all fields.

        Args:
            what: What the items are, in the plural.
            items: The results; they are read while a terminal shows how many have arrived.
            columns: The fields that the table has.
        """
        found = _collected(what, items)
        if self.as_json:
            self.data(found)
        elif found:
            self.table(columns, ([getattr(item, name) for name in columns] for item in found))
        else:
            self.note(f"no {what}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table, for people."""
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in columns:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(plain(cell) for cell in row))
        # rich pads the last column with blanks
        echo("\n".join(line.rstrip() for line in _rendered(table).splitlines()))

    def note(self, text: str) -> None:
        """Print a remark to stderr, unless JSON was asked for."""
        if not self.as_json:
            with suppress(OSError):  # a remark that nobody can read must not stop a change
                console(stderr=True).print(plain(text), style="dim", soft_wrap=True)


def echo(text: str) -> None:
    """Print *text* to stdout. If that is impossible, print it to stderr, and raise `CannotPrint`.

    It may be the only place where the id or the address of a new object is.
    """
    try:
        typer.echo(text)
    except OSError as error:
        if error.errno == errno.EPIPE:  # as in `| head`: typer ends the program quietly
            raise
        # What is still in the buffer would raise again when Python ends.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
        typer.echo(text, err=True)
        message = f"cannot write the output ({error.strerror}): it is on stderr instead"
        raise CannotPrint(message) from error


def console(*, stderr: bool = False, width: int = WIDE) -> Console:
    """Return a console that interprets no markup; *width* applies where there is no terminal."""
    opened = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not opened.is_terminal:
        opened.width = width
    return opened


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
    shown = {name: value for name, value in fields.items() if value is not None and name != "raw"}
    width = max(map(len, shown)) + 2
    lines = (
        Text(name.replace("_", " ").ljust(width), style="bold") + plain(value)
        for name, value in shown.items()
    )
    echo("".join(_rendered(line, soft_wrap=True) for line in lines).removesuffix("\n"))


def _rendered(content: Table | Text, *, soft_wrap: bool = False) -> str:
    """Return what stdout would show of *content*. With *soft_wrap*, an address is copied whole."""
    stdout, shown = console(), io.StringIO()
    # not `capture`, which flushes stdout: where that fails, the text would be lost
    copy = Console(
        file=shown,
        force_terminal=stdout.is_terminal,
        color_system=cast("Any", stdout.color_system),
        width=stdout.width,
    )
    copy.print(content, soft_wrap=soft_wrap)
    return shown.getvalue()


def _collected(what: str, items: Iterable[T]) -> list[T]:
    """Return all *items*; on a terminal, show how many have arrived."""
    stderr = console(stderr=True)
    if not stderr.is_terminal:
        return list(items)
    found: list[T] = []
    with stderr.status(f"reading {what}") as status:
        for item in items:
            found.append(item)
            status.update(f"{len(found)} {what} read")
    return found
