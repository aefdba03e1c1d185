"""Who may reach a served sandbox, and for how long a request may take to arrive."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, ServedAccount, is_exposed, listen, origin_of
from subhub.server.origin_guard import csrf_refusal, host_refusal
from subhub.server.program import serving

ANY = "0.0.0.0"  # noqa: S104 - it is what is tested
PATIENCE = 0.3
HEAD = b"POST /afternoon/main/v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str | None, int | None]]:
    """Return where a sandbox is served that is less patient than usual."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(load("afternoon"), "main", {})
        with serving(Application(sandbox, read_timeout=PATIENCE), listening):
            parts = urlsplit(sandbox.origin)
            yield parts.hostname, parts.port


class TestGuard:
    @pytest.mark.parametrize(
        ("host", "nearby", "exposed"),
        [
            *(
                (name, None, None)
                for name in ("127.0.0.1", "LOCALHOST:8420", "[::1]:1", "127.9.9.9")
            ),
            *((name, 421, None) for name in ("192.168.1.2:8420", "sandbox:8420", "[fe80::1]")),
            *((name, 421, 421) for name in ("evil.example", "localhost.evil.example")),
            *((name, 400, 400) for name in ("", "127.0.0.1@evil.example", "a b", "[::1", "a:b")),
        ],
    )
    def test_accepts_only_hosts_that_can_be_this_machine(
        self, host: str, nearby: int | None, exposed: int | None
    ) -> None:
        scope = {"headers": [(b"host", host.encode())]}

        for status, wide in ((nearby, False), (exposed, True)):
            refusal = host_refusal(scope, "http://127.0.0.1:8420", exposed=wide)
            assert (refusal and refusal.status_code) == status

    def test_accepts_the_names_that_it_was_given(self) -> None:
        for host, status in (("sandbox:8420", None), ("hook.test", None), ("evil.test", 421)):
            scope = {"headers": [(b"host", host.encode())]}
            refusal = host_refusal(
                scope, "http://sandbox:8420", exposed=False, hosts=frozenset({"hook.test"})
            )
            assert (refusal and refusal.status_code) == status

    def test_accepts_its_own_pages_behind_a_proxy_with_https(self) -> None:
        for sender, status in (("https://bills.test", None), ("https://evil.test", 403)):
            headers = [(b"host", b"bills.test"), (b"origin", sender.encode())]
            refusal = csrf_refusal({"method": "POST", "headers": headers}, "https://bills.test")
            assert (refusal and refusal.status_code) == status

    @pytest.mark.parametrize("path", ["/", "/_sandbox", "/afternoon/main/v1/customers"])
    def test_refuses_other_sites(self, served: Sandbox, path: str) -> None:
        named = httpx.get(f"{served.origin}{path}", headers={"host": "evil.example"})
        sent = httpx.post(f"{served.origin}{path}", headers={"origin": "http://evil.example"})

        assert (named.status_code, sent.status_code) == (421, 403)

    @pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", False), (ANY, True)])
    def test_knows_whether_other_machines_can_reach_it(self, host: str, *, expected: bool) -> None:
        with listen(host, 0) as listening:
            assert is_exposed(listening) is expected


class TestArriving:
    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"", b"408"),
            (b"POST /afternoon", b"408"),
            (HEAD + b"Content-Length: 20\r\n\r\n{", b"408"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", b"408"),
            # it is answered before its end, and the rest never comes
            (HEAD + b"Content-Length: 400000\r\n\r\n" + b" " * 300_000, b"413"),
            # a whole request, and half of another behind it
            (HEAD + b"Content-Length: 2\r\n\r\n{}" + HEAD, b"401"),
        ],
    )
    def test_ends_a_request_that_does_not_come_to_its_end(
        self, address: tuple[str, int], content: bytes, status: bytes
    ) -> None:
        with socket.create_connection(address, timeout=3) as connection:
            connection.sendall(content)
            received = b""
            while part := connection.recv(65_536):  # until the server closes it
                received += part

        assert received.startswith(b"HTTP/1.1 " + status)

    def test_keeps_a_connection_between_requests(self, address: tuple[str, int]) -> None:
        connection = HTTPConnection(*address, timeout=5)
        connection.connect()
        connection.auto_open = 0  # it may not connect again
        for _ in range(2):
            connection.request("POST", "/afternoon/main/v1/customers", b"{}")
            assert connection.getresponse().read()
            time.sleep(2 * PATIENCE)
        connection.close()

    def test_half_of_a_request_changes_nothing(
        self, afternoon: ServedAccount, dashboard: Callable[[ServedAccount], str]
    ) -> None:
        parts = urlsplit(dashboard(afternoon))
        for path in ("/afternoon/main/v1/customers", parts.path):
            with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n"
                connection.sendall(head.encode() + b"do=reset")

        assert httpx.get(dashboard(afternoon)).status_code == 200
        assert not afternoon.fake.exchanges
