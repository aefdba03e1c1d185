"""The transport, against a server that breaks on purpose: what is known is said, and no more."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import pytest

from subhub import (
    Client,
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SubhubError,
    TransportError,
)

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from tests.conftest import Desk, Toy

HERE = "127.0.0.1"
GOOD = b'{"id": "pln_1", "name": "A"}'
Behaviour: TypeAlias = Callable[[socket.socket], None]


class Server:
    """Reads each request in full, then does to the connection what it was told to."""

    def __init__(self) -> None:
        self.behave: Behaviour = lambda connection: connection.sendall(answer(200, GOOD))
        self.received: list[bytes] = []
        self.done = threading.Event()
        self._socket = socket.create_server((HERE, 0))
        self.url = f"http://{HERE}:{self._socket.getsockname()[1]}/v1"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                request = _read(connection)
                if not request:  # the connection with which `close` wakes us
                    return
                self.received.append(request)
                self.behave(connection)

    def close(self) -> None:
        self.done.set()
        socket.create_connection(self._socket.getsockname()).close()
        self._thread.join()
        self._socket.close()


def _read(connection: socket.socket) -> bytes:
    """One request: the headers, and as many bytes of a body as they promise."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += (part := connection.recv(65536))
        if not part or received.startswith(b"\x16"):  # gone, or asking for TLS
            return received
    head, _, body = received.partition(b"\r\n\r\n")
    promised = next(
        (
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < promised:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(status: int, content: bytes, *headers: str, promise: int = 0) -> bytes:
    """A whole answer; *promise* is how many bytes more than there are it speaks of."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content) + promise}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says(content: bytes) -> Behaviour:
    return lambda connection: connection.sendall(content)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


Ask: TypeAlias = Callable[..., Any]


@pytest.fixture
def ask(using: Callable[..., Any]) -> Ask:
    """Make a client, ask it one thing, and close it."""

    def ask_once(url: str, operation: str, *args: Any, timeout: float = 5, **settings: Any) -> Any:
        return using(url, (operation, *args), timeout=timeout, **settings)

    return ask_once


def test_a_request_goes_out_whole_and_its_answer_comes_back(
    ask: Ask, server: Server, draft: PlanDraft
) -> None:
    assert ask(server.url, "create_plan", draft).id == "pln_1"
    server.behave = says(answer(200, GOOD.replace(b"pln_1", b"a b")))
    assert ask(server.url, "get_plan", "a b").name == "A"

    post, get = (each.split(b"\r\n") for each in server.received)
    host = server.url.removeprefix("http://").removesuffix("/v1").encode()
    assert post[0] == b"POST /v1/plans/ HTTP/1.1"
    assert get[0] == b"GET /v1/plans/a%20b HTTP/1.1"
    assert {b"Host: " + host, b"Authorization: Bearer test_0123456789"} <= {*post} & {*get}
    assert {b"Content-Type: application/json", b"Content-Length: 16"} <= {*post}
    assert post[-1] == b'{"name":"Phone"}'
    assert not any(line.lower().startswith(b"content-") for line in get)


def test_a_connection_that_is_refused_was_not_sent(ask: Ask, draft: PlanDraft) -> None:
    with socket.create_server((HERE, 0)) as taken:
        url = f"http://{HERE}:{taken.getsockname()[1]}"

    for operation, what in (("create_plan", draft), ("get_plan", "pln_1")):
        with pytest.raises(
            NotSent, match=r"was not sent \(ConnectError.*check the network"
        ) as caught:
            ask(url, operation, what)
        assert isinstance(caught.value.__cause__, httpx.ConnectError)


def test_a_host_that_does_not_exist_was_not_reached(ask: Ask, draft: PlanDraft) -> None:
    with pytest.raises(NotSent):
        ask("https://nowhere.invalid", "create_plan", draft)


def test_a_server_that_speaks_no_tls_was_not_reached(
    ask: Ask, server: Server, draft: PlanDraft
) -> None:
    server.behave = says(b"what?")

    with pytest.raises(NotSent):
        ask(server.url.replace("http://", "https://"), "create_plan", draft)


BROKEN: dict[str, Behaviour] = {
    "closed": lambda _: None,
    "reset": reset,
    "half a status line": says(b"HTTP/1.1 20"),
    "half the headers": says(b"HTTP/1.1 201 Created\r\nContent-Le"),
    "garbage": says(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n"),
}


@pytest.mark.parametrize("behave", BROKEN.values(), ids=BROKEN)
def test_without_an_answer_a_change_is_unknown_and_a_read_is_merely_lost(
    ask: Ask, server: Server, draft: PlanDraft, behave: Behaviour
) -> None:
    server.behave = behave

    with pytest.raises(OutcomeUnknown, match=r"may have been carried out.*before repeating"):
        ask(server.url, "create_plan", draft)
    with pytest.raises(TransportError, match=r"GET .* was not answered") as caught:
        ask(server.url, "get_plan", "pln_1")

    assert type(caught.value) is TransportError
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "begun", [b"", b"HTTP/1.1 201 Created\r\n"], ids=["silence", "half an answer"]
)
def test_an_answer_that_takes_too_long_is_no_answer(
    ask: Ask, server: Server, draft: PlanDraft, begun: bytes
) -> None:
    def stall(connection: socket.socket) -> None:
        connection.sendall(begun)
        _ = server.done.wait(0.6)

    server.behave = stall

    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        ask(server.url, "create_plan", draft, timeout=0.2)
    with pytest.raises(TransportError, match="ReadTimeout") as caught:
        ask(server.url, "get_plan", "pln_1", timeout=0.2)
    assert type(caught.value) is TransportError


def test_a_success_whose_document_broke_off_is_done(
    ask: Ask, server: Server, draft: PlanDraft
) -> None:
    server.behave = says(answer(201, GOOD[:9], promise=90))

    with pytest.raises(
        InvalidReply, match=r"answered HTTP 201, but .* broke off.* is done"
    ) as caught:
        ask(server.url, "create_plan", draft)

    assert (caught.value.status, caught.value.body) == (201, "")
    assert caught.value.operation == "create_plan"


def test_a_read_whose_document_broke_off_is_not_said_to_have_done_anything(
    ask: Ask, server: Server
) -> None:
    server.behave = says(answer(200, GOOD[:9], promise=90))

    with pytest.raises(InvalidReply, match="broke off") as caught:
        ask(server.url, "get_plan", "pln_1")

    assert "is done" not in str(caught.value)


def test_a_refusal_whose_document_broke_off_is_a_refusal(
    ask: Ask, server: Server, draft: PlanDraft
) -> None:
    server.behave = says(answer(422, b'{"mess', "X-Request-Id: r1", promise=90))

    with pytest.raises(Rejected, match="no message that could be read") as caught:
        ask(server.url, "create_plan", draft)

    assert caught.value.request_id == "r1"


def test_a_redirect_whose_document_broke_off_is_a_redirect(
    ask: Ask, server: Server, draft: PlanDraft
) -> None:
    server.behave = says(answer(302, b"Moved", "Location: /elsewhere", promise=90))

    with pytest.raises(InvalidReply, match="redirects to /elsewhere"):
        ask(server.url, "create_plan", draft)


def test_a_compressed_answer_is_read(ask: Ask, server: Server) -> None:
    server.behave = says(answer(200, gzip.compress(GOOD), "Content-Encoding: gzip"))

    assert ask(server.url, "get_plan", "pln_1").name == "A"


# httpx leaves its generators behind when the decoding fails, and trio, rightly, complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_answer_that_only_claims_to_be_compressed_is_an_invalid_reply(
    ask: Ask, server: Server, draft: PlanDraft
) -> None:
    server.behave = says(answer(201, GOOD, "Content-Encoding: gzip"))

    with pytest.raises(InvalidReply, match="DecodingError") as caught:
        ask(server.url, "create_plan", draft)

    assert caught.value.status == 201


def test_a_redirect_on_the_wire_is_not_followed(ask: Ask, server: Server) -> None:
    server.behave = says(answer(307, b"", f"Location: {server.url}/again"))

    with pytest.raises(InvalidReply, match="never followed"):
        ask(server.url, "get_plan", "pln_1")

    assert len(server.received) == 1


def test_neither_the_key_nor_whom_one_looked_for_is_told_of_a_lost_request(
    connect: Callable[..., Any], toy: type[Toy], desk: Desk
) -> None:
    desk.fail(httpx.ReadError("reset"))
    billing = connect(toy, api_key="test_0123456789", transport=desk.transport, attempts=1)

    with pytest.raises(SubhubError, match=r"GET https://toy\.test/v1/customers was not") as caught:
        billing.find_customer(email="secret@test.com")

    told = f"{caught.value} {caught.value.__cause__}"
    assert "test_0123456789" not in told
    assert "secret" not in told


def test_a_kept_connection_serves_many_requests(toy: type[Toy], server: Server) -> None:
    kept = answer(200, GOOD).replace(b"Connection: close\r\n", b"")
    turns = iter(range(3))

    def serve(connection: socket.socket) -> None:
        connection.sendall(kept)
        for _ in turns:
            server.received.append(_read(connection))
            connection.sendall(kept)

    server.behave = serve

    with Client(toy, api_key="test_1", base_url=server.url) as client:
        for _ in range(4):
            assert client.get_plan("pln_1").id == "pln_1"

    assert len(server.received) == 4


@pytest.mark.parametrize(
    ("variables", "proxied"),
    [
        ({}, False),
        ({"HTTPS_PROXY": "http://{proxy}"}, True),
        ({"HTTPS_PROXY": "{proxy}"}, True),
        ({"ALL_PROXY": "http://{proxy}"}, True),
        ({"HTTP_PROXY": "http://{proxy}"}, False),
        ({"HTTPS_PROXY": "http://{proxy}", "NO_PROXY": "nowhere.invalid"}, False),
    ],
    ids=str,
)
def test_a_proxy_is_used_as_the_environment_says(
    ask: Ask,
    server: Server,
    draft: PlanDraft,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    proxied: bool,  # noqa: FBT001
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    proxy = server.url.removeprefix("http://").removesuffix("/v1")
    for name, value in variables.items():
        monkeypatch.setenv(name.lower(), value.format(proxy=proxy))
    server.behave = says(answer(403, b"no"))

    with pytest.raises(TransportError):
        ask("https://nowhere.invalid", "create_plan", draft)

    assert [each.split()[0] for each in server.received] == [b"CONNECT"] * proxied
