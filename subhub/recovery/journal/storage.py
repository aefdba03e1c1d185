"""Where a journal is kept: a database, and what is written to it when it can be.

The statements are SQL that SQLite and PostgreSQL understand alike, with `?` for each value.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from subhub.background import Background
from subhub.errors import JournalError
from subhub.forks import Forkable

T = TypeVar("T")
Statement: TypeAlias = tuple[str, Sequence[object]]

logger: Final = logging.getLogger("subhub")

_POLL: Final = 0.005
"""Seconds between two tries for a locked file, where a caller waits."""
_READING: Final = 0.1
"""Seconds that reading waits. In WAL mode it waits only for a program that keeps the file alone."""


class Locked(JournalError):
    """Another program has locked the journal; nothing was written."""


class Unreachable(JournalError):
    """The journal is on another machine that does not answer."""


class Database(Protocol):
    """A database with the tables of `schema`, which any number of threads may use."""

    remote: bool
    """Whether it may take long: then it is used in a thread, never on an event loop."""
    place: str
    """Where it is, for messages; without a password."""

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that *statement* selects."""
        ...

    def write(self, *statements: Statement, durable: bool, guarded: bool = False) -> bool:
        """Execute all of *statements* in one transaction, or none; return whether it was all.

        Args:
            statements: The SQL, and the values of its placeholders.
            durable: Whether its effect must survive a power failure. If not, it survives the end of
                the process.
            guarded: Whether the first of them is a condition: if it changes no row, none of them
                has an effect.
        """
        ...

    def session(self) -> str:
        """Return the name of this process's session, which ends with the process, however."""
        ...

    def lives(self, session: str) -> bool:
        """Return whether *session* has not ended; "" stands for one that has."""
        ...

    def close(self) -> None:
        """Close it, and end the session; it is opened again when it is next used."""
        ...


class BufferedDatabase(Forkable):
    """A database, and the statements that nobody waits for.

    They are kept while the database cannot be used, and written with its next use, in order. One on
    another machine is written to in the background.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: list[Statement] = []
        self._background = Background(self._write_kept)
        self._begin()
        super().__init__()

    def write(
        self, *statements: Statement, durable: bool, guarded: bool = False, patience: float = 0.0
    ) -> bool:
        """Execute *statements* as `Database.write` does. Raises `Locked` if the file is.

        *patience* is how many seconds to wait while another program has locked the file.
        """
        return self._patiently(
            lambda: self._write(statements, durable=durable, guarded=guarded), patience
        )

    def write_soon(self, *statements: Statement) -> None:
        """Execute *statements*; while the database cannot be used, keep them for its next use.

        They are not durable.
        """
        with self._lock:
            self._kept.extend(statements)
        if self._database.remote:
            self._background.wake()
            return
        try:
            self._flush()
        except JournalError:
            self._drop()
            raise

    def flush(self) -> bool:
        """Write what was kept; return whether nothing is left."""
        self._flush()
        return not self._kept

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that *statement* selects."""
        return self._patiently(lambda: self._read(statement, values), _READING)

    def close(self) -> None:
        """Write what was kept, and close the database."""
        with suppress(JournalError):
            self._flush()
        self._database.close()

    def after_fork_in_child(self) -> None:
        """Leave to the parent what it has kept to be written."""
        self._begin()
        self._kept = []

    def _begin(self) -> None:
        self._lock = threading.Lock()  # for what is kept, and never for long
        self._writing = threading.Lock()  # so that what is kept is written once, and in order

    def _patiently(self, call: Callable[[], T], patience: float) -> T:
        # Nothing is locked between two tries: a task must not wait for a thread that waits.
        until = time.monotonic() + patience
        while True:
            try:
                return call()
            except Locked:
                if time.monotonic() >= until:
                    raise
            time.sleep(_POLL)

    def _read(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        self._flush()
        return self._database.read(statement, values)

    def _flush(self) -> None:
        if self._kept:
            with suppress(Locked):
                _ = self._write((), durable=False, guarded=False)

    def _write(self, statements: Sequence[Statement], *, durable: bool, guarded: bool) -> bool:
        with self._writing:
            kept = self._kept.copy()
            if guarded and kept:  # the condition comes first
                _ = self._database.write(*kept, durable=False)
                kept = self._forget(kept)
            batch = [*kept, *statements]
            if not batch:  # another thread has just written it
                return True
            done = self._database.write(*batch, durable=durable, guarded=guarded)
            _ = self._forget(kept)
            return done

    def _forget(self, written: Sequence[Statement]) -> list[Statement]:
        with self._lock:
            del self._kept[: len(written)]
        return []

    def _drop(self) -> None:
        """Forget what was kept: it would fail every time."""
        with self._lock:
            self._kept.clear()

    def _write_kept(self) -> None:
        try:
            self._flush()
        except Unreachable as problem:
            logger.debug("ends of changes are noted later: %s", problem)
        except JournalError as problem:
            logger.warning("the entries of some changes stay open: %s", problem)
            self._drop()
