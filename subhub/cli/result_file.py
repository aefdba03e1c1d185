"""The result file of a bulk command: one line for each row of the input, as soon as it is known."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args

from subhub.cli.rows import Row
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
)
Outcome = Literal["done", "done earlier", "refused", "unknown", "not sent"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
DONE: Final = frozenset({"done", "done earlier"})


class ResultFile:
    """The file at *path*; one that exists is only ever added to, and only with *resume*.

    A row that failed and is tried again has a line for each time: the last one counts.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self.done: set[str] = set()
        if path.exists():
            if not resume:
                told = f"{path} is there already: go on with --resume, or name another --result"
                raise InvalidRequest(told, fields={"result": told})
            self.done = _done(path)

    def __enter__(self) -> Self:
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            told = f"{self.path} cannot be written ({error.strerror}): name another --result"
            raise InvalidRequest(told, fields={"result": told}) from error
        size = os.fstat(self._file).st_size
        if not size:
            self._write(dict(zip(COLUMNS, COLUMNS, strict=True)))
        elif os.pread(self._file, 1, size - 1) != b"\n":
            _ = os.write(self._file, b"\n")  # the machine ended in the middle of a line
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def add(self, result: BulkResult[Row, Any]) -> Outcome:
        """Write what became of a row, at once."""
        outcome = outcome_of(result)
        made = result.result
        told = {
            "line": result.item.line,
            "key": result.item.key,
            "outcome": outcome,
            "id": result.object_id,
            "url": getattr(made, "url", None),
            "expires_at": getattr(made, "expires_at", None),
            "error": result.error and " ".join(str(result.error).split()),
            "token": result.error and result.error.token,
        }
        self._write(told)
        return outcome

    def _write(self, told: Mapping[str, object]) -> None:
        """One line in one call, so that a program that is killed leaves no half of it."""
        line = io.StringIO()
        _ = csv.writer(line, lineterminator="\n").writerow(told.get(each) for each in COLUMNS)
        _ = os.write(self._file, line.getvalue().encode())


def outcome_of(result: BulkResult[Row, Any]) -> Outcome:
    """What became of a row, in a word."""
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
        told = f"{path} cannot be read ({error}): name another --result"
        raise InvalidRequest(told, fields={"result": told}) from error
    if rows and "outcome" not in rows[0]:
        told = f"{path} is no result of such a run: name another --result"
        raise InvalidRequest(told, fields={"result": told})
    return {row["key"] for row in rows if row["outcome"] in DONE}
