"""The sandbox's engine: its time, its ids, its routes, and its memory."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from functools import partial
from typing import TYPE_CHECKING

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


def ask(fake: Fake, method: str, target: str, content: bytes = b"") -> Reply:
    return fake.handle(method, target, HEADERS, content)


def test_a_clock_stands_still_in_utc_until_it_is_told_to_go_on() -> None:
    clock = VirtualClock(NOON)

    assert clock.now().isoformat() == "2024-05-04T10:00:00+00:00"
    assert clock.now() == clock.now()
    assert clock.advance(days=1, hours=2, seconds=3) == clock.now()
    assert clock.now().isoformat() == "2024-05-05T12:00:03+00:00"


def test_a_moment_is_reached_once() -> None:
    clock, happened = VirtualClock(NOON), list[str]()
    clock.watch(lambda: happened.append("time passed"))
    for _ in range(2):
        clock.reach(NOON + dt.timedelta(seconds=5))
    assert clock.now() == NOON + dt.timedelta(seconds=5)
    assert happened == ["time passed"]


def test_a_clock_begins_now_unless_told_otherwise() -> None:
    assert abs(VirtualClock().now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_time_has_a_zone_and_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="needs a datetime with a time zone"):
        _ = VirtualClock(dt.datetime(2024, 5, 4))  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="cannot run backwards: got -3600 seconds"):
        _ = VirtualClock(NOON).advance(days=1, hours=-25)


def test_ids_come_out_the_same_in_every_run_and_differ_from_each_other() -> None:
    one, same, other = Ids("a"), Ids("a"), Ids("b")
    drawn = [one.text(20) for _ in range(100)]

    assert drawn == [same.text(20) for _ in range(100)]
    assert len(set(drawn)) == 100
    assert drawn[0] != other.text(20)
    assert all(re.fullmatch("[0-9a-z]{20}", each) for each in drawn)
    assert uuid.UUID(one.uuid()).version == 4
    assert (Ids("a").text(6), Ids("a").uuid()) == (Ids("a").text(6), Ids("a").uuid())


def test_a_path_matches_exactly_slashes_included_and_a_literal_one_wins() -> None:
    def answer(*_: object) -> Reply:
        return Reply(200)

    class Roads:
        one = route("GET", "/a/{}")(partial(answer))
        one_slash = route("GET", "/a/{}/")(partial(answer))
        literal = route("GET", "/a/b")(route("PUT", "/a/b")(partial(answer)))
        two = route("GET", "/a/{}/c/{}")(partial(answer))
        dotted = route("GET", "/a.b")(partial(answer))

    routes = routes_of(Roads)
    found: dict[tuple[str, str], tuple[str, list[str]] | None] = {
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

    assert {asked: matching(routes, *asked) for asked in found} == found


def test_a_request_reaches_its_method_and_the_answer_carries_the_limits(fake: ToyFake) -> None:
    made = ask(fake, "POST", "/v1/plans/", b'{"name": "A"}')
    plan_id = json.loads(made.content)["id"]

    assert (made.status, made.headers["content-type"]) == (201, "application/json")
    assert made.headers["x-remaining"] == "59"
    assert ask(fake, "GET", f"/v1/plans/{plan_id}").status == 200
    assert json.loads(ask(fake, "GET", "/v1/plans/newest").content) == {"id": "pln_newest"}


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
def test_what_the_fake_does_not_have_is_not_found(fake: ToyFake, method: str, target: str) -> None:
    answer = ask(fake, method, target)

    assert (answer.status, answer.headers["x-remaining"]) == (404, "59")


def test_a_request_without_the_key_is_refused_before_anything_else(fake: ToyFake) -> None:
    assert fake.handle("GET", "/v1/nowhere", {}, b"").status == 401
    assert fake.handle("GET", "/v1/plans/newest", {"AUTHORIZATION": "x"}, b"").status == 401


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"7", b"null", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused_as_malformed(fake: ToyFake, content: bytes) -> None:
    answer = ask(fake, "POST", "/v1/plans/", content)

    assert answer.status == 422
    assert json.loads(answer.content)["message"] in {
        "the body is not JSON",
        "the body is not a JSON object",
    }
    assert fake.plans == {}


def test_exchanges_are_remembered_with_their_query_and_only_so_many(fake: ToyFake) -> None:
    _ = ask(fake, "GET", "/v1/plans/a?x=1&y=&x=2")
    first = fake.exchanges[-1]
    for _ in range(KEPT):
        _ = ask(fake, "GET", "/v1/plans/newest")

    assert (first.received.path, dict(first.received.query)) == ("/v1/plans/a", {"x": "2", "y": ""})
    assert first.received.headers == {"authorization": "Bearer test_sandbox_key"}
    assert first.reply.status == 404
    assert len(fake.exchanges) == KEPT
    assert fake.exchanges[0] is not first


def test_a_fake_starts_when_and_with_the_ids_that_it_is_told(fake: ToyFake) -> None:
    kind = type(fake)
    one, same = (kind(start=NOON, seed="s") for _ in range(2))

    assert one.clock.now() == NOON.replace(microsecond=0)
    for each in (one, same):
        _ = ask(each, "POST", "/v1/plans/", b'{"name": "A"}')
    assert one.plans == same.plans


def test_a_fake_without_limits_adds_no_headers(fake: ToyFake) -> None:
    assert Fake.limits(fake) == {}


def test_a_refusal_is_answered_with_its_reply() -> None:
    reply = Reply.json(409, {"é": 1}, {"x-a": "b"})

    assert Refusal(reply).reply is reply
    assert reply.content == '{"é": 1}'.encode()
    assert reply.headers == {"content-type": "application/json", "x-a": "b"}


def test_a_fake_without_pages_has_nothing_to_decline(fake: ToyFake) -> None:
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

    class Shop(type(fake)):  # type: ignore[misc]
        def checkout_page(self, url: str) -> CheckoutPage | None:
            del url
            return shown

    shop: ToyFake = Shop()
    assert shown.payable is payable
    if payable:
        shop.decline("https://toy.test/pay/1")
    else:
        with pytest.raises(ValueError, match=f"because the page is {state}"):
            shop.decline("https://toy.test/pay/1")
    assert shop.declined == ({"https://toy.test/pay/1"} if payable else set())


def test_addresses_are_the_providers_own_until_the_fake_is_served_somewhere(fake: ToyFake) -> None:
    page, api = "https://pay.toy.test/p/1", "https://toy.test/v1/plans"
    assert (fake.page_address(page), fake.api_address(api)) == (page, api)

    fake.site = "http://127.0.0.1:8000"

    assert fake.page_address(page) == "http://127.0.0.1:8000/pages/p/1"
    assert fake.api_address(api) == "http://127.0.0.1:8000/v1/plans"
