"""Telemetry: spans in programs that trace with OpenTelemetry, and nothing in all others."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from subhub import (
    AsyncClient,
    Attempt,
    Client,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    RateLimit,
)
from subhub.plugin import Provider

KEY = "test_0123456789"
PLAN = {"id": "pln_1", "name": "Phone"}


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Set OpenTelemetry up for one test; it can be set up only once in a process."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Callable[[], list[ReadableSpan]]:
    """The spans that have ended so far, in order."""
    return lambda: list(exporter.get_finished_spans())


@pytest.fixture
def billing(connect: Callable[..., Any], toy: type[Provider], desk: Any) -> Any:
    return connect(toy, api_key=KEY, transport=desk.transport)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


class TestASpan:
    def test_follows_the_conventions_for_http_clients(
        self, billing: Any, desk: Any, spans: Any
    ) -> None:
        desk.answer(200, PLAN)
        billing.get_plan("pln_1")

        (span,) = spans()
        assert (span.name, span.kind) == ("GET /v1/plans/{}", SpanKind.CLIENT)
        assert span.status.status_code is StatusCode.UNSET
        assert attributes(span) == {
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "server.address": "toy.test",
            "server.port": 443,
            "url.template": "/v1/plans/{}",
            "subhub.provider": "toy",
            "subhub.account": "toy",
            "subhub.operation": "get_plan",
        }

    def test_names_the_port_of_an_address_that_has_one(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, spans: Any
    ) -> None:
        desk.answer(200, PLAN)
        address = "http://localhost:8080"
        connect(toy, api_key=KEY, base_url=address, transport=desk.transport).get_plan("pln_1")
        found = attributes(spans()[0])
        assert (found["server.address"], found["server.port"]) == ("localhost", 8080)
        assert found["url.template"] == "/plans/{}"

    def test_is_made_of_each_attempt(self, billing: Any, desk: Any, spans: Any) -> None:
        desk.fail(httpx.ConnectError("nobody listens"))
        desk.answer(503, headers={"retry-after": "0"})
        desk.answer(200, PLAN)
        billing.get_plan("pln_1")

        first, second, third = spans()
        assert attributes(first)["error.type"] == "NotSent"
        assert "http.response.status_code" not in attributes(first)
        assert "http.request.resend_count" not in attributes(first)
        assert attributes(second)["error.type"] == "503"
        assert attributes(second)["http.request.resend_count"] == 1
        assert attributes(third)["http.request.resend_count"] == 2
        assert "error.type" not in attributes(third)
        codes = [each.status.status_code for each in (first, second, third)]
        assert codes == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]

    def test_of_a_refusal_is_an_error(self, billing: Any, desk: Any, spans: Any) -> None:
        desk.answer(404, {"message": "no plan pln_1"})
        with pytest.raises(NotFound):
            billing.get_plan("pln_1")
        assert attributes(spans()[0])["error.type"] == "404"
        assert spans()[0].status.status_code is StatusCode.ERROR

    def test_holds_no_key_no_id_and_nothing_of_a_body(
        self, billing: Any, desk: Any, spans: Any, draft: PlanDraft
    ) -> None:
        desk.answer(200, PLAN, {"x-request-id": "req_1"})
        desk.answer(422, {"message": f"john.doe@test.com {KEY}"})
        desk.fail(httpx.ReadError(f"reset {KEY}"))
        billing.get_plan("pln_1")
        for error in (Exception, OutcomeUnknown):
            with pytest.raises(error):
                billing.create_plan(draft)

        told = "".join(each.to_json() for each in spans())
        assert len(spans()) == 3
        assert not [each for each in (KEY, "pln_1", "req_1", "john", "Phone") if each in told]


class TestTheContext:
    def test_is_that_of_the_caller(self, billing: Any, desk: Any, spans: Any) -> None:
        desk.answer(200, PLAN)
        with trace.get_tracer("test").start_as_current_span("checkout") as checkout:
            billing.get_plan("pln_1")
            assert trace.get_current_span() is checkout

        span, parent = spans()
        assert span.parent.span_id == parent.context.span_id
        assert trace.get_current_span() is trace.INVALID_SPAN

    def test_is_each_tasks_own(self, toy: type[Provider], spans: Any) -> None:
        async def answered(request: httpx.Request) -> httpx.Response:
            with trace.get_tracer("test").start_as_current_span("inside"):
                await asyncio.sleep(0.001)
            return httpx.Response(200, json={"id": request.url.path[-5:]})

        async def checkout(billing: AsyncClient, number: int) -> None:
            with trace.get_tracer("test").start_as_current_span(f"checkout {number}") as mine:
                for _ in range(3):
                    _ = await billing.get_plan(f"pln_{number}")
                    assert trace.get_current_span() is mine

        async def main() -> None:
            transport = httpx.MockTransport(answered)
            async with AsyncClient(toy, api_key=KEY, transport=transport) as billing:
                _ = await asyncio.gather(*(checkout(billing, each) for each in range(8)))

        asyncio.run(main())
        found = {each.context.span_id: each for each in spans()}
        insides = [each for each in found.values() if each.name == "inside"]
        assert len(insides) == 24
        for inside in insides:
            ours = found[inside.parent.span_id]
            assert ours.name == "GET /v1/plans/{}"
            assert found[ours.parent.span_id].name.startswith("checkout")
            assert ours.context.trace_id == inside.context.trace_id

    def test_is_the_spans_while_a_hook_or_a_log_record_tells_of_it(
        self, connect: Callable[..., Any], toy: type[Provider], desk: Any, spans: Any
    ) -> None:
        current: list[int] = []

        def note(_: Attempt | logging.LogRecord) -> bool:
            current.append(trace.get_current_span().get_span_context().span_id)
            return True

        logger = logging.getLogger("subhub")
        before = logger.level
        logger.addFilter(note)
        logger.setLevel(logging.INFO)
        try:
            desk.answer(200, PLAN)
            connect(toy, api_key=KEY, transport=desk.transport, hooks=[note]).get_plan("pln_1")
        finally:
            logger.removeFilter(note)
            logger.setLevel(before)
        assert current == [spans()[0].context.span_id] * 2

    def test_is_left_as_it_was_when_a_task_is_canceled(
        self, toy: type[Provider], spans: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def silent(_: httpx.Request) -> httpx.Response:
            await anyio.sleep_forever()
            raise AssertionError

        async def main() -> None:
            transport = httpx.MockTransport(silent)
            async with AsyncClient(toy, api_key=KEY, transport=transport) as billing:
                with anyio.move_on_after(0.01):
                    _ = await billing.get_plan("pln_1")
                assert trace.get_current_span() is trace.INVALID_SPAN

        anyio.run(main)
        assert attributes(spans()[0])["error.type"] == "CancelledError"
        assert not caplog.records  # OpenTelemetry logs a context that cannot be left

    def test_is_not_sent_to_the_provider(self, billing: Any, desk: Any, spans: Any) -> None:
        desk.answer(200, PLAN)
        billing.get_plan("pln_1")
        assert len(spans()) == 1
        assert not {"traceparent", "tracestate", "baggage"} & set(desk.sent[0].headers)


class TestWithoutATracer:
    def test_that_works_a_call_works_all_the_same(
        self, billing: Any, desk: Any, spans: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Troublesome(SpanProcessor):
            def on_start(self, span: Any, parent_context: Any = None) -> None:
                raise LookupError(span, parent_context)

        provider: Any = trace.get_tracer_provider()
        provider.add_span_processor(Troublesome())
        for _ in range(2):
            desk.answer(200, PLAN)
            assert billing.get_plan("pln_1").name == "Phone"
        assert not spans()
        assert [each.levelno for each in caplog.records] == [logging.WARNING]

    def test_that_is_loaded_a_call_works_as_well(
        self, billing: Any, desk: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "opentelemetry.trace")
        desk.answer(200, PLAN)
        assert billing.get_plan("pln_1").name == "Phone"
        assert "opentelemetry.trace" not in sys.modules

    def test_that_is_half_loaded_a_call_works_as_well(
        self, billing: Any, desk: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "opentelemetry.trace", ModuleType("opentelemetry.trace"))
        desk.answer(200, PLAN)
        assert billing.get_plan("pln_1").name == "Phone"

    def test_that_is_set_up_nothing_is_begun(self) -> None:
        assert told("import opentelemetry.trace") == ["from the program", "True", "[]"]

    def test_that_is_loaded_nothing_is_loaded(self) -> None:
        assert told("pass") == ["from the program", "False", "[]"]

    def test_that_is_installed_nothing_is_missed(self) -> None:
        blocked = "sys.modules['opentelemetry'] = sys.modules['opentelemetry.trace'] = None"
        assert told(blocked) == ["from the program", "True", "[]"]

    def test_that_is_loaded_to_the_end_nothing_is_begun(self) -> None:
        half = "sys.modules['opentelemetry.trace'] = type(sys)('opentelemetry.trace')"
        assert told(half) == ["from the program", "True", "[]"]


class TestATracer:
    def test_may_be_set_up_after_the_client_was_made(self) -> None:
        later = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
ended = exporter.get_finished_spans
"""
        assert told(later)[2] == "['GET /v1/customers/search']"


def told(setting: str) -> list[str]:
    """Run *setting* in a fresh program that has a client, then call; gives what it prints."""
    source = f"""
import sys
from subhub import Client
billing = Client("afternoon", sandbox=True)
ended = list
{setting}
assert billing.find_customer(external_id="nobody") is None
print("from the program")
print("opentelemetry.trace" in sys.modules)
print([each.name for each in ended()])
"""
    command = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_a_sandbox_is_traced_as_well(
    connect: Callable[..., Any], toy: type[Provider], spans: Any, draft: PlanDraft
) -> None:
    connect(toy, sandbox=True).create_plan(draft)
    assert [each.name for each in spans()] == ["POST /v1/plans/"]


def test_what_is_not_handed_over_has_no_span(
    toy: type[Provider], spans: Any, draft: PlanDraft
) -> None:
    settings: dict[str, Any] = {"sandbox": True, "rate_limit": RateLimit(1, per=60.0)}
    with Client(toy, deadline=1.0, attempts=1, **settings) as billing:
        _ = billing.create_plan(draft)
        with pytest.raises(NotSent):
            _ = billing.create_plan(draft)
    assert len(spans()) == 1
