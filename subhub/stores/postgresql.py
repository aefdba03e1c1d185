"""A journal and permits in PostgreSQL, in tables of the schema `subhub`.

A session is an advisory lock, which the server releases when the connection of its process ends,
however it ends. Permits are one row of each account, replaced if it is still what was read; the
time is the server's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from psycopg import errors
from psycopg.rows import tuple_row

from subhub.errors import ConfigError, JournalError
from subhub.recovery.journal.schema import LOCKS, MIGRATIONS, VERSION
from subhub.recovery.journal.storage import Database, Statement, Unreachable
from subhub.sending.ratelimit.permits import Permits
from subhub.sending.ratelimit.stores import PermitStore, StoreUnavailable
from subhub.stores.cells import State, SwappedCells
from subhub.stores.connection import Away, Connection, PostgreSQLConnection, Refused
from subhub.stores.registry import StoreKind
from subhub.stores.url import StoreURL
from subhub.system.forks import Forkable

T = TypeVar("T")

_ALONE: Final = 0x73756268  # "subh": the advisory lock of whoever creates the tables
_FORMAT: Final = "CREATE TABLE subhub.format (version INTEGER NOT NULL)"
_PERMITS: Final = """CREATE TABLE IF NOT EXISTS subhub.permits (
    name TEXT PRIMARY KEY, version BYTEA NOT NULL, content BYTEA NOT NULL)"""
_READ: Final = """SELECT version, content, extract(epoch FROM clock_timestamp())::float8
    FROM (SELECT 1) AS one LEFT JOIN subhub.permits ON name = %s"""
_FIRST: Final = """INSERT INTO subhub.permits (version, content, name) VALUES (%s, %s, %s)
    ON CONFLICT (name) DO NOTHING"""
_SWAP: Final = """UPDATE subhub.permits SET version = %s, content = %s
    WHERE name = %s AND version = %s"""
_LIVES: Final = """SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = %s AND objid = %s AND objsubid = 1"""


class PostgreSQL(StoreKind):
    """PostgreSQL, for journals and permits."""

    @classmethod
    def permits(cls, url: StoreURL, name: str, permits: Permits) -> PermitStore:
        """Return the permits of *name*; the URL is one that libpq reads."""
        return PostgreSQLPermits(url, name, permits)

    @classmethod
    def database(cls, url: StoreURL) -> Database:
        """Return the database of a journal; the URL is one that libpq reads."""
        return PostgreSQLDatabase(url)

    @classmethod
    def reach(cls, url: StoreURL) -> bool:
        """See `StoreKind.reach`."""
        connection = PostgreSQLConnection(url, lambda _: None)
        problem = ""
        try:
            _ = connection.use(lambda used: _rows(used, "SELECT 1", ()), again=False)
        except (Away, Refused) as error:
            problem = str(error)
        finally:
            connection.close()
        if problem:
            raise ConfigError(f"`{url.setting}` {url.place} cannot be reached: {problem}")
        return True


class PostgreSQLPermits(SwappedCells):
    """The permits of *name*."""

    def __init__(self, url: StoreURL, name: str, permits: Permits) -> None:
        super().__init__(url.place, permits)
        self._name = name
        self._connection = PostgreSQLConnection(url, _create_permits)

    def read(self) -> State:
        """See `SwappedCells.read`."""
        rows = self._asked(_READ, (self._name,), again=True)
        version, content, now = rows[0]
        return State(bytes(version or b""), bytes(content or b""), now)

    def swap(self, old: bytes, new: bytes, content: bytes) -> bool:
        """See `SwappedCells.swap`."""
        values = (new, content, self._name)
        if not old:
            return bool(self._asked(f"{_FIRST} RETURNING 1", values, again=False))
        return bool(self._asked(f"{_SWAP} RETURNING 1", (*values, old), again=False))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _asked(
        self, statement: str, values: Sequence[object], *, again: bool
    ) -> list[tuple[Any, ...]]:
        problem = ""
        try:
            return self._connection.use(
                lambda connection: _rows(connection, statement, values), again=again
            )
        except Away as away:
            problem = f"cannot be reached ({away})"
        except Refused as refused:
            raise ConfigError(f"the permits in {self.place} cannot be used: {refused}") from None
        raise StoreUnavailable(f"the permits in {self.place} {problem}")


class PostgreSQLDatabase(Forkable):
    """The database of a journal; see `Database`."""

    remote = True

    def __init__(self, url: StoreURL) -> None:
        self.place = url.place
        self._session = ""
        self._held = False  # whether this connection has the lock of the session
        self._connection = PostgreSQLConnection(url, self._prepare)
        super().__init__()

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Database.read`."""
        asked = statement.replace("?", "%s")
        return self._asked(lambda connection: _rows(connection, asked, values), again=True)

    def write(self, *statements: Statement, durable: bool, guarded: bool = False) -> bool:
        """See `Database.write`."""
        # What is not guarded has the same effect when it is done twice.
        return self._asked(
            lambda connection: _write(connection, statements, durable=durable, guarded=guarded),
            again=not guarded,
        )

    def session(self) -> str:
        """Return the name of this process's session."""
        return self._asked(self._own_session, again=True)

    def lives(self, session: str) -> bool:
        """Return whether *session* has not ended; "" stands for one that has."""
        if not session:
            return False
        number = int(session, 16)
        halves = (number >> 32, number & 0xFFFFFFFF)
        return bool(self._asked(lambda connection: _rows(connection, _LIVES, halves), again=True))

    def close(self) -> None:
        """Close the connection, and so end the session."""
        self._connection.close()
        self._session = ""

    def after_fork_in_child(self) -> None:
        """Begin a session of its own: the parent's is the parent's."""
        self._session = ""

    def _prepare(self, connection: Connection) -> None:
        _create_journal(connection)
        self._held = False
        if self._session:  # the connection before was cut, and requests may be in flight
            _ = self._own_session(connection)

    def _own_session(self, connection: Connection) -> str:
        """Return the name of the session, and see to it that this connection has its lock.

        After a connection was cut, the server may take the old one for alive for a while. Then the
        session is alive by it, and the lock is tried again with the next change.
        """
        if not (self._session and self._held):
            self._session = self._session or secrets.token_hex(8)
            number = int(self._session, 16)
            signed = number - (1 << 64) if number >> 63 else number
            ((self._held,),) = _rows(connection, "SELECT pg_try_advisory_lock(%s)", (signed,))
        return self._session

    def _asked(self, call: Callable[[Connection], T], *, again: bool) -> T:
        problem = ""
        try:
            return self._connection.use(call, again=again)
        except Away as away:
            problem = f"the journal {self.place!r} cannot be reached ({away})"
        except Refused as refused:
            raise JournalError(f"the journal {self.place!r} cannot be used: {refused}") from None
        except JournalError:
            raise
        except ConfigError as error:
            raise JournalError(str(error)) from error
        raise Unreachable(problem)


