"""The rows of a switch: what happens to each subscription, as a table that a person signs off.

It is CSV in UTF-8. `plan` writes it, people cut it and change cells, and `run` reads it. Nothing
here sends anything.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast, get_args

from subhub.client.text_files import NotText, read_text
from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft, Interval, Money, When
from subhub.system import atomic_files

T = TypeVar("T")

Way = Literal["api", "link", "leave"]
"""How a subscription moves: `api`, subscribed at the target without the customer; `link`, the
customer signs up on a page of the target; `leave`, it stays where it is."""
WAYS: Final[tuple[Way, ...]] = get_args(Way)
ENDS: Final[tuple[When, ...]] = get_args(When)
PERSON: Final = tuple(CustomerDraft.model_fields)
OWN: Final = (
    "key",
    "subscription",
    "customer",
    "plan",
    "renews_on",
    "price",
    "way",
    "starts_on",
    "break",
    "overlap_days",
    "note",
    "from",
    "to",
    "to_customer",
    "payment_method",
    "options",
)
"""The columns of a switch; those of the export that have another name follow."""
DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """What is to happen to one subscription.

    Args:
        key: Its name in all reports; that of the subscription, unless you have a better one.
        subscription: Its id at the source.
        customer: The customer's id at the source.
        way: How it moves.
        source: The name of the account that it leaves.
        target: The name of the account that it goes to.
        plan: The key or id of the plan at the target.
        renews_on: The day of its next renewal, when the plan was written.
        price: What it costs there.
        starts_on: The first day at the target; `run` follows the source if that has moved on.
        end: When the old one ends, once the new one exists (column `break`).
        overlap_days: How many days before a renewal a link may be paid at the earliest.
        note: A reason code and what a person should know.
        to_customer: The customer's id at the target, if it exists there already.
        payment_method: The target's id of the means to charge.
        options: What only the target's provider knows of `subscribe`.
        more: All other columns: those of the export.
    """

    key: str
    subscription: str
    customer: str
    way: Way
    source: str
    target: str
    plan: str = ""
    renews_on: dt.date | None = None
    price: Money | None = None
    starts_on: dt.date | None = None
    end: When = "now"
    overlap_days: int = 0
    note: str = ""
    to_customer: str = ""
    payment_method: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    more: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def interval(self) -> Interval | None:
        """How often it bills at the source, if the export says so."""
        text = self.more.get("interval", "")
        return Interval.parse(text) if text else None

    def draft(self, keep: Callable[[str, str], bool] = lambda _name, _value: True) -> CustomerDraft:
        """Return the customer to create; *keep* says which fields with which values to give.

        Raises `InvalidRequest` if the columns are not those of a customer.
        """
        given = {name: self.more[name] for name in PERSON if self.more.get(name)}
        return CustomerDraft(**{name: value for name, value in given.items() if keep(name, value)})

    def cells(self) -> dict[str, str]:
        """Return the row as text, by column."""
        price, renews_on, starts_on = self.price, self.renews_on, self.starts_on
        own = (
            self.key,
            self.subscription,
            self.customer,
            self.plan,
            renews_on.isoformat() if renews_on else "",
            str(price) if price else "",
            self.way,
            starts_on.isoformat() if starts_on else "",
            self.end,
            str(self.overlap_days),
            self.note,
            self.source,
            self.target,
            self.to_customer,
            self.payment_method,
            json.dumps(dict(self.options), sort_keys=True) if self.options else "",
        )
        others = {name: value for name, value in self.more.items() if name not in OWN}
        return {**dict(zip(OWN, own, strict=True)), **others}


def write_rows(path: Path, rows: Sequence[SwitchRow]) -> None:
    """Write *rows* to a new file that only its owner can read: it holds personal data.

    Raises `InvalidRequest` if there is a file already: a person may have signed it off.
    """
    if path.exists():
        message = f"{path} exists already: name another file, or remove it"
        raise InvalidRequest(message)
    names = list(dict.fromkeys((*OWN, *(name for row in rows for name in row.cells()))))
    text = io.StringIO()
    table = csv.DictWriter(text, names, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(row.cells() for row in rows)
    try:
        atomic_files.replace(path, text.getvalue(), private=True)
    except OSError as error:
        raise InvalidRequest(f"cannot write {path} ({error.strerror})") from error


def read_rows(path: Path) -> list[SwitchRow]:
    """Read the rows of a switch; all problems of the file are one `InvalidRequest`."""
    problems: list[str] = []
    rows: list[SwitchRow] = []
    for line, cells in read_table(path, (*OWN[:9], "from", "to")):
        try:
            rows.append(_row(cells))
        except InvalidRequest as error:
            problems.append(f"line {line}, {error}")
    for name in ("key", "subscription"):
        counts = Counter(getattr(row, name) for row in rows)
        twice = (value for value, count in counts.items() if count > 1)
        problems.extend(f"{name} {value!r} is in several rows: keep one" for value in twice)
    if len({(row.source, row.target) for row in rows}) > 1:
        problems.append("columns from and to must be the same in all rows: cut it into two files")
    if problems:
        listed = "\n  ".join(problems)
        raise InvalidRequest(f"{path} cannot be used, and nothing was sent:\n  {listed}")
    if not rows:
        raise InvalidRequest(f"{path} has no rows below its line of column names")
    return rows


def read_table(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV file, and yield the line and the cells of each row that is not empty.

    Args:
        path: The file; its cells are separated by commas, semicolons or tabs.
        required: The columns that must be there.
    """
    text = _text(path)
    head = text.partition("\n")[0]
    table = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count), strict=True
    )
    try:
        names = [name.strip() for name in next(table, list[str]())]
        _check_names(path, names, required)
        begin = table.line_num + 1
        for cells in table:
            if any(cell.strip() for cell in cells):
                yield begin, _named(path, begin, names, cells)
            begin = table.line_num + 1
    except csv.Error as error:
        problem = f"is not CSV in line {table.line_num} ({error}): check its quotes"
        raise InvalidRequest(f"{path} {problem}") from error


