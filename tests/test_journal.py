"""A change is in the journal before it is sent, and leaves it with its answer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    Client,
    ConfigError,
    CustomerDraft,
    Interval,
    InvalidReply,
    InvalidRequest,
    JournalError,
    Money,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    WouldSend,
)
from subhub.models.identity import Identity
from subhub.plugin import Provider
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Journal
from subhub.recovery.journal.schema import bring_up_to_date
from subhub.recovery.journal.sqlite import SQLiteDatabase
from subhub.sandbox.faults import Fault

KEY = "test_0123456789"
ACME = Identity.of("acme", "https://api.acme.example", "live", KEY, None)
PERSON = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
CHANGES: Mapping[str, Callable[[Any, PlanDraft], object]] = {
    "create_plan": lambda billing, draft: billing.create_plan(draft),
    "update_plan": lambda billing, _: billing.update_plan("pln_1", name="New"),
    "create_customer": lambda billing, _: billing.create_customer(PERSON),
    "update_customer": lambda billing, _: billing.update_customer("cst_1", name="New"),
    "create_signup_link": lambda billing, _: billing.create_signup_link(
        plan="pln_1", customer="cst_1"
    ),
    "subscribe": lambda billing, _: billing.subscribe(plan="pln_1", customer="cst_1"),
    "change_subscription": lambda billing, _: billing.change_subscription(
        "sub_1", plan="pln_2", when="now"
    ),
    "update_subscription": lambda billing, _: billing.update_subscription(
        "sub_1", description="New"
    ),
    "cancel_subscription": lambda billing, _: billing.cancel_subscription("sub_1", when="now"),
}


class Recorder:
    """Responds in order, and records what the journal holds when a request arrives."""

    def __init__(self, path: Path) -> None:
        self.open: list[list[str]] = []
        self.answers: list[httpx.Response | Exception] = []
        self.transport = httpx.MockTransport(self._answer)
        self._path = path

    def _answer(self, request: httpx.Request) -> httpx.Response:
        del request
        self.open.append(operations(self._path))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def operations(path: Path) -> list[str]:
    with sqlite3.connect(path) as reading:
        rows = reading.execute("SELECT operation FROM intents WHERE state = 'open'").fetchall()
    reading.close()
    return [operation for (operation,) in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def recorder(path: Path) -> Recorder:
    return Recorder(path)


@pytest.fixture
def billing(
    connect: Callable[..., Any], toy: type[Provider], path: Path, recorder: Recorder
) -> Any:
    return connect(toy, api_key=KEY, transport=recorder.transport, journal=path, attempts=1)


class TestEntry:
    @pytest.mark.parametrize("operation", CHANGES)
    def test_is_there_when_the_request_arrives_and_gone_after_the_answer(
        self, billing: Any, recorder: Recorder, path: Path, draft: PlanDraft, operation: str
    ) -> None:
        changed = {"plan": "pln_1", "customer": "cst_1"}.get(operation.rpartition("_")[2], "sub_1")
        recorder.answers = [httpx.Response(200, json={"id": changed})]
        _ = CHANGES[operation](billing, draft)
        assert recorder.open == [[operation]]
        assert operations(path) == []

    def test_is_not_written_for_a_read(self, billing: Any, recorder: Recorder) -> None:
        recorder.answers = [httpx.Response(200, json={"id": "pln_1"})]
        billing.get_plan("pln_1")
        assert recorder.open == [[]]

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (httpx.Response(422, json={"message": "no"}), Rejected),
            (httpx.Response(429), RateLimited),
            (httpx.ConnectError("refused"), NotSent),
        ],
        ids=["refused", "one too many", "not sent"],
    )
    def test_is_gone_when_nothing_was_done(
        self,
        billing: Any,
        recorder: Recorder,
        path: Path,
        draft: PlanDraft,
        answer: Any,
        error: Any,
    ) -> None:
        recorder.answers = [answer]
        with pytest.raises(error):
            billing.create_plan(draft)
        assert recorder.open == [["create_plan"]]
        assert operations(path) == []

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (httpx.ReadError("reset"), OutcomeUnknown),
            (httpx.Response(500), ProviderUnavailable),
            (httpx.Response(201, content=b"{"), InvalidReply),
        ],
        ids=["lost", "failed", "unreadable"],
    )
    def test_stays_when_the_outcome_is_unknown(
        self,
        billing: Any,
        recorder: Recorder,
        path: Path,
        draft: PlanDraft,
        answer: Any,
        error: Any,
    ) -> None:
        recorder.answers = [answer]
        with pytest.raises(error) as caught:
            billing.create_plan(draft)
        assert operations(path) == ["create_plan"]
        (left,) = billing.client.open_intents()
        assert left.operation == "create_plan"
        assert Intent.read(left.token).salt == Intent.read(caught.value.token).salt

    def test_is_not_there_while_the_next_attempt_is_waited_for(
        self, connect: Callable[..., Any], toy: type[Provider], draft: PlanDraft, path: Path
    ) -> None:
        between: list[list[str]] = []
        answers = [httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200, json={})]

        def answer(request: httpx.Request) -> httpx.Response:
            del request
            between.append(operations(path))
            return answers.pop(0)

        billing = connect(toy, api_key=KEY, transport=httpx.MockTransport(answer), journal=path)
        with pytest.raises(InvalidReply):
            billing.create_plan(draft)
        assert between == [["create_plan"], ["create_plan"]]
        assert operations(path) == ["create_plan"]

    def test_is_not_written_by_a_dry_run(
        self, connect: Callable[..., Any], toy: type[Provider], draft: PlanDraft, path: Path
    ) -> None:
        billing = connect(toy, api_key=KEY, journal=path, dry_run=True)
        with pytest.raises(WouldSend):
            billing.create_plan(draft)
        assert operations(path) == []

    def test_stays_when_something_unforeseen_happens_and_is_not_in_flight(
        self, billing: Any, recorder: Recorder, path: Path, draft: PlanDraft
    ) -> None:
        recorder.answers = [RuntimeError("another event loop")]
        with pytest.raises(OutcomeUnknown) as caught:
            billing.create_plan(draft)
        assert operations(path) == ["create_plan"]
        (left,) = billing.client.open_intents()
        assert (left.token, left.in_flight) == (caught.value.token, False)

    def test_is_gone_when_the_client_was_closed(
        self, billing: Any, recorder: Recorder, path: Path, draft: PlanDraft
    ) -> None:
        billing.client._sender._closed = True
        with pytest.raises(NotSent, match="this client was closed") as caught:
            billing.create_plan(draft)
        assert isinstance(caught.value.__cause__, RuntimeError)
        assert (recorder.open, operations(path)) == ([], [])

    def test_is_not_written_for_what_cannot_be_encoded(
        self, billing: Any, path: Path, draft: PlanDraft
    ) -> None:
        cut = draft.model_copy(update={"name": "a cut emoji \ud83d"})
        with pytest.raises(InvalidRequest, match="cannot be encoded"):
            billing.create_plan(cut)
        assert operations(path) == []

    def test_holds_neither_the_key_nor_personal_data(
        self, billing: Any, recorder: Recorder, path: Path
    ) -> None:
        recorder.answers = [httpx.ReadError("reset")]
        with pytest.raises(OutcomeUnknown):
            billing.create_customer(PERSON)
        (left,) = billing.client.open_intents()
        kept = (
            b"".join(file.read_bytes() for file in path.parent.iterdir())
            + str(Intent.read(left.token)).encode()
        )
        for secret in (KEY, "john.doe", "Test Company", "Teststreet", "1234AB"):
            assert secret.encode() not in kept

    def test_costs_two_pages_of_a_new_journal(
        self, billing: Any, recorder: Recorder, path: Path
    ) -> None:
        """SQLite writes whole pages, and an entry of more than a quarter of one takes three."""
        created = httpx.Response(201, json={"id": "cst_1"})
        wal = path.with_name("journal.db-wal")
        recorder.answers = [created, created]
        _ = billing.create_customer(PERSON)
        before = wal.stat().st_size
        _ = billing.create_customer(PERSON)
        assert wal.stat().st_size - before == 2 * (8192 + 24)

    def test_is_written_into_the_smaller_pages_of_an_earlier_version(
        self, connect: Callable[..., Any], toy: type[Provider], path: Path, recorder: Recorder
    ) -> None:
        earlier = sqlite3.connect(path)
        _ = earlier.execute("PRAGMA page_size = 4096")
        bring_up_to_date(earlier)
        earlier.commit()
        recorder.answers = [httpx.Response(201, json={"id": "cst_1"})]
        billing = connect(toy, api_key=KEY, transport=recorder.transport, journal=path)
        _ = billing.create_customer(PERSON)
        assert recorder.open == [["create_customer"]]
        assert earlier.execute("PRAGMA page_size").fetchall() == [(4096,)]
        earlier.close()


@pytest.fixture
def lost(connect: Callable[..., Any], path: Path) -> tuple[Any, str]:
    """A client whose last change was carried out, and the token that says so."""
    fake = MijnKlantportaal.sandbox()
    plan = fake.add_plan(
        "phone",
        PlanDraft(
            name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
        ),
    )
    billing = connect(MijnKlantportaal, sandbox=fake, journal=path)
    customer = billing.create_customer(PERSON).id
    fake.faults.next(Fault("dropped", after=True), method="POST")
    with pytest.raises(OutcomeUnknown) as caught:
        billing.subscribe(plan=plan, customer=customer)
    assert caught.value.token is not None
    return billing, caught.value.token


class TestOpenIntent:
    def test_is_closed_by_resolving_it(self, lost: tuple[Any, str]) -> None:
        billing, token = lost
        assert billing.resolve(token).outcome == "done"
        assert billing.client.open_intents() == []

    def test_is_closed_by_the_token_of_the_journal_as_well(self, lost: tuple[Any, str]) -> None:
        billing, _ = lost
        (left,) = billing.client.open_intents()
        assert left.job is None
        assert left.sent_at.tzinfo is not None
        assert billing.resolve(left.token).outcome == "done"
        assert billing.client.open_intents() == []

    def test_may_be_resolved_twice(self, lost: tuple[Any, str]) -> None:
        billing, token = lost
        found = [billing.resolve(token).outcome for _ in range(2)]
        assert found == ["done", "done"]

    def test_is_in_flight_while_its_process_lives(self, lost: tuple[Any, str], path: Path) -> None:
        billing, token = lost
        journal = Journal(path)
        journal.write(Intent.read(token), None, patience=9)
        assert [intent.in_flight for intent in billing.client.open_intents()] == [True]
        journal.close()
        assert [intent.in_flight for intent in billing.client.open_intents()] == [False]

    def test_stays_when_looking_does_not_decide_it(
        self, billing: Any, recorder: Recorder, path: Path
    ) -> None:
        recorder.answers = [httpx.ReadError("reset")]
        with pytest.raises(OutcomeUnknown) as caught:
            CHANGES["create_signup_link"](billing, PlanDraft)  # type: ignore[arg-type]
        assert billing.resolve(caught.value.token).outcome == "ambiguous"
        assert operations(path) == ["create_signup_link"]

    def test_is_not_shown_to_another_account(self, lost: tuple[Any, str], path: Path) -> None:
        other = Journal(path)
        key = lost[0].client.sandbox.api_key
        own = Identity.of("mijnklantportaal", "", "sandbox", key, None)
        assert len(other.open_intents(own, "main")) == 1
        assert other.open_intents(replace(own, mode="live"), "main") == []
        other.close()


def test_without_a_journal_nothing_is_open(connect: Callable[..., Any]) -> None:
    assert connect(MijnKlantportaal, sandbox=True).client.open_intents() == []


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


WRITE = """
    import sys
    from pathlib import Path
    from subhub.recovery.intents import Intent
    from subhub.recovery.journal import Job, Journal

    journal = Journal(Path(sys.argv[1]))
    for number in range(int(sys.argv[2])):
        sent_at = f"2026-01-01T00:{number:02}+00:00"
        journal.write(Intent("acme", sys.argv[3], "subscribe", sent_at), None, patience=9)
    print("written", flush=True)
