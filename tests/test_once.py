"""Once: an item of a job is claimed, resolved, looked at again, sent and finished, by one call."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    CustomerDraft,
    InProgress,
    Interval,
    InvalidReply,
    InvalidRequest,
    JournalError,
    Money,
    NotFound,
    NotSent,
    Once,
    OutcomeUnknown,
    PlanDraft,
)
from subhub.client.account import Account
from subhub.client.once import checked_grace_period
from subhub.client.opening import open_account
from subhub.recovery.journal import Job, Journal
from subhub.recovery.journal.jobs import JobCounts
from subhub.recovery.journal.sqlite import SQLiteDatabase
from subhub.sandbox.faults import Fault

PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
KEY = "test_0123456789"
Call: TypeAlias = Callable[[Any], Any]


def person(number: object) -> CustomerDraft:
    return CustomerDraft(
        name=f"Person {number}",
        email=f"person{number}@test.com",
        address="Teststreet 123",
        postal_code="1234AB",
        city="Amsterdam",
        country="NL",
    )


class World:
    """A sandbox with a plan, and a journal; each call has a client of its own, as a task does."""

    def __init__(self, folder: Path, kind: type[Client | AsyncClient] = Client) -> None:
        self.folder = folder
        self.kind = kind
        self.fake = MijnKlantportaal.sandbox()
        self.plan = self.fake.add_plan("phone", PHONE)
        self.path = folder / "journal.db"

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"provider": MijnKlantportaal, "sandbox": self.fake, "journal": self.path, **more}

    def once(self, call: Call | None = None, key: str = "one", **settings: Any) -> Once[Any]:
        """Do an item with a client of its own."""
        call = call or partial(self.sell, to=key)
        if self.kind is AsyncClient:
            return anyio.run(partial(self._awaited, call, key, self.settings(**settings)))
        with Client(**self.settings(**settings)) as billing:
            return billing.once("move", key, call)

    async def _awaited(self, call: Call, key: str, settings: dict[str, Any]) -> Once[Any]:
        async def awaited(billing: AsyncClient) -> Any:
            result: Any = call(billing)
            return await result if hasattr(result, "__await__") else result

        async with AsyncClient(**settings) as billing:
            return await billing.once("move", key, awaited)

    def elsewhere(self) -> World:
        """Return the same with a client that waits, as in another process."""
        other = World(self.folder)
        other.fake, other.plan = self.fake, self.plan
        return other

    def sell(self, billing: Any, to: str = "one") -> Any:
        return billing.subscribe(plan=self.plan, customer=person(to))

    def link(self, billing: Any) -> Any:
        return billing.create_signup_link(plan=self.plan, customer=person(1))

    def books(self) -> tuple[int, int]:
        """Return how many customers and subscriptions the provider has."""
        with Client(MijnKlantportaal, sandbox=self.fake) as billing:
            return len(list(billing.list_customers())), len(list(billing.list_subscriptions()))

    def changes(self) -> int:
        return sum(exchange.received.method != "GET" for exchange in self.fake.exchanges)

    def fail(self, kind: str, path: str, *, after: bool = False) -> None:
        self.fake.faults.next(Fault(kind, after=after), path=path, method="POST")

    def query(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as journal:
            return journal.execute(statement).fetchall()

    def cut_off(self) -> None:
        """Let processes that live look as if they had ended, as a cut connection does."""
        for lock in self.folder.glob("journal.db-*.lock"):
            lock.unlink()


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, request.param)


@pytest.fixture
def simple(tmp_path: Path) -> World:
    """A world with one kind of client, for what both do in the same steps."""
    return World(tmp_path)


def refused(billing: Any) -> Any:
    return billing.subscribe(plan="spg_nowhere", customer=person(1))


class TestOnce:
    def test_returns_what_the_call_returned(self, world: World) -> None:
        found = world.once()
        assert found.result is not None
        assert found.object_id == found.result.id
        assert not found.earlier
        assert world.books() == (1, 1)

    def test_sends_nothing_for_what_is_done(self, world: World) -> None:
        first = world.once()
        before = len(world.fake.exchanges)
        assert world.once() == Once(None, first.object_id, earlier=True)
        assert len(world.fake.exchanges) == before

    def test_does_each_key_of_each_job(self, simple: World) -> None:
        keys = ("one", "two", "one")
        assert [simple.once(key=key).earlier for key in keys] == [False, False, True]
        with Client(**simple.settings()) as billing:
            assert not billing.once("other", "one", simple.sell).earlier

    def test_passes_on_a_refusal_and_can_be_tried_again(self, world: World) -> None:
        with pytest.raises(NotFound):
            _ = world.once(refused)
        assert not world.once().earlier
        assert world.books() == (1, 1)  # with the customer whom the first try has created

    def test_passes_on_any_other_error(self, world: World) -> None:
        def crash(billing: Any) -> Any:
            del billing
            raise LookupError("no such order")

        with pytest.raises(LookupError, match="no such order"):
            _ = world.once(crash)
        assert world.query("SELECT * FROM job_items") == []

    def test_continues_after_the_change_that_was_done(self, world: World) -> None:
        world.fail("unreachable", "*sign-up*")
        with pytest.raises(NotSent):
            _ = world.once(attempts=1)
        assert world.books() == (1, 0)
        assert not world.once().earlier
        assert world.books() == (1, 1)

    def test_may_change_nothing(self, world: World) -> None:
        assert world.once(lambda _: 7) == Once(7, None, earlier=False)
        assert world.once(lambda _: 8) == Once(None, None, earlier=True)

    def test_needs_a_journal_and_says_how_to_configure_one(self, world: World) -> None:
        with pytest.raises(ConfigError, match=r'`once` needs a journal, .*`journal = "subhub-jour'):
            _ = world.once(journal=None)

    @pytest.mark.parametrize(
        ("job", "key", "problem"),
        [("", "one", "`job` must be a non-empty str, got ''"), ("move", "", "`key` must be a non")],
    )
    def test_needs_names(self, simple: World, job: str, key: str, problem: str) -> None:
        with Client(**simple.settings()) as billing, pytest.raises(InvalidRequest, match=problem):
            _ = billing.once(job, key, simple.sell)


class TestALostAnswer:
    @pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
    @pytest.mark.parametrize("lost", ["*customers", "*sign-up*"])
    def test_is_resolved_by_the_next_call(
        self,
        world: World,
        lost: str,
        after: bool,  # noqa: FBT001 - pytest passes it by name
    ) -> None:
        world.fail("dropped", lost, after=after)
        with pytest.raises(OutcomeUnknown):
            _ = world.once()
        assert not world.once().earlier
        assert world.books() == (1, 1)
        assert world.query("SELECT * FROM intents") == []

    def test_that_cannot_be_resolved_stays_unknown(self, world: World) -> None:
        world.fail("dropped", "*sign-up*", after=True)
        with pytest.raises(OutcomeUnknown):
            _ = world.once(world.link)
        with pytest.raises(OutcomeUnknown) as caught:
            _ = world.once(world.link)
        assert world.changes() == 1
        with Client(**world.settings()) as billing:
            billing.mark_resolved(str(caught.value.token), done=False)
        assert not world.once(world.link).earlier
        assert world.changes() == 2

    def test_is_not_repeated_when_looking_for_it_fails(self, world: World) -> None:
        world.fail("dropped", "*customers", after=True)
        with pytest.raises(OutcomeUnknown):
            _ = world.once()
        world.fake.faults.next(Fault("cut_body"), method="GET")
        with pytest.raises(InvalidReply):
            _ = world.once(attempts=1)
        assert world.changes() == 1
        assert not world.once().earlier
        assert world.books() == (1, 1)

    def test_may_have_been_resolved_and_done_by_another_call_meanwhile(self, world: World) -> None:
        """While this call looks at the provider, its session is taken for ended."""
        world.fail("dropped", "*customers", after=True)
        with pytest.raises(OutcomeUnknown):
            _ = world.once()
        overtaking: list[Once[Any]] = []

        def overtake(_: object) -> None:
            if not overtaking:
                world.cut_off()
                overtaking.append(world.elsewhere().once())

        found = world.once(hooks=[overtake])
        assert found == Once(None, overtaking[0].object_id, earlier=True)
        assert world.books() == (1, 1)


class TestAnotherCall:
    def test_that_lives_is_in_progress(self, world: World) -> None:
        busy: list[InProgress] = []

        def call(billing: Any) -> Any:
            with pytest.raises(InProgress, match="another call is working on this item") as caught:
                _ = world.elsewhere().once()
            busy.append(caught.value)
            return world.sell(billing)

        assert not world.once(call).earlier
        assert busy[0].retry_after == 1.0
        assert world.books() == (1, 1)

    def test_is_asked_for_again_later_the_longer_it_takes(self, simple: World) -> None:
        now = [1000.0]
        with closing(Journal(simple.path)) as journal:
            job = job_in(journal, simple, clock=lambda: now[0])
            assert job.claim(job.item("one")) is None
            for later, after in ((0.0, 1.0), (-5000.0, 1.0), (20.0, 20.0), (3600.0, 60.0)):
                now[0] = 1000.0 + later
                with pytest.raises(InProgress) as caught:
                    _ = job.claim(job.item("one"))
                assert caught.value.retry_after == after

    def test_is_not_this_call_which_asks_again(self, simple: World) -> None:
        """After its claim, the journal was locked for what came next."""
        with closing(Journal(simple.path)) as journal:
            job = job_in(journal, simple)
            item = job.item("one")
            assert [job.claim(item), job.claim(item)] == [None, None]

    def test_whose_process_has_ended_is_taken_over(self, simple: World) -> None:
        with closing(Journal(simple.path)) as journal:
            job = job_in(journal, simple)
            item = job.item("one")
            assert job.claim(item) is None
        with closing(Journal(simple.path)) as journal:
            job = job_in(journal, simple)
            assert job.claim(job.item("one")) is None
            with pytest.raises(InProgress):
                _ = job.look_again(item)
            job.release(item)  # it has no effect any more
            job.finish(item, "sub_1")
            assert [claim for (claim,) in simple.query("SELECT claim FROM job_items")] != [None]

    def test_that_is_quicker_wins(self, simple: World) -> None:
        """Both find the item free, or its process ended; one row decides."""
        with closing(Journal(simple.path)) as journal:
            job = job_in(journal, simple)
            taken: list[object] = []

            def take() -> None:
                try:
                    taken.append(job.claim(job.item("one")))
                except InProgress as error:
                    taken.append(error)

            for _ in range(2):
                threads = [threading.Thread(target=take) for _ in range(8)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                assert taken.count(None) == 1
                taken.clear()
                _ = simple.query("UPDATE job_items SET session = ''")

    def test_that_claims_between_a_look_and_a_claim_has_it(self, simple: World) -> None:
        """The clock is read in between: there, the other call claims the item."""
        with closing(Journal(simple.path)) as journal:
            other = job_in(journal, simple)
            others = other.item("one")
            claimed: list[object] = []

            def clock() -> float:
                if not claimed:
                    claimed.append(other.claim(others))
                return 5.0

            job = job_in(journal, simple, clock=clock)
            with pytest.raises(InProgress):
                _ = job.claim(job.item("one"))
            assert claimed == [None]
            assert other.look_again(others) is None

    def test_that_was_taken_for_ended_sends_nothing_more(self, world: World) -> None:
        """Its second change is not sent, because another call has done the item."""

        def call(billing: Any) -> Any:
            world.cut_off()
            assert not world.elsewhere().once().earlier
            return world.sell(billing)

        with pytest.raises(InProgress, match="has taken this item over"):
            _ = world.once(call)
        assert world.books() == (1, 1)
        assert world.once().earlier

    def test_that_was_taken_for_ended_and_still_sends_is_waited_for(self, simple: World) -> None:
        def call(billing: Any) -> Any:
            simple.fail("dropped", "*customers", after=True)
            return simple.sell(billing)

        def look(_: object) -> None:
            _ = simple.query("DELETE FROM job_items")  # the claim is lost, and the session lives
            with pytest.raises(InProgress, match="still sending a change of this item"):
                _ = simple.once()

        with pytest.raises(OutcomeUnknown):
            _ = simple.once(call, hooks=[look])
        assert simple.books() == (1, 0)
        assert simple.query("SELECT * FROM job_items") == []

    def test_that_has_found_out_that_a_step_is_done_prevents_it(self, simple: World) -> None:
        """Two calls have resolved the same change; one found it done, after the other had not."""
        simple.fail("dropped", "*customers", after=False)
        with pytest.raises(OutcomeUnknown):
            _ = simple.once()

        def call(billing: Any) -> Any:
            _ = simple.query("UPDATE intents SET state = 'done', object = 'cst_1'")
            return simple.sell(billing)

        with pytest.raises(InProgress):
            _ = simple.once(call)
        assert simple.books() == (0, 0)


class TestALockedJournal:
    def test_is_waited_for_within_the_deadline(self, world: World) -> None:
        _ = world.once(key="other")
        with closing(sqlite3.connect(world.path, isolation_level=None)) as writer:
            _ = writer.execute("BEGIN IMMEDIATE")
            with pytest.raises(
                NotSent, match=r"within the deadline of 0\.1 s: the journal .* lock"
            ):
                _ = world.once(deadline=0.1)
        assert not world.once().earlier

    def test_is_waited_for_before_and_after_the_call(self, world: World) -> None:
        _ = world.once(key="other")
        writer = sqlite3.connect(world.path, isolation_level=None, check_same_thread=False)

        def lock() -> None:
            _ = writer.execute("BEGIN IMMEDIATE")
            threading.Timer(0.2, writer.rollback).start()

        def call(_: Any) -> int:
            time.sleep(0.3)
            lock()
            return 7

        lock()
        assert world.once(call) == Once(7, None, earlier=False)
        assert world.once().earlier
        time.sleep(0.3)
        writer.close()

    def test_does_not_lose_a_result(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        def call(_: Any) -> int:
            _ = world.query("DROP TABLE job_items")
            return 7

        assert world.once(call) == Once(7, None, earlier=False)
        assert "an item that is done will be looked for again" in caplog.text
        assert "an item of the job 'move' is in progress until this process ends" in caplog.text

    def test_does_not_hide_what_was_resolved(self, simple: World) -> None:
        """What was resolved is kept to be written while the journal is locked."""
        simple.fail("dropped", "*customers", after=True)
        with pytest.raises(OutcomeUnknown):
            _ = simple.once()
        writer = sqlite3.connect(simple.path, isolation_level=None, check_same_thread=False)

        def lock(_: object) -> None:
            if not writer.in_transaction and threading.active_count() == before:
                _ = writer.execute("BEGIN IMMEDIATE")
                threading.Timer(0.2, writer.rollback).start()

        before = threading.active_count()
        assert not simple.once(hooks=[lock]).earlier
        assert simple.books() == (1, 1)
        writer.close()


class RemoteDatabase(SQLiteDatabase):
    """A database that is on another machine, as far as the client knows."""

    remote = True


class TestTheGracePeriod:
    @pytest.mark.parametrize(
        ("settings", "life", "problem"),
        [
            ({}, 120.0, "`deadline` = 120 s"),
            ({"deadline": 30}, 30.0, "`deadline` = 30 s"),
            ({"deadline": None, "timeout": 20}, 80.0, "4 steps of `timeout` = 20 s, 80 s"),
            ({"max_wait": 3600}, 120.0, "`deadline` = 120 s"),
        ],
    )
    def test_is_longer_than_a_request_where_sessions_can_be_cut(
        self, simple: World, settings: dict[str, Any], life: float, problem: str
    ) -> None:
        account = account_in(simple, **settings)
        assert checked_grace_period(None, account) == 60
        assert checked_grace_period(0, account) == 0
        account.close()
        account = replace(account, journal=Journal(RemoteDatabase(simple.path)))
        assert checked_grace_period(None, account) == max(60, life + 5)
        assert checked_grace_period(life + 0.1, account) == life + 0.1
        with pytest.raises(InvalidRequest, match="must be longer than a request") as caught:
            _ = checked_grace_period(life, account)
        assert f"got {life:g} s and {problem}" in str(caught.value)
        account.close()

    @pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
    def test_is_a_number_of_seconds(self, simple: World, seconds: float) -> None:
        with (
            Client(**simple.settings()) as billing,
            pytest.raises(InvalidRequest, match="`grace_period` must be >= 0 seconds"),
        ):
            _ = billing.once("move", "one", simple.sell, grace_period=seconds)


class TestARemoteJournal:
    """Asking it is a step, which a client that awaits does in a thread."""

    @pytest.fixture
    def threads(self) -> list[int]:
        return []

    def client(self, world: World, threads: list[int]) -> Any:
        class Watched(RemoteDatabase):
            def read(self, statement: str, values: Any = ()) -> list[tuple[Any, ...]]:
                threads.append(threading.get_ident())
                return super().read(statement, values)

        billing: Any = world.kind(**world.settings(journal=None))
        account = replace(billing._account, journal=Journal(Watched(world.path)))
        billing._open(account)
        return billing

    def test_is_not_asked_on_an_event_loop(self, tmp_path: Path, threads: list[int]) -> None:
        world = World(tmp_path, AsyncClient)

        async def main() -> None:
            async with self.client(world, threads) as billing:
                assert not (await billing.once("move", "one", world.sell)).earlier
                assert (await billing.once("move", "one", world.sell)).earlier

                async def sell(item: str) -> Any:
                    return await billing.subscribe(plan=world.plan, customer=person(item))

                run = billing.bulk(sell, ["one", "two"], job="move", key=str)
                async with run as results:
                    found = [result.earlier async for result in results]
                assert sorted(found) == [False, True]
                assert await billing.forget("move") >= 1

        anyio.run(main)
        assert threads
        assert threading.get_ident() not in threads
        assert world.books() == (2, 2)

    def test_is_asked_in_the_same_steps_by_a_client_that_waits(
        self, simple: World, threads: list[int]
    ) -> None:
        with self.client(simple, threads) as billing:
            assert not billing.once("move", "one", simple.sell).earlier
            with billing.bulk(refused, ["one"], job="move", key=str) as results:
                assert [result.earlier for result in results] == [True]


class TestBulk:
    """A bulk run, while another process works on the same job."""

    def test_waits_for_an_item_of_another_process_last(self, world: World) -> None:
        held, done = threading.Event(), threading.Event()

        def hold(billing: Any) -> Any:
            held.set()
            assert done.wait(30)
            return billing.subscribe(plan=world.plan, customer=person("a"))

        holding = threading.Thread(target=world.elsewhere().once, args=(hold, "a"))
        holding.start()
        assert held.wait(30)
        results: list[Any] = []

        def take(result: Any) -> None:
            results.append(result)
            if result.item == "b":  # the other one comes last, although it is the first item
                done.set()

        run_bulk(world, ["a", "b"], take)
        holding.join()
        assert [(result.item, result.earlier, result.error) for result in results] == [
            ("b", False, None),
            ("a", True, None),
        ]
        assert world.books() == (2, 2)

    def test_takes_over_an_item_whose_process_ends(self, world: World) -> None:
        journal = Journal(world.path)
        job = job_in(journal, world)
        assert job.claim(job.item("a")) is None
        results: list[Any] = []
        threading.Timer(0.2, journal.close).start()
        run_bulk(world, ["a"], results.append)
        assert [(result.earlier, result.error) for result in results] == [(False, None)]

    def test_gives_up_an_item_that_another_process_keeps(self, world: World) -> None:
        with closing(Journal(world.path)) as journal:
            job = job_in(journal, world)
            assert job.claim(job.item("a")) is None
            results: list[Any] = []
            run_bulk(world, ["a", "b"], results.append, deadline=0.3)
        assert [type(result.error) for result in results] == [type(None), InProgress]
        assert world.books() == (1, 1)

    def test_gives_back_the_items_whose_results_were_not_taken(self, simple: World) -> None:
        with Client(**simple.settings()) as billing:
            run = billing.bulk(lambda _: simple.sell(billing), ["a"], job="move", key=str)
            with pytest.raises(LookupError), run as results:
                raise LookupError(next(results))
            assert simple.query("SELECT * FROM job_items") == []
            assert not billing.once("move", "a", simple.sell).earlier
        assert simple.books() == (1, 1)

    @pytest.mark.parametrize(
        ("statement", "error"),
        [("SELECT 1", LookupError), ("DROP TABLE job_items", JournalError)],
    )
    def test_ends_at_an_error_that_all_items_would_have(
        self, world: World, statement: str, error: type[Exception]
    ) -> None:
        asked: list[object] = []

        def fail(billing: Any, item: str) -> Any:
            del billing
            _ = world.query(statement)
            asked.append(item)
            raise LookupError(item) if error is LookupError else NotSent("later")

        taken: list[object] = []
        with pytest.raises(error):
            run_bulk(world, ["a", "b", "c"], taken.append, fail)
        assert asked == ["a"]


def run_bulk(
    world: World,
    items: list[str],
    take: Callable[[Any], None],
    call: Callable[[Any, str], Any] | None = None,
    **settings: Any,
) -> None:
    """Run a job for *items*."""
    settings = world.settings(**settings)
    options: dict[str, Any] = {"job": "move", "key": str}
    sell = call or world.sell

    async def main() -> None:
        async with (
            AsyncClient(**settings) as billing,
            billing.bulk(partial(sell, billing), items, **options) as results,
        ):
            async for result in results:
                take(result)

    if world.kind is AsyncClient:
        anyio.run(main)
        return
    with (
        Client(**settings) as billing,
        billing.bulk(partial(sell, billing), items, **options) as results,
    ):
        for result in results:
            take(result)


class TestForget:
    def test_lets_the_same_keys_be_done_again(self, world: World) -> None:
        for key in ("one", "two"):
            _ = world.once(lambda _: None, key=key)
        assert forget(world) == 2
        assert forget(world) == 0
        assert not world.once().earlier

    def test_keeps_what_was_done_since_and_what_has_no_time(self, world: World) -> None:
        now = world.fake.clock.now()
        for key in ("one", "two", "three"):
            _ = world.once(lambda _: None, key=key)
            _ = world.fake.clock.advance(seconds=60)
        _ = world.query(
            "UPDATE job_items SET changed_at = NULL WHERE changed_at = "
            "(SELECT max(changed_at) FROM job_items)"
        )
        assert forget(world, now + dt.timedelta(seconds=30)) == 1
        assert forget(world, now + dt.timedelta(days=30)) == 1
        assert forget(world) == 1

    def test_keeps_what_is_not_finished(self, world: World) -> None:
        world.fail("dropped", "*customers", after=True)
        with pytest.raises(OutcomeUnknown):
            _ = world.once()

        def call(_: Any) -> int:
            return forget(world.elsewhere())

        assert world.once(call, key="two").result == 0
        assert not world.once().earlier
        assert world.books() == (1, 1)

    def test_needs_a_time_zone_and_a_journal(self, simple: World) -> None:
        with pytest.raises(InvalidRequest, match="`before` must be a time with a time zone"):
            _ = forget(simple, dt.datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake
        with (
            Client(**simple.settings(journal=None)) as billing,
            pytest.raises(ConfigError, match="`forget` needs a journal"),
        ):
            _ = billing.forget("move")


def forget(world: World, before: dt.datetime | None = None) -> int:
    async def awaited() -> int:
        async with AsyncClient(**world.settings()) as billing:
            return await billing.forget("move", before=before)

    if world.kind is AsyncClient:
        return anyio.run(awaited)
    with Client(**world.settings()) as billing:
        return billing.forget("move", before=before)


def account_in(world: World, **settings: Any) -> Account:
    settings = world.settings(**settings)
    return open_account(settings.pop("provider"), **settings)


def job_in(journal: Journal, world: World, **options: Any) -> Job:
    """Return the job of the world's clients, as another process has it."""
    account = account_in(world, journal=None)
    return Job(journal, account.identity, account.name, "move", **options)


