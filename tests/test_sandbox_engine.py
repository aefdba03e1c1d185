"""The base of all fakes: clock, ids, routes, pages and the record of requests."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from subhub.sandbox import (
    CheckoutPage,
    CheckoutState,
    Fake,
    Ids,
    Refusal,
    Reply,
    VirtualClock,
    route,
)
from subhub.sandbox.fake import KEPT
from subhub.sandbox.routes import matching, routes_of

if TYPE_CHECKING:
    from tests.conftest import Toy, ToyFake

NOON = dt.datetime(2024, 5, 4, 12, 0, 0, 999, tzinfo=dt.timezone(dt.timedelta(hours=2)))
HEADERS = {"Authorization": "Bearer test_sandbox_key"}


@pytest.fixture
def fake(toy: type[Toy]) -> ToyFake:
    return toy.sandbox()


def send(fake: Fake, method: str, target: str, content: bytes = b"") -> Reply:
    return fake.handle(method, target, HEADERS, content)


def test_a_clock_is_frozen_in_utc_until_it_is_advanced() -> None:
    clock = VirtualClock(NOON)

    assert clock.now().isoformat() == "2024-05-04T10:00:00+00:00"
    assert clock.now() == clock.now()
    assert clock.advance(days=1, hours=2, seconds=3) == clock.now()
    assert clock.now().isoformat() == "2024-05-05T12:00:03+00:00"


def test_reaching_the_same_moment_twice_advances_the_clock_once() -> None:
    clock, calls = VirtualClock(NOON), list[str]()
    clock.watch(lambda: calls.append("called"))
    for _ in range(2):
        clock.reach(NOON + dt.timedelta(seconds=5))
    assert clock.now() == NOON + dt.timedelta(seconds=5)
    assert calls == ["called"]


def test_a_clock_starts_now_by_default() -> None:
    assert abs(VirtualClock().now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_a_clock_has_a_time_zone_and_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="needs a datetime with a time zone"):
        _ = VirtualClock(dt.datetime(2024, 5, 4))  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="cannot run backwards: got -3600 seconds"):
        _ = VirtualClock(NOON).advance(days=1, hours=-25)


def test_ids_are_the_same_in_every_run_and_unique() -> None:
    one, same, other = Ids("a"), Ids("a"), Ids("b")
    drawn = [one.text(20) for _ in range(100)]

    assert drawn == [same.text(20) for _ in range(100)]
    assert len(set(drawn)) == 100
    assert drawn[0] != other.text(20)
    assert all(re.fullmatch("[0-9a-z]{20}", drawn_id) for drawn_id in drawn)
    assert uuid.UUID(one.uuid()).version == 4
    assert (Ids("a").text(6), Ids("a").uuid()) == (Ids("a").text(6), Ids("a").uuid())


def test_paths_match_exactly_with_slashes_and_literal_ones_win() -> None:
    def answer(*_: object) -> Reply:
        return Reply(200)

    class Endpoints:
        one = route("GET", "/a/{}")(partial(answer))
        one_slash = route("GET", "/a/{}/")(partial(answer))
        literal = route("GET", "/a/b")(route("PUT", "/a/b")(partial(answer)))
        two = route("GET", "/a/{}/c/{}")(partial(answer))
        dotted = route("GET", "/a.b")(partial(answer))

    routes = routes_of(Endpoints)
    expected: dict[tuple[str, str], tuple[str, list[str]] | None] = {
        ("GET", "/a/x"): ("one", ["x"]),
        ("GET", "/a/x/"): ("one_slash", ["x"]),
        ("GET", "/a/b"): ("literal", []),
        ("PUT", "/a/b"): ("literal", []),
        ("PUT", "/a/x"): None,
        ("GET", "/a/b/"): ("one_slash", ["b"]),
        ("GET", "/a/x%2Fy/c/%C3%A9"): ("two", ["x/y", "é"]),
        ("GET", "/a/"): None,
        ("GET", "/a"): None,
        ("GET", "/a/x/c"): None,
        ("GET", "/aXb"): None,
        ("GET", "/a.b"): ("dotted", []),
        ("get", "/a.b"): None,
    }

    assert {request: matching(routes, *request) for request in expected} == expected


def test_a_request_reaches_its_handler_and_the_reply_has_the_limits(fake: ToyFake) -> None:
    created = send(fake, "POST", "/v1/plans/", b'{"name": "A"}')
    plan_id = json.loads(created.content)["id"]

    assert (created.status, created.headers["content-type"]) == (201, "application/json")
    assert created.headers["x-remaining"] == "59"
    assert send(fake, "GET", f"/v1/plans/{plan_id}").status == 200
    assert json.loads(send(fake, "GET", "/v1/plans/newest").content) == {"id": "pln_newest"}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/v1/plans"),
        ("GET", "/plans/newest"),
        ("GET", "/v1/plans/newest/"),
        ("GET", "/v2/plans/newest"),
        ("DELETE", "/v1/plans/newest"),
        ("GET", "/v1/plans/unknown"),
        ("GET", "/"),
    ],
)
def test_an_unknown_path_or_id_is_not_found(fake: ToyFake, method: str, target: str) -> None:
    reply = send(fake, method, target)

    assert (reply.status, reply.headers["x-remaining"]) == (404, "59")


def test_a_request_without_the_key_is_refused_before_anything_else(fake: ToyFake) -> None:
    assert fake.handle("GET", "/v1/nowhere", {}, b"").status == 401
    assert fake.handle("GET", "/v1/plans/newest", {"AUTHORIZATION": "x"}, b"").status == 401


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"7", b"null", b"[" * 100_000])
def test_a_body_that_is_not_an_object_is_malformed(fake: ToyFake, content: bytes) -> None:
    reply = send(fake, "POST", "/v1/plans/", content)

    assert reply.status == 422
    assert json.loads(reply.content)["message"] in {
        "the body is not JSON",
        "the body is not a JSON object",
    }
    assert fake.plans == {}


def test_exchanges_are_kept_with_their_query_up_to_a_limit(fake: ToyFake) -> None:
    _ = send(fake, "GET", "/v1/plans/a?x=1&y=&x=2")
    first = fake.exchanges[-1]
    for _ in range(KEPT):
        _ = send(fake, "GET", "/v1/plans/newest")

    assert (first.received.path, dict(first.received.query)) == ("/v1/plans/a", {"x": "2", "y": ""})
    assert first.received.headers == {"authorization": "Bearer test_sandbox_key"}
    assert first.reply.status == 404
    assert len(fake.exchanges) == KEPT
    assert fake.exchanges[0] is not first


def test_a_fake_has_the_start_and_the_seed_it_is_given(fake: ToyFake) -> None:
    kind = type(fake)
    one, same = (kind(start=NOON, seed="s") for _ in range(2))

    assert one.clock.now() == NOON.replace(microsecond=0)
    for twin in (one, same):
        _ = send(twin, "POST", "/v1/plans/", b'{"name": "A"}')
    assert one.plans == same.plans


def test_a_fake_without_limits_adds_no_headers(fake: ToyFake) -> None:
    assert Fake.limits(fake) == {}


def test_a_refusal_has_its_reply() -> None:
    reply = Reply.json(409, {"é": 1}, {"x-a": "b"})

    assert Refusal(reply).reply is reply
    assert reply.content == '{"é": 1}'.encode()
    assert reply.headers == {"content-type": "application/json", "x-a": "b"}


def test_a_fake_without_checkout_pages_cannot_decline(fake: ToyFake) -> None:
    assert fake.checkout_page("https://toy.test/pay/1") is None
    with pytest.raises(LookupError, match="there is no checkout page at 'https"):
        fake.decline("https://toy.test/pay/1")


@pytest.mark.parametrize(
    ("state", "payable"),
    [("open", True), ("declined", True), ("paid", False), ("expired", False), ("closed", False)],
)
def test_a_page_can_be_declined_while_it_can_be_paid(
    fake: ToyFake,
    state: CheckoutState,
    payable: bool,  # noqa: FBT001
) -> None:
    shown = CheckoutPage("Phone", "Phone", "12.95 EUR", "1 year", "", state)

    class WithPage(type(fake)):  # type: ignore[misc]
        def checkout_page(self, url: str) -> CheckoutPage | None:
            del url
            return shown

    shop: ToyFake = WithPage()
    assert shown.payable is payable
    if payable:
        shop.decline("https://toy.test/pay/1")
    else:
        with pytest.raises(ValueError, match=f"because the page is {state}"):
            shop.decline("https://toy.test/pay/1")
    assert shop.declined == ({"https://toy.test/pay/1"} if payable else set())


def test_urls_of_pages_never_lead_to_the_provider(fake: ToyFake) -> None:
    page, api = "https://pay.toy.test/p/1", "https://toy.test/v1/plans"

    assert fake.page_address(page) == fake.page_address("/p/1") == "https://sandbox.invalid/p/1"
    assert fake.api_address(api) == api

    fake.site = "http://127.0.0.1:8000"

    assert fake.page_address(page) == fake.page_address("/p/1")
    assert fake.page_address(page) == "http://127.0.0.1:8000/pages/p/1"
    assert fake.api_address(api) == "http://127.0.0.1:8000/v1/plans"


def test_only_assumptions_with_a_value_can_be_changed(fake: ToyFake) -> None:
    class Assuming(type(fake)):  # type: ignore[misc]
        assumptions = {"page_size": "a guess", "lists": "no value", "pay": "a method's name"}  # noqa: RUF012
        page_size = 5

    assuming: Any = Assuming()
    assuming.assume({"page_size": 6})

    assert assuming.assumed_values() == {"page_size": 6}
    for name in ("lists", "pay", "colour"):
        with pytest.raises(ValueError, match=f"unknown assumption '{name}': .* change page_size"):
            assuming.assume({name: 1})
    with pytest.raises(ValueError, match="this sandbox can change none"):
        fake.assume({"colour": "red"})
