"""The result file of a bulk command: one line for each row of the input, as soon as it is known."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args

from subhub.cli.rows import CustomerRow
from subhub.client.bulk import BulkResult
from subhub.errors import InvalidRequest, NotSent, SubhubError

COLUMNS: Final[tuple[str, ...]] = (
    "line",
    "key",
    "outcome",
    "id",
    "url",
    "expires_at",
    "error",
    "token",
    "customer_id",
)
Outcome = Literal["done", "done earlier", "refused", "unknown", "not sent"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
DONE: Final = frozenset({"done", "done earlier"})


class ResultFile:
    """The file at *path*. An existing file is only appended to, and only with *resume*.

    A row that failed and is tried again has a line for each try: the last one counts.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self.done: set[str] = set()
        if path.exists():
            if not resume:
                message = f"{path} exists already: add `--resume`, or name another `--result`"
                raise InvalidRequest(message)
            self.done = _done(path)

    def __enter__(self) -> Self:
        try:
            self._file = open(self.path, "a+b", buffering=0, opener=_private)
        except OSError as error:
            message = f"cannot write {self.path} ({error.strerror}): name another `--result`"
            raise InvalidRequest(message) from error
        if not self._file.seek(0, os.SEEK_END):
            self._write(dict(zip(COLUMNS, COLUMNS, strict=True)))
        elif not self._ends_with_newline():  # a crash of the machine may have cut the last line
            _ = self._file.write(b"\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, result: BulkResult[CustomerRow, Any]) -> Outcome:
        """Write the outcome of a row at once, and return it."""
        outcome = outcome_of(result)
        created = result.result
        self._write(
            {
                "line": result.item.line,
                "key": result.item.key,
                "outcome": outcome,
                "id": result.object_id,
                "url": getattr(created, "url", None),
                "expires_at": getattr(created, "expires_at", None),
                "error": result.error and " ".join(str(result.error).split()),
                "token": result.error and result.error.token,
                "customer_id": result.customer_id,
            }
        )
        return outcome

    def _ends_with_newline(self) -> bool:
        _ = self._file.seek(-1, os.SEEK_END)
        return self._file.read(1) == b"\n"

    def _write(self, cells: Mapping[str, object]) -> None:
        """Write a line in one system call, so that a killed program leaves no half of it."""
        line = io.StringIO()
        _ = csv.writer(line, lineterminator="\n").writerow(cells.get(name) for name in COLUMNS)
        _ = self._file.write(line.getvalue().encode())


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner can read: it holds customers' links."""
    return os.open(path, flags, 0o600)


def outcome_of(result: BulkResult[CustomerRow, Any]) -> Outcome:
    """Return the outcome of a row as one word of `OUTCOMES`."""
    if result.error is not None:
        return _failed(result.error)
    return "done earlier" if result.earlier else "done"


def _failed(error: SubhubError) -> Outcome:
    if error.token:
        return "unknown"
    return "not sent" if isinstance(error, NotSent | InvalidRequest) else "refused"


def _done(path: Path) -> set[str]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        message = f"{path} cannot be read ({error}): name another `--result`"
        raise InvalidRequest(message) from error
    if rows and "outcome" not in rows[0]:
        message = f"{path} is not the result of a bulk command: name another `--result`"
        raise InvalidRequest(message)
    return {row["key"] for row in rows if row["outcome"] in DONE}
