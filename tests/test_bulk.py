"""Bulk: each item once, within the rate limit; stopped cleanly, and resumed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import httpx
import pytest
from anyio import to_thread
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AsyncClient,
    AuthenticationFailed,
    BulkResult,
    Client,
    CustomerDraft,
    Interval,
    InvalidReply,
    InvalidRequest,
    Money,
    OutcomeUnknown,
    PlanDraft,
    RateLimit,
    Rejected,
    Unsupported,
)
from subhub.plugin import Provider
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault

PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
KEY = "test_0123456789"
Results: TypeAlias = list[BulkResult[Any, Any]]
Run: TypeAlias = Callable[..., Results]


def person(number: object, **fields: Any) -> CustomerDraft:
    facts: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@test.com",
        "address": "Teststreet 123",
        "postal_code": "1234AB",
        "city": "Amsterdam",
        "country": "NL",
        **fields,
    }
    return CustomerDraft(**facts)


def sync_run(
    settings: Mapping[str, Any], call: str, items: Iterable[Any], leave: int, options: Any
) -> Results:
    taken: Results = []
    with Client(**settings) as billing:

        def make(item: Any) -> Any:
            return getattr(billing, call)(**item)

        with billing.bulk(make, items, **options) as results:
            for result in results:
                taken.append(result)
                if len(taken) == leave:
                    break
    return taken


def async_run(
    settings: Mapping[str, Any], call: str, items: Iterable[Any], leave: int, options: Any
) -> Results:
    taken: Results = []

    async def main() -> None:
        async with AsyncClient(**settings) as billing:

            async def make(item: Any) -> Any:
                return await getattr(billing, call)(**item)

            async with billing.bulk(make, items, **options) as results:
                async for result in results:
                    taken.append(result)
                    if len(taken) == leave:
                        break

    anyio.run(main)
    return taken


@pytest.fixture(params=[sync_run, async_run], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a call for many items with a client of each kind, and leave after some results."""

    def run(
        settings: Mapping[str, Any],
        call: str,
        items: Iterable[Any],
        leave: int = 0,
        **options: Any,
    ) -> Results:
        found: Results = request.param(settings, call, items, leave, options)
        return found

    return run


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> type[Client | AsyncClient]:
    """A client of each kind."""
    found: type[Client | AsyncClient] = request.param
    return found


class World:
    """A sandbox with a plan, and the settings of a client that keeps a journal."""

    def __init__(self, provider: type[Provider], folder: Path) -> None:
        self.fake: Fake = provider.sandbox()
        self.plan = self.fake.add_plan("phone", PHONE)
        self.settings: dict[str, Any] = {
            "provider": provider,
            "sandbox": self.fake,
            "journal": folder / "journal.db",
        }
        self.job: dict[str, Any] = {"job": "move", "key": email_of}

    def sales(self, count: int) -> list[dict[str, Any]]:
        return [{"plan": self.plan, "customer": person(number)} for number in range(count)]

    def sold(self) -> tuple[int, int]:
        with Client(self.settings["provider"], sandbox=self.fake) as billing:
            return len(list(billing.list_customers())), len(list(billing.list_subscriptions()))

    def reads(self) -> int:
        return sum(exchange.received.method == "GET" for exchange in self.fake.exchanges)

    def changes(self) -> int:
        return sum(exchange.received.method != "GET" for exchange in self.fake.exchanges)


def lose_one(world: World) -> None:
    """Lose the response to the first customer of the job, who was not created."""

    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    with Client(**real(world), transport=httpx.MockTransport(lose)) as billing:
        first = billing.bulk(lambda item: billing.subscribe(**item), world.sales(1), **world.job)
        with first as results:
            assert [isinstance(result.error, OutcomeUnknown) for result in results] == [True]


def real(world: World) -> dict[str, Any]:
    """Return the settings of an account outside of the sandbox, whose time passes."""
    return {**world.settings, "sandbox": False, "api_key": KEY}


async def resume(
    kind: type[Client | AsyncClient],
    world: World,
    answer: Callable[[httpx.Request], httpx.Response],
    leave: threading.Event | None,
) -> None:
    """The next run of the job, with 20 workers and real time; it is left when *leave* is set."""
    billing: Any = kind(**real(world), transport=httpx.MockTransport(answer))

    def sell(item: dict[str, Any]) -> Any:
        return billing.subscribe(**item)

    run = billing.bulk(sell, world.sales(50), **world.job, grace_period=3600.0)
    if isinstance(billing, Client):
        with billing, run:
            _ = leave.wait(60) if leave else list(run)
        return
    async with billing, run:
        if leave is None:
            _ = [result async for result in run]
        else:
            _ = await to_thread.run_sync(leave.wait, 60)


