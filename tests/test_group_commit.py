"""The journal's queue: many changes wait for the disk together, and no event loop waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from subhub import AsyncClient, Client, CustomerDraft, JournalError
from subhub.plugin import Provider
from subhub.recovery.journal.sqlite import SQLiteDatabase
from subhub.recovery.journal.storage import BufferedDatabase, Locked, Write

CONCURRENT = 16
INSERT = "INSERT INTO jobs (job, name, account, identity) VALUES (?, ?, '', '')"
RENAME = "UPDATE jobs SET name = ? WHERE job = ?"


class Disk(SQLiteDatabase):
    """A database whose disk is slow: a durable write waits until it may go on."""

    def __init__(self, path: Path) -> None:
        self.groups: list[int] = []
        self.threads: set[int] = set()
        self.busy, self.free = threading.Event(), threading.Event()
        super().__init__(path)

    def write_group(self, writes: Sequence[Write]) -> list[bool]:
        if any(write.durable for write in writes):
            self.groups.append(len(writes))
            self.threads.add(threading.get_ident())
            self.busy.set()
            assert self.free.wait(20)
        return super().write_group(writes)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "journal.db")
    yield disk
    disk.free.set()
    disk.close()


def names(disk: SQLiteDatabase) -> dict[str, str]:
    return dict(disk.read("SELECT job, name FROM jobs"))


def queued(buffered: Any, count: int) -> None:
    until = time.monotonic() + 20
    while len(buffered._queue) < count:
        assert time.monotonic() < until
        time.sleep(0.001)


def exchange(billing: Any, disk: Disk) -> BufferedDatabase:
    """Give the client's journal the database with the slow disk."""
    buffered = BufferedDatabase(disk)
    billing._account.journal.database.close()
    billing._account.journal.database = buffered
    return buffered


def begin(
    buffered: BufferedDatabase, calls: Sequence[Callable[[], Any]], disk: Disk
) -> list[threading.Thread]:
    """Make the first call, which waits for the disk, then the others, which wait behind it."""
    threads = [threading.Thread(target=call) for call in calls]
    threads[0].start()
    assert disk.busy.wait(20)
    for number, thread in enumerate(threads[1:], start=2):
        thread.start()
        queued(buffered, number)
    return threads


def end(threads: Sequence[threading.Thread], disk: Disk) -> None:
    disk.free.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_what_comes_while_the_disk_is_busy_waits_for_it_once(disk: Disk) -> None:
    buffered = BufferedDatabase(disk)

    def insert(number: int) -> Callable[[], Any]:
        return lambda: buffered.write((INSERT, (str(number), "n")), durable=True)

    end(begin(buffered, [insert(number) for number in range(CONCURRENT)], disk), disk)

    assert disk.groups == [1, CONCURRENT - 1]
    assert len(names(disk)) == CONCURRENT


def test_each_of_a_group_has_its_own_end(disk: Disk) -> None:
    buffered = BufferedDatabase(disk)
    heard: dict[str, object] = {}

    def written(name: str, *statements: Any, guarded: bool = False) -> Callable[[], None]:
        def call() -> None:
            try:
                heard[name] = buffered.write(*statements, durable=True, guarded=guarded)
            except JournalError as error:
                heard[name] = type(error)

        return call

    calls = [
        written("first", (INSERT, ("1", "first"))),
        written("met", (RENAME, ("met", "1")), (INSERT, ("2", "met")), guarded=True),
        written("not met", (RENAME, ("no", "9")), (INSERT, ("3", "no")), guarded=True),
        written("wrong", ("INSERT INTO missing VALUES (1)", ())),
        written("last", (INSERT, ("4", "last"))),
    ]
    end(begin(buffered, calls, disk), disk)

    assert heard == {
        "first": True,
        "met": True,
        "not met": False,
        "wrong": JournalError,
        "last": True,
    }
    assert names(disk) == {"1": "met", "2": "met", "4": "last"}


def test_what_nobody_waits_for_keeps_its_place_and_waits_for_nobody(disk: Disk) -> None:
    buffered = BufferedDatabase(disk)
    threads = begin(
        buffered, [lambda: buffered.write((INSERT, ("1", "a")), durable=True)] * 1, disk
    )

    buffered.write_soon((RENAME, ("b", "1")))  # returns although the disk is busy
    assert buffered.flush()
    buffered.write_soon((RENAME, ("c", "1")))
    end(threads, disk)

    assert names(disk) == {"1": "c"}
    buffered.close()


