"""Observing: what is told of each attempt, to whom, and that it changes nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from subhub import (
    AsyncClient,
    Attempt,
    Client,
    ConfigError,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    RateLimit,
)
from subhub.plugin import Provider

KEY = "test_0123456789"
PLAN = {"id": "pln_1", "name": "Phone"}
TOLD = "toy: get_plan: GET /plans/{}"


class Notes(list[Attempt]):
    """A hook that keeps what it is told."""

    def __call__(self, attempt: Attempt) -> None:
        self.append(attempt)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def billing(connect: Callable[..., Any], toy: type[Provider], desk: Any, notes: Notes) -> Any:
    return connect(toy, api_key=KEY, transport=desk.transport, hooks=[notes])


class TestAnAttempt:
    def test_is_told_with_what_became_of_it(self, billing: Any, desk: Any, notes: Notes) -> None:
        desk.answer(200, PLAN, {"x-request-id": "req_7"})
        billing.get_plan("pln_1")

        (told,) = notes
        assert told.seconds > 0
        assert told == Attempt(
            provider="toy",
            account="toy",
            operation="get_plan",
            method="GET",
            path="/plans/{}",
            number=1,
            seconds=told.seconds,
            status=200,
            request_id="req_7",
        )

    def test_is_told_once_for_each_time_the_request_is_sent(
        self, billing: Any, desk: Any, notes: Notes
    ) -> None:
        desk.fail(httpx.ConnectError("nobody listens"))
        desk.answer(503, headers={"retry-after": "0"})
        desk.answer(200, PLAN)
        billing.get_plan("pln_1")

        assert [(each.number, each.status, each.failure) for each in notes] == [
            (1, None, "NotSent"),
            (2, 503, None),
            (3, 200, None),
        ]

    def test_that_leaves_its_outcome_open_is_told_as_such(
        self, billing: Any, desk: Any, notes: Notes, draft: PlanDraft
    ) -> None:
        desk.fail(httpx.ReadError("reset"))
        with pytest.raises(OutcomeUnknown):
            billing.create_plan(draft)
        assert [each.failure for each in notes] == ["OutcomeUnknown"]

    def test_of_a_sandbox_is_told_in_its_time(
        self, connect: Callable[..., Any], toy: type[Provider], notes: Notes, draft: PlanDraft
    ) -> None:
        connect(toy, sandbox=True, hooks=[notes]).create_plan(draft)
        assert [(each.status, each.seconds) for each in notes] == [(201, 0.0)]

    def test_does_not_begin_while_the_rate_limit_is_waited_for(
        self, connect: Callable[..., Any], toy: type[Provider], notes: Notes, draft: PlanDraft
    ) -> None:
        limit = RateLimit(1, per=60.0)
        billing = connect(toy, sandbox=True, rate_limit=limit, hooks=[notes])
        for _ in range(2):
            billing.create_plan(draft)
        assert [each.seconds for each in notes] == [0.0, 0.0]

    def test_is_not_what_the_rate_limit_left_no_room_for(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, notes: Notes
    ) -> None:
        desk.answer(200, PLAN)
        billing = connect(
            toy,
            api_key=KEY,
            transport=desk.transport,
            rate_limit=RateLimit(1, per=60.0),
            deadline=0.05,
            hooks=[notes],
        )
        billing.get_plan("pln_1")
        with pytest.raises(NotSent, match="rate limit"):
            billing.get_plan("pln_1")
        assert len(notes) == 1

    def test_that_ctrl_c_breaks_off_is_told_by_that_name(
        self, toy: type[Provider], notes: Notes
    ) -> None:
        def interrupted(_: httpx.Request) -> httpx.Response:
            raise KeyboardInterrupt

        transport = httpx.MockTransport(interrupted)
        billing = Client(toy, api_key=KEY, transport=transport, hooks=[notes])
        with pytest.raises(KeyboardInterrupt):
            _ = billing.get_plan("pln_1")
        assert [each.failure for each in notes] == ["KeyboardInterrupt"]

    @pytest.mark.parametrize(
        ("backend", "name"), [("asyncio", "CancelledError"), ("trio", "Cancelled")]
    )
    def test_whose_task_is_canceled_is_told_by_that_name(
        self, toy: type[Provider], notes: Notes, backend: str, name: str
    ) -> None:
        async def silent(_: httpx.Request) -> httpx.Response:
            await anyio.sleep_forever()
            raise AssertionError

        async def main() -> None:
            transport = httpx.MockTransport(silent)
            async with AsyncClient(toy, api_key=KEY, transport=transport, hooks=[notes]) as billing:
                with anyio.move_on_after(0.01):
                    _ = await billing.get_plan("pln_1")

        anyio.run(main, backend=backend)
        assert [each.failure for each in notes] == [name]

    def test_that_is_given_up_by_nothing_in_particular_is_told_too(
        self, toy: type[Provider], notes: Notes
    ) -> None:
        billing: Any = Client(toy, api_key=KEY, hooks=[notes])
        exchange = billing._operations.get_plan("pln_1")
        _ = next(exchange)
        exchange.close()
        assert [each.failure for each in notes] == ["GeneratorExit"]


class TestTheRequestId:
    @pytest.mark.parametrize(
        ("headers", "body", "found"),
        [
            ({}, {"message": "no", "request_id": "req_8"}, "req_8"),
            ({"x-request-id": "req_9"}, {"message": "no"}, "req_9"),
            ({"x-request-id": "req_9"}, b"<html>", "req_9"),
            ({}, {"message": "no"}, None),
        ],
    )
    def test_of_a_refusal_is_read_as_the_provider_gives_it(
        self,
        billing: Any,
        desk: Any,
        notes: Notes,
        headers: Mapping[str, str],
        body: object,
        found: str | None,
    ) -> None:
        desk.answer(404, body, headers)
        with pytest.raises(NotFound):
            billing.get_plan("pln_1")
        assert notes[0].request_id == found

    @pytest.mark.parametrize("odd", ["john.doe@test.com", "a b", "x" * 129, f"id-{KEY}", ""])
    def test_that_looks_like_anything_else_is_not_told(
        self, billing: Any, desk: Any, notes: Notes, odd: str
    ) -> None:
        desk.answer(200, PLAN, {"x-request-id": odd})
        billing.get_plan("pln_1")
        assert notes[0].request_id is None

    def test_fails_no_call_when_the_plugin_cannot_read_it(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, notes: Notes
    ) -> None:
        class Careless(toy):  # type: ignore[valid-type, misc]
            def error_request_id(self, body: Any, headers: Mapping[str, str]) -> str | None:
                del headers
                return str(body["id"])

        desk.answer(200, PLAN)
        billing = connect(Careless, api_key=KEY, transport=desk.transport, hooks=[notes])
        assert billing.get_plan("pln_1").name == "Phone"
        assert notes[0].request_id is None


class TestAHook:
    def test_that_fails_changes_nothing_and_is_logged_once(
        self,
        connect: Callable[..., Any],
        toy: type[Provider],
        desk: Any,
        notes: Notes,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def careless(attempt: Attempt) -> None:
            raise LookupError(attempt.operation)

        billing = connect(toy, api_key=KEY, transport=desk.transport, hooks=[careless, notes])
        for _ in range(2):
            desk.answer(200, PLAN)
            assert billing.get_plan("pln_1").name == "Phone"

        (record,) = caplog.records
        assert (record.levelno, record.name) == (logging.WARNING, "subhub")
        assert "careless" in record.getMessage()
        assert record.exc_info is not None
        assert record.exc_info[0] is LookupError
        assert len(notes) == 2

    def test_that_is_an_object_is_named_by_its_class(
        self,
        connect: Callable[..., Any],
        toy: type[Provider],
        desk: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        class Careless:
            def __call__(self, attempt: Attempt) -> None:
                raise LookupError(attempt.operation)

            def __repr__(self) -> str:
                return "with a password in it"

        desk.answer(200, PLAN)
        billing = connect(toy, api_key=KEY, transport=desk.transport, hooks=[Careless()])
        billing.get_plan("pln_1")
        assert "Careless` failed" in caplog.text
        assert "password" not in caplog.text

    @pytest.mark.parametrize("hooks", [print, [None], ["print"]])
    def test_is_a_callable_in_a_list(self, toy: type[Provider], hooks: Any) -> None:
        with pytest.raises(ConfigError, match="`hooks` must be a list of "):
            _ = Client(toy, api_key=KEY, hooks=hooks)

    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_is_given_beside_a_configuration(self, folder: Path, kind: Any, notes: Notes) -> None:
        _ = (folder / "subhub.toml").write_text(
            '[accounts.shop]\nprovider = "afternoon"\nsandbox = true\n'
        )
        billing = kind.from_config(hooks=[notes])
        found: Any = billing.find_customer(external_id="nobody")
        if kind is AsyncClient:
            _ = anyio.run(lambda: found)
        assert {(each.provider, each.account) for each in notes} == {("afternoon", "shop")}


class TestTheLog:
    def test_holds_one_record_per_attempt_without_ids(
        self, billing: Any, desk: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        desk.fail(httpx.ConnectError("nobody listens"))
        desk.answer(200, PLAN, {"x-request-id": "req_7"})
        with caplog.at_level(logging.INFO, logger="subhub"):
            billing.get_plan("pln_1")

        first, retry, second = caplog.records
        assert first.getMessage().startswith(f"{TOLD} -> NotSent in 0.")
        assert retry.getMessage().startswith(f"{TOLD} is tried again after 0.")
        assert second.getMessage().startswith(f"{TOLD} -> 200 in 0.")
        assert second.getMessage().endswith(" s, attempt 2, request req_7")
        assert "pln_1" not in caplog.text
        assert KEY not in caplog.text

    def test_has_the_same_in_a_form_for_programs(
        self, billing: Any, desk: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        desk.answer(429, headers={"retry-after": "0"})
        desk.answer(200, PLAN)
        with caplog.at_level(logging.INFO, logger="subhub"):
            billing.get_plan("pln_1")

        facts = [each.__dict__["subhub"] for each in caplog.records]
        common = {
            "provider": "toy",
            "account": "toy",
            "operation": "get_plan",
            "method": "GET",
            "path": "/plans/{}",
        }
        answered = {**common, "event": "attempt", "failure": None, "request_id": None}
        first, second = facts[0]["seconds"], facts[2]["seconds"]
        assert facts == [
            {**answered, "number": 1, "status": 429, "seconds": first},
            {**common, "event": "retry", "seconds": 0.0},
            {**answered, "number": 2, "status": 200, "seconds": second},
        ]

    def test_says_at_debug_what_waits_for_the_rate_limit(
        self,
        connect: Callable[..., Any],
        toy: type[Provider],
        draft: PlanDraft,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        billing = connect(toy, sandbox=True, rate_limit=RateLimit(1, per=2.0))
        with caplog.at_level(logging.DEBUG, logger="subhub"):
            for _ in range(2):
                billing.create_plan(draft)

        waits = [each for each in caplog.records if each.levelno == logging.DEBUG]
        assert waits
        for each in waits:
            seconds = each.__dict__["subhub"]["seconds"]
            assert each.__dict__["subhub"]["event"] == "wait"
            assert 0 < seconds <= 2
            told = f"toy: create_plan: POST /plans/ waits for the rate limit for {seconds:.3f} s"
            assert each.getMessage() == told

    def test_is_told_nothing_while_nobody_reads_it(
        self,
        connect: Callable[..., Any],
        toy: type[Provider],
        desk: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        desk.answer(429, headers={"retry-after": "0"})
        desk.answer(200, PLAN)
        connect(toy, api_key=KEY, transport=desk.transport).get_plan("pln_1")
        assert not caplog.records


def test_the_page_about_it_shows_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[1] / "docs" / "observability.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(program, {})  # noqa: S102 - it is a page of ours
    assert capsys.readouterr().out == "Counter({('find_customer', 200): 1})\n"