def nothing(item: object) -> Any:
    del item


def email_of(item: Mapping[str, Any]) -> str:
    return str(item["customer"].email)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(MijnKlantportaal, tmp_path)


class TestRun:
    def test_makes_the_call_once_for_each_item(self, run: Run, world: World) -> None:
        items = world.sales(30)
        results = run(world.settings, "subscribe", items)
        assert sorted(email_of(result.item) for result in results) == sorted(map(email_of, items))
        ids = [result.result and result.result.id for result in results]
        assert ids == [result.object_id for result in results]
        assert world.sold() == (30, 30)

    def test_of_no_items_ends(self, run: Run, world: World) -> None:
        assert run(world.settings, "subscribe", []) == []

    def test_takes_items_as_they_are_needed(self, run: Run, world: World) -> None:
        given: list[int] = []

        def items() -> Iterator[dict[str, Any]]:
            for number, item in enumerate(world.sales(30)):
                given.append(number)
                yield item

        assert len(run(world.settings, "subscribe", items(), leave=3, in_flight=2)) == 3
        assert len(given) <= 9

    def test_continues_after_an_error_of_one_item(self, run: Run, world: World) -> None:
        items = world.sales(5)
        items[2] = {"plan": "spg_nowhere", "customer": person(2)}
        results = run(world.settings, "subscribe", items)
        failed = [result for result in results if result.error is not None]
        assert [result.item for result in failed] == [items[2]]
        assert len(results) == 5

    def test_ends_at_an_error_that_all_items_would_have(self, run: Run) -> None:
        asked: list[httpx.Request] = []

        def refuse(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(401, json={"message": "who are you?"})

        settings: dict[str, Any] = {
            "provider": MijnKlantportaal,
            "api_key": KEY,
            "transport": httpx.MockTransport(refuse),
        }
        with pytest.raises(AuthenticationFailed):
            _ = run(settings, "create_customer", [{"draft": person(1)}] * 50, in_flight=4)
        assert len(asked) <= 8

    def test_ends_when_the_provider_lacks_the_operation(self, run: Run, tmp_path: Path) -> None:
        world = World(Afternoon, tmp_path)
        with pytest.raises(Unsupported):
            _ = run(world.settings, "create_plan", [{"draft": PHONE}] * 50)
        assert world.changes() == 0

    def test_ends_at_a_mistake_in_the_call(self, run: Run, world: World) -> None:
        with pytest.raises(TypeError, match="unexpected keyword"):
            _ = run(world.settings, "subscribe", [{"plam": 1}] * 50)

    def test_that_is_left_gives_up_calls_that_wait(self, run: Run, toy: type[Provider]) -> None:
        settings: dict[str, Any] = {
            "provider": toy,
            "api_key": KEY,
            "transport": httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "x"})),
            "rate_limit": RateLimit(2, per=3600.0),
            "deadline": None,
        }
        began = time.monotonic()
        results = run(settings, "create_customer", [{"draft": person(1)}] * 50, leave=2)
        assert len(results) == 2
        assert time.monotonic() - began < 60

    def test_waits_for_the_limit(self, run: Run, toy: type[Provider]) -> None:
        settings: dict[str, Any] = {
            "provider": toy,
            "api_key": KEY,
            "transport": httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "x"})),
            "rate_limit": RateLimit(2, per=0.05),
        }
        results = run(settings, "create_customer", [{"draft": person(1)}] * 3)
        assert [result.error for result in results] == [None] * 3

    def test_needs_at_least_one_call_in_flight(self, run: Run, world: World) -> None:
        with pytest.raises(InvalidRequest, match="`in_flight` must be a whole number >= 1, got 0"):
            _ = run(world.settings, "subscribe", [], in_flight=0)

    def test_can_be_left_before_the_first_result(self, world: World) -> None:
        with (
            Client(**world.settings) as billing,
            billing.bulk(lambda item: billing.subscribe(**item), world.sales(40), in_flight=2),
        ):
            pass
        assert world.sold()[0] <= 6


