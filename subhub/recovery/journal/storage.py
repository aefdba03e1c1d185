"""Where a journal is kept: a database, and what is written to it when it can be.

The statements are SQL that SQLite and PostgreSQL understand alike, with `?` for each value.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Protocol, TypeAlias, TypeVar, runtime_checkable

from subhub.errors import JournalError
from subhub.system.background import Background
from subhub.system.forks import Forkable

T = TypeVar("T")
Statement: TypeAlias = tuple[str, Sequence[object]]

logger: Final = logging.getLogger("subhub")

_POLL: Final = 0.005
"""Seconds between two tries for a locked file, where a caller waits."""
_READING: Final = 0.03
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


@dataclass(frozen=True, slots=True)
class Write:
    """Statements that are carried out together, or not at all; see `Database.write`."""

    statements: Sequence[Statement]
    durable: bool
    guarded: bool = False


@runtime_checkable
class GroupingDatabase(Database, Protocol):
    """A database that waits for its disk once for several writes."""

    def write_group(self, writes: Sequence[Write]) -> list[bool]:
        """Carry out *writes* in one transaction, in order; return which of them were done.

        If one of them fails, none has an effect.
        """
        ...


@dataclass(slots=True, eq=False)
class _Pending:
    """A write in the queue.

    *waited* says whether a caller waits for its end, *heard* whether one hears of its error.
    """

    write: Write
    waited: bool
    heard: bool = True
    ended: bool = False
    done: bool = False
    error: JournalError | None = None


class BufferedDatabase(Forkable):
    """A database, and the queue of what is written to it, in order.

    One thread writes at a time, and it writes all that is in the queue: so the changes of many
    threads or tasks wait for the disk together. What no caller waits for stays in the queue while
    the database cannot be used. One on another machine writes that in the background.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._group = database.write_group if isinstance(database, GroupingDatabase) else None
        self._background = Background(self._drain)
        self._begin()
        super().__init__()

    def write(
        self, *statements: Statement, durable: bool, guarded: bool = False, patience: float = 0.0
    ) -> bool:
        """Execute *statements* as `Database.write` does. Raises `Locked` if the file is.

        *patience* is how many seconds to wait while another program has locked the file.
        """
        write = Write(statements, durable, guarded)
        return self._patiently(lambda: self._written(write), patience)

    def write_soon(self, *statements: Statement) -> None:
        """Execute *statements*; while the database cannot be used, keep them for its next use.

        They are not durable. It does not wait for another thread that writes, or is about to: that
        one writes them as well.
        """
        pending = _Pending(Write(statements, durable=False), waited=False)
        self._queue.append(pending)
        if self._database.remote:
            pending.heard = False
            self._background.wake()
            return
        self._drain()
        pending.heard = False
        if pending.error is not None:
            raise pending.error

    def flush(self) -> bool:
        """Write what is in the queue; return whether it can be written."""
        self._drain()
        return not self._stuck

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that *statement* selects."""
        return self._patiently(lambda: self._read(statement, values), _READING)

    def close(self) -> None:
        """Write what is in the queue, and close the database."""
        with self._writing:
            self._write_queue()
        self._database.close()

    def after_fork_in_child(self) -> None:
        """Leave to the parent what is in its queue."""
        self._begin()

    def _begin(self) -> None:
        self._queue: deque[_Pending] = deque()
        self._stuck = False  # the last try ended before the queue did
        self._writing = threading.Lock()  # of the thread that writes the queue

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
        if self._queue:
            with self._writing:
                self._write_queue()
        return self._database.read(statement, values)

    def _written(self, write: Write) -> bool:
        pending = _Pending(write, waited=True)
        try:
            self._queue.append(pending)
            with self._writing:
                if not pending.ended:  # another thread has not done it meanwhile
                    self._write_queue()
        finally:
            pending.waited = False  # after Ctrl-C it stays in the queue, and no thread waits for it
        self._drain()
        if pending.error is not None:
            raise pending.error
        return pending.done

    def _drain(self) -> None:
        """Write the queue, unless another thread does: that one looks again before it ends.

        A thread that waits for a write of its own is about to write all of the queue. It is left to
        that thread, or an event loop would wait for the disk in its place.
        """
        # Only `with` is safe from Ctrl-C, which can come between an `acquire` and the next step:
        # the lock would never be released. If another thread is quicker, it is waited for.
        while self._queue and not self._writing.locked():
            with self._writing:
                found = list(self._queue)
                if any(pending.waited for pending in found):
                    return
                self._write_all(found)
            if self._stuck:
                return

    def _write_queue(self) -> None:
        """Write all that is in the queue by now."""
        self._write_all(list(self._queue))

    def _write_all(self, found: Sequence[_Pending]) -> None:
        self._stuck = False
        try:
            for part in _parts(found, together=self._group is not None):
                self._write_part(part)
        except (Locked, Unreachable) as problem:
            self._give_up(found, problem)

    def _write_part(self, part: Sequence[_Pending]) -> None:
        try:
            results = self._at_once(part)
        except (Locked, Unreachable):
            raise
        except JournalError as error:
            if len(part) > 1:  # it is the error of one of them
                for pending in part:
                    self._write_part([pending])
                return
            (pending,) = part
            self._end(pending, error=error)
            if not pending.heard:
                logger.warning("the entries of some changes stay open: %s", error)
            return
        for pending, done in zip(part, results, strict=True):
            self._end(pending, done=done)

    def _at_once(self, part: Sequence[_Pending]) -> list[bool]:
        writes = [pending.write for pending in part]
        if self._group is not None:
            return self._group(writes)
        durable = any(write.durable for write in writes)
        guarded = any(write.guarded for write in writes)  # then it is the only one
        statements = [statement for write in writes for statement in write.statements]
        done = self._database.write(*statements, durable=durable, guarded=guarded)
        return [done] * len(writes)

    def _give_up(self, found: Sequence[_Pending], problem: JournalError) -> None:
        """Tell those who wait; keep the others in the queue."""
        logger.debug("ends of changes are noted later: %s", problem)
        for pending in found:
            if pending.waited and not pending.ended:
                self._end(pending, error=type(problem)(str(problem)))
        self._stuck = bool(self._queue)

    def _end(
        self, pending: _Pending, *, done: bool = False, error: JournalError | None = None
    ) -> None:
        pending.done, pending.error, pending.ended = done, error, True
        self._queue.remove(pending)


def _parts(found: Sequence[_Pending], *, together: bool) -> Sequence[Sequence[_Pending]]:
    """Divide what is to be written into what can be one transaction, in order."""
    if together:
        return [found] if found else []
    parts: list[Sequence[_Pending]] = []
    for guarded, part in groupby(found, lambda pending: pending.write.guarded):
        each = list(part)
        parts += [[pending] for pending in each] if guarded else [each]
    return parts
