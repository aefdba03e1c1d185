"""Sending: what is tried again and what is not, for how long, and at which pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from subhub import (
    ConfigError,
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    ProviderUnavailable,
    RateLimit,
    RateLimited,
    SubhubError,
    TransportError,
)
from subhub.messages import PreparedRequest
from subhub.models import PlanDraft
from subhub.plugin import Provider, Request, Response, path
from subhub.sending.engine import drive
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.retries import Operation, RetryPolicy, RetryQuota
from subhub.sending.steps import Pause, Step

READ = Request("GET", path("/plans/{}", "p1"))
CHANGE = Request("POST", "/plans", {"name": "x"})
SENT = PreparedRequest("POST", "https://toy.test/plans", {})
DONE = Response(200)


class World:
    """Performs one exchange: time passes only in pauses, and the answers are scripted."""

    def __init__(self, *answers: Response | SubhubError, **settings: Any) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.sent = 0
        self.answers = list(answers)
        self.policy = RetryPolicy(clock=lambda: self.now, chance=lambda: 0.5, **settings)

    def send(self, request: Request) -> Response:
        return drive(Operation(self.policy, "the_operation").send(request, SENT, None), self._do)

    def _do(self, step: Step) -> Response | None:
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            self.now += step.seconds
            return None
        assert step == SENT
        self.sent += 1
        answer = self.answers.pop(0)
        if isinstance(answer, SubhubError):
            raise answer
        return answer


def status(number: int, **headers: str) -> Response:
    return Response(number, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("trouble", [NotSent("x"), TransportError("x"), InvalidReply("cut"), 429])
def test_a_read_is_tried_again(trouble: Any) -> None:
    world = World(status(trouble) if isinstance(trouble, int) else trouble, DONE)
    assert world.send(READ) is DONE
    assert world.sent == 2


@pytest.mark.parametrize("number", [502, 503, 504])
def test_a_read_is_tried_again_while_the_provider_is_away(number: int) -> None:
    world = World(status(number), status(number), DONE)
    assert world.send(READ) is DONE
    assert world.pauses == [0.25, 0.5]


@pytest.mark.parametrize("number", [400, 401, 404, 409, 422, 500])
def test_a_refusal_is_final(number: int) -> None:
    world = World(status(number))
    assert world.send(READ).status == number


@pytest.mark.parametrize("trouble", [NotSent("x"), status(429)])
def test_a_change_is_tried_again_when_it_was_provably_not_carried_out(trouble: Any) -> None:
    world = World(trouble, DONE)
    assert world.send(CHANGE) is DONE
    assert world.sent == 2


@pytest.mark.parametrize("trouble", [OutcomeUnknown("x"), TransportError("x"), InvalidReply("cut")])
def test_a_change_without_an_answer_is_never_sent_again(trouble: SubhubError) -> None:
    world = World(trouble)
    with pytest.raises(type(trouble)) as caught:
        _ = world.send(CHANGE)
    assert caught.value is trouble
    assert world.sent == 1


@pytest.mark.parametrize("number", [500, 502, 503, 504])
def test_a_change_that_the_provider_failed_at_is_never_sent_again(number: int) -> None:
    world = World(status(number))
    assert world.send(CHANGE).status == number
    assert world.sent == 1


def test_the_last_attempt_tells_what_went_wrong() -> None:
    world = World(NotSent("first"), NotSent("second"), attempts=2)
    with pytest.raises(NotSent, match="second"):
        _ = world.send(READ)
    limited = World(status(429), status(429), attempts=2)
    assert limited.send(READ).status == 429


def test_backoff_doubles_up_to_a_bound() -> None:
    world = World(*[NotSent("x")] * 7, DONE, attempts=8, deadline=None)
    _ = world.send(READ)
    assert world.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry_after": "7"}, 7.0),
        (
            {
                "retry_after": "Sat, 21 Nov 2026 09:00:30 GMT",
                "date": "Sat, 21 Nov 2026 09:00:00 GMT",
            },
            30.0,
        ),
        ({"x_ratelimit_reset": "12"}, 13.0),
        ({}, 0.25),
    ],
)
def test_a_provider_that_says_how_long_is_believed(
    headers: Mapping[str, str], pause: float
) -> None:
    world = World(status(429, **headers), DONE)
    _ = world.send(CHANGE)
    assert world.pauses == [pause]


def test_nobody_waits_past_the_deadline() -> None:
    world = World(status(429, retry_after="60"), deadline=59.0)
    assert world.send(READ).status == 429
    assert world.pauses == []
    lost = World(NotSent("x"), deadline=0.2)
    with pytest.raises(NotSent):
        _ = lost.send(READ)


def test_a_storm_of_failures_uses_up_the_retries() -> None:
    quota = RetryQuota(tokens=10, cost=5)
    for _ in range(2):
        world = World(NotSent("x"), DONE, quota=quota)
        assert world.send(READ) is DONE
    world = World(NotSent("x"), quota=RetryQuota(tokens=4, cost=5))
    with pytest.raises(NotSent):
        _ = world.send(READ)


def test_a_retry_that_the_deadline_forbids_is_not_used_up() -> None:
    quota = RetryQuota(tokens=5, cost=5)
    for answer in (status(429, retry_after="60"), status(503, retry_after="60")):
        assert World(answer, deadline=59.0, quota=quota).send(READ) is answer
    with pytest.raises(NotSent):
        _ = World(NotSent("x"), attempts=1, quota=quota).send(READ)
    assert World(NotSent("x"), DONE, quota=quota).send(READ) is DONE


def test_an_answer_gives_a_retry_back() -> None:
    quota = RetryQuota(tokens=2, cost=2)
    assert quota.take()
    assert not quota.take()
    quota.give_back()
    quota.give_back()
    quota.give_back()
    assert quota.take()
    assert not quota.take()


def test_requests_are_held_back_until_the_limit_allows_them() -> None:
    world = World(DONE, DONE, DONE, limiter=RateLimiter(RateLimit(2, per=60.0)))
    for _ in range(3):
        _ = world.send(CHANGE)
    assert sum(world.pauses) == pytest.approx(60.0, abs=1.0)


def test_a_permit_of_a_request_that_was_not_sent_is_free_at_once() -> None:
    world = World(NotSent("x"), DONE, limiter=RateLimiter(RateLimit(1, per=60.0)))
    _ = world.send(CHANGE)
    assert world.pauses == [0.25]


def test_a_permit_of_a_request_that_was_lost_is_not() -> None:
    world = World(OutcomeUnknown("x"), DONE, limiter=RateLimiter(RateLimit(1, per=60.0)))
    with pytest.raises(OutcomeUnknown):
        _ = world.send(CHANGE)
    _ = world.send(CHANGE)
    assert sum(world.pauses) == pytest.approx(60.0, abs=1.0)


def test_what_the_limit_leaves_no_time_for_is_not_sent() -> None:
    world = World(DONE, limiter=RateLimiter(RateLimit(1, per=60.0)), deadline=0.5)
    _ = world.send(CHANGE)
    with pytest.raises(NotSent, match=r"within the deadline of 0\.5 s"):
        _ = world.send(CHANGE)
    assert world.sent == 1


def test_a_request_that_is_given_up_leaves_the_queue() -> None:
    limiter = RateLimiter(RateLimit(1, per=60.0))
    policy = RetryPolicy(clock=lambda: 0.0, chance=lambda: 0.0, limiter=limiter, deadline=None)
    first, second = (Operation(policy, "x").send(CHANGE, SENT, None) for _ in range(2))
    assert next(first) == SENT
    assert isinstance(next(second), Pause)
    second.close()
    first.close()
    ticket = limiter.enter()
    assert ticket.wait(61.0) > 0  # the abandoned one counts as lost, from when it is noticed on
    assert ticket.wait(122.1) == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"attempts": 0}, "attempts"), ({"deadline": 0}, "deadline"), ({"deadline": -1}, "deadline")],
)
def test_settings_that_make_no_sense_are_refused(settings: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=f"`{told}`"):
        _ = World(**settings)


class TestThroughClients:
    def test_a_read_comes_through_a_moment_of_trouble(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any
    ) -> None:
        desk.answer(503, {"message": "away"}, headers={"retry-after": "0"})
        desk.answer(200, {"id": "p1", "name": "Phone"})
        billing = connect(toy, api_key="test_0123456789", transport=desk.transport)
        assert billing.get_plan("p1").id == "p1"

    def test_a_change_does_not(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, draft: PlanDraft
    ) -> None:
        desk.answer(503, {"message": "away"}, headers={"retry-after": "0"})
        billing = connect(toy, api_key="test_0123456789", transport=desk.transport)
        with pytest.raises(ProviderUnavailable):
            billing.create_plan(draft)
        desk.fail(httpx.ReadError("reset"))
        with pytest.raises(OutcomeUnknown):
            billing.create_plan(draft)
        assert len(desk.sent) == 2

    def test_the_attempts_are_the_clients_to_set(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, draft: PlanDraft
    ) -> None:
        desk.answer(429, {"message": "slow"}, headers={"retry-after": "0"})
        billing = connect(toy, api_key="test_0123456789", transport=desk.transport, attempts=1)
        with pytest.raises(RateLimited):
            billing.create_plan(draft)

    def test_processes_with_one_folder_of_permits_share_a_limit(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, tmp_path: Path
    ) -> None:
        settings: dict[str, Any] = {
            "api_key": "test_0123456789",
            "transport": desk.transport,
            "rate_limit": RateLimit(1, per=60.0),
            "permits": tmp_path,
            "deadline": 0.5,
        }
        desk.answer(200, {"id": "p1", "name": "Phone"})
        first, second = (connect(toy, **settings) for _ in range(2))
        assert first.get_plan("p1").id == "p1"
        with pytest.raises(NotSent, match="rate limit"):
            second.get_plan("p1")
        first.close()
        (file,) = tmp_path.iterdir()
        assert "0123456789" not in f"{file.name} {file.read_bytes()!r}"

    def test_in_a_sandbox_time_passes_without_waiting(self, connect: Callable[..., Any]) -> None:
        from subhub_afternoon import Afternoon  # noqa: PLC0415 - a real limit to meet

        fake = Afternoon.sandbox()
        before = fake.clock.now()
        billing = connect(Afternoon, sandbox=fake, rate_limit=RateLimit(3, per=60.0))
        for _ in range(7):
            _ = billing.list_customers()
        assert (fake.clock.now() - before).total_seconds() == pytest.approx(120, abs=5)