class TestBlock:
    """Results are read inside the run's block, which ends its threads or tasks."""

    def test_is_asked_for_by_a_plain_loop(self, world: World) -> None:
        with Client(**world.settings) as billing:
            run = billing.bulk(lambda item: billing.subscribe(**item), world.sales(3), **world.job)
            with pytest.raises(RuntimeError, match=r"`with client\.bulk\(\.\.\.\) as results:`"):
                for _ in run:
                    pass
            assert world.changes() == 0
            with billing.bulk(billing.create_customer, [], **world.job):
                pass  # the job can be started again at once

    async def _plain_loop(self, world: World) -> None:
        async with AsyncClient(**world.settings) as billing:
            run = billing.bulk(lambda item: billing.subscribe(**item), world.sales(3), **world.job)
            with anyio.fail_after(30), pytest.raises(RuntimeError, match="`async with client"):
                async for _ in run:
                    pass
            async with billing.bulk(billing.create_customer, [], **world.job):
                pass

    def test_is_asked_for_by_a_plain_loop_in_a_task(self, world: World) -> None:
        anyio.run(self._plain_loop, world)
        assert world.changes() == 0

    def test_is_asked_for_after_its_end(self, world: World) -> None:
        with Client(**world.settings) as billing:
            run = billing.bulk(lambda item: billing.subscribe(**item), world.sales(1))
            with run as results:
                _ = list(results)
            with pytest.raises(RuntimeError, match="inside its block"):
                _ = next(results)

    def test_that_is_left_in_the_middle_leaves_no_thread(self, world: World) -> None:
        before = threading.active_count()
        with Client(**world.settings, attempts=1) as billing:
            run = billing.bulk(lambda item: billing.subscribe(**item), world.sales(30), in_flight=4)
            with run as results:
                for _ in results:
                    break
            assert threading.active_count() == before

    def test_that_is_left_in_the_middle_leaves_nothing_open(self, run: Run, world: World) -> None:
        assert len(run(world.settings, "subscribe", world.sales(30), leave=1, in_flight=4)) == 1
        with Client(**world.settings) as billing:
            assert billing.open_intents() == []
        assert world.sold()[0] < 30

    def test_that_is_left_by_an_error_passes_it_on(self, run: Run, world: World) -> None:
        def items() -> Iterator[dict[str, Any]]:
            yield from world.sales(2)
            raise LookupError("no more")

        with pytest.raises(LookupError, match="no more"):
            _ = run(world.settings, "subscribe", items(), in_flight=4)


