"""What goes wrong before a byte of the request is sent, and what goes wrong while it is sent."""

from __future__ import annotations

import inspect
import ssl
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import AsyncClient, Client, NotSent, OutcomeUnknown, SubhubError
from tests.faults.cells import CHANGES, PLAN, Change, World
from tests.faults.few import slow_except
from tests.faults.server import BreakingServer, Line, Script

Serve = Callable[..., BreakingServer]
Ask = Callable[..., Any]
SOME = CHANGES[::3]
TRANSPORTS = {Client: httpx.HTTPTransport, AsyncClient: httpx.AsyncHTTPTransport}


@pytest.fixture(params=["sync", "asyncio", "trio"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Make a client of a world's provider, let it make a change, and close it."""

    def ask_once(
        world: World,
        call: Callable[[Any, World], Any],
        url: str,
        trust: ssl.SSLContext | None = None,
        **settings: Any,
    ) -> Any:
        given: dict[str, Any] = {"attempts": 1, "timeout": 15, **settings}
        given |= {"api_key": world.fake.api_key, "clock": world.fake.clock.now, "base_url": url}
        kind = Client if request.param == "sync" else AsyncClient
        if trust is not None:
            given["transport"] = TRANSPORTS[kind](verify=trust)

        async def main() -> Any:
            billing = kind(world.provider, **given)
            try:
                result = call(billing, world)
                return await result if inspect.isawaitable(result) else result
            finally:
                closing = billing.close()
                if inspect.isawaitable(closing):
                    await closing

        return anyio.run(main, backend="asyncio" if request.param == "sync" else request.param)

    return ask_once


def hello_then(*pieces: bytes) -> Script:
    """Answer the client's hello with this."""

    def script(line: Line) -> None:
        _ = line.read(1)
        line.send(*pieces)

    return script


def reset_in_the_hello(line: Line) -> None:
    _ = line.read(1)
    line.reset()


def silent_in_the_hello(line: Line) -> None:
    line.silence()


ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""TLS for "I cannot agree to any of that"."""
HANDSHAKES: dict[str, Script] = {
    "garbage": hello_then(b"\x00\xffwhat?\r\n\r\n"),
    "HTTP": hello_then(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "alert": hello_then(ALERT),
    "closed": hello_then(),
    "reset": reset_in_the_hello,
    "silence": silent_in_the_hello,
}


@pytest.mark.parametrize("change", slow_except(CHANGES[:1], CHANGES), ids=str)
def test_a_name_that_does_not_resolve_was_not_sent(ask: Ask, change: Change) -> None:
    world = World(change.provider)
    with pytest.raises(NotSent, match="was not sent") as caught:
        ask(world, change.call, "https://nowhere.invalid")
    assert (world.asked, caught.value.completed) == (0, ())


@pytest.mark.parametrize("script", HANDSHAKES.values(), ids=HANDSHAKES)
@pytest.mark.parametrize("change", slow_except(CHANGES[:1], CHANGES[:2]), ids=str)
def test_a_handshake_that_fails_sent_nothing(
    ask: Ask,
    serve: Serve,
    untrusted: ssl.SSLContext,
    trusting: ssl.SSLContext,
    change: Change,
    script: Script,
) -> None:
    world = World(change.provider)
    server = serve(world.fake, untrusted)
    server.break_after(0, script)
    waits = script is silent_in_the_hello
    with pytest.raises(NotSent):
        ask(world, change.call, server.url, trusting, timeout=0.3 if waits else 15)
    assert world.asked == 0


@pytest.mark.parametrize("change", slow_except(SOME[:1], SOME), ids=str)
def test_a_certificate_that_nobody_trusts_sent_nothing(
    ask: Ask, serve: Serve, untrusted: ssl.SSLContext, change: Change
) -> None:
    world = World(change.provider)
    server = serve(world.fake, untrusted)
    with pytest.raises(NotSent):
        ask(world, change.call, server.url)
    assert world.asked == 0


@pytest.mark.parametrize("change", slow_except(SOME[:1], SOME), ids=str)
def test_what_was_not_sent_is_sent_again_and_done_once(
    ask: Ask,
    serve: Serve,
    untrusted: ssl.SSLContext,
    trusting: ssl.SSLContext,
    change: Change,
) -> None:
    world = World(change.provider)
    server = serve(world.fake, untrusted)
    server.break_after(0, HANDSHAKES["garbage"])
    assert ask(world, change.call, server.url, trusting, attempts=2).id
    assert len(world.made) == 1 + change.made_before


@pytest.mark.parametrize("after", [False, True], ids=["before the change", "after the change"])
@pytest.mark.parametrize("change", slow_except(CHANGES[:1], CHANGES[:2]), ids=str)
def test_an_encrypted_connection_that_ends_leaves_the_outcome_unknown(
    ask: Ask,
    serve: Serve,
    untrusted: ssl.SSLContext,
    trusting: ssl.SSLContext,
    change: Change,
    after: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    def ends(line: Line) -> None:
        line.secure(untrusted)
        asked = line.request()
        if after:
            _ = world.fake.receive(asked)
        line.reset()

    world = World(change.provider)
    server = serve(world.fake, untrusted)
    server.break_after(0, ends)
    with pytest.raises(OutcomeUnknown) as caught:
        ask(world, change.call, server.url, trusting, attempts=3)
    assert len(world.made) == after
    with world.asked_again(server.url) as billing:
        found = billing.resolve(caught.value.token or "", grace_period=1)
    assert found.outcome == (change.done if after else "not_done")


LONG = "x" * 16_000_000
"""More than the buffers of both sides hold together."""


def make_a_long_plan(billing: Any, _: World) -> Any:
    return billing.create_plan(PLAN.model_copy(update={"name": "New", "description": LONG}))


@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
@pytest.mark.parametrize("reads", slow_except([0], [0, 100_000]))
def test_a_body_that_is_not_taken_leaves_the_outcome_unknown(
    ask: Ask, serve: Serve, reads: int
) -> None:
    def stops_reading(line: Line) -> None:
        _ = line.read(reads)
        line.stall()

    world = World(MijnKlantportaal)
    server = serve(world.fake)
    server.break_after(0, stops_reading)
    with pytest.raises(OutcomeUnknown, match="WriteTimeout") as caught:
        ask(world, make_a_long_plan, server.url, timeout=0.4)
    with world.asked_again(server.url) as billing:
        assert billing.resolve(caught.value.token or "", grace_period=1).outcome == "not_done"
    assert world.asked == 0


@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
def test_an_answer_that_comes_before_the_body_was_taken_is_an_answer(
    ask: Ask, serve: Serve
) -> None:
    def too_long(line: Line) -> None:
        _ = line.head()
        line.send(b"HTTP/1.1 413 Too Long\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        line.silence()

    world = World(MijnKlantportaal)
    server = serve(world.fake)
    server.break_after(0, too_long)
    with pytest.raises(SubhubError) as caught:
        ask(world, make_a_long_plan, server.url)
    assert getattr(caught.value, "status", None) == 413
    assert world.asked == 0
