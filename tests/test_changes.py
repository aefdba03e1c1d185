"""A change whose outcome is open says what it was meant to do; nothing else does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from subhub import (
    Client,
    CustomerDraft,
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    ProviderUnavailable,
    Rejected,
    SubhubError,
)
from subhub.plugin import Evidence, Flow, Provider, Request, completed
from subhub.recovery.intents import Intent
from subhub.recovery.tracking import id_of

KEY = "test_0123456789"
LOST = httpx.ReadError("reset")
UNREACHABLE = httpx.ConnectError("refused")


def meant(error: SubhubError) -> str:
    assert error.token is not None
    return Intent.read(error.token).operation


def test_a_lost_change_says_what_was_meant(billing: Any, desk: Any, draft: PlanDraft) -> None:
    desk.fail(LOST)
    with pytest.raises(OutcomeUnknown) as caught:
        billing.create_plan(draft)
    assert meant(caught.value) == "create_plan"


def test_a_change_that_failed_at_the_provider_may_have_been_carried_out(
    billing: Any, desk: Any, draft: PlanDraft
) -> None:
    desk.answer(500, {"message": "oops"})
    with pytest.raises(ProviderUnavailable) as caught:
        billing.create_plan(draft)
    assert meant(caught.value) == "create_plan"


def test_a_change_whose_answer_cannot_be_read_can_be_found_out_about(
    billing: Any, desk: Any, draft: PlanDraft
) -> None:
    desk.answer(201, b"{")
    with pytest.raises(InvalidReply) as caught:
        billing.create_plan(draft)
    assert meant(caught.value) == "create_plan"


def test_what_was_refused_or_not_sent_leaves_nothing_open(
    billing: Any, desk: Any, draft: PlanDraft
) -> None:
    desk.answer(422, {"message": "no"})
    with pytest.raises(Rejected) as refused:
        billing.create_plan(draft)
    desk.fail(UNREACHABLE)
    with pytest.raises(NotSent) as unsent:
        billing.create_plan(draft)
    assert (refused.value.token, unsent.value.token) == (None, None)


def test_a_read_leaves_nothing_open(billing: Any, desk: Any) -> None:
    desk.answer(500)
    with pytest.raises(ProviderUnavailable) as caught:
        billing.get_plan("pln_1")
    assert caught.value.token is None


def test_the_token_is_of_the_step_that_failed(
    billing: Any, desk: Any, somebody: CustomerDraft
) -> None:
    desk.answer(201, {"id": "cst_1"})
    desk.answer(502)
    with pytest.raises(ProviderUnavailable) as caught:
        billing.subscribe(plan="pln_1", customer=somebody)
    assert meant(caught.value) == "subscribe"
    assert [id_of(each) for each in caught.value.completed] == ["cst_1"]


class Till(Provider):
    """A provider with operations of its own."""

    name = "till"
    base_url = "https://till.test"
    evidence = dict.fromkeys(("count", "open_both"), Evidence("docs", "https://till.test"))

    def count(self, *, change: bool) -> Flow[int]:
        """Count, or put a new count in its place."""
        _ = yield Request("POST" if change else "GET", "/count")
        return 1

    def open_both(self) -> Flow[str]:
        """Open two drawers, one after the other."""
        _ = yield Request("POST", "/first")
        with completed("the first"):
            _ = yield Request("POST", "/second")
        return "both"


@pytest.fixture
def till(connect: Any, desk: Any) -> Any:
    return connect(Till, api_key=KEY, transport=desk.transport, attempts=1)


def test_an_operation_of_one_provider_says_what_was_meant_as_well(till: Any, desk: Any) -> None:
    desk.fail(LOST)
    with pytest.raises(OutcomeUnknown) as caught:
        till.call(Till.count, change=True)
    assert meant(caught.value) == "count"
    assert till.resolve(caught.value.token).outcome == "ambiguous"


def test_a_read_of_one_provider_leaves_nothing_open(till: Any, desk: Any) -> None:
    desk.answer(503)
    with pytest.raises(ProviderUnavailable) as caught:
        till.call(Till.count, change=False)
    assert caught.value.token is None


def test_a_change_that_is_half_done_is_open_although_the_rest_was_not_sent(
    till: Any, desk: Any
) -> None:
    desk.answer(200, {})
    desk.fail(UNREACHABLE)
    with pytest.raises(NotSent) as caught:
        till.call(Till.open_both)
    assert caught.value.completed == ("the first",)
    assert meant(caught.value) == "open_both"


class Interrupting(httpx.BaseTransport):
    """Presses Ctrl-C when the first byte is on its way."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["trace"]("http11.send_request_headers.started", {})
        raise KeyboardInterrupt


def test_ctrl_c_says_what_was_meant(toy: type[Provider], draft: PlanDraft) -> None:
    billing = Client(toy, api_key=KEY, transport=Interrupting())
    with pytest.raises(KeyboardInterrupt) as caught:
        _ = billing.create_plan(draft)
    cause = caught.value.__cause__
    assert isinstance(cause, OutcomeUnknown)
    assert meant(cause) == "create_plan"


def test_an_operation_that_sends_nothing_ends_as_it_is(toy: Any, billing: Any) -> None:
    assert billing.call(toy.ping, 1) == 2


def test_the_latest_moment_of_a_change_is_when_its_answer_was_lost(
    billing: Any, desk: Any, draft: PlanDraft
) -> None:
    desk.fail(LOST)
    with pytest.raises(OutcomeUnknown) as caught:
        billing.create_plan(draft)
    intent = Intent.read(caught.value.token or "")
    assert intent.lost_at is not None
    assert intent.lost_at >= intent.sent_at
