"""Bounds of a request and its answer: time, size, process, event loop, and one answer for one."""

# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import gzip
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    RateLimit,
    RateLimited,
    TransportError,
)
from subhub.sending.transport.bodies import NotDecoded, TooLarge, decoded
from subhub.sending.transport.environment import proxy_for, trusted
from subhub.sending.transport.http import Transfer
from subhub.sending.transport.network import Network, in_turn

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from tests.conftest import Desk, Toy

KEY = "test_0123456789"
GOOD = b'{"id": "pln_1", "name": "A"}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(GOOD), GOOD)
OTHER = PLAIN.replace(b"pln_1", b"pln_2")
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Loopback:
    """Answers each request on each connection with what `reply` returns; counts connections."""

    def __init__(self) -> None:
        self.reply: Callable[[socket.socket], bytes] = lambda _: PLAIN
        self.connections = 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while connection.recv(65536):
                    connection.sendall(self.reply(connection))
            except OSError:
                pass


@pytest.fixture
def server() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.listening.close()


def test_a_connection_on_which_more_than_the_answer_came_is_not_used_again(
    using: Callable[..., Any], server: Loopback
) -> None:
    answers = iter([PLAIN + OTHER, PLAIN])
    server.reply = lambda _: next(answers)

    assert using(server.url, ("get_plan", "pln_1"), ("get_plan", "pln_1")).id == "pln_1"
    assert server.connections == 2


def test_a_connection_that_received_something_while_idle_is_not_used_again(
    toy: type[Toy], server: Loopback
) -> None:
    with Client(toy, api_key=KEY, base_url=server.url, attempts=1) as client:
        open_connections: list[socket.socket] = []

        def reply(connection: socket.socket) -> bytes:
            open_connections.append(connection)
            return PLAIN

        server.reply = reply
        _ = client.get_plan("pln_1")
        open_connections[0].sendall(OTHER)
        time.sleep(0.1)
        assert client.get_plan("pln_1").id == "pln_1"
    assert server.connections == 2


def test_a_deadline_ends_an_answer_that_trickles(
    using: Callable[..., Any], server: Loopback, draft: PlanDraft
) -> None:
    def trickle(connection: socket.socket) -> bytes:
        for _ in range(20):
            connection.sendall(b"H")
            time.sleep(0.1)
        return b""

    server.reply = trickle
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        using(server.url, ("create_plan", draft), deadline=0.3)
    assert time.monotonic() - began < 1.5


# httpcore leaves its generator behind when nobody reads on, and trio complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("packed", [False, True], ids=["as it comes", "unpacked"])
def test_an_answer_that_is_too_large_is_not_held(
    using: Callable[..., Any],
    server: Loopback,
    draft: PlanDraft,
    packed: bool,  # noqa: FBT001
) -> None:
    body = gzip.compress(b" " * 100_000) if packed else b" " * 3000
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""
    server.reply = lambda _: (
        b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (encoding, len(body), body)
    )

    with pytest.raises(InvalidReply, match=r"more than 2000 bytes.*max_response_bytes"):
        using(server.url, ("get_plan", "pln_1"), max_response_bytes=2000)
    with pytest.raises(OutcomeUnknown, match="more than 2000 bytes") as caught:
        using(server.url, ("create_plan", draft), max_response_bytes=2000)
    assert caught.value.token is not None


def test_a_size_that_holds_nothing_is_refused(toy: type[Toy]) -> None:
    with pytest.raises(ConfigError, match="max_response_bytes"):
        _ = Client(toy, api_key=KEY, max_response_bytes=0)


def test_encodings_are_undone_in_their_order_and_within_the_limit() -> None:
    assert decoded(b"", "gzip", 9) == b""
    assert decoded(zlib.compress(GOOD), "deflate", 99) == GOOD
    raw = zlib.compressobj(wbits=-15)
    assert decoded(raw.compress(GOOD) + raw.flush(), "identity, deflate", 99) == GOOD
    assert decoded(gzip.compress(zlib.compress(GOOD)), "deflate, gzip", 99) == GOOD
    with pytest.raises(TooLarge):
        _ = decoded(gzip.compress(GOOD), "gzip", 3)
    for content, encoding in ((gzip.compress(GOOD)[:-9], "gzip"), (GOOD, "br"), (GOOD, "gzip")):
        with pytest.raises(NotDecoded):
            _ = decoded(content, encoding, 99)