def at(row: SwitchRow, **changes: Any) -> SwitchRow:
    """Return *row* with *changes*."""
    return replace(row, **changes)


def word(name: str, text: str, allowed: Sequence[T]) -> T:
    """Return *text* if it is one of the *allowed* words of the column *name*."""
    if text not in allowed:
        words = ", ".join(map(str, allowed))
        raise InvalidRequest(f"column {name} must be one of {words}, got {text!r}")
    return cast("T", text)


def optional(name: str, text: str, read: Callable[[str], T], example: str) -> T | None:
    """Return what *read* makes of *text*, the cell of a column; `None` if it is empty."""
    if not text:
        return None
    try:
        return read(text)
    except (ValueError, InvalidRequest):
        message = f"column {name}: invalid value {text!r}, expected for example {example}"
        raise InvalidRequest(message) from None


def _row(cells: Mapping[str, str]) -> SwitchRow:
    for name in ("key", "subscription", "customer", "from", "to"):
        if not cells.get(name):
            raise InvalidRequest(f"column {name} is empty: it must have a value")
    row = SwitchRow(
        key=cells["key"],
        subscription=cells["subscription"],
        customer=cells["customer"],
        way=word("way", cells["way"], WAYS),
        source=cells["from"],
        target=cells["to"],
        plan=cells["plan"],
        renews_on=optional("renews_on", cells["renews_on"], dt.date.fromisoformat, "2026-12-28"),
        price=optional("price", cells["price"], Money.parse, "12.95 EUR"),
        starts_on=optional("starts_on", cells["starts_on"], dt.date.fromisoformat, "2026-12-28"),
        end=word("break", cells["break"], ENDS),
        overlap_days=optional("overlap_days", cells.get("overlap_days", ""), _days, "14") or 0,
        note=cells.get("note", ""),
        to_customer=cells.get("to_customer", ""),
        payment_method=cells.get("payment_method", ""),
        options=optional("options", cells.get("options", ""), _options, '{"key": "value"}') or {},
        more={name: value for name, value in cells.items() if name not in OWN},
    )
    if row.way != "leave":
        _check_moving(row)
    return row


def _check_moving(row: SwitchRow) -> None:
    for name in ("plan", "price", "renews_on", "starts_on"):
        if not getattr(row, name):
            raise InvalidRequest(
                f"column {name} is empty: it must have a value to move by {row.way}"
            )
    _ = optional("interval", row.more.get("interval", ""), Interval.parse, "1 month")
    if row.to_customer:
        return
    try:
        _ = row.draft()
    except InvalidRequest as error:
        problems = (f"column {name}: {problem}" for name, problem in error.fields.items())
        raise InvalidRequest("; ".join(problems)) from error


def _days(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _options(text: str) -> dict[str, Any]:
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(text)  # noqa: TRY004 - the same as for text that is not JSON
    return cast("dict[str, Any]", found)


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read ({error.strerror}): check the path") from error
    except NotText as error:
        raise InvalidRequest(f"{path} {error}") from error


def _check_names(path: Path, names: Sequence[str], required: Iterable[str]) -> None:
    for name in required:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean it by {close[0]!r}?" if close else f"it has {', '.join(names)}"
            raise InvalidRequest(f"{path} has no column {name!r}: {hint}")
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise InvalidRequest(f"{path} has the column {twice!r} twice: remove one")


def _named(path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) != len(names):
        problem = f"line {line} has {len(cells)} cells, and the first line {len(names)}"
        raise InvalidRequest(f"{path}: {problem}: is one missing, or not in quotes?")
    return {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
