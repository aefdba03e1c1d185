"""Exporting an account: all its customers and subscriptions, in neutral words.

The file has one JSON object on each line, and after each page the cursor of the next one. So an
export that was stopped can be resumed. Nothing is changed at the provider.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from subhub.client.base import account_of
from subhub.errors import InvalidRequest
from subhub.models import Interval, Money
from subhub.switching.rows import PERSON
from subhub.system import atomic_files
from subhub.system.line_file import LineFile

if TYPE_CHECKING:
    from subhub import Client

FORMAT: Final = 1
LISTS: Final = {"customers": "customer", "subscriptions": "subscription"}
TERMS: Final = (
    "status",
    "raw_status",
    "plan_id",
    "description",
    "price",
    "interval",
    "quantity",
    "tax_rate",
    "starts_on",
    "renews_on",
    "ends_at",
    "created_at",
)
COLUMNS: Final = ("subscription", "customer", *TERMS, *PERSON)
"""The columns of an export as a table: a line for each subscription, with its customer."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds.

    Args:
        path: The file.
        customers: How many customers there are.
        subscriptions: How many subscriptions.
    """

    path: Path
    customers: int
    subscriptions: int


def export(
    client: Client,
    path: str | os.PathLike[str],
    *,
    resume: bool = False,
    skip_unreadable: bool = False,
    progress: Callable[[str, int], object] | None = None,
) -> Exported:
    """Write all customers and subscriptions of an account to a file, page by page.

    It takes one request for each page, within the rate limit. `Unsupported` where the provider
    lists no subscriptions; where it lists no customers, the export has none.

    Args:
        client: The account.
        path: The file, which only its owner can read: it holds personal data, and as `raw` all
            that the provider says.
        resume: Go on with an export that was stopped; otherwise a file that exists is refused.
        skip_unreadable: Leave out records that cannot be read, with a warning. Otherwise they are
            an `InvalidReply`: a customer who is left out would not move.
        progress: Called after each page, with the name of the list and the number of its records.
    """
    client.capabilities.require("list_subscriptions")
    file = Path(path)
    if file.exists() and not resume:
        raise InvalidRequest(f"{file} exists already: resume that export, or name another file")
    try:
        with_lines = LineFile(file)
    except OSError as error:
        raise InvalidRequest(f"cannot write {file} ({error.strerror})") from error
    try:
        _Export(client, with_lines, strict=not skip_unreadable, progress=progress).run()
    finally:
        with_lines.close()
    customers, subscriptions = read_export(file)
    return Exported(file, len(customers), len(subscriptions))


def read_export(path: Path) -> tuple[dict[str, Record], dict[str, Record]]:
    """Return the customers and the subscriptions of an export, by id.

    Raises `InvalidRequest` for another file, and for an export that was not finished.
    """
    found: dict[str, dict[str, Record]] = {kind: {} for kind in LISTS.values()}
    finished = False
    for line in _lines(path, path.read_bytes()):
        finished = line["type"] == "end"
        if line["type"] in found:
            found[line["type"]][line["id"]] = line
    if not finished:
        raise InvalidRequest(f"{path} is not finished: resume the export")
    return found["customer"], found["subscription"]


def write_table(path: Path, source: Path) -> None:
    """Write the export *source* as CSV: a line for each subscription, with its customer.

    Customers without a subscription have a line of their own.
    """
    customers, subscriptions = read_export(source)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(_table(customers, subscriptions))
    atomic_files.replace(path, text.getvalue(), private=True)


class _Export:
    """One run of an export.

    Args:
        client: The account.
        file: Where to write.
        strict: Whether a record that cannot be read is an error.
        progress: See `export`.
    """

    def __init__(
        self,
        client: Client,
        file: LineFile,
        *,
        strict: bool,
        progress: Callable[[str, int], object] | None,
    ) -> None:
        self._client = client
        self._file = file
        self._strict = strict
        self._progress = progress or _silent
        self._counts = dict.fromkeys(LISTS, 0)
        self._next: dict[str, str | None] = {}
        """The cursor after the last page in the file, by list; `None` at the end of a list."""

    def run(self) -> None:
        """Write what is not in the file yet."""
        account = account_of(self._client)
        head = _line(
            {
                "type": "export",
                "format": FORMAT,
                "provider": account.provider.name,
                "account": account.name,
            }
        )
        content = self._file.content()
        if not content.startswith(head[: len(content)]):
            place = f"of the account {account.name!r} at {account.provider.name}"
            raise InvalidRequest(f"{self._file.path} is not an export {place}: name another file")
        self._file.make_private()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            _ = self._file.set_aside(end)
        if not end:
            self._append(head)
        elif self._read(content[:end]):
            return
        for name in LISTS:
            if self._client.supports(f"list_{name}"):
                self._list(name)
        self._append(_line({"type": "end", **self._counts}))

    def _read(self, content: bytes) -> bool:
        """Read how far an earlier run came; return whether it was finished."""
        kinds = {kind: name for name, kind in LISTS.items()}
        finished = False
        for line in _lines(self._file.path, content):
            finished = line["type"] == "end"
            if line["type"] == "page":
                self._next[line["list"]] = line["next_cursor"]
            elif line["type"] in kinds:
                self._counts[kinds[line["type"]]] += 1
        return finished

    def _list(self, name: str) -> None:
        if name in self._next and self._next[name] is None:
            return
        read: Any = getattr(self._client, f"list_{name}")
        for page in read(strict=self._strict).pages(after=self._next.get(name)):
            lines = [
                {"type": LISTS[name], **item.model_dump(mode="json"), "raw": item.raw}
                for item in page.items
            ]
            cursor = {"type": "page", "list": name, "next_cursor": page.next_cursor}
            self._append(b"".join(map(_line, [*lines, cursor])))  # both, or neither
            self._counts[name] += len(lines)
            _ = self._progress(name, self._counts[name])

    def _append(self, lines: bytes) -> None:
        try:
            self._file.append(lines)
        except OSError as error:
            message = (
                f"cannot write {self._file.path} ({error.strerror}), so the export was stopped. "
                "Correct that, and resume it"
            )
            raise InvalidRequest(message) from error


def _line(record: Record) -> bytes:
    return f"{json.dumps(record, default=str)}\n".encode()


def _silent(_name: str, _count: int) -> None:
    pass


def _lines(path: Path, content: bytes) -> Iterator[Any]:
    try:
        for line in content.splitlines():
            found = json.loads(line)
            _ = found["type"]
            yield found
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidRequest(f"{path} is not an export of subhub: name another file") from error


def _table(
    customers: Mapping[str, Record], subscriptions: Mapping[str, Record]
) -> Iterator[Sequence[str]]:
    without = dict(customers)
    for found in subscriptions.values():
        owner = found.get("customer_id") or ""
        _ = without.pop(owner, None)
        terms = [_text(name, found.get(name)) for name in TERMS]
        yield (found["id"], owner, *terms, *_person(customers.get(owner, {})))
    for owner, customer in without.items():
        yield ("", owner, *[""] * len(TERMS), *_person(customer))


def _person(customer: Record) -> list[str]:
    return [_text(name, customer.get(name)) for name in PERSON]


def _text(name: str, value: Any) -> str:
    if name == "price" and value is not None:
        return str(Money(**value))
    if name == "interval" and value is not None:
        return str(Interval(**value))
    return "" if value is None else str(value)
