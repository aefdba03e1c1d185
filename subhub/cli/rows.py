"""Rows: the file with customers that a bulk command reads, checked as a whole. It sends nothing."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft

DELIMITERS: Final = (",", ";", "\t")
PERSON: Final = tuple(CustomerDraft.model_fields)
KEY: Final = "key"
CUSTOMER: Final = "customer"

Trial = Callable[[Mapping[str, Any]], None]
"""Raises `InvalidRequest` for arguments that would be refused before anything is sent."""


@dataclass(frozen=True, slots=True)
class Row:
    """One customer of the file: where it stands, what names it, and the arguments of its call."""

    line: int
    key: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, or with a whole row."""

    line: int
    column: str
    value: str | None
    remedy: str

    def __str__(self) -> str:
        told = f" {self.value!r}" if self.value else ""
        column = f", column {self.column}" if self.column else ""
        return f"line {self.line}{column}{told}: {self.remedy}"


def read(
    path: Path,
    delimiter: str | None,
    terms: Mapping[str, Any],
    columns: Sequence[str],
    trial: Trial,
) -> list[Row]:
    """The rows of the file at *path*; all that is wrong with it is one `InvalidRequest`.

    *terms* are the arguments of every call, and *columns* those of them that a row may replace.
    """
    reading = _Reading(terms, columns, trial)
    try:
        rows = list(reading.rows(_text(path), delimiter))
    except csv.Error as error:
        raise _unreadable(path, f"is not CSV ({error}): check its quotes") from error
    if reading.problems:
        told = "\n  ".join(map(str, reading.problems))
        problem = f"{path} cannot be used, and nothing was sent:\n  {told}"
        raise InvalidRequest(problem, fields={"from": problem})
    if not rows:
        raise _unreadable(path, "has no rows below its line of column names")
    return rows


class _Reading:
    """One pass over the file, that goes on after a problem to find them all."""

    def __init__(self, terms: Mapping[str, Any], columns: Sequence[str], trial: Trial) -> None:
        self.problems: list[Problem] = []
        self._terms = terms
        self._columns = (KEY, CUSTOMER, *PERSON, *columns)
        self._own = columns
        self._trial = trial
        self._lines: dict[str, int] = {}

    def rows(self, text: str, delimiter: str | None) -> Iterator[Row]:
        head = text.partition("\n")[0]
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(head), strict=True
        )
        first = next(lines, list[str]())
        names = [each.strip().lower().replace(" ", "_") for each in first]
        if not self._known(names):
            return
        last = lines.line_num
        for cells in lines:
            line, last = last + 1, lines.line_num
            given = [each.strip() for each in cells]
            if any(given) and (row := self._row(line, names, given)) is not None:
                yield row

    def _known(self, names: Sequence[str]) -> bool:
        for number, name in enumerate(names):
            if name in names[:number]:
                self._note(1, name, None, "stands there twice: leave one out")
            elif name not in self._columns:
                close = difflib.get_close_matches(name, self._columns, n=1)
                known = ", ".join(self._columns)
                hint = f"did you mean {close[0]!r}?" if close else f"known are {known}"
                self._note(1, "", name, f"no such column; {hint}")
        return not self.problems

    def _row(self, line: int, names: Sequence[str], given: Sequence[str]) -> Row | None:
        before = len(self.problems)
        if len(given) != len(names):
            wanted = f"it has {len(given)} cells, and the first line names {len(names)} columns"
            self._note(line, "", None, f"{wanted}: is one missing, or not in quotes?")
            return None
        cells = {name: value for name, value in zip(names, given, strict=True) if value}
        key = self._key(line, cells)
        arguments = self._arguments(line, cells)
        if len(self.problems) == before:
            self._try(line, cells, arguments)
        return Row(line, key, arguments) if len(self.problems) == before else None

    def _key(self, line: int, cells: Mapping[str, str]) -> str:
        """What names the row in every run: its key, your id of the customer, or all of it."""
        column = next((each for each in (KEY, "external_id") if each in cells), "")
        key = cells[column] if column else _fingerprint(cells)
        first = self._lines.setdefault(key, line)
        if first != line:
            told = f"line {first} has it too: each row needs one of its own"
            if not column:
                told = f"it is the same as line {first}: leave it out, or add a column `{KEY}`"
            self._note(line, column, cells.get(column), told)
        return key

    def _arguments(self, line: int, cells: Mapping[str, str]) -> dict[str, Any]:
        found = {**self._terms, CUSTOMER: self._customer(line, cells)}
        for name in self._own:
            if name in cells:
                found[name] = self._day(line, name, cells) if name == "starts_on" else cells[name]
        if found.get("plan") is None:
            self._note(line, "plan", None, "say what for: fill it in, or give --plan")
        return found

    def _customer(self, line: int, cells: Mapping[str, str]) -> str | CustomerDraft | None:
        fields = {name: cells[name] for name in PERSON if name in cells}
        if CUSTOMER not in cells:
            try:
                return CustomerDraft(**fields)
            except InvalidRequest as error:
                self._refused(line, cells, error)
                return None
        if fields:
            told = f"an id of somebody who exists: leave {', '.join(fields)} empty, or this"
            self._note(line, CUSTOMER, cells[CUSTOMER], told)
        return cells[CUSTOMER]

    def _day(self, line: int, name: str, cells: Mapping[str, str]) -> dt.date | None:
        try:
            return dt.date.fromisoformat(cells[name])
        except ValueError:
            self._note(line, name, cells[name], "no day: write it as 2024-05-04")
            return None

    def _try(self, line: int, cells: Mapping[str, str], arguments: Mapping[str, Any]) -> None:
        try:
            self._trial(arguments)
        except InvalidRequest as error:
            self._refused(line, cells, error)

    def _refused(self, line: int, cells: Mapping[str, str], error: InvalidRequest) -> None:
        for field, remedy in (error.fields or {"": str(error)}).items():
            column = field if field in self._columns else ""
            missing = column and column not in cells and remedy == "Field required"
            self._note(line, column, cells.get(column), "fill it in" if missing else remedy)

    def _note(self, line: int, column: str, value: str | None, remedy: str) -> None:
        self.problems.append(Problem(line, column, value, remedy.removesuffix(f", not {value!r}")))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror}): check --from") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        told = f"is not UTF-8 in line {line}: save it as CSV UTF-8"
        raise _unreadable(path, told) from error


def _unreadable(path: Path, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{path} {problem}", fields={"from": problem})


def _delimiter(head: str) -> str:
    """What is between the cells: a Dutch Excel writes semicolons."""
    return max(DELIMITERS, key=head.count)


def _fingerprint(cells: Mapping[str, str]) -> str:
    told = json.dumps(sorted(cells.items()))
    return f"row_{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}"
