"""The result file of a bulk command: one line for each row of the input, as soon as it is known."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args

from subhub.cli.rows import CustomerRow
from subhub.client.bulk import BulkResult
from subhub.errors import InProgress, InvalidRequest, NotSent, SubhubError
from subhub.system.line_file import LineFile, whole_length

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
LINE_ROOM: Final = 1024
"""The bytes on the disk that are asked for each row: more than most lines take."""


class CannotRecord(SubhubError):
    """The result file can no longer be written, so the run was stopped."""


class ResultFile:
    """The file at *path*. An existing file is only appended to, and only with *resume*.

    A row that failed and is tried again has a line for each try: the last one counts. A line is on
    the disk when `add` returns, because a link cannot be read again at every provider.

    Args:
        path: The file.
        resume: Whether the file of an earlier run is continued.
        rows: How many lines there must be room for before the run starts.
    """

    def __init__(self, path: Path, *, resume: bool = False, rows: int = 0) -> None:
        self.path = path
        self.done: set[str] = set()
        self.note = ""
        """What was repaired when the file was opened."""
        self._resume = resume
        self._rows = rows

    def __enter__(self) -> Self:
        new = not self.path.exists()
        if not (new or self._resume):
            raise self._exists()
        try:
            self._file = LineFile(self.path)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._begin()
        except BaseException as error:
            self._file.close()
            if new:
                self.path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise self._unusable(error) from error
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, result: BulkResult[CustomerRow, Any]) -> Outcome:
        """Write the outcome of a row, and return it. Raises `CannotRecord` if that fails."""
        outcome = outcome_of(result)
        created = result.result
        cells = {
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
        try:
            self._file.append(_line(cells))
        except OSError as error:
            message = (
                f"cannot write {self.path} ({error.strerror}), so the run was stopped. Correct "
                "that, then run the same command with `--resume`."
            )
            raise CannotRecord(message) from error
        return outcome

    def _begin(self) -> None:
        """Repair the file and read what is done, or write its first line; then look for room."""
        content = self._file.content()
        self._check_head(content.removeprefix(codecs.BOM_UTF8))
        self._file.make_private()
        end = whole_length(content)
        if end < len(content):
            self._repair(end)
        if end:
            self.done = self._read(content[:end])
        else:
            self._file.append(_HEAD)
        self._file.reserve(self._rows * LINE_ROOM)

    def _check_head(self, content: bytes) -> None:
        """Refuse another file before anything in it is changed; the first line may be cut."""
        line = content.partition(b"\n")[0].rstrip(b"\r")
        if line != _HEAD.rstrip() and not _HEAD.startswith(content.rstrip(b"\0")):
            message = (
                f"{self.path} is not the result of a bulk command, or of another version of "
                "subhub: name another `--result`"
            )
            raise InvalidRequest(message)

    def _repair(self, end: int) -> None:
        """Set the rest of a line aside that a full disk or a crash has cut."""
        other = self._file.set_aside(end)
        if other is not None:
            self.note = f"{self.path} ended in the middle of a line: moved that part to {other}"

    def _read(self, content: bytes) -> set[str]:
        """Return the keys of the rows that are done, of lines that have all cells."""
        try:
            rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
            return {row["key"] for row in rows if row["outcome"] in DONE and _is_whole(row)}
        except (ValueError, csv.Error) as error:
            message = f"{self.path} cannot be read ({error}): name another `--result`"
            raise InvalidRequest(message) from error

    def _exists(self) -> InvalidRequest:
        message = f"{self.path} exists already: add `--resume`, or name another `--result`"
        return InvalidRequest(message)

    def _unusable(self, error: OSError) -> InvalidRequest:
        message = f"cannot write {self.path} ({error.strerror}): name another `--result`"
        return InvalidRequest(message)


def outcome_of(result: BulkResult[CustomerRow, Any]) -> Outcome:
    """Return the outcome of a row as one word of `OUTCOMES`."""
    if result.error is not None:
        return _failed(result.error)
    return "done earlier" if result.earlier else "done"


def _failed(error: SubhubError) -> Outcome:
    if error.token:
        return "unknown"
    return "not sent" if isinstance(error, InProgress | InvalidRequest | NotSent) else "refused"


def _line(cells: Mapping[str, object]) -> bytes:
    line = io.StringIO()
    _ = csv.writer(line, lineterminator="\n").writerow(cells.get(name) for name in COLUMNS)
    # a provider's message may hold half of a character, which UTF-8 cannot carry
    return line.getvalue().encode("utf-8", "backslashreplace")


def _is_whole(row: Mapping[Any, object]) -> bool:
    """Return whether *row* has exactly the cells of the first line."""
    return None not in row and None not in row.values()


_HEAD: Final = _line(dict(zip(COLUMNS, COLUMNS, strict=True)))
