"""The file with customers that a bulk command reads, checked as a whole. It sends nothing."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from subhub.client.text_files import NotText, read_text
from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft

DELIMITERS: Final = (",", ";", "\t")
PERSON: Final = tuple(CustomerDraft.model_fields)
KEY: Final = "key"
CUSTOMER: Final = "customer"

SHOWN: Final = 80
"""How much of a cell a problem shows, in characters."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""No line break or tab, which a cell in quotes may have."""

Validator = Callable[[Mapping[str, Any]], None]
"""Raises `InvalidRequest` for arguments that would be refused before anything is sent."""


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer of the file.

    Args:
        line: Where it is.
        key: Its name in every run.
        unkeyed: The name that it has without a `key` of its own.
        arguments: Those of its call.
    """

    line: int
    key: str
    unkeyed: str
    arguments: Mapping[str, Any]

    @property
    def keyed(self) -> bool:
        """Whether it has a `key` of its own."""
        return self.key != self.unkeyed


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with one cell, or with a whole row."""

    line: int
    column: str
    value: str | None
    problem: str

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        shown = repr(self.value) if self.value else ""
        value = f" {shown if len(shown) <= SHOWN else f'{shown[:SHOWN]}...'}" if shown else ""
        return f"line {self.line}{column}{value}: {self.problem}"


def read(
    path: Path,
    delimiter: str | None,
    terms: Mapping[str, Any],
    columns: Sequence[str],
    validate: Validator,
) -> list[CustomerRow]:
    """Return the rows of a file; all its problems are one `InvalidRequest`.

    Args:
        path: The file, CSV in UTF-8.
        delimiter: What separates the cells; `None` to take it from the first line.
        terms: The arguments of every call.
        columns: The arguments of *terms* that a row may replace.
        validate: Called with the arguments of each row.
    """
    reader = _Reader(terms, columns, validate)
    try:
        rows = list(reader.rows(_text(path), delimiter))
    except csv.Error as error:
        problem = f"is not CSV in line {reader.line} ({error}): check its quotes"
        raise _unreadable(path, problem) from error
    if reader.problems:
        problems = "\n  ".join(map(str, reader.problems))
        message = f"{path} cannot be used, and nothing was sent:\n  {problems}"
        raise InvalidRequest(message)
    if not rows:
        raise _unreadable(path, "has no rows below its line of column names")
    return rows


class _Reader:
    """One pass over the file. It continues after a problem, to find them all."""

    def __init__(
        self, terms: Mapping[str, Any], columns: Sequence[str], validate: Validator
    ) -> None:
        self.problems: list[Problem] = []
        self.line = 1
        """Where the row begins that is read; a cell in quotes may span several lines."""
        self._terms = terms
        self._columns = (KEY, CUSTOMER, *PERSON, *columns)
        self._own = columns
        self._validate = validate
        self._lines: dict[str, int] = {}

    def rows(self, text: str, delimiter: str | None) -> Iterator[CustomerRow]:
        head = text.partition("\n")[0]
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(head), strict=True
        )
        first = next(lines, list[str]())
        names = [name.strip().lower().replace(" ", "_") for name in first]
        if text.strip() and not any(names):
            self._add(1, "", None, "expected the names of the columns")
        if not self._known(names):
            return
        self.line = lines.line_num + 1
        for cells in lines:
            given = [cell.strip() for cell in cells]
            if any(given) and (row := self._row(self.line, names, given)) is not None:
                yield row
            self.line = lines.line_num + 1

    def _known(self, names: Sequence[str]) -> bool:
        for number, name in enumerate(names):
            if name in names[:number]:
                self._add(1, name, None, "the column appears twice: remove one")
            elif name not in self._columns:
                close = difflib.get_close_matches(name, self._columns, n=1)
                known = ", ".join(self._columns)
                hint = f"did you mean {close[0]!r}?" if close else f"known columns: {known}"
                self._add(1, "", name, f"unknown column; {hint}")
        return not self.problems

    def _row(self, line: int, names: Sequence[str], given: Sequence[str]) -> CustomerRow | None:
        before = len(self.problems)
        if len(given) != len(names):
            problem = f"expected {len(names)} cells, as in the first line, got {len(given)}"
            self._add(line, "", None, f"{problem}: is one missing, or not in quotes?")
            return None
        for name, value in zip(names, given, strict=True):
            if _CONTROL.search(value):
                self._add(line, name, value, "has a control character: remove it")
        cells = {name: value for name, value in zip(names, given, strict=True) if value}
        key, unkeyed = self._names(line, cells)
        arguments = self._arguments(line, cells)
        if len(self.problems) == before:
            self._check(line, cells, arguments)
        return CustomerRow(line, key, unkeyed, arguments) if len(self.problems) == before else None

    def _names(self, line: int, cells: Mapping[str, str]) -> tuple[str, str]:
        """Return the row's name in every run, which must be unique, and the one without its key."""
        others = {name: value for name, value in cells.items() if name != KEY}
        unkeyed = others.get("external_id") or _fingerprint(others)
        key = cells.get(KEY, unkeyed)
        first = self._lines.setdefault(key, line)
        column = next((name for name in (KEY, "external_id") if name in cells), "")
        if first != line and column:
            self._add(line, column, cells[column], f"line {first} has it too: it must be unique")
        elif first != line:
            problem = f"the same as line {first}: remove it, or add a column `{KEY}`"
            self._add(line, "", None, problem)
        return key, unkeyed

    def _arguments(self, line: int, cells: Mapping[str, str]) -> dict[str, Any]:
        found = {**self._terms, CUSTOMER: self._customer(line, cells)}
        for name in self._own:
            if name in cells:
                found[name] = self._day(line, name, cells) if name == "starts_on" else cells[name]
        if found.get("plan") is None:
            self._add(line, "plan", None, "is required here, or as `--plan`")
        return found

    def _customer(self, line: int, cells: Mapping[str, str]) -> str | CustomerDraft | None:
        fields = {name: cells[name] for name in PERSON if name in cells}
        if CUSTOMER not in cells:
            try:
                return CustomerDraft(**fields)
            except InvalidRequest as error:
                self._add_fields(line, cells, error)
                return None
        if fields:
            problem = f"the id of an existing customer: leave {', '.join(fields)} empty, or this"
            self._add(line, CUSTOMER, cells[CUSTOMER], problem)
        return cells[CUSTOMER]

    def _day(self, line: int, name: str, cells: Mapping[str, str]) -> dt.date | None:
        try:
            return dt.date.fromisoformat(cells[name])
        except ValueError:
            self._add(line, name, cells[name], "expected a day, for example 2024-05-04")
            return None

    def _check(self, line: int, cells: Mapping[str, str], arguments: Mapping[str, Any]) -> None:
        try:
            self._validate(arguments)
        except InvalidRequest as error:
            self._add_fields(line, cells, error)

    def _add_fields(self, line: int, cells: Mapping[str, str], error: InvalidRequest) -> None:
        for field, problem in (error.fields or {"": str(error)}).items():
            column = field if field in self._columns else ""
            self._add(line, column, cells.get(column), problem)

    def _add(self, line: int, column: str, value: str | None, problem: str) -> None:
        # the value stands before the problem already
        self.problems.append(Problem(line, column, value, problem.removesuffix(f", got {value!r}")))


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror}): check the path") from error
    except NotText as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{path} {problem}")


def _delimiter(head: str) -> str:
    """Return what separates the cells: a Dutch Excel writes semicolons."""
    return max(DELIMITERS, key=head.count)


def _fingerprint(cells: Mapping[str, str]) -> str:
    text = json.dumps(sorted(cells.items()))
    return f"row_{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