class TestJob:
    def test_that_was_left_is_finished_by_the_next_run(self, run: Run, world: World) -> None:
        items = world.sales(40)
        first = run(world.settings, "subscribe", items, leave=10, in_flight=4, **world.job)
        second = run(world.settings, "subscribe", items, in_flight=4, **world.job)
        assert len(first) == 10
        assert len(second) == 40
        assert [result.error for result in second] == [None] * 40
        earlier = [result for result in second if result.earlier]
        assert len(earlier) >= 9  # the tenth was not acknowledged
        assert all(result.object_id and result.result is None for result in earlier)
        assert world.sold() == (40, 40)

    def test_that_is_done_asks_nothing(self, run: Run, world: World) -> None:
        _ = run(world.settings, "subscribe", world.sales(5), **world.job)
        before = len(world.fake.exchanges)
        again = run(world.settings, "subscribe", world.sales(5), **world.job)
        assert [result.earlier for result in again] == [True] * 5
        assert len(world.fake.exchanges) == before

    @pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
    @pytest.mark.parametrize("lost", ["*customers", "*sign-up*"])
    def test_resolves_what_was_lost_before_it_continues(
        self,
        run: Run,
        world: World,
        lost: str,
        after: bool,  # noqa: FBT001 - pytest passes it by name
    ) -> None:
        items = world.sales(8)
        for _ in range(3):
            world.fake.faults.next(Fault("dropped", after=after), path=lost, method="POST")
        first = run(world.settings, "subscribe", items, **world.job)
        world.fake.faults.clear()
        assert sum(isinstance(result.error, OutcomeUnknown) for result in first) == 3

        second = run(world.settings, "subscribe", items, **world.job)

        assert [result.error for result in second] == [None] * 8
        assert sum(result.earlier for result in second) == 5
        assert world.sold() == (8, 8)

    def test_does_not_repeat_the_steps_that_are_done(self, run: Run, world: World) -> None:
        items = world.sales(4)
        for _ in range(2):
            world.fake.faults.next(Fault("unreachable"), path="*sign-up*", method="POST")
        _ = run({**world.settings, "attempts": 1}, "subscribe", items, **world.job)
        world.fake.faults.clear()
        assert world.sold() == (4, 2)

        second = run(world.settings, "subscribe", items, **world.job)

        assert [result.error for result in second] == [None] * 4
        assert world.sold() == (4, 4)

    def test_repeats_nothing_that_cannot_be_resolved(self, run: Run, world: World) -> None:
        items = world.sales(2)
        world.fake.faults.next(Fault("dropped", after=True), path="*sign-up*", method="POST")
        _ = run(world.settings, "create_signup_link", items, **world.job)
        world.fake.faults.clear()
        before = world.changes()
        for _ in range(2):
            second = run(world.settings, "create_signup_link", items, **world.job)
            (left,) = [result.error for result in second if result.error is not None]
            assert isinstance(left, OutcomeUnknown)
            assert left.token
        assert world.changes() == before

    def test_returns_again_a_result_that_was_not_taken(self, world: World) -> None:
        items = world.sales(1)
        with Client(**world.settings) as billing:
            for call, problem in (
                ("subscribe", None),
                ("create_signup_link", "cannot be read again"),
            ):

                def make(item: Any, call: str = call) -> Any:
                    return getattr(billing, call)(**item)

                job: dict[str, Any] = {"job": call, "key": email_of}
                with pytest.raises(LookupError), billing.bulk(make, items, **job) as results:
                    raise LookupError(next(results))
                before = world.changes()
                with billing.bulk(make, items, **job) as results:
                    (again,) = results
                assert world.changes() == before
                assert (again.result is None) == bool(problem)
                assert problem is None or problem in str(again.error)

    def test_is_finished_by_the_program_that_started_it(self, run: Run, world: World) -> None:
        world.fake.faults.next(Fault("unreachable"), path="*sign-up*", method="POST")
        items = world.sales(1)
        _ = run({**world.settings, "attempts": 1}, "subscribe", items, **world.job)
        (other,) = run(world.settings, "create_signup_link", items, **world.job)
        assert isinstance(other.error, InvalidRequest)
        assert "change 1 of this item was `create_customer`" in str(other.error)

    def test_tries_again_what_was_refused(self, run: Run, world: World) -> None:
        good = person(1)
        (first,) = run(
            world.settings,
            "subscribe",
            [{"plan": "spg_nowhere", "customer": good}],
            **world.job,
        )
        (second,) = run(
            world.settings, "subscribe", [{"plan": world.plan, "customer": good}], **world.job
        )
        assert (first.error is None, second.error) == (False, None)
        assert world.sold() == (1, 1)

    def test_that_cannot_resolve_has_the_error_as_its_result(self, run: Run, world: World) -> None:
        world.fake.faults.next(Fault("dropped", after=True), path="*customers", method="POST")
        _ = run(world.settings, "subscribe", world.sales(1), **world.job)
        world.fake.faults.next(Fault("cut_body"), method="GET")
        (again,) = run({**world.settings, "attempts": 1}, "subscribe", world.sales(1), **world.job)
        assert isinstance(again.error, InvalidReply)
        (last,) = run(world.settings, "subscribe", world.sales(1), **world.job)
        assert last.error is None
        assert world.sold() == (1, 1)

    def test_resolves_all_that_was_lost_together(self, run: Run, world: World) -> None:
        for number in range(6):
            fault = Fault("dropped", after=number % 2 == 0)
            world.fake.faults.next(fault, path="*customers", method="POST")
        _ = run(world.settings, "subscribe", world.sales(6), **world.job)
        world.fake.faults.clear()
        before = world.reads()
        second = run(world.settings, "subscribe", world.sales(6), **world.job)
        assert [result.error for result in second] == [None] * 6
        looks, steps = 2, 3  # each customer who was created is read again as the step's result
        assert world.reads() - before == looks + steps
        assert world.sold() == (6, 6)

    def test_takes_one_customer_for_one_item(self, run: Run, world: World) -> None:
        """Two items are of the same person: whose the customer is that was created is unknown."""
        items = [{"plan": world.plan, "customer": person(0)}] * 2
        names = iter("ab")

        def name(item: object) -> str:
            del item
            return next(names)

        job: dict[str, Any] = {"job": "move", "key": name, "in_flight": 1}
        for after in (True, False):
            world.fake.faults.next(Fault("dropped", after=after), path="*customers", method="POST")
        _ = run(world.settings, "subscribe", items, **job)
        world.fake.faults.clear()
        names, before, changes = iter("ab"), world.reads(), world.changes()
        second = run(world.settings, "subscribe", items, **job)
        assert [isinstance(result.error, OutcomeUnknown) for result in second] == [True] * 2
        assert (world.reads() - before, world.changes() - changes) == (1, 0)

    def test_does_nothing_else_while_it_looks(
        self, kind: type[Client | AsyncClient], world: World
    ) -> None:
        """A wrong key shows in the first look, before any other worker has started with an item."""
        lose_one(world)
        asked: list[str] = []

        def refuse(request: httpx.Request) -> httpx.Response:
            asked.append(request.method)
            return httpx.Response(401, json={"message": "who?"})

        with pytest.raises(AuthenticationFailed):
            anyio.run(resume, kind, world, refuse, None)
        assert asked == ["GET"]

    def test_can_be_left_in_the_pause_before_the_second_look(
        self, kind: type[Client | AsyncClient], world: World
    ) -> None:
        lose_one(world)
        asked = threading.Event()
        methods: list[str] = []

        def find_nothing(request: httpx.Request) -> httpx.Response:
            methods.append(request.method)
            headers = {**request.headers, "authorization": f"Bearer {world.fake.api_key}"}
            target = request.url.raw_path.decode()
            reply = world.fake.handle(request.method, target, headers, request.content)
            asked.set()
            return httpx.Response(reply.status, content=reply.content)

        began = time.monotonic()
        anyio.run(resume, kind, world, find_nothing, asked)
        assert time.monotonic() - began < 60
        assert methods == ["GET"]
        with Client(**real(world)) as billing:
            assert len(billing.open_intents()) == 1

    def test_ends_when_resolving_shows_that_the_key_is_wrong(self, run: Run, world: World) -> None:
        lose_one(world)
        transport = httpx.MockTransport(lambda _: httpx.Response(401, json={"message": "who?"}))
        settings = {**real(world), "transport": transport}
        with pytest.raises(AuthenticationFailed):
            _ = run(settings, "subscribe", world.sales(1), **world.job)

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({"job": "", "key": email_of}, "`job`"),
            ({"job": "move"}, "`key`"),
            ({"job": "move", "key": nothing}, "a non-empty str, got None"),
            ({"job": "move", "key": "".format}, "a non-empty str, got ''"),
            ({"job": "move", "key": "same".format}, "two items of the job"),
        ],
    )
    def test_needs_a_name_and_names_for_its_items(
        self, run: Run, world: World, options: Any, problem: str
    ) -> None:
        def first_error() -> None:
            results = run(world.settings, "subscribe", world.sales(2), **options)
            raise next(result.error for result in results if result.error is not None)

        with pytest.raises(InvalidRequest, match=problem):
            first_error()

    def test_needs_a_journal(self, run: Run, world: World) -> None:
        with pytest.raises(InvalidRequest, match="needs a client with a `journal`"):
            _ = run({**world.settings, "journal": None}, "subscribe", [], **world.job)


@pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
def test_a_new_customers_subscription_is_resolved_even_without_a_creation_time(
    run: Run,
    tmp_path: Path,
    after: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    world = World(Afternoon, tmp_path)
    items = [
        {"plan": world.plan, "customer": person(number, external_id=f"ours_{number}")}
        for number in range(4)
    ]
    world.fake.faults.next(Fault("dropped", after=after), path="*subscriptions", method="POST")
    first = run(world.settings, "subscribe", items, **world.job)
    world.fake.faults.clear()
    second = run(world.settings, "subscribe", items, **world.job)
    assert sum(result.error is not None for result in first) == 1
    assert [result.error for result in second] == [None] * 4
    assert world.sold() == (4, 4)


def test_a_refusal_is_a_result(run: Run, toy: type[Provider]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json={"message": "no"}))
    settings = {"provider": toy, "api_key": KEY, "transport": transport}
    (result,) = run(settings, "create_customer", [{"draft": person(1)}])
    assert isinstance(result.error, Rejected)
    assert (result.result, result.object_id, result.earlier) == (None, None, False)