def _rows(
    connection: Connection, statement: str, values: Sequence[object]
) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement.encode(), values).fetchall()


def _write(
    connection: Connection, statements: Sequence[Statement], *, durable: bool, guarded: bool
) -> bool:
    """Execute *statements* in one transaction; see `Database.write`."""
    first, *others = [
        (statement.replace("?", "%s").encode(), values) for statement, values in statements
    ]
    if durable and not others:  # the usual case, in one round trip
        return connection.execute(*first).rowcount > 0 or not guarded
    with connection.transaction() as transaction:
        if not durable:
            _ = connection.execute("SET LOCAL synchronous_commit TO off")
        changed = connection.execute(*first).rowcount
        if guarded and changed < 1:
            transaction.force_rollback = True
            return False
        for statement in others:
            _ = connection.execute(*statement)
    return True


def _create_journal(connection: Connection) -> None:
    """Create the tables, or what is missing of them, and find them without their schema's name."""
    found = _version(connection)
    if found < VERSION:
        _alone(connection, _bring_up_to_date)
        found = _version(connection)  # meanwhile, a later version of subhub may have done it
    if found > VERSION:
        raise JournalError(
            f"the journal was written by a later version of subhub (format {found}). Update subhub."
        )
    _ = connection.execute("SET search_path TO subhub")


def _bring_up_to_date(connection: Connection) -> None:
    found = _version(connection)
    _ = connection.execute("SET LOCAL search_path TO subhub")
    if not found:
        _ = connection.execute(_FORMAT)
        _ = connection.execute("INSERT INTO format VALUES (0)")
        _ = connection.execute(LOCKS.encode())
    for statements in MIGRATIONS[found:]:
        for statement in statements:
            _ = connection.execute(statement.removesuffix(" WITHOUT ROWID").encode())
    _ = connection.execute("UPDATE format SET version = %s WHERE version < %s", (VERSION, VERSION))


def _create_permits(connection: Connection) -> None:
    if not _exists(connection, "subhub.permits"):
        _alone(connection, lambda used: used.execute(_PERMITS))


def _alone(connection: Connection, create: Callable[[Connection], object]) -> None:
    """Create something in the schema; other processes wait, and find it then."""
    refused = ""
    try:
        with connection.transaction():
            _ = connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ALONE,))
            if not _rows(connection, "SELECT 1 FROM pg_namespace WHERE nspname = 'subhub'", ()):
                _ = connection.execute("CREATE SCHEMA subhub")
            _ = create(connection)
    except errors.InsufficientPrivilege as error:
        refused = str(error).splitlines()[0]
    if refused:
        user, database = connection.info.user, connection.info.dbname
        raise ConfigError(
            f"the tables of subhub cannot be created ({refused}). Let an administrator run: "
            f'CREATE SCHEMA subhub AUTHORIZATION "{user}"  -- in the database {database!r}'
        )


def _version(connection: Connection) -> int:
    """Return the version of the journal's tables, or 0 where there are none."""
    if not _exists(connection, "subhub.format"):
        return 0
    ((version,),) = _rows(connection, "SELECT version FROM subhub.format", ())
    return int(version)


def _exists(connection: Connection, table: str) -> bool:
    return bool(_rows(connection, "SELECT 1 WHERE to_regclass(%s) IS NOT NULL", (table,)))