"""


PRESS = """
    import random, signal, sys
    import httpx
    from subhub import Client, Interval, Money, PlanDraft, ProviderError, RateLimit
    from subhub.recovery.intents import Intent

    path, status = sys.argv[1], int(sys.argv[2])
    draft = PlanDraft(
        name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
    )
    inside, late, pressed, unknown, dice = False, False, 0, 0, random.Random(7)

    def press(within):
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.0, within))

    def answer(_):
        if inside and late:
            press(0.0005)
        return httpx.Response(status, json={"id": "spg_1"})

    def interrupt(*_):
        if inside:
            raise KeyboardInterrupt

    def salts(error):
        while error is not None:
            if getattr(error, "token", None):
                yield Intent.read(error.token).salt
            error = error.__cause__ or error.__context__

    def create_plan():
        try:
            billing.create_plan(draft)
        except ProviderError as error:
            return error

    signal.signal(signal.SIGALRM, interrupt)
    billing = Client("mijnklantportaal", api_key="k" * 20, transport=httpx.MockTransport(answer),
                     journal=path, rate_limit=RateLimit(100_000, per=1))
    create_plan()  # imports what only a call needs: an interrupt would hit nothing else
    for left in billing.open_intents():
        billing.mark_resolved(left.token, done=True)
    for number in range(300):
        stopped, late = None, number % 2  # before or after the request is sent
        try:
            try:
                inside = True
                if not late:
                    press(0.0015)
                stopped = create_plan()
            finally:
                inside = False
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt as error:
            stopped, pressed = error, pressed + 1
        for left in billing.open_intents():
            assert not left.in_flight, repr(stopped)
            assert Intent.read(left.token).salt in salts(stopped), repr(stopped)
            billing.mark_resolved(left.token, done=True)
            unknown += isinstance(stopped, KeyboardInterrupt)
    print(pressed, unknown)
