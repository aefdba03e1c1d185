"""Where a provider recognizes a key, a change whose answer was lost is repeated, and done once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from subhub import (
    AsyncClient,
    Client,
    Conflict,
    Customer,
    CustomerDraft,
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    PluginError,
    ProviderUnavailable,
    SubhubError,
    WouldSend,
)
from subhub.messages import PreparedRequest
from subhub.models import CustomerUpdate
from subhub.plugin import Flow, Idempotency, Provider, Request, Response, Wire, send
from subhub.sending.engine import drive
from subhub.sending.retries import Operation, RetryPolicy
from subhub.sending.steps import Pause, Step

KEY = "Idempotency-Key"
KEPT = 3600.0
ANN = CustomerDraft(name="Ann", email="ann@example.com")
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


class Made(Wire):
    id: str
    name: str | None = None

    def to_customer(self) -> Customer:
        return Customer(provider="keyed", id=self.id, name=self.name, raw=self.raw)


class Keyed(Provider):
    """It can list nothing, so nobody can find out by looking what became of a change."""

    name = "keyed"
    base_url = "https://keyed.test"
    idempotency = Idempotency(KEY, kept_for=KEPT)

    def create_customer(
        self, draft: CustomerDraft, *, own_key: str | None = None, enrich: bool = False
    ) -> Flow[Customer]:
        headers = {KEY.lower(): own_key} if own_key else None
        made = yield from send("POST", "/customers", Made, {"name": draft.name}, headers)
        if enrich:
            made = yield from send("PUT", "/enriched", Made, {"id": made.id})
        return made.to_customer()

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        made = yield from send("PATCH", f"/customers/{customer_id}", Made, changes.changes())
        return made.to_customer()


class Server:
    """Carries out each key once; *after* is what happens to an answer instead of being sent."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None]] = []
        self.known: dict[str, bytes] = {}
        self.made = 0
        self.after: list[Callable[[], httpx.Response] | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get(KEY)
        self.heard.append((request.method, key))
        after = self.after.pop(0) if self.after else None
        name = key or f"without a key, {len(self.heard)}"
        if name not in self.known:
            self.made += 1
            self.known[name] = json.dumps({"id": f"c{self.made}", "name": "Ann"}).encode()
        return after() if after else httpx.Response(200, content=self.known[name])

    @property
    def keys(self) -> list[str | None]:
        return [key for _, key in self.heard]


def dropped() -> httpx.Response:
    raise httpx.ReadError("the connection was closed")


def unreached() -> httpx.Response:
    raise httpx.ConnectError("refused")


def failing(status: int) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, json={"message": "no"})


