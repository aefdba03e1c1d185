"""Locked stores are waited for in steps: within the deadline, and off the event loop."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from subhub import (
    AsyncClient,
    Client,
    JournalError,
    NotSent,
    OutcomeUnknown,
    RateLimit,
    Rejected,
    SubhubError,
)
from subhub.models.identity import Identity
from subhub.plugin import Provider
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Journal
from subhub.recovery.journal.sqlite import SQLiteDatabase
from subhub.recovery.journal.storage import BufferedDatabase, Locked
from subhub.system.file_locks import LockableFile

KEY = "test_0123456789"
ACME = Identity.of("acme", "https://api.acme.example", "live", KEY, None)
WRITING = "BEGIN IMMEDIATE"
ALONE = "BEGIN EXCLUSIVE"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@contextmanager
def locked(path: Path, how: str = WRITING) -> Generator[sqlite3.Connection]:
    """Lock the journal as another program does that has stopped in the middle."""
    with closing(hold(path, how)) as other:
        yield other


def hold(path: Path, how: str = WRITING) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    _ = other.execute(how)
    return other


def answering(status: int = 201) -> tuple[httpx.MockTransport, list[str]]:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(status, json={"id": "cst_1"})

    return httpx.MockTransport(answer), sent


def test_a_change_waits_for_the_journal_until_its_deadline(
    connect: Callable[..., Any], toy: type[Provider], path: Path
) -> None:
    transport, sent = answering()
    billing = connect(toy, api_key=KEY, transport=transport, journal=path, deadline=0.2)
    with locked(path), pytest.raises(NotSent, match=r"within the deadline of 0\.2 s: the journal"):
        billing.update_customer("cst_1", name="New")
    assert sent == []
    billing.update_customer("cst_1", name="New")
    assert sent == ["PATCH"]
    assert billing.client.open_intents() == []


def test_a_change_is_sent_as_soon_as_the_journal_is_free(
    connect: Callable[..., Any], toy: type[Provider], path: Path
) -> None:
    transport, sent = answering()
    billing = connect(toy, api_key=KEY, transport=transport, journal=path)
    with locked(path) as other:
        freeing = threading.Timer(0.1, other.rollback)
        freeing.start()
        billing.update_customer("cst_1", name="New")
        freeing.join()
    assert sent == ["PATCH"]


def test_a_sandbox_waits_in_real_time_and_once(
    connect: Callable[..., Any], toy: type[Provider], path: Path
) -> None:
    """Its clock is frozen, so only what was waited can end it, and no attempt begins it again."""
    billing = connect(toy, sandbox=True, journal=path, deadline=0.1, attempts=4)
    began = time.monotonic()
    with locked(path), pytest.raises(NotSent, match="is locked by another program"):
        billing.update_customer("cst_1", name="New")
    assert 0.05 < time.monotonic() - began < 10


@pytest.mark.parametrize("what", ["journal", "permits"])
def test_other_tasks_run_meanwhile(toy: type[Provider], tmp_path: Path, what: str) -> None:
    transport, sent = answering()
    limit = RateLimit(5, per=1.0)
    stores: dict[str, Any] = {"journal": tmp_path / "journal.db", "permits": tmp_path / "permits"}
    ticks = 0

    async def main() -> None:
        nonlocal ticks
        async with (
            AsyncClient(
                toy, api_key=KEY, transport=transport, rate_limit=limit, deadline=0.5, **stores
            ) as billing,
            anyio.create_task_group() as tasks,
        ):
            _ = await billing.update_customer("cst_1", name="New")
            with stopped(what, stores):
                _ = tasks.start_soon(change, billing)
                while not ended:
                    await anyio.sleep(0.01)
                    ticks += 1

    ended: list[SubhubError] = []

    async def change(billing: AsyncClient) -> None:
        with pytest.raises(NotSent) as caught:
            _ = await billing.update_customer("cst_1", name="New")
        ended.append(caught.value)

    anyio.run(main)
    assert "locked by another pro" in str(ended[0])
    assert sent == ["PATCH"]
    assert ticks > 10


@contextmanager
def stopped(what: str, stores: dict[str, Path]) -> Generator[None]:
    if what == "journal":
        with locked(stores["journal"]):
            yield
        return
    (file,) = stores["permits"].iterdir()
    holder = LockableFile(file)
    assert holder.try_lock()
    yield
    holder.close()


def test_a_permit_that_ends_while_the_file_is_locked_is_returned_later(
    toy: type[Provider], tmp_path: Path
) -> None:
    holders: list[LockableFile] = []

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        (file,) = tmp_path.iterdir()
        holder = LockableFile(file)
        assert holder.try_lock()
        holders.append(holder)
        return httpx.Response(429, headers={"retry-after": "40"})

    settings: dict[str, Any] = {"permits": tmp_path, "attempts": 1, "deadline": 1.0}
    transport = httpx.MockTransport(answer)
    with Client(
        toy, api_key=KEY, transport=transport, rate_limit=RateLimit(5, per=60.0), **settings
    ) as billing:
        with pytest.raises(SubhubError):
            _ = billing.get_customer("cst_1")
        holders[0].close()
        with pytest.raises(NotSent, match="the rate limit leaves no room"):  # the gate is closed
            _ = billing.get_customer("cst_1")


@pytest.mark.parametrize("status", [201, 422])
def test_an_end_is_noted_when_the_journal_is_free_again(
    connect: Callable[..., Any], toy: type[Provider], path: Path, status: int
) -> None:
    """The answer waits a moment for it; what is not noted by then is noted with the next use."""
    holding: list[sqlite3.Connection] = []

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        holding.append(hold(path))
        return httpx.Response(status, json={"id": "cst_1"})

    billing = connect(toy, api_key=KEY, transport=httpx.MockTransport(answer), journal=path)
    if status == 201:
        assert billing.update_customer("cst_1", name="New").id == "cst_1"
    else:
        with pytest.raises(Rejected):
            billing.update_customer("cst_1", name="New")
    assert len(billing.client.open_intents()) == 1
    holding[0].close()
    assert billing.client.open_intents() == []


def test_a_stopped_bulk_run_keeps_the_result_whose_end_is_not_noted(
    toy: type[Provider], path: Path
) -> None:
    """Stopping gives up what waits to be sent. This was sent, and its answer is there."""

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        run.stop()
        holding.append(hold(path))
        return httpx.Response(200, json={"id": "cst_1"})

    holding: list[sqlite3.Connection] = []
    with Client(toy, api_key=KEY, transport=httpx.MockTransport(answer), journal=path) as billing:
        run = billing.bulk(lambda item: billing.update_customer(item, name="New"), ["cst_1"])
        with run as results:
            assert [result.object_id for result in results] == ["cst_1"]
        holding[0].close()


def test_a_stopped_bulk_run_gives_up_what_waits_for_the_journal(
    toy: type[Provider], path: Path
) -> None:
    transport, sent = answering()
    with Client(toy, api_key=KEY, transport=transport, journal=path) as billing:
        run = billing.bulk(lambda item: billing.update_customer(item, name="New"), ["cst_1"])
        with locked(path), run as results:
            stopping = threading.Timer(0.1, run.stop)
            stopping.start()
            assert list(results) == []
            stopping.join()
    assert sent == []


class TestDatabase:
    def test_is_opened_later_when_it_is_locked_at_first(self, path: Path) -> None:
        with locked(path, ALONE):
            journal = Journal(path)
            with pytest.raises(Locked, match="is locked by another program"):
                _ = journal.open_intents(ACME, "main")
        assert journal.open_intents(ACME, "main") == []
        journal.close()

    def test_is_waited_for_by_whoever_has_the_patience(self, path: Path) -> None:
        journal = Journal(path)
        intent = Intent("acme", "main", "subscribe", "2026-01-01", identity=ACME)
        with locked(path) as other:
            with pytest.raises(Locked):
                journal.write(intent, None, patience=0.02)
            freeing = threading.Timer(0.05, other.rollback)
            freeing.start()
            journal.write(intent, None, patience=9)
            freeing.join()
        assert len(journal.open_intents(ACME, "main")) == 1
        with locked(path), pytest.raises(JournalError, match="is locked"):
            _ = journal.mark_resolved(intent, done=True, patience=0.01)
        assert journal.mark_resolved(intent, done=True, patience=0.01)
        journal.close()

    def test_writes_what_it_kept_before_it_is_closed(self, path: Path) -> None:
        journal = Journal(path)
        intent = Intent("acme", "main", "subscribe", "2026-01-01", identity=ACME)
        journal.write(intent, None)
        with locked(path):
            assert journal.mark_resolved(intent, done=True)
            assert len(journal.open_intents(ACME, "main")) == 1
        journal.close()
        assert journal.open_intents(ACME, "main") == []
        journal.close()

    def test_leaves_what_it_kept_to_its_parent_after_a_fork(self, path: Path) -> None:
        journal: Any = Journal(path)
        intent = Intent("acme", "main", "subscribe", "2026-01-01", identity=ACME)
        journal.write(intent, None)
        session = journal._sessions.session()
        with locked(path):
            _ = journal.mark_resolved(intent, done=True)
            database, file = journal.database, journal._sessions
            file.before_fork()
            file.after_fork_in_parent()
            assert not database.flush()
            file.before_fork()
            for forked in (file, file._sessions, database):
                forked.after_fork_in_child()
            assert database.flush()
        assert file.session() != session
        journal.close()
        journal.close()

    def test_keeps_nothing_that_would_fail_every_time(self, path: Path) -> None:
        database = BufferedDatabase(SQLiteDatabase(path))
        with pytest.raises(JournalError, match="no such table"):
            database.write_soon(("DELETE FROM missing", ()))
        assert database.flush()
        database.close()


def test_a_lost_change_has_its_token_although_the_journal_is_locked(
    toy: type[Provider], path: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        holding.append(hold(path))
        raise httpx.ReadError("reset", request=request)

    holding: list[sqlite3.Connection] = []
    transport = httpx.MockTransport(answer)
    with Client(toy, api_key=KEY, transport=transport, journal=path, attempts=1) as billing:
        with pytest.raises(OutcomeUnknown) as caught:
            _ = billing.update_customer("cst_1", name="New")
        holding[0].close()
        (left,) = billing.open_intents()
        assert (left.token, left.in_flight) == (caught.value.token, False)


def test_an_end_that_can_never_be_noted_is_logged(
    toy: type[Provider], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        del request
        holding.append(hold(path))
        removing.start()
        return httpx.Response(200, json={"id": "cst_1"})

    holding: list[sqlite3.Connection] = []
    removing = threading.Timer(0.05, path.unlink)
    with Client(toy, api_key=KEY, transport=httpx.MockTransport(answer), journal=path) as billing:
        assert billing.update_customer("cst_1", name="New").id == "cst_1"
        removing.join()
        holding[0].close()
    assert "the entries of some changes stay open: the journal" in caplog.text