def test_a_forked_child_opens_connections_of_its_own(toy: type[Toy], server: Loopback) -> None:
    with Client(toy, api_key=KEY, base_url=server.url, attempts=1) as client:
        _ = client.get_plan("pln_1")
        child = os.fork()
        if not child:
            status = 1
            try:
                status = int(client.get_plan("pln_1").id != "pln_1")
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert server.connections == 2
        # As the child does it, where coverage sees it.
        own = client._sender._own
        assert own is not None
        own.connections.process = -1
        assert client.get_plan("pln_1").id == "pln_1"
    assert server.connections == 3


def test_a_client_outlives_an_event_loop(toy: type[Toy], server: Loopback) -> None:
    client = AsyncClient(toy, api_key=KEY, base_url=server.url, attempts=1)

    async def read() -> str:
        return (await client.get_plan("pln_1")).id

    assert {anyio.run(read, backend=each) for each in ("asyncio", "asyncio", "trio")} == {"pln_1"}
    assert server.connections == 3
    anyio.run(client.close)


def test_a_client_that_was_never_used_is_closed(toy: type[Toy]) -> None:
    anyio.run(AsyncClient(toy, api_key=KEY).close)


@pytest.mark.parametrize("answer", [b"407 Proxy Authentication", b"502 Bad Gateway"], ids=str)
def test_what_a_proxy_refuses_was_not_sent(
    using: Callable[..., Any],
    server: Loopback,
    draft: PlanDraft,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
) -> None:
    _clean(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    server.reply = lambda _: b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % answer

    with pytest.raises(NotSent, match=rf"ProxyError: {answer[:3].decode()}.*check the proxy"):
        using("https://nowhere.invalid", ("create_plan", draft))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "socks4://127.0.0.1:1080"),
        ("https_proxy", "http://user:p#ss@proxy.example:8080"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ("SSL_CERT_DIR", "/nowhere"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    toy: type[Toy], monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    _clean(monkeypatch)
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError, match=variable) as caught:
        _ = Client(toy, api_key=KEY)

    assert "p#ss" not in str(caught.value)


def test_a_proxy_with_tls_trusts_the_same_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    _clean(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "https://user:secret@proxy.example:8443")
    proxy = proxy_for("https://api.example.com")
    assert proxy is not None
    assert proxy.ssl_context is trusted()
    monkeypatch.setenv("SSL_CERT_DIR", str(Path(ssl.__file__).parent))
    assert trusted() is not proxy.ssl_context


def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_a_hook_that_reads_the_answer_of_a_lent_client_takes_nothing_away(
    toy: type[Toy], server: Loopback
) -> None:
    def read(response: httpx.Response) -> None:
        _ = response.read()

    async def aread(response: httpx.Response) -> None:
        _ = await response.aread()

    with httpx.Client(event_hooks={"response": [read]}, timeout=None) as lent:  # noqa: S113 - its own is none
        client = Client(toy, api_key=KEY, base_url=server.url, http_client=lent, deadline=5)
        assert client.get_plan("pln_1").id == "pln_1"
        assert client.with_options(deadline=None).get_plan("pln_1").id == "pln_1"

    async def main() -> str:
        async with httpx.AsyncClient(event_hooks={"response": [aread]}) as lent:
            given = AsyncClient(toy, api_key=KEY, base_url=server.url, http_client=lent)
            return (await given.get_plan("pln_1")).id

    assert anyio.run(main) == "pln_1"


def test_what_a_server_repeats_stands_in_no_error(
    using: Callable[..., Any], server: Loopback, draft: PlanDraft
) -> None:
    location = b"https://me:pw@x.test/a?key=secret#b"
    echo = b"HTTP/1.1 307 X\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % location
    server.reply = lambda _: echo
    with pytest.raises(InvalidReply, match=r"redirects to x\.test/a,"):
        using(server.url, ("create_plan", draft))

    server.reply = lambda _: b"Authorization: secret\r\n\r\n"
    with pytest.raises(OutcomeUnknown) as caught:
        using(server.url, ("create_plan", draft))
    assert "secret" not in f"{caught.value}{caught.value.__cause__}"


class TestAnAnswerToAnotherCall:
    @pytest.mark.parametrize(
        ("call", "reply"),
        [
            (lambda client: client.get_plan("pln_1"), {"id": "pln_2"}),
            (lambda client: client.get_customer("cst_1"), {"id": "cst_2"}),
            (lambda client: client.get_subscription("sub_1"), {"id": "sub_2"}),
        ],
        ids=["plan", "customer", "subscription"],
    )
    def test_is_no_reading(
        self, connect: Any, toy: type[Toy], desk: Desk, call: Any, reply: Any
    ) -> None:
        desk.answer(200, reply)
        billing = connect(toy, api_key=KEY, transport=desk.transport)
        with pytest.raises(InvalidReply, match="another object: its `id`"):
            call(billing)

    @pytest.mark.parametrize(
        "call",
        [
            lambda client: client.update_plan("pln_1", name="A"),
            lambda client: client.update_customer("cst_1", city="Gouda"),
            lambda client: client.cancel_subscription("sub_1", when="now"),
            lambda client: client.update_subscription("sub_1", description="A"),
            lambda client: client.change_subscription("sub_1", plan="pln_1", when="now"),
        ],
        ids=["plan", "customer", "cancel", "update", "change"],
    )
    def test_leaves_a_change_unknown(
        self, connect: Any, toy: type[Toy], desk: Desk, call: Any
    ) -> None:
        desk.answer(200, {"id": "other"})
        billing = connect(toy, api_key=KEY, transport=desk.transport)
        with pytest.raises(OutcomeUnknown, match="another object: its `id`") as caught:
            call(billing)
        assert caught.value.token is not None

    def test_of_another_customer_leaves_a_sale_unknown(
        self, connect: Any, toy: type[Toy], desk: Desk
    ) -> None:
        desk.answer(200, {"id": "sub_1", "customer": "cst_2"})
        billing = connect(toy, api_key=KEY, transport=desk.transport)
        with pytest.raises(OutcomeUnknown, match="its `customer_id`"):
            billing.subscribe(plan="pln_1", customer="cst_1")

    def test_may_show_the_id_that_was_asked_for_in_another_field(
        self, connect: Any, toy: type[Toy], desk: Desk
    ) -> None:
        billing = connect(toy, api_key=KEY, transport=desk.transport)
        desk.answer(200, {"id": "x_1", "reference": "cst_1"})
        assert billing.get_customer("cst_1").id == "x_1"
        desk.answer(200, {"id": "x_1", "reference": "cst_1"})
        with pytest.raises(OutcomeUnknown, match="another object"):
            billing.update_customer("cst_1", city="Gouda")

    def test_that_is_only_an_id_is_no_sale(self) -> None:
        from subhub import Subscription  # noqa: PLC0415
        from subhub.plugin import done  # noqa: PLC0415
        from subhub.sending.engine import answered  # noqa: PLC0415

        only = Subscription(provider="toy", id="zzz")
        flow = answered(done(only), change=True)
        with pytest.raises(OutcomeUnknown, match="nothing of a subscription"):
            _ = next(flow)


class TestMaxWait:
    def test_ends_a_wait_for_the_rate_limit(self, connect: Any, toy: type[Toy], desk: Desk) -> None:
        desk.answer(200, {"id": "pln_1"})
        limit = RateLimit(1, per=60)
        billing = connect(
            toy, api_key=KEY, transport=desk.transport, rate_limit=limit, max_wait=0.01
        )
        billing.get_plan("pln_1")
        with pytest.raises(RateLimited, match=r"was not sent.*`max_wait` of 0\.01 s") as caught:
            billing.get_plan("pln_1")
        assert caught.value.retry_after is not None
        assert caught.value.retry_after > 0

    def test_ends_what_the_provider_asks_to_wait(
        self, connect: Any, toy: type[Toy], desk: Desk
    ) -> None:
        desk.answer(429, headers={"retry-after": "30"})
        billing = connect(toy, api_key=KEY, transport=desk.transport, max_wait=1)
        with pytest.raises(RateLimited) as caught:
            billing.get_plan("pln_1")
        assert (caught.value.retry_after, caught.value.status) == (30, 429)

    def test_must_not_be_negative(self, toy: type[Toy]) -> None:
        with pytest.raises(ConfigError, match="max_wait"):
            _ = Client(toy, api_key=KEY, sandbox=True).with_options(max_wait=-1)


def test_a_429_without_headers_ends_as_rate_limited_when_the_deadline_leaves_no_time(
    connect: Any, toy: type[Toy], desk: Desk
) -> None:
    desk.answer(429)
    limit = RateLimit(100, per=60)
    billing = connect(toy, api_key=KEY, transport=desk.transport, rate_limit=limit, deadline=30)
    with pytest.raises(RateLimited):
        billing.get_plan("pln_1")


def test_a_long_wait_is_a_warning(
    connect: Any, toy: type[Toy], desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answer(503, headers={"retry-after": "1.01"})
    desk.answer(200, {"id": "pln_1"})
    connect(toy, api_key=KEY, transport=desk.transport).get_plan("pln_1")
    assert [each.levelname for each in caplog.records] == ["WARNING"]


def test_a_host_without_an_answer_in_time_was_not_reached(
    using: Callable[..., Any], draft: PlanDraft
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as filler:
        filler.connect(full.getsockname())
        with pytest.raises((NotSent, TransportError)):
            using(f"http://127.0.0.1:{full.getsockname()[1]}", ("create_plan", draft), timeout=0.2)


def test_a_client_that_is_closed_meanwhile_keeps_no_connection(
    toy: type[Toy], server: Loopback
) -> None:
    client = Client(toy, api_key=KEY, base_url=server.url)

    def closing(_: socket.socket) -> bytes:
        client.close()
        return PLAIN

    server.reply = closing
    assert client.get_plan("pln_1").id == "pln_1"
    own = client._sender._own
    assert own is not None
    assert own.connections._idle == []

    async def main() -> None:
        other = AsyncClient(toy, api_key=KEY, base_url=server.url)
        arrived = threading.Event()

        def slow(_: socket.socket) -> bytes:
            arrived.set()
            time.sleep(0.1)
            return PLAIN

        server.reply = slow
        async with anyio.create_task_group() as group:
            _ = group.start_soon(other.get_plan, "pln_1")
            _ = await anyio.to_thread.run_sync(arrived.wait)
            await other.close()
        own = other._sender._own
        assert own is not None
        assert own.connections._idle == []

    anyio.run(main)


def test_a_transfer_whose_time_is_over_takes_nothing_more() -> None:
    over = Transfer(timeout=1, seconds=-1, limit=9)
    with pytest.raises(TimeoutError):
        _ = over.positive()
    with pytest.raises(httpx.ReadTimeout):
        _ = over.take(b"a")
    with pytest.raises(TimeoutError):
        _ = list(in_turn([("an address",)], until=0.0))


def test_an_address_that_httpx_cannot_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        _ = Network.to("https://[::1")


def test_a_stream_of_a_callers_own_may_break_off(toy: type[Toy]) -> None:
    class Parts:
        async def __anext__(self) -> bytes:
            raise httpx.ReadError("gone")

        def __aiter__(self) -> Any:
            return self

    class Broken(httpx.AsyncByteStream):
        def __aiter__(self) -> Any:
            return Parts()

    async def main() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Broken()))
        async with AsyncClient(toy, api_key=KEY, transport=transport, attempts=1) as client:
            with pytest.raises(InvalidReply, match="broke off"):
                _ = await client.get_plan("pln_1")

    anyio.run(main)