"""


@pytest.mark.parametrize(
    "status",
    [200, pytest.param(422, marks=pytest.mark.slow), pytest.param(500, marks=pytest.mark.slow)],
)
def test_ctrl_c_at_any_moment_leaves_no_entry_in_flight(path: Path, status: int) -> None:
    pressing = run(PRESS, path, status)  # a tracer of this process has locks of its own
    printed, _ = pressing.communicate(timeout=60)
    assert pressing.returncode == 0
    pressed, unknown = map(int, printed.split())
    assert pressed > 20
    assert 0 < unknown < pressed  # some before the request was sent, some after


class TestProcesses:
    def test_share_a_file_from_its_first_moment(self, path: Path) -> None:
        writing = [run(WRITE, path, 40, f"account {number}") for number in range(4)]
        assert [process.communicate(timeout=30)[0] for process in writing] == ["written\n"] * 4
        journal = Journal(path)
        found = [len(journal.open_intents(ACME, f"account {number}")) for number in range(4)]
        assert found == [40, 40, 40, 40]
        journal.close()

    def test_that_are_killed_leave_open_intents(self, path: Path) -> None:
        killed = run(
            WRITE + "    sys.stdin.read()\n    import time; time.sleep(60)", path, 1, "main"
        )
        assert killed.stdout is not None
        assert killed.stdout.readline() == "written\n"
        journal = Journal(path)
        (living,) = journal.open_intents(ACME, "main")
        killed.kill()
        _ = killed.wait(30)
        killed.stdout.close()
        (left,) = journal.open_intents(ACME, "main")
        assert (living.in_flight, left.in_flight) == (True, False)
        journal.close()

    def test_that_create_it_at_the_same_time_create_it_once(self, path: Path) -> None:
        database = SQLiteDatabase(path)
        late = sqlite3.connect(path)
        bring_up_to_date(late)  # it saw an empty file before the other process created it
        late.close()
        assert database.read("SELECT * FROM intents") == []
        database.close()

    def test_that_fork_have_a_session_each(self, path: Path) -> None:
        forked = run(
            WRITE
            + """
    import os
    first = journal._sessions.session()
    child = os.fork()
    if child == 0:
        journal.write(Intent("acme", "child", "subscribe", "2026-01-01"), None, patience=9)
        os._exit(journal._sessions.session() == first)
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """,
            path,
            1,
            "parent",
        )
        assert forked.communicate(timeout=30)[0] == "written\n"
        assert forked.returncode == 0
        journal = Journal(path)
        assert len(journal.open_intents(ACME, "child")) == 1
        journal.close()

    def test_that_fork_lose_nothing_when_the_parent_closes_the_journal(self, path: Path) -> None:
        # A child that inherited SQLite's notes about its parent's locks would not lock the file:
        # the parent, as the last user for all it knows, would delete the WAL under its feet.
        forked = run(
            WRITE
            + """
    import os
    here, there = os.pipe(), os.pipe()
    child = os.fork()
    intent = lambda: Intent("acme", "child", "subscribe", "2026-01-01T00:00:00+00:00")
    if child == 0:
        journal.write(intent(), None, patience=9)
        os.write(there[1], b"written")
        os.read(here[0], 1)
        journal.write(intent(), None, patience=9)
        os.kill(os.getpid(), 9)
    os.read(there[0], 7)
    journal.close()
    os.write(here[1], b"x")
    os.waitpid(child, 0)
            """,
            path,
            1,
            "parent",
        )
        assert forked.communicate(timeout=30)[0] == "written\n"
        assert forked.returncode == 0
        journal = Journal(path)
        assert len(journal.open_intents(ACME, "child")) == 2
        journal.close()

    def test_may_fork_while_their_threads_write(self, path: Path) -> None:
        forked = run(
            WRITE
            + """
    import os
    import threading
    stop = threading.Event()

    def work():
        while not stop.is_set():
            journal.write(Intent("acme", "thread", "subscribe", "2026-01-01"), None, patience=9)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    children = []
    for _ in range(10):
        child = os.fork()
        if child == 0:
            journal.write(Intent("acme", "child", "subscribe", "2026-01-01"), None, patience=9)
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    stop.set()
    for thread in threads:
        thread.join()
    raise SystemExit(codes != [0] * 10)
            """,
            path,
            1,
            "parent",
        )
        assert forked.communicate(timeout=60)[0] == "written\n"
        assert forked.returncode == 0
        journal = Journal(path)
        assert len(journal.open_intents(ACME, "child")) == 10
        journal.close()


FORK = """
    import os, sys, threading
    import filelock  # a child could never import what a thread of its parent was importing
    import httpx
    from subhub import Client, RateLimit

    answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "spg_1"}))

    def client():
        return Client("mijnklantportaal", api_key="k" * 20, journal=sys.argv[1], transport=answer,
                      rate_limit=RateLimit(100_000, per=0.5))

    def work():
        while not stop.is_set():
            with client() as own:
                own.update_plan("spg_1", name="New")

    billing, stop = client(), threading.Event()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    children = []
    for _ in range(25):
        child = os.fork()
        if child == 0:
            try:
                billing.update_plan("spg_1", name="New")
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    stop.set()
    for thread in threads:
        thread.join()
    raise SystemExit(codes != [0] * 25)
