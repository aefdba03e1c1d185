"""The proxy that the environment names is used, as by every other program on the machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from subhub import NotFound, NotSent, PlanDraft
from subhub.plugin import Provider

NOWHERE = "http://localhost:9"
ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Proxy:
    """Answers one request with 404, and keeps its first line."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.asked = ""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError:
            return
        with connection:
            self.asked = connection.recv(65536).split(b"\r\n")[0].decode()
            connection.sendall(ANSWER)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    running = Proxy()
    yield running
    running.close()


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_request_goes_through_the_proxy(
    proxy: Proxy,
    connect: Callable[..., Any],
    toy: type[Provider],
    draft: PlanDraft,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    scheme: str,
) -> None:
    monkeypatch.setenv(variable, f"{scheme}127.0.0.1:{proxy.port}")

    with pytest.raises(NotFound):
        connect(toy, api_key="test_0123456789", base_url=NOWHERE).create_plan(draft)

    assert proxy.asked.startswith(f"POST {NOWHERE}/")


def test_an_excepted_host_is_asked_directly(
    proxy: Proxy,
    connect: Callable[..., Any],
    toy: type[Provider],
    draft: PlanDraft,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "localhost")

    with pytest.raises(NotSent):
        connect(toy, api_key="test_0123456789", base_url=NOWHERE).create_plan(draft)

    assert proxy.asked == ""
