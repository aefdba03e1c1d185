"""A request that is broken off from within: Ctrl-C, and a task that is canceled."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import anyio
import httpx
import pytest

from subhub import AsyncClient, Client, OutcomeUnknown, PlanDraft
from subhub.plugin import Provider

KEY = "test_0123456789"


class Interrupted(httpx.BaseTransport):
    """Presses Ctrl-C, before or after the first byte was handed to the socket."""

    def __init__(self, *, began: bool) -> None:
        self._began = began

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._began:
            request.extensions["trace"]("http11.send_request_headers.started", {})
        raise KeyboardInterrupt


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_ctrl_c_after_the_first_byte_says_that_the_outcome_is_unknown(
    toy: type[Provider], draft: PlanDraft
) -> None:
    billing = Client(toy, api_key=KEY, transport=Interrupted(began=True))
    with pytest.raises(KeyboardInterrupt) as caught:
        _ = billing.create_plan(draft)
    assert isinstance(caught.value.__cause__, OutcomeUnknown)
    assert "may have been carried out" in str(caught.value.__cause__)


def test_ctrl_c_in_a_transport_that_reports_no_first_byte_says_the_same(
    toy: type[Provider], draft: PlanDraft
) -> None:
    billing = Client(toy, api_key=KEY, transport=Interrupted(began=False))
    with pytest.raises(KeyboardInterrupt) as caught:
        _ = billing.create_plan(draft)
    assert isinstance(caught.value.__cause__, OutcomeUnknown)
    assert caught.value.__cause__.token is not None


def test_an_interrupted_read_leaves_nothing_unknown(toy: type[Provider]) -> None:
    billing = Client(toy, api_key=KEY, transport=Interrupted(began=True))
    with pytest.raises(KeyboardInterrupt) as caught:
        _ = billing.get_plan("p1")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_canceled_task_says_that_the_outcome_is_unknown(
    toy: type[Provider], draft: PlanDraft, silent: str, backend: str
) -> None:
    causes: list[BaseException | None] = []

    async def main() -> None:
        async with AsyncClient(toy, api_key=KEY, base_url=silent) as billing:
            with anyio.move_on_after(0.3):
                try:
                    _ = await billing.create_plan(draft)
                except anyio.get_cancelled_exc_class() as canceled:
                    causes.append(canceled.__cause__)
                    raise

    anyio.run(main, backend=backend)

    assert [type(each) for each in causes] == [OutcomeUnknown]