"""


@pytest.mark.slow
def test_a_client_works_in_children_forked_while_threads_open_others(path: Path) -> None:
    """A database that is opened in the middle of a fork would not be prepared for it."""
    forking = run(FORK, path)
    try:
        _ = forking.communicate(timeout=60)
    finally:
        forking.kill()
    assert forking.returncode == 0


class TestUnusableFile:
    def test_is_refused_when_the_client_is_created(self, toy: type[Provider], path: Path) -> None:
        _ = path.write_bytes(b"this is no database" * 100)
        with pytest.raises(JournalError, match=r"not a SQLite database\. Keep the file aside"):
            _ = Client(toy, api_key=KEY, journal=path)
        assert issubclass(JournalError, ConfigError)

    def test_belongs_to_another_program(self, path: Path) -> None:
        with sqlite3.connect(path) as other:
            _ = other.execute("CREATE TABLE theirs (a)")
        other.close()
        with pytest.raises(JournalError, match="another program's database"):
            _ = Journal(path)

    def test_has_a_later_version(self, path: Path) -> None:
        Journal(path).close()
        with sqlite3.connect(path) as later:
            _ = later.execute("PRAGMA user_version = 99")
        later.close()
        with pytest.raises(JournalError, match="a later version of subhub"):
            _ = Journal(path)

    def test_has_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(JournalError, match="Check that its folder exists"):
            _ = Journal(tmp_path / "missing" / "journal.db")

    def test_is_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(JournalError, match="cannot be opened"):
            _ = Journal(tmp_path)

    def test_cannot_be_read(self, path: Path) -> None:
        journal = Journal(path)
        spoil(path)
        with pytest.raises(JournalError, match="no such table"):
            _ = journal.open_intents(ACME, "main")
        journal.close()

    def test_stops_a_change_before_it_is_sent(
        self, billing: Any, recorder: Recorder, path: Path, draft: PlanDraft
    ) -> None:
        spoil(path)
        with pytest.raises(JournalError, match="no such table"):
            billing.create_plan(draft)
        assert recorder.open == []

    def test_does_not_lose_a_response(
        self,
        connect: Callable[..., Any],
        toy: type[Provider],
        path: Path,
        draft: PlanDraft,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            del request
            spoil(path)
            return httpx.Response(201, json={"id": "pln_1"})

        transport = httpx.MockTransport(answer)
        billing = connect(toy, api_key=KEY, transport=transport, journal=path)
        assert billing.create_plan(draft).id == "pln_1"
        assert "the entry of `create_plan` stays open" in caplog.text


def spoil(path: Path) -> None:
    with sqlite3.connect(path) as spoiling:
        _ = spoiling.execute("DROP TABLE intents")
    spoiling.close()


class TestUnusableLockFile:
    def test_is_named_by_the_error(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / ("j" * 240))  # room for SQLite's files, and for no lock file
        with pytest.raises(JournalError, match=r"cannot use the lock file .*: File name too long"):
            journal.write(Intent("acme", "main", "subscribe", "2026-01-01"), None, patience=9)
        journal.close()

    def test_of_a_name_is_named_by_the_error(self, path: Path) -> None:
        journal = Journal(path)
        (path.parent / f"{path.name}-customer.lock").mkdir()
        with pytest.raises(JournalError, match=r"customer.lock': Is a directory"):
            _ = journal.try_lock("customer")
        journal.close()