class Slowly:
    """The lock of the queue, of a caller that is stopped just before it takes it."""

    def __init__(self, buffered: Any, stopped: Callable[[], None]) -> None:
        self._lock = buffered._writing
        self._stopped: Callable[[], None] | None = stopped
        buffered._writing = self

    def locked(self) -> bool:
        return bool(self._lock.locked())

    def __enter__(self) -> None:
        if (stopped := self._stopped) is not None:
            self._stopped = None
            stopped()
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


def test_a_write_that_is_about_to_wait_for_the_disk_is_left_to_its_thread(disk: Disk) -> None:
    buffered = BufferedDatabase(disk)
    arrived, goes_on = threading.Event(), threading.Event()

    def stopped() -> None:
        arrived.set()
        assert goes_on.wait(20)

    _ = Slowly(buffered, stopped)
    disk.free.set()
    thread = threading.Thread(target=lambda: buffered.write((INSERT, ("1", "a")), durable=True))
    thread.start()
    assert arrived.wait(20)

    buffered.write_soon((RENAME, ("b", "1")))
    assert disk.groups == []
    goes_on.set()
    thread.join(20)

    assert disk.threads == {thread.ident}
    assert names(disk) == {"1": "b"}


def test_what_ctrl_c_left_in_the_queue_is_left_to_nobody(disk: Disk) -> None:
    buffered = BufferedDatabase(disk)

    def stopped() -> None:
        raise KeyboardInterrupt

    _ = Slowly(buffered, stopped)
    disk.free.set()
    with pytest.raises(KeyboardInterrupt):
        _ = buffered.write((INSERT, ("1", "a")), durable=True)
    buffered.write_soon((RENAME, ("b", "1")))

    assert names(disk) == {"1": "b"}


def test_a_locked_file_is_told_to_those_who_wait_and_keeps_the_rest(disk: Disk) -> None:
    buffered = BufferedDatabase(disk)
    disk.free.set()
    other = sqlite3.connect(disk.path, isolation_level=None)
    _ = other.execute("BEGIN IMMEDIATE")
    buffered.write_soon((INSERT, ("1", "kept")))
    with pytest.raises(Locked):
        _ = buffered.write((INSERT, ("2", "told")), durable=True)
    assert not buffered.flush()
    other.rollback()
    other.close()

    assert buffered.write((INSERT, ("3", "later")), durable=True)
    assert names(disk) == {"1": "kept", "3": "later"}


def test_the_event_loop_goes_on_while_the_disk_is_busy(toy: type[Provider], tmp_path: Path) -> None:
    """All that waits for the disk is in other threads, for single calls and for `once`."""
    disk = Disk(tmp_path / "journal.db")

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(201, json={"id": "cst_1"})

    async def main() -> list[Any]:
        async with AsyncClient(
            toy,
            api_key="test_0123456789",
            transport=httpx.MockTransport(answer),
            journal=tmp_path / "journal.db",
        ) as billing:
            _ = exchange(billing, disk)
            draft = CustomerDraft(name="Acme", email="a@acme.test")
            calls = [billing.create_customer(draft) for _ in range(CONCURRENT)]
            once = billing.once("job", "key", lambda client: client.create_customer(draft))
            tasks = [asyncio.create_task(call) for call in (*calls, once)]
            assert await asyncio.to_thread(disk.busy.wait, 20)
            for _ in range(20):  # the loop has its turns, and nothing has come to an end
                await asyncio.sleep(0.001)
            assert not any(task.done() for task in tasks)
            disk.free.set()
            return await asyncio.gather(*tasks)

    results = asyncio.run(main())

    assert len(results) == CONCURRENT + 1
    assert threading.get_ident() not in disk.threads
    assert max(disk.groups) > 1


def test_many_threads_share_the_waits_for_the_disk(toy: type[Provider], disk: Disk) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(201, json={"id": "cst_1"})

    with Client(
        toy, api_key="test_0123456789", transport=httpx.MockTransport(answer), journal=disk.path
    ) as billing:
        buffered = exchange(billing, disk)
        draft = CustomerDraft(name="Acme", email="a@acme.test")
        calls = [lambda: billing.create_customer(draft)] * CONCURRENT
        end(begin(buffered, calls, disk), disk)
        assert disk.groups[0] == 1
        assert disk.groups[1] in (CONCURRENT - 1, CONCURRENT)  # maybe with the end of the first
        assert billing.open_intents() == []
