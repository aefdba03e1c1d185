"""A change hears from the engine how it goes: once before each request, and once at the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from subhub import (
    Conflict,
    InvalidReply,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
    ProviderUnavailable,
    RateLimit,
    RateLimited,
    Rejected,
    SubhubError,
    TransportError,
    WouldSend,
)
from subhub.messages import PreparedRequest, as_json
from subhub.plugin import Flow, Provider, Request, Response, completed
from subhub.sending.engine import Rules, drive, steps
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.retries import Operation, RetryPolicy
from subhub.sending.steps import Pause, Step, StoreCall

DONE = Response(200, {}, b"{}")
REFUSED = Response(422, {}, b'{"message": "no"}')
LIMITED = Response(429)
FAILED = Response(500)


class Noted:
    """A change that notes what it hears."""

    def __init__(self, *, journaled: bool = True) -> None:
        self.journaled = journaled
        self.open = self.repeated = False
        self.referenced = True
        self.heard: list[object] = []

    def reference(self) -> None:
        raise AssertionError("the provider keeps no references")

    def next_key(self) -> str:
        raise AssertionError("the provider recognizes no keys")

    def sending(self) -> None:
        self.heard.append("sending")

    def not_done(self) -> None:
        self.heard.append("not done")

    def done(self, result: object) -> None:
        self.heard.append(("done", result))

    def lost(self, error: SubhubError) -> None:
        error.token = "token"
        self.heard.append(("lost", type(error)))

    def noted(self) -> bool:
        return True


def one() -> Flow[str]:
    _ = yield Request("POST", "/one", {"a": 1})
    return "made"


def two() -> Flow[str]:
    _ = yield Request("POST", "/one")
    with completed("the first"):
        _ = yield Request("POST", "/two")
    return "both"


def read_first() -> Flow[str]:
    _ = yield Request("GET", "/one")
    _ = yield Request("PATCH", "/one")
    return "changed"


def buggy() -> Flow[str]:
    _ = yield Request("POST", "/one")
    raise KeyError("bug")


def unforgiving() -> Flow[str]:
    try:
        _ = yield Request("POST", "/one")
    except TransportError as error:
        raise RuntimeError("made it worse") from error
    return "made"


def not_json() -> Flow[str]:
    _ = yield Request("POST", "/one", {"a": "\ud83d"})
    return "made"


def too_late() -> Flow[str]:
    _ = yield Request("POST", "/one")
    raise InvalidRequest("a currency of its own")


def unwilling() -> Flow[str]:
    _ = yield Request("GET", "/one")
    raise Conflict("it has ended", provider="acme")


def unhappy() -> Flow[str]:
    _ = yield Request("POST", "/one")
    raise Conflict("it has ended", provider="acme")


class World:
    """Plays a flow against answers; an exception among them is raised in place of an answer."""

    def __init__(self, *answers: Response | BaseException, journaled: bool = True) -> None:
        self.change = Noted(journaled=journaled)
        self.answers = list(answers)
        self.sent: list[str] = []
        self.when_sent: list[list[object]] = []
        self.settings: dict[str, Any] = {"attempts": 2}
        self.preview: Callable[[Request], PreparedRequest] | None = None

    def play(self, flow: Flow[str]) -> str:
        provider = Provider()
        policy = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0, **self.settings)

        def prepare(request: Request) -> PreparedRequest:
            return PreparedRequest.of(request, "https://x.test", {}, as_json)

        rules = Rules(
            provider, partial(Operation, policy), prepare, lambda response: response, self.preview
        )
        return drive(steps(rules.begin("play"), flow, self.change, rules), self._perform)

    def _perform(self, step: Step) -> object:
        if isinstance(step, Pause):
            return None
        if isinstance(step, StoreCall):
            return step.call()
        assert isinstance(step, PreparedRequest)
        self.sent.append(step.method)
        self.when_sent.append(list(self.change.heard))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def test_a_change_is_written_down_before_it_is_sent_and_closed_by_its_answer() -> None:
    world = World(DONE)
    assert world.play(one()) == "made"
    assert world.when_sent == [["sending"]]
    assert world.change.heard == ["sending", ("done", "made")]


def test_without_a_journal_a_change_hears_of_nothing_but_its_loss() -> None:
    world = World(DONE, journaled=False)
    assert world.play(one()) == "made"
    assert world.change.heard == []
    lost = World(OutcomeUnknown("x"), journaled=False)
    with pytest.raises(OutcomeUnknown) as caught:
        _ = lost.play(one())
    assert lost.change.heard == [("lost", OutcomeUnknown)]
    assert caught.value.token == "token"


def test_only_what_may_change_something_is_written_down() -> None:
    world = World(DONE, DONE)
    assert world.play(read_first()) == "changed"
    assert world.when_sent == [[], ["sending"]]


@pytest.mark.parametrize("passing", [NotSent("x"), LIMITED])
def test_an_attempt_without_effect_is_taken_back_before_the_next_one(passing: Any) -> None:
    world = World(passing, DONE)
    assert world.play(one()) == "made"
    assert world.change.heard == ["sending", "not done", "sending", ("done", "made")]


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((REFUSED,), Rejected),
        ((LIMITED, LIMITED), RateLimited),
        ((NotSent("x"), NotSent("y")), NotSent),
    ],
)
def test_what_provably_had_no_effect_ends_as_not_done(
    answers: Any, kind: type[SubhubError]
) -> None:
    world = World(*answers)
    with pytest.raises(kind) as caught:
        _ = world.play(one())
    assert world.change.heard[-1] == "not done"
    assert not world.change.open
    assert caught.value.token is None


def test_what_a_flow_refuses_after_a_read_is_not_done() -> None:
    world = World(DONE)
    with pytest.raises(Conflict, match=r"^it has ended$") as caught:
        _ = world.play(unwilling())
    assert world.sent == ["GET"]
    assert world.change.heard == ["not done"]
    assert caught.value.token is None


@pytest.mark.parametrize(
    ("answer", "flow", "kind"),
    [
        (OutcomeUnknown("x"), one, OutcomeUnknown),
        (FAILED, one, ProviderUnavailable),
        (Response(302), one, InvalidReply),
        (InvalidReply("cut off"), one, InvalidReply),
        (DONE, too_late, InvalidReply),
        (DONE, unhappy, Conflict),
    ],
)
def test_what_may_have_had_an_effect_is_lost(
    answer: Any, flow: Callable[[], Flow[str]], kind: type[SubhubError]
) -> None:
    world = World(answer)
    with pytest.raises(kind) as caught:
        _ = world.play(flow())
    assert world.change.heard == ["sending", ("lost", kind)]
    assert caught.value.token == "token"


class TestWhatNobodyForesaw:
    @pytest.mark.parametrize("error", [ZeroDivisionError("x"), RuntimeError("other loop")])
    def test_while_a_change_is_sent_is_an_unknown_outcome(self, error: Exception) -> None:
        world = World(error)
        with pytest.raises(OutcomeUnknown, match=r"`play` was broken off") as caught:
            _ = world.play(one())
        assert caught.value.__cause__ is error
        assert caught.value.token == "token"
        assert world.change.heard == ["sending", ("lost", OutcomeUnknown)]

    def test_in_the_flow_after_the_answer_is_an_unknown_outcome(self) -> None:
        world = World(DONE)
        with pytest.raises(OutcomeUnknown, match="KeyError") as caught:
            _ = world.play(buggy())
        assert isinstance(caught.value.__cause__, KeyError)
        assert world.change.heard == ["sending", ("lost", OutcomeUnknown)]

    def test_in_the_flow_after_a_refusal_is_raised_as_it_is(self) -> None:
        def worse() -> Flow[str]:
            try:
                _ = yield Request("POST", "/one")
            except Rejected as error:
                raise KeyError("bug") from error
            return "made"

        world = World(REFUSED)
        with pytest.raises(KeyError):
            _ = world.play(worse())
        assert world.change.heard == ["sending", "not done", "not done"]

    def test_is_not_sent_when_the_transport_knows_that_no_byte_was(self) -> None:
        error = RuntimeError("closed")
        error.__cause__ = NotSent("no byte")
        world = World(error)
        with pytest.raises(NotSent, match="no byte") as caught:
            _ = world.play(one())
        assert caught.value.__cause__ is error
        assert error.__cause__ is None
        assert world.sent == ["POST"]  # it is no trouble of the network: there is no second attempt
        assert world.change.heard == ["sending", "not done", "not done"]
        assert caught.value.token is None

    def test_says_what_the_flow_had_made_by_then(self) -> None:
        world = World(DONE, ZeroDivisionError())
        with pytest.raises(OutcomeUnknown) as caught:
            _ = world.play(two())
        assert caught.value.completed == ("the first",)

    def test_may_be_made_worse_by_the_flow_and_is_told_all_the_same(self) -> None:
        world = World(ZeroDivisionError())
        with pytest.raises(OutcomeUnknown) as caught:
            _ = world.play(unforgiving())
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def test_before_anything_was_sent_is_raised_as_it_is(self) -> None:
        world = World(ZeroDivisionError())
        with pytest.raises(ZeroDivisionError):
            _ = world.play(read_first())
        assert world.change.heard == ["not done"]

    def test_of_a_test_stays_an_assertion_error(self) -> None:
        verdict = AssertionError("nobody expected this request")
        world = World(verdict)
        with pytest.raises(AssertionError) as caught:
            _ = world.play(one())
        assert caught.value is verdict
        assert isinstance(verdict.__cause__, OutcomeUnknown)
        assert world.change.heard == ["sending", ("lost", OutcomeUnknown)]


class TestAnInterruption:
    def test_of_a_change_under_way_says_so_in_its_cause(self) -> None:
        stopped = KeyboardInterrupt()
        world = World(stopped)
        with pytest.raises(KeyboardInterrupt) as caught:
            _ = world.play(one())
        assert caught.value is stopped
        cause = stopped.__cause__
        assert isinstance(cause, OutcomeUnknown)
        assert (cause.token, cause.operation) == ("token", "play")
        assert world.change.heard == ["sending", ("lost", OutcomeUnknown)]

    def test_keeps_the_cause_that_it_had(self) -> None:
        stopped, reason, known = KeyboardInterrupt(), ValueError(), OutcomeUnknown("began")
        stopped.__cause__, known.__cause__ = known, reason
        world = World(stopped)
        with pytest.raises(KeyboardInterrupt):
            _ = world.play(one())
        assert stopped.__cause__ is known
        assert known.__cause__ is reason
        assert known.token == "token"

    def test_before_the_first_byte_leaves_nothing_open(self) -> None:
        stopped = KeyboardInterrupt()
        stopped.__cause__ = NotSent("no byte")
        world = World(stopped)
        with pytest.raises(KeyboardInterrupt):
            _ = world.play(one())
        assert world.change.heard == ["sending", "not done", "not done"]
        assert isinstance(stopped.__cause__, NotSent)

    def test_while_the_rate_limit_is_waited_for_leaves_nothing_open(self) -> None:
        world = World(DONE)
        limiter = RateLimiter(RateLimit(1, per=60.0))
        world.settings |= {"limiter": limiter, "deadline": None}
        _ = world.play(one())
        world.change = Noted()
        policy = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0, limiter=limiter, deadline=None)
        sent = PreparedRequest("POST", "https://x.test", {})
        asked = Request("POST", "/one")
        waiting = Operation(policy, "play").send(asked, sent, world.change)
        assert isinstance(next(waiting), Pause)
        with pytest.raises(KeyboardInterrupt):
            _ = waiting.throw(KeyboardInterrupt())
        assert world.change.heard == []
        assert not world.change.open

    def test_of_steps_that_nobody_carries_on_leaves_the_change_lost(self) -> None:
        world = World()
        provider = Provider()
        policy = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0)
        sent = PreparedRequest("POST", "https://x.test", {})
        rules = Rules(
            provider, partial(Operation, policy), lambda _: sent, lambda response: response
        )
        abandoned = steps(rules.begin("play"), one(), world.change, rules)
        noting = next(abandoned)
        assert isinstance(noting, StoreCall)
        assert abandoned.send(noting.call()) == sent
        abandoned.close()
        assert world.change.heard == ["sending", ("lost", OutcomeUnknown)]


def test_what_cannot_be_encoded_is_refused_before_it_is_written_down() -> None:
    world = World()
    with pytest.raises(InvalidRequest, match="the request cannot be encoded: 'utf-8'"):
        _ = world.play(not_json())
    assert (world.sent, world.change.heard) == ([], ["not done"])


def test_a_plugin_may_refuse_while_it_encodes() -> None:
    def picky(_: Request) -> PreparedRequest:
        raise InvalidRequest.of("price", "must be a whole number")

    policy = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0)
    rules = Rules(Provider(), partial(Operation, policy), picky, lambda response: response)
    with pytest.raises(InvalidRequest, match="`price` must be a whole number"):
        _ = next(steps(rules.begin("play"), one(), Noted(), rules))


def test_what_has_begun_stays_open_when_its_second_request_is_not_sent() -> None:
    world = World(DONE, NotSent("x"), NotSent("y"))
    with pytest.raises(NotSent) as caught:
        _ = world.play(two())
    assert caught.value.completed == ("the first",)
    assert world.change.heard == ["sending", "sending", "sending", ("lost", NotSent)]


def test_a_dry_run_writes_nothing_down() -> None:
    world = World()
    world.preview = lambda request: PreparedRequest(request.method, request.path, {})
    with pytest.raises(WouldSend):
        _ = world.play(one())
    assert (world.sent, world.change.heard) == ([], ["not done"])


class TestAnOperation:
    def test_has_its_deadline_from_its_first_request_on(self) -> None:
        now = 0.0
        policy = RetryPolicy(clock=lambda: now, chance=lambda: 1.0, deadline=10.0, attempts=9)
        operation = Operation(policy, "play")
        now = 100.0
        assert _retried(operation)
        now = 109.0
        assert _retried(operation)
        now = 110.0
        assert not _retried(operation)

    def test_page_by_page_has_it_for_each_of_them(self) -> None:
        now = 0.0
        policy = RetryPolicy(clock=lambda: now, chance=lambda: 1.0, deadline=10.0, attempts=9)
        operation = Operation(policy, "play")
        operation.page_by_page = True
        for _ in range(3):
            assert _retried(operation)
            now += 100.0

    def test_knows_whether_anything_was_sent(self) -> None:
        policy = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0, attempts=1)
        operation = Operation(policy, "play")
        for answer, sent in ((NotSent("x"), False), (TransportError("x"), True), (None, True)):
            exchange = operation.send(Request("GET", "/"), PreparedRequest("GET", "/", {}), None)
            _ = next(exchange)
            with pytest.raises((TransportError, StopIteration)):
                _ = exchange.send(DONE) if answer is None else exchange.throw(answer)
            assert operation.sent is sent


def _retried(operation: Operation) -> bool:
    """Whether a request that was not sent is tried again."""
    exchange = operation.send(Request("GET", "/"), PreparedRequest("GET", "/", {}), None)
    _ = next(exchange)
    try:
        return isinstance(exchange.throw(NotSent("x")), Pause)
    except NotSent:
        return False
    finally:
        exchange.close()
