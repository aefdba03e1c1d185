"""Output: tables for people, JSON for scripts. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T", bound=BaseModel)

WIDE: Final = 1000
"""The columns of an output that is no terminal: whatever reads it wants its lines whole."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """How a command tells its result."""

    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False

    def show(self, result: BaseModel | None) -> None:
        """Show one result; `None` is the absence of one."""
        if self.as_json:
            self.data(result)
        elif result is None:
            self.note("there is none")
        else:
            _print_fields(dict(result))

    def data(self, value: object) -> None:
        """Print *value* as JSON."""
        typer.echo(json_text(value))

    def listing(self, what: str, items: Iterable[T], columns: Sequence[str]) -> None:
        """Show *items* as a table with *columns*, in JSON with all their fields."""
        found = _gathered(what, items)
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
        stdout = console()
        with stdout.capture() as printed:
            stdout.print(table)
        for line in printed.get().splitlines():
            typer.echo(line.rstrip())  # the last column is padded, for nobody

    def note(self, text: str) -> None:
        """Tell people something beside the result; scripts are not told."""
        if not self.as_json:
            console(stderr=True).print(plain(text), style="dim", soft_wrap=True)


def console(*, stderr: bool = False, width: int = WIDE) -> Console:
    """A console that takes no text for markup; *width* holds where there is no terminal."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal:
        made.width = width
    return made


def plain(value: object) -> Text:
    """*value* as text that cannot steer a terminal; a provider's data may hold anything."""
    text = "" if value is None else str(value)
    return Text("".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text))


def json_text(value: object) -> str:
    """*value* as JSON: amounts and moments as text, models with their own fields."""
    return json.dumps(value, default=_encoded, indent=2)


def _encoded(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


def _print_fields(fields: Mapping[str, object]) -> None:
    shown = {name: value for name, value in fields.items() if value is not None and name != "raw"}
    width = max(map(len, shown)) + 2
    stdout = console()
    for name, value in shown.items():
        label = Text(name.replace("_", " ").ljust(width), style="bold")
        stdout.print(label + plain(value), soft_wrap=True)  # an address is copied whole


def _gathered(what: str, items: Iterable[T]) -> list[T]:
    """All *items*; on a terminal, with a count of those that have come."""
    stderr = console(stderr=True)
    if not stderr.is_terminal:
        return list(items)
    found: list[T] = []
    with stderr.status(f"reading {what}") as status:
        for item in items:
            found.append(item)
            status.update(f"{len(found)} {what} read")
    return found