class Time:
    """The application's clock."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(server: Server, time: Time, tmp_path: Path) -> Iterator[Client]:
    with Client(
        Keyed,
        api_key="k" * 20,
        transport=httpx.MockTransport(server),
        journal=tmp_path / "journal.db",
        clock=time,
    ) as client:
        yield client


@pytest.fixture
def once(client: Client) -> Client:
    """A client that sends each request once, as if its process ended then."""
    return client.with_options(attempts=1)


class TestInOneCall:
    def test_each_change_has_a_key_of_its_own(self, client: Client, server: Server) -> None:
        _ = client.create_customer(ANN)
        _ = client.create_customer(ANN)
        first, second = server.keys
        assert first
        assert second
        assert first != second
        assert server.made == 2

    @pytest.mark.parametrize(
        "after",
        [dropped, failing(502), failing(503), failing(504)],
        ids=["dropped", "502", "503", "504"],
    )
    def test_a_lost_answer_is_asked_for_again(
        self, client: Client, server: Server, after: Callable[[], httpx.Response]
    ) -> None:
        server.after = [after]
        assert client.create_customer(ANN).id == "c1"
        assert server.made == 1
        assert len(server.heard) == 2
        assert len(set(server.keys)) == 1
        assert client.open_intents() == []

    @pytest.mark.anyio
    async def test_it_is_by_the_client_that_awaits(self, server: Server) -> None:
        server.after = [dropped]
        transport = httpx.MockTransport(server)
        async with AsyncClient(Keyed, api_key="k" * 20, transport=transport) as client:
            assert (await client.create_customer(ANN)).id == "c1"
        assert server.made == 1

    def test_a_request_that_the_provider_still_works_on_is_waited_for(
        self, client: Client, server: Server
    ) -> None:
        server.after = [dropped, failing(409)]
        assert client.create_customer(ANN).id == "c1"
        assert server.made == 1

    def test_a_first_conflict_is_an_answer(self, client: Client, server: Server) -> None:
        server.after = [failing(409)]
        with pytest.raises(Conflict) as caught:
            _ = client.create_customer(ANN)
        assert (len(server.heard), caught.value.token) == (1, None)

    def test_what_refuses_the_repetition_leaves_it_open(
        self, client: Client, server: Server
    ) -> None:
        server.after = [dropped, failing(422)]
        with pytest.raises(SubhubError) as caught:
            _ = client.create_customer(ANN)
        assert caught.value.token
        assert len(client.open_intents()) == 1

    def test_a_500_may_be_the_answer_for_good(self, client: Client, server: Server) -> None:
        server.after = [failing(500)]
        with pytest.raises(ProviderUnavailable) as caught:
            _ = client.create_customer(ANN)
        assert len(server.heard) == 1
        assert caught.value.token

    def test_a_method_without_keys_is_never_repeated(self, client: Client, server: Server) -> None:
        server.after = [dropped]
        with pytest.raises(OutcomeUnknown):
            _ = client.update_customer("c1", name="Bob")
        assert server.heard == [("PATCH", None)]

    def test_an_own_key_stays_and_is_not_repeated(self, client: Client, server: Server) -> None:
        """How long ago the application sent it first is not known."""
        server.after = [dropped]
        with pytest.raises(OutcomeUnknown):
            _ = client.create_customer(ANN, provider_options={"keyed": {"own_key": "order-17"}})
        assert server.keys == ["order-17"]

    def test_a_dry_run_sends_nothing(self, server: Server) -> None:
        transport = httpx.MockTransport(server)
        with (
            Client(Keyed, api_key="k" * 20, transport=transport, dry_run=True) as client,
            pytest.raises(WouldSend),
        ):
            _ = client.create_customer(ANN)
        assert server.heard == []


class TestInAnotherRun:
    def test_a_lost_change_is_continued(self, once: Client, server: Server, time: Time) -> None:
        server.after = [dropped]
        with pytest.raises(OutcomeUnknown):
            _ = run(once)
        time.now += dt.timedelta(minutes=29)
        again = run(once)
        assert (again.result.id, server.made) == ("c1", 1)
        assert len(set(server.keys)) == 1
        assert once.open_intents() == []
        assert run(once).earlier

    def test_one_that_is_lost_again_stays_the_same(
        self, once: Client, server: Server, time: Time
    ) -> None:
        server.after = [dropped, dropped]
        for minutes in (0, 20):
            time.now = NOON + dt.timedelta(minutes=minutes)
            with pytest.raises(OutcomeUnknown):
                _ = run(once)
        (left,) = once.open_intents()
        assert left.sent_at == NOON  # the time of the key counts from when it was sent first
        assert run(once).result.id == "c1"
        assert (server.made, len(set(server.keys))) == (1, 1)

    def test_one_that_does_not_get_through_stays_open(self, once: Client, server: Server) -> None:
        server.after = [dropped, unreached]
        with pytest.raises(OutcomeUnknown):
            _ = run(once)
        with pytest.raises(NotSent) as caught:
            _ = run(once)
        assert caught.value.token
        assert len(once.open_intents()) == 1
        assert run(once).result.id == "c1"
        assert server.made == 1

    @pytest.mark.parametrize("hours", [-1, 0.5, 24])
    def test_not_when_the_provider_may_have_forgotten_the_key(
        self, once: Client, server: Server, time: Time, hours: float
    ) -> None:
        server.after = [dropped]
        with pytest.raises(OutcomeUnknown):
            _ = run(once)
        time.now += dt.timedelta(hours=hours)
        with pytest.raises(OutcomeUnknown, match="earlier run"):
            _ = run(once)
        assert len(server.heard) == 1

    def test_not_when_something_else_is_asked_for(self, once: Client, server: Server) -> None:
        server.after = [dropped]
        with pytest.raises(OutcomeUnknown):
            _ = run(once)
        with pytest.raises(OutcomeUnknown, match="earlier run"):
            _ = run(once, CustomerDraft(name="Bob", email="ann@example.com"))
        assert len(server.heard) == 1

    def test_not_what_has_no_key(self, once: Client, server: Server) -> None:
        server.after = [None, dropped]
        options = {"keyed": {"enrich": True}}
        with pytest.raises(OutcomeUnknown):
            _ = run(once, provider_options=options)
        with pytest.raises(OutcomeUnknown, match="PUT /enriched") as caught:
            _ = run(once, provider_options=options)
        assert caught.value.token
        assert [method for method, _ in server.heard] == ["POST", "PUT", "POST"]
        assert server.made == 2  # the customer, and what the only PUT did


def run(client: Client, draft: CustomerDraft = ANN, **options: Any) -> Any:
    return client.once(
        "sign-ups", "17", lambda one: one.create_customer(draft, **options), grace_period=0.01
    )


LOST = OutcomeUnknown("lost")
SENT = PreparedRequest("POST", "https://keyed.test/customers", {})


class World:
    """One exchange: time passes in pauses alone, and the answers are scripted."""

    def __init__(self, *answers: Response | SubhubError, **settings: Any) -> None:
        self.now = 1000.0
        self.sent = 0
        self.answers = list(answers)
        self.policy = RetryPolicy(clock=lambda: self.now, chance=lambda: 1.0, **settings)
        self.operation = Operation(self.policy, "the_operation")

    def send(self, repeatable_for: float) -> Response:
        request = Request("POST", "/customers")
        return drive(self.operation.send(request, SENT, None, repeatable_for), self._do)

    def _do(self, step: Step) -> Response | None:
        if isinstance(step, Pause):
            self.now += step.seconds
            return None
        self.sent += 1
        answer = self.answers.pop(0)
        if isinstance(answer, SubhubError):
            raise answer
        return answer


class TestTheTimeOfAKey:
    def test_nothing_is_repeated_after_it(self) -> None:
        world = World(*[LOST] * 9, attempts=9, deadline=None)
        with pytest.raises(OutcomeUnknown):
            _ = world.send(4.0)
        assert world.sent == 4  # at 0, 0.5, 1.5 and 3.5 seconds; the next would be at 7.5

    def test_it_counts_from_the_first_attempt_that_may_have_had_an_effect(self) -> None:
        limited = Response(429, {"retry-after": "60"})
        world = World(limited, LOST, Response(200), deadline=None)
        assert world.send(10.0).status == 200

    def test_a_long_pause_is_not_begun_when_an_answer_was_lost(self) -> None:
        limited = Response(429, {"retry-after": "60"})
        world = World(Response(503), limited, Response(200), deadline=None)
        assert world.send(10.0) == limited

    def test_the_deadline_of_the_next_request_is_not_shortened(self) -> None:
        world = World(LOST, Response(200), NotSent("no"), Response(200), deadline=None)
        _ = world.send(1.0)
        world.now += 100
        assert world.send(1.0).status == 200

    def test_an_attempt_that_was_not_sent_does_not_hide_the_lost_one(self) -> None:
        world = World(LOST, NotSent("refused"), attempts=2)
        with pytest.raises(OutcomeUnknown) as caught:
            _ = world.send(10.0)
        assert caught.value is LOST

    def test_a_truncated_answer_is_asked_for_again(self) -> None:
        world = World(InvalidReply("cut"), Response(200))
        assert world.send(10.0).status == 200

    def test_without_a_key_nothing_is_repeated(self) -> None:
        world = World(LOST)
        with pytest.raises(OutcomeUnknown):
            _ = world.send(0.0)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"header": "Idempotency Key"}, "`header` must be the name of a header"),
        ({"kept_for": 0}, "`kept_for` must be > 0 seconds, got 0"),
        ({"methods": frozenset[str]()}, "`methods` must be those"),
        ({"methods": frozenset({"GET"})}, "'GET'"),
    ],
)
def test_a_wrong_declaration_is_refused(wrong: dict[str, Any], problem: str) -> None:
    terms: dict[str, Any] = {"header": KEY, "kept_for": KEPT, **wrong}
    with pytest.raises(PluginError, match=problem):
        _ = Idempotency(**terms)
