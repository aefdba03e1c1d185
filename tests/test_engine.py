"""The engine: refusals and lost answers are thrown into the flow, and every flow is closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pytest

from subhub import (
    Conflict,
    InvalidReply,
    InvalidRequest,
    NotFound,
    Plan,
    ProviderUnavailable,
    Rejected,
    SubhubError,
    TransportError,
    WouldSend,
)
from subhub.messages import PreparedRequest, as_json
from subhub.plugin import Flow, Provider, Response, Wire, completed, get, path, post
from subhub.sending.engine import Rules, steps
from subhub.sending.retries import Operation, RetryPolicy
from subhub.sending.steps import Pause

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk

KEY = "test_0123456789"


class Box(Wire):
    id: str


class Steps(Provider):
    """Operations of several steps, which note how they end."""

    name = "steps"
    base_url = "https://steps.test"
    ended: ClassVar[list[str]] = []

    def two(self) -> Flow[list[str]]:
        first = yield from get("/first", Box)
        second = yield from post("/second", Box, {"after": first.id})
        return [first.id, second.id]

    def forgiving(self) -> Flow[str]:
        try:
            return (yield from get("/first", Box)).id
        except NotFound as error:
            return f"instead: {error.operation} {error.provider} {error.message}"
        except TransportError as error:
            return f"lost: {type(error).__name__} {error.operation} {error.provider}"
        except InvalidReply as error:
            return f"odd: {error.status} {error.operation} {error.provider}"

    def noting(self) -> Flow[str]:
        try:
            return (yield from get("/first", Box)).id
        finally:
            self.ended.append("closed")

    def making(self) -> Flow[str]:
        made = yield from post("/first", Box)
        with completed(made.id):
            return (yield from post("/second", Box)).id

    def picky(self, *, late: bool) -> Flow[str]:
        if not late:
            message = "a penny more"
            raise InvalidRequest(message)
        _ = yield from get("/first", Box)
        with completed("first"):
            message = "a currency of its own"
            raise InvalidRequest(message)

    def stubborn(self) -> Flow[str]:
        try:
            return (yield from post("/first", Box)).id
        except (TransportError, InvalidReply):
            message = "after the request"
            raise InvalidRequest(message) from None


@pytest.fixture(autouse=True)
def fresh() -> None:
    Steps.ended.clear()


@pytest.fixture
def caller(connect: Callable[..., Caller], desk: Desk) -> Caller:
    return connect(Steps, api_key=KEY, transport=desk.transport, attempts=1)


def test_an_answer_is_sent_into_the_flow_and_its_result_comes_back(
    caller: Caller, desk: Desk
) -> None:
    desk.answer(200, {"id": "a"})
    desk.answer(201, {"id": "b"})

    assert caller.call(Steps.two) == ["a", "b"]
    assert desk.asked == ["GET /first", "POST /second"]
    assert desk.sent[1].content == b'{"after":"a"}'


def test_a_flow_may_catch_a_refusal_and_knows_whose_it_is(caller: Caller, desk: Desk) -> None:
    desk.answer(404, {"message": "gone"})

    assert caller.call(Steps.forgiving) == "instead: forgiving steps gone"


def test_a_refusal_that_no_flow_catches_reaches_the_caller(caller: Caller, desk: Desk) -> None:
    desk.answer(409, {"message": "not now"})

    with pytest.raises(Conflict, match="steps refused `forgiving`: not now"):
        caller.call(Steps.forgiving)


def test_a_lost_answer_is_thrown_into_the_flow(caller: Caller, desk: Desk) -> None:
    desk.fail(httpx.ReadError("reset"))

    assert caller.call(Steps.forgiving) == "lost: TransportError forgiving steps"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["forgiving", "making"])
def test_a_redirect_is_an_invalid_reply_and_is_never_followed(
    connect: Callable[..., Caller], desk: Desk, status: int, method: str
) -> None:
    target = f"https://elsewhere.test/?key={KEY}"
    desk.answer(status, headers={"location": target})
    caller = connect(Steps, api_key=KEY, transport=desk.transport)

    if method == "forgiving":
        assert caller.call(Steps.forgiving) == f"odd: {status} forgiving steps"
    else:
        with pytest.raises(InvalidReply, match=r"redirects to https://elsewhere\.test/") as caught:
            caller.call(Steps.making)
        assert KEY not in str(caught.value)
    assert len(desk.sent) == 1


def test_a_redirect_to_nowhere_is_said_to_be_one(caller: Caller, desk: Desk) -> None:
    desk.answer(304)

    with pytest.raises(InvalidReply, match=r"redirects to nowhere.*\(HTTP 304\)"):
        caller.call(Steps.making)


def test_a_refusal_in_the_second_step_says_what_the_first_one_made(
    caller: Caller, desk: Desk
) -> None:
    desk.answer(201, {"id": "made"})
    desk.answer(422, {"message": "no"})

    with pytest.raises(Rejected) as caught:
        caller.call(Steps.making)

    assert caught.value.completed == ("made",)


def test_an_unreadable_second_answer_says_what_the_first_one_made(
    caller: Caller, desk: Desk
) -> None:
    desk.answer(201, {"id": "made"})
    desk.answer(200, b"<html>")

    with pytest.raises(InvalidReply) as caught:
        caller.call(Steps.making)

    assert caught.value.completed == ("made",)
    assert (caught.value.provider, caught.value.operation) == ("steps", "making")


def test_what_is_refused_before_sending_stays_an_invalid_request(
    caller: Caller, desk: Desk
) -> None:
    with pytest.raises(InvalidRequest, match="a penny more") as caught:
        caller.call(Steps.picky, late=False)

    assert (caught.value.provider, caught.value.operation) == ("steps", "picky")
    assert desk.sent == []


def test_what_is_refused_after_an_answer_is_the_answers_fault(caller: Caller, desk: Desk) -> None:
    desk.answer(200, {"id": "a"})

    with pytest.raises(InvalidReply, match="neutral words: a currency of its own") as caught:
        caller.call(Steps.picky, late=True)

    assert isinstance(caught.value.__cause__, InvalidRequest)
    assert caught.value.completed == ("first",)
    assert (caught.value.provider, caught.value.operation) == ("steps", "picky")


def test_nobody_is_told_that_nothing_was_sent_when_something_was(
    caller: Caller, desk: Desk
) -> None:
    desk.fail(httpx.ReadError("reset"))

    with pytest.raises(InvalidReply, match="after the request"):
        caller.call(Steps.stubborn)


def test_a_server_error_is_unavailability(caller: Caller, desk: Desk) -> None:
    desk.answer(503, b"<html>", {"retry-after": "7"})

    with pytest.raises(ProviderUnavailable) as caught:
        caller.call(Steps.making)

    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("ending", ["result", "refusal", "lost"])
def test_a_flow_is_closed_however_it_ends(caller: Caller, desk: Desk, ending: str) -> None:
    if ending == "result":
        desk.answer(200, {"id": "a"})
        assert caller.call(Steps.noting) == "a"
    else:
        if ending == "refusal":
            desk.answer(401)
        else:
            desk.fail(httpx.ConnectError("down"))
        with pytest.raises(SubhubError):
            caller.call(Steps.noting)

    assert Steps.ended == ["closed"]


def test_a_flow_is_closed_when_something_unforeseen_ends_the_sending(
    caller: Caller, desk: Desk
) -> None:
    desk.fail(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        caller.call(Steps.noting)

    assert Steps.ended == ["closed"]


def _rules(provider: Provider) -> Rules:
    return Rules(
        provider,
        begin=partial(Operation, RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0)),
        prepare=lambda asked: PreparedRequest.of(asked, provider.base_url, {}, as_json),
        redact=lambda response: response,
    )


def test_a_flow_is_closed_when_its_script_is_abandoned() -> None:
    provider = Steps()
    rules = _rules(provider)
    abandoned = steps(rules.begin("noting"), provider.noting(), None, rules)

    assert next(abandoned) == PreparedRequest("GET", "https://steps.test/first", {})
    abandoned.close()

    assert Steps.ended == ["closed"]


def test_a_script_yields_what_the_flow_asks_and_returns_its_result() -> None:
    provider = Steps()
    rules = _rules(provider)
    noting = steps(rules.begin("noting"), provider.noting(), None, rules)
    _ = next(noting)

    with pytest.raises(StopIteration) as stop:
        _ = noting.send(Response(200, {}, b'{"id": "a"}'))

    assert stop.value.value == "a"


def test_a_pause_is_waited_for_and_answered_by_nothing(caller: Caller) -> None:
    assert caller._perform(Pause(0)) is None


def test_a_dry_run_reads_and_stops_at_the_first_request_that_would_change_something(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    desk.answer(200, {"id": "a"})
    caller = connect(Steps, api_key=KEY, transport=desk.transport, dry_run=True)

    with pytest.raises(WouldSend) as caught:
        caller.call(Steps.two)

    error = caught.value
    assert desk.asked == ["GET /first"]
    assert (error.request.method, error.request.url) == ("POST", "https://steps.test/second")
    assert error.request.content == b'{"after":"a"}'
    assert (error.provider, error.operation) == ("steps", "two")
    assert "--header 'Authorization: Bearer [redacted]'" in str(error)
    assert KEY not in f"{error} {error!r} {error.request!r} {dict(error.request.headers)}"


def test_a_dry_run_sends_otherwise_exactly_what_would_be_sent(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    desk.answer(200, {"id": "a"})
    desk.answer(200, {"id": "a"})
    desk.answer(200, {"id": "b"})
    with pytest.raises(WouldSend) as caught:
        connect(Steps, api_key=KEY, transport=desk.transport, dry_run=True).call(Steps.two)
    _ = connect(Steps, api_key=KEY, transport=desk.transport).call(Steps.two)

    sent, previewed = desk.sent[-1], caught.value.request
    assert (sent.method, str(sent.url), sent.content) == (
        previewed.method,
        previewed.url,
        previewed.content,
    )
    added = {"host", "content-length", "authorization"}
    assert {
        name.lower(): value for name, value in previewed.headers.items() if name != "Authorization"
    } == {name: value for name, value in sent.headers.items() if name not in added}


def test_a_key_that_the_provider_repeats_is_in_no_error(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    echo: dict[str, Any] = {"message": f"unknown key {KEY}", "id": {"key": KEY}}
    billing = connect(Steps, api_key=KEY, transport=desk.transport)
    for status in (200, 302, 401, 500):
        desk.answer(status, echo, {"location": f"/{KEY}", "x-request-id": KEY})
        with pytest.raises(SubhubError) as caught:
            billing.call(Steps.making)
        assert KEY not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    desk.answer(200, f"not JSON, but {KEY}".encode())
    with pytest.raises(InvalidReply) as broken:
        billing.call(Steps.making)
    assert broken.value.body == "not JSON, but [redacted]"


def test_a_key_too_short_to_be_a_secret_leaves_answers_as_they_are(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    desk.answer(200, {"id": "a key"})

    assert connect(Steps, api_key="k", transport=desk.transport).call(Steps.noting) == "a key"


def test_a_path_is_joined_verbatim(connect: Callable[..., Caller], desk: Desk) -> None:
    class Slashes(Provider):
        name = "slashes"
        base_url = "https://steps.test/v1/"

        def open(self, tail: str) -> Flow[Plan]:
            box = yield from get(path("/a/{}/", tail), Box, {"q": "a b&c", "é": "/"})
            return Plan(provider="slashes", id=box.id)

    desk.answer(200, {"id": "a"})
    _ = connect(Slashes, api_key=KEY, transport=desk.transport).call(Slashes.open, "x y")

    assert desk.asked == ["GET /v1/a/x%20y/?q=a%20b%26c&%C3%A9=%2F"]
