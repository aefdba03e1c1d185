"""Replaying is strict, and says what is wrong in words that can be read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import yaml
from subhub_afternoon import Afternoon

from subhub import AsyncClient, Client, CustomerDraft
from subhub.testing import CassetteMismatch, NetworkBlocked, replay
from subhub.testing.session import MOMENT, Sessions

FOLDER = Path(__file__).parents[1] / "cassettes"
MADE = FOLDER / "afternoon" / "create_customer.yaml"
FOUND = FOLDER / "afternoon" / "find_customer.yaml"
CUSTOMERS = "https://api.afternoon.co/v1/customers"
KEY = "ak_test_0000000000000000"
COMPANY = CustomerDraft(name="Acme Corp", email="billing@acme.com", country="NL")
OTHER = COMPANY.model_copy(update={"name": "Other Corp", "country": None})
Change = Callable[[list[dict[str, Any]]], object]


@pytest.fixture
def billing() -> Client:
    return Client(Afternoon, api_key=KEY)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Path, Change], Path]:
    """A cassette like another one, with its exchanges changed."""

    def change(original: Path, by: Change) -> Path:
        document = yaml.safe_load(original.read_text("utf-8"))
        _ = by(document["interactions"])
        copy = tmp_path / "afternoon" / original.name
        copy.parent.mkdir(exist_ok=True)
        _ = copy.write_text(yaml.safe_dump(document), "utf-8")
        return copy

    return change


def missed(path: Path, act: Callable[[], object]) -> str:
    with pytest.raises(CassetteMismatch) as caught, replay(path):
        _ = act()
    return str(caught.value)


class TestAMiss:
    def test_shows_what_differs_with_its_json_path(self, billing: Client) -> None:
        message = missed(MADE, lambda: billing.create_customer(OTHER))

        head, asked, recorded, *rest = message.splitlines()
        assert head == "create_customer.yaml has no recording, not played yet, of this request:"
        assert asked.startswith(f'  asked     POST {CUSTOMERS} {{"name":"Other Corp","email":')
        assert recorded.startswith(f'  recorded  POST {CUSTOMERS} {{"name": "Acme Corp", "email":')
        assert rest == [
            "            (number 1 of 1)",
            "    body.name: recorded 'Acme Corp', asked 'Other Corp'",
            "    body.billing_address: recorded {'country': 'NL'}, not asked",
            "  if that was meant, record it again and read the diff",
        ]

    def test_shows_what_differs_in_path_and_query(self) -> None:
        assert "    path: recorded '/v1/customers', asked '/v1/customers/'" in missed(
            MADE, lambda: httpx.post(CUSTOMERS + "/")
        )
        assert "    query.a: not recorded, asked '1'" in missed(
            MADE, lambda: httpx.post(CUSTOMERS + "?a=1")
        )

    def test_says_when_the_very_same_was_played_already(self, billing: Client) -> None:
        message = missed(MADE, lambda: [billing.create_customer(COMPANY) for _ in range(2)])

        assert "number 1 of 1, played already: it was asked once too often" in message

    def test_never_shows_the_key(self) -> None:
        def ask() -> None:
            headers = {"Authorization": f"Bearer {KEY}"}
            _ = httpx.post(f"{CUSTOMERS}?key={KEY}", json={"key": KEY}, headers=headers)

        message = missed(MADE, ask)

        assert KEY not in message
        assert "body.key: not recorded, asked '[redacted]'" in message

    def test_of_an_empty_cassette_says_that_nothing_is_recorded(
        self, changed: Callable[[Path, Change], Path]
    ) -> None:
        empty = changed(MADE, list[Any].clear)

        with (
            pytest.raises(CassetteMismatch, match="nothing is recorded at all"),
            replay(empty, hosts=["api.afternoon.co"]),
        ):
            _ = httpx.post(CUSTOMERS)

    def test_that_is_caught_fails_the_test_at_its_end(self, billing: Client) -> None:
        def careless() -> None:
            with suppress(AssertionError):
                _ = billing.create_customer(OTHER)
            _ = billing.create_customer(COMPANY)

        assert "body.name: recorded 'Acme Corp'" in missed(MADE, careless)

    def test_is_a_note_on_the_failure_that_it_led_to(self, billing: Client) -> None:
        def careless() -> None:
            with suppress(AssertionError):
                _ = billing.create_customer(OTHER)
            _ = 1 / 0

        with pytest.raises(ZeroDivisionError) as caught, replay(MADE):
            careless()

        (note,) = caught.value.__notes__
        assert note.startswith("An earlier miss was caught by the code under test:")
        assert "body.name: recorded 'Acme Corp'" in note


def test_a_failing_test_is_not_blamed_for_what_it_left_unused() -> None:
    with pytest.raises(ZeroDivisionError) as caught, replay(MADE):
        _ = 1 / 0

    assert not hasattr(caught.value, "__notes__")


def test_truth_is_not_the_number_one(changed: Callable[[Path, Change], Path]) -> None:
    truth = changed(MADE, lambda each: each[0]["request"].update(json={"public": True}))

    message = missed(truth, lambda: httpx.post(CUSTOMERS, json={"public": 1}))

    assert "body.public: recorded True, asked 1" in message


def test_equal_requests_get_their_answers_in_the_order_of_recording(
    changed: Callable[[Path, Change], Path],
) -> None:
    def twice(exchanges: list[dict[str, Any]]) -> None:
        second = {**exchanges[0], "response": {**exchanges[0]["response"], "status": 409}}
        exchanges.append(second)

    recorded = yaml.safe_load(MADE.read_text("utf-8"))["interactions"][0]["request"]["json"]
    with replay(changed(MADE, twice)):
        statuses = [httpx.post(CUSTOMERS, json=recorded).status_code for _ in range(2)]

    assert statuses == [201, 409]


def test_threads_play_each_recording_once(changed: Callable[[Path, Change], Path]) -> None:
    path = changed(MADE, lambda each: each.extend(each * 49))
    recorded = yaml.safe_load(MADE.read_text("utf-8"))["interactions"][0]["request"]["json"]
    transport = httpx.HTTPTransport()

    def ask(_: int) -> int:
        request = httpx.Request("POST", CUSTOMERS, json=recorded)
        return transport.handle_request(request).status_code

    with replay(path), ThreadPoolExecutor(8) as pool:
        assert [*pool.map(ask, range(50))] == [201] * 50


def test_the_same_cassette_replays_through_the_async_client() -> None:
    async def create() -> str | None:
        async with AsyncClient(Afternoon, api_key=KEY) as client:
            return (await client.create_customer(COMPANY)).name

    for backend in ("asyncio", "trio"):
        with replay(MADE):
            assert anyio.run(create, backend=backend) == "Acme Corp"


class TestOneAtATime:
    def test_a_replay_inside_another_is_refused(self, billing: Client) -> None:
        with replay(MADE):
            refusal = missed(FOUND, lambda: None)
            _ = billing.create_customer(COMPANY)

        assert "find_customer.yaml cannot be replayed while create_customer.yaml is" in refusal

    def test_and_so_is_one_in_another_thread(self, billing: Client) -> None:
        refused: list[str] = []

        def work() -> None:
            refused.append(missed(MADE, lambda: None))

        with replay(MADE):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            _ = billing.create_customer(COMPANY)

        assert "one test replays one cassette at a time" in refused[0]

    def test_one_after_another_is_what_tests_do(self, billing: Client) -> None:
        for _ in range(3):
            with suppress(ZeroDivisionError), replay(MADE):
                _ = 1 / 0
            with replay(MADE):
                _ = billing.create_customer(COMPANY)


class TestTheNetwork:
    def test_is_blocked_for_every_other_host(self) -> None:
        why = r"create_customer\.yaml, which answers for api\.afternoon\.co alone"

        with pytest.raises(NetworkBlocked, match=why), replay(MADE):
            _ = httpx.get("https://api.example.com/")

    def test_is_not_needed_by_an_application_under_test(self) -> None:
        app = httpx.MockTransport(lambda _: httpx.Response(200, text="signed up"))

        with replay(MADE), httpx.Client(transport=app, base_url="http://testserver") as browser:
            assert browser.get("/signup").text == "signed up"
            _ = Client(Afternoon, api_key=KEY).create_customer(COMPANY)

    def test_is_there_again_afterwards(self) -> None:
        app = httpx.MockTransport(lambda _: httpx.Response(200, text="live again"))

        with suppress(CassetteMismatch), replay(MADE):
            pass

        with httpx.Client(transport=app) as client:
            assert client.post(CUSTOMERS).text == "live again"


class TestACassetteSession:
    def test_has_a_client_of_each_kind_on_the_same_cassette(self) -> None:
        for kind in ("sync", "async"):
            sessions = Sessions(FOLDER, recording=False)
            session = sessions.cassette(Afternoon, "create_customer")
            if kind == "sync":
                made = session.client.create_customer(COMPANY)
            else:
                made = anyio.run(session.async_client.create_customer, COMPANY)
            assert made.name == "Acme Corp"
            sessions.close()

    def test_waits_for_nothing_but_advances_its_clock(
        self, changed: Callable[[Path, Change], Path], tmp_path: Path
    ) -> None:
        def refused_at_first(exchanges: list[dict[str, Any]]) -> None:
            refusal = {"status": 429, "headers": {"retry-after": "60"}, "text": "too many"}
            exchanges.insert(0, {**exchanges[0], "response": refusal})

        _ = changed(MADE, refused_at_first)
        sessions = Sessions(tmp_path, recording=False)
        session = sessions.cassette(Afternoon, "create_customer")

        _ = session.client.create_customer(COMPANY)

        assert 60 <= (session.clock.now() - MOMENT).total_seconds() < 70
        sessions.close()

    def test_that_was_not_played_to_its_end_fails_unless_the_test_did(self) -> None:
        sessions = Sessions(FOLDER, recording=False)
        _ = sessions.cassette(Afternoon, "create_customer")
        with pytest.raises(CassetteMismatch, match=r"not played to its end; left are:\n  POST"):
            sessions.close()

        sessions = Sessions(FOLDER, recording=False)
        _ = sessions.cassette(Afternoon, "create_customer")
        sessions.test_failed(ZeroDivisionError())
        sessions.close()
