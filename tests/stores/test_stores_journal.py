"""A journal in a real PostgreSQL, that several machines share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import psycopg
import pytest
from subhub_afternoon import Afternoon

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    CustomerDraft,
    InProgress,
    JournalError,
    OutcomeUnknown,
)
from subhub.client.opening import open_journal
from subhub.models.identity import Identity
from subhub.plugin import Provider
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Job, Journal
from subhub.recovery.journal.claims import Done
from subhub.recovery.journal.items import JobItem, current_item
from subhub.recovery.journal.jobs import JobCounts
from subhub.recovery.journal.schema import MIGRATIONS, VERSION
from subhub.recovery.journal.sqlite import SQLiteDatabase
from subhub.recovery.journal.storage import Database, Unreachable
from subhub.stores.registry import StorePlace
from tests.faults.server import BreakingServer, Line
from tests.stores.counting import CountingServer
from tests.stores.servers import PASSWORD, Pooler, PostgreSQLServer
from tests.stores.test_stores_permits import cut_all

KEY = "test_0123456789"
ACME = Identity.of("acme", "https://api.acme.example", "live", KEY, None)
CUSTOMER = CustomerDraft(name="me", email="me@person.example", external_id="me")
ROOT = Path(__file__).parents[2]


def intent_of(account: str = "main") -> Intent:
    return Intent("acme", account, "subscribe", "2026-01-01", identity=ACME)


@pytest.fixture
def url(postgresql_server: PostgreSQLServer) -> str:
    return postgresql_server.url


@pytest.fixture
def journal(url: str) -> Iterator[Any]:
    opened = open_journal(url)
    yield opened
    opened.close()


@pytest.fixture
def other(url: str) -> Iterator[Journal]:
    """That of another machine."""
    opened = open_journal(url)
    yield opened
    opened.close()


def query(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestAChange:
    def test_is_in_it_before_it_is_sent_and_leaves_it_with_its_answer(
        self, connect: Callable[..., Any], toy: type[Provider], url: str
    ) -> None:
        seen: list[int] = []

        def answer(request: httpx.Request) -> httpx.Response:
            del request
            seen.append(len(query(url, "SELECT * FROM subhub.intents")))
            return httpx.Response(200, json={"id": "cst_1"})

        transport = httpx.MockTransport(answer)
        billing = connect(toy, api_key=KEY, transport=transport, journal=url)
        for _ in range(3):
            billing.update_customer("cst_1", name="New")
        _ = billing.close()
        assert seen[0] == 1
        assert query(url, "SELECT * FROM subhub.intents") == []

    def test_whose_answer_is_lost_stays_open_for_every_machine(
        self, connect: Callable[..., Any], toy: type[Provider], url: str
    ) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                return httpx.Response(200, json={"items": []})
            raise httpx.ReadError("reset", request=request)

        transport = httpx.MockTransport(answer)
        billing = connect(toy, api_key=KEY, transport=transport, journal=url)
        with pytest.raises(OutcomeUnknown) as caught:
            billing.create_customer(CUSTOMER)
        elsewhere = connect(toy, api_key=KEY, transport=transport, journal=url)
        wait(lambda: [found.in_flight for found in elsewhere.client.open_intents()] == [False])
        (left,) = elsewhere.client.open_intents()
        assert left.token == caught.value.token
        found = elsewhere.resolve(left.token, grace_period=0)
        assert found.outcome == "not_done"
        wait(lambda: elsewhere.client.open_intents() == [])

    def test_is_not_sent_while_the_server_is_away(
        self, connect: Callable[..., Any], toy: type[Provider], postgresql_server: PostgreSQLServer
    ) -> None:
        sent: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request.method)
            return httpx.Response(200, json={"id": "cst_1"})

        billing = connect(
            toy,
            api_key=KEY,
            transport=httpx.MockTransport(answer),
            journal=postgresql_server.url,
        )
        billing.update_customer("cst_1", name="New")
        postgresql_server.kill()
        try:
            with pytest.raises(JournalError, match=r"journal 'postgresql://.* cannot be reached"):
                billing.update_customer("cst_1", name="New")
        finally:
            postgresql_server.start()
        assert len(sent) == 1
        billing.update_customer("cst_1", name="New")  # a new connection, after a crash
        assert len(sent) == 2

    def test_that_may_be_written_while_its_connection_breaks_does_not_stay_open(
        self, url: str
    ) -> None:
        class Cut:
            """The database, whose answer to one write is lost."""

            def __init__(self) -> None:
                self.database: Any = StorePlace("journal", url).database()
                self.cutting = True

            def __getattr__(self, name: str) -> Any:
                return getattr(self.database, name)

            def write(self, *statements: Any, durable: bool, guarded: bool = False) -> bool:
                done: bool = self.database.write(*statements, durable=durable, guarded=guarded)
                if self.cutting:
                    self.cutting = False
                    raise Unreachable("the connection was cut")
                return done

        cut: Any = Cut()
        journal = Journal(cut)
        entry = journal.entry(intent_of, "subscribe")
        with pytest.raises(Unreachable):
            _ = entry.sending()
        wait(lambda: query(url, "SELECT * FROM subhub.intents") == [])
        journal.close()


class TestSessions:
    def test_end_with_their_process_however_it_ends(self, url: str, journal: Any) -> None:
        code = f"""
            from tests.stores.test_stores_journal import intent_of, open_journal
            journal = open_journal({url!r})
            journal.write(intent_of(), None)
            print("written", flush=True)
            input()
            """
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        (living,) = journal.open_intents(ACME, "main")
        process.kill()
        _ = process.communicate(timeout=30)
        wait(lambda: not journal.open_intents(ACME, "main")[0].in_flight)
        assert living.in_flight

    def test_are_the_same_after_a_connection_was_cut(
        self, url: str, journal: Any, other: Journal
    ) -> None:
        journal.write(intent_of(), None)
        _ = other.open_intents(ACME, "main")
        cut_all(url)
        assert len(journal.open_intents(ACME, "main")) == 1  # it connects again, with its session
        assert [found.in_flight for found in other.open_intents(ACME, "main")] == [True]

    def test_that_the_server_still_takes_for_alive_are_locked_later(self, url: str) -> None:
        database: Any = StorePlace("journal", url).database()
        session = database.session()
        with psycopg.connect(url) as before:  # the connection that was lost, by the server's view
            database.close()
            wait(lambda: not database.lives(session))
            number = int(session, 16)
            signed = number - (1 << 64) if number >> 63 else number
            _ = before.execute("SELECT pg_advisory_lock(%s)", (signed,))
            database._session = session
            assert database.session() == session
            assert not database._held
            assert database.lives(session)
        wait(lambda: database.session() == session and database._held)
        database.close()

    def test_of_a_forked_child_is_its_own(self, url: str, journal: Any) -> None:
        journal.write(intent_of(), None)
        first = journal._sessions.session()
        ours = journal._sessions._connection._connection
        child = os.fork()
        if not child:
            _ = signal.alarm(20)
            problem = 1
            try:
                journal.write(intent_of(), None)
                problem = int(journal._sessions.session() == first)
            finally:
                os._exit(problem)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert ours.execute("SELECT 1").fetchall() == [(1,)]  # the child has not ended it
        wait(
            lambda: (
                [found.in_flight for found in journal.open_intents(ACME, "main")].count(True) == 1
            )
        )
        assert journal._sessions.session() == first
        assert query(url, "SELECT count(*) FROM subhub.intents") == [(2,)]

    def test_of_a_forked_child_leave_a_closed_connection_alone(self, url: str) -> None:
        database: Any = StorePlace("journal", url).database()
        _ = database.session()
        connection = database._connection._connection
        connection.close()
        for forked in (database._connection, database):
            forked.after_fork_in_child()
        assert database.session()
        database.close()


class TestLocks:
    def test_exclude_other_machines(self, journal: Any, other: Journal) -> None:
        lock = journal.try_lock("a customer")
        assert lock is not None
        assert other.try_lock("a customer") is None
        assert journal.try_lock("a customer") is None
        another = other.try_lock("another customer")
        assert another is not None
        lock.remove()
        wait(lambda: (other.try_lock("a customer")) is not None)

    def test_end_with_their_process(self, journal: Any, other: Journal) -> None:
        assert journal.try_lock("a customer") is not None
        journal.close()
        wait(lambda: other.try_lock("a customer") is not None)

    def test_are_taken_once_of_a_session_that_has_ended(
        self, journal: Any, other: Journal, url: str
    ) -> None:
        _ = journal.try_lock("first")
        _ = query(
            url, "INSERT INTO subhub.locks VALUES ('a customer', 'ffffffffffffffff') RETURNING 1"
        )
        taken = [machine.try_lock("a customer") for machine in (journal, other)]
        assert [lock is not None for lock in taken] == [True, False]

    def test_let_two_machines_create_one_customer(self, url: str) -> None:
        provider = CountingServer(100, 1.0, takes=0.1)
        call = "billing.subscribe(plan='pln_1', customer=CUSTOMER)"
        try:
            machines = [program("Toy", provider.url, KEY, url, call) for _ in range(2)]
            assert [machine.wait(30) for machine in machines] == [0, 0]
            assert sorted(provider.posted) == ["/customers", "/subscriptions", "/subscriptions"]
        finally:
            provider.close()


def program(provider: str, address: str, key: str, url: str, call: str) -> subprocess.Popen[str]:
    """Start a program on another machine, so to say, that makes *call*."""
    code = f"""
        from subhub import Client
        from tests.conftest import Toy
        from tests.stores.test_stores_journal import CUSTOMER
        billing = Client({provider}, api_key={key!r}, base_url={address!r}, journal={url!r})
        {call}
        billing.close()
        """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], text=True, cwd=ROOT)


def test_a_killed_process_is_settled_by_another_machine(url: str) -> None:
    """The provider has carried it out, and the process is killed before the answer comes."""
    carried_out = threading.Event()

    def script(line: Line) -> None:
        _ = line.commit()
        carried_out.set()
        line.silence()

    fake = Afternoon.sandbox()
    server = BreakingServer(fake)
    server.break_after(1, script)  # the customer is looked for first
    key = fake.api_key
    killed = program("'afternoon'", server.url, key, url, "billing.create_customer(CUSTOMER)")
    try:
        assert carried_out.wait(30)
        with Client(Afternoon, api_key=key, base_url=server.url, journal=url) as billing:
            assert [found.in_flight for found in billing.open_intents()] == [True]
            killed.kill()
            _ = killed.wait(30)
            wait(lambda: not billing.open_intents()[0].in_flight)
            found = billing.resolve(billing.open_intents()[0].token, grace_period=0)
            assert found.outcome == "done"
            (customer,) = billing.list_customers()
            assert found.result == customer
            wait(lambda: billing.open_intents() == [])
    finally:
        killed.kill()
        _ = killed.wait(30)
        server.close()


def test_a_job_is_resumed_on_another_machine(journal: Any, other: Journal) -> None:
    job = Job(journal, ACME, "main", "move")
    item, two = job.item("one"), job.item("two")
    assert job.claim(item) is None
    assert job.claim(two) is None
    token = current_item.set(item)
    entry = journal.entry(intent_of, "subscribe")
    current_item.reset(token)
    assert entry.sending() is None
    entry.close(done=True, object_id="sub_1")
    job.finish(two, "sub_2")
    resumed = Job(other, ACME, "main", "move")
    with pytest.raises(InProgress):
        _ = resumed.claim(resumed.item("one"))
    journal.close()
    again = resumed.item("one")
    wait(lambda: claimed(resumed, again))
    assert resumed.started
    assert resumed.claim(resumed.item("two")) == Done("sub_2")
    (step,) = again.previous.values()
    assert (step.state, step.object_id) == ("done", "sub_1")
    resumed.finish_now(again, "sub_1")
    assert resumed.counts == JobCounts(done=2, in_progress=0, left=0, open_changes=0)
    assert resumed.forget(time.time() + 60) == 2


def claimed(job: Job, item: JobItem) -> bool:
    """Return whether *item* could be claimed, from a process that has just ended."""
    try:
        return job.claim(item) is None
    except InProgress:
        return False


class TestWriting:
    @pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
    def test_is_all_or_nothing_and_may_have_a_condition(
        self, kind: str, request: pytest.FixtureRequest, tmp_path: Path
    ) -> None:
        database: Database = (
            SQLiteDatabase(tmp_path / "journal.db")
            if kind == "sqlite"
            else StorePlace("journal", request.getfixturevalue("url")).database()
        )
        add = "INSERT INTO job_items (job, item, object) VALUES (?, ?, ?)"
        condition = "UPDATE job_items SET object = ? WHERE job = ? AND object IS NULL"
        assert database.write((add, ("job", "one", None)), durable=True)
        assert database.write(
            (condition, ("x", "job")), (add, ("job", "two", None)), durable=True, guarded=True
        )
        assert database.write((condition, ("y", "job")), durable=True, guarded=True)
        assert not database.write((condition, ("z", "job")), durable=True, guarded=True)
        assert not database.write(
            (condition, ("z", "job")), (add, ("job", "three", None)), durable=False, guarded=True
        )
        with pytest.raises(JournalError, match=r"duplicate key|UNIQUE constraint"):
            _ = database.write(
                (add, ("job", "four", None)), (add, ("job", "one", None)), durable=False
            )
        rows = database.read(
            "SELECT item, object FROM job_items WHERE job = ? ORDER BY item", ("job",)
        )
        assert rows == [("one", "x"), ("two", "y")]
        database.close()

    def test_that_is_not_guarded_is_done_again_on_a_new_connection(self, url: str) -> None:
        database = StorePlace("journal", url).database()
        add = "INSERT INTO job_items (job, item) VALUES ('job', ?) ON CONFLICT DO NOTHING"
        assert database.write((add, ("one",)), durable=True)
        cut_all(url)
        assert database.write((add, ("two",)), durable=True)
        cut_all(url)
        with pytest.raises(JournalError, match="cannot be reached"):
            _ = database.write((add, ("three",)), durable=True, guarded=True)
        assert database.write((add, ("three",)), durable=True, guarded=True)
        database.close()


class TestADatabase:
    @pytest.mark.parametrize("mode", ["transaction", "statement"])
    def test_behind_a_pool_of_transactions_is_refused(
        self, pooler: Callable[[str], Pooler], mode: str
    ) -> None:
        journal = open_journal(pooler(mode).url)
        with pytest.raises(JournalError, match=r"a proxy that pools trans.*give the address"):
            journal.write(intent_of(), None)
        journal.close()

    def test_behind_a_pool_of_sessions_is_used(self, pooler: Callable[[str], Pooler]) -> None:
        journal = open_journal(pooler("session").url)
        journal.write(intent_of(), None)
        assert [found.in_flight for found in journal.open_intents(ACME, "main")] == [True]
        journal.close()

    def test_of_a_later_version_is_refused(self, url: str, journal: Any) -> None:
        journal.write(intent_of(), None)
        journal.close()
        _ = query(url, "UPDATE subhub.format SET version = 99 RETURNING 1")
        with pytest.raises(JournalError, match=r"later version of subhub \(format 99\)"):
            journal.write(intent_of(), None)

    def test_of_an_earlier_version_is_brought_up_to_date(
        self, url: str, journal: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as earlier:
            earlier.setattr("subhub.stores.postgresql.VERSION", 1)
            earlier.setattr("subhub.stores.postgresql.MIGRATIONS", MIGRATIONS[:1])
            journal.write(intent_of(), None)
            journal.close()
        assert query(url, "SELECT version FROM subhub.format") == [(1,)]

        journal.write(intent_of(), None)
        assert query(url, "SELECT version FROM subhub.format") == [(VERSION,)]
        assert query(url, "SELECT count(*) FROM subhub.intents") == [(2,)]
        assert query(url, "SELECT count(*) FROM subhub.job_items") == [(0,)]

    def test_that_a_later_version_creates_first_is_refused(
        self, url: str, journal: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        journal.write(intent_of(), None)
        journal.close()
        _ = query(url, "UPDATE subhub.format SET version = 1 RETURNING 1")

        def later(connection: psycopg.Connection[Any], create: Callable[..., object]) -> None:
            _ = query(url, "UPDATE subhub.format SET version = 99 RETURNING 1")
            _ = connection.execute("SET search_path TO subhub")
            _ = create(connection)

        monkeypatch.setattr("subhub.stores.postgresql._alone", later)
        with pytest.raises(JournalError, match=r"later version of subhub \(format 99\)"):
            journal.write(intent_of(), None)
        assert query(url, "SELECT version FROM subhub.format") == [(99,)]

    def test_that_two_create_at_once_is_created_once(self, url: str) -> None:
        journals = [open_journal(url) for _ in range(4)]
        threads = [
            threading.Thread(target=journal.write, args=(intent_of(), None)) for journal in journals
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert query(url, "SELECT count(*) FROM subhub.intents") == [(4,)]
        for journal in journals:
            journal.close()

    def test_where_no_table_may_be_created_says_what_an_administrator_can_do(
        self, url: str
    ) -> None:
        with psycopg.connect(url, autocommit=True) as owner:
            _ = owner.execute("DROP ROLE IF EXISTS guest")
            _ = owner.execute("CREATE ROLE guest LOGIN PASSWORD 'g'")
        journal = open_journal(url.replace(f"owner:{PASSWORD}", "guest:g"))
        with pytest.raises(
            JournalError, match=r'permission denied.*CREATE SCHEMA subhub AUTHORIZATION "guest"'
        ):
            journal.write(intent_of(), None)
        journal.close()

    def test_with_a_wrong_password_is_one_error(self, url: str) -> None:
        journal = open_journal(url.replace(PASSWORD, "wrong"))
        with pytest.raises(JournalError, match=r"cannot be used: .*authentication failed"):
            journal.write(intent_of(), None)
        journal.close()

    @pytest.mark.slow
    def test_whose_statement_takes_too_long_is_given_up(self, url: str) -> None:
        database: Any = StorePlace("journal", url).database()
        _ = database.session()
        with pytest.raises(JournalError, match=r"statement timeout|no answer within"):
            database.read("SELECT pg_sleep(7)")
        database.close()


def test_an_asynchronous_client_closes_its_journal_in_a_thread(
    toy: type[Provider], url: str
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "cst_1"}))

    async def main() -> None:
        async with AsyncClient(toy, api_key=KEY, transport=transport, journal=url) as billing:
            _ = await billing.update_customer("cst_1", name="New")

    for backend in ("asyncio", "trio"):
        anyio.run(main, backend=backend)
    assert query(url, "SELECT * FROM subhub.intents") == []


def test_redis_keeps_no_journal() -> None:
    with pytest.raises(ConfigError, match="a redis:// store cannot keep a journal"):
        _ = open_journal("redis://127.0.0.1/0")