def test_the_counts_of_a_job_say_how_far_it_is(simple: World) -> None:
    _ = simple.once(key="done")
    simple.fail("dropped", "*customers", after=True)
    with pytest.raises(OutcomeUnknown):
        _ = simple.once(key="lost")
    with closing(Journal(simple.path)) as journal:
        job = job_in(journal, simple)
        assert job.claim(job.item("gone")) is None
    with closing(Journal(simple.path)) as journal:
        job = job_in(journal, simple)
        assert job.claim(job.item("running")) is None
        assert job.counts == JobCounts(done=1, in_progress=1, left=2, open_changes=1)


SECOND_FORM = """
    CREATE TABLE intents (name TEXT PRIMARY KEY, session TEXT NOT NULL, provider TEXT NOT NULL,
        account TEXT NOT NULL, operation TEXT NOT NULL, token TEXT NOT NULL, sent_at TEXT NOT NULL,
        job TEXT, item TEXT, step INTEGER, state TEXT NOT NULL DEFAULT 'open', object TEXT
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX steps ON intents (job, item, step) WHERE job IS NOT NULL;
    CREATE TABLE items (job TEXT NOT NULL, item TEXT NOT NULL, object TEXT, PRIMARY KEY (job, item)
    ) WITHOUT ROWID;
    CREATE TABLE jobs (job TEXT PRIMARY KEY, name TEXT NOT NULL, account TEXT NOT NULL,
        identity TEXT NOT NULL
    ) WITHOUT ROWID;
    PRAGMA application_id = 1937072744;
    PRAGMA user_version = 2;
"""


def test_a_job_of_the_second_form_of_the_journal_is_continued(world: World, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    new = World(tmp_path / "new")
    new.fake, new.plan = world.fake, world.plan
    _ = new.once(key="done")
    new.fail("dropped", "*customers", after=True)
    with pytest.raises(OutcomeUnknown):
        _ = new.once(key="lost")
    with closing(sqlite3.connect(world.path, isolation_level=None)) as old:
        _ = old.executescript(SECOND_FORM)
        for table, columns in (("intents", 12), ("items", 3), ("jobs", 4)):
            for row in new.query(f"SELECT * FROM {table.replace('items', 'job_items')}"):  # noqa: S608 - names of tables
                marks = ", ".join("?" * columns)
                _ = old.execute(f"INSERT INTO {table} VALUES ({marks})", row[:columns])  # noqa: S608
    assert world.once(key="done").earlier
    assert not world.once(key="lost").earlier
    assert world.books() == (2, 2)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        _ = world.query("SELECT object FROM items")  # as an earlier version asks before each item
