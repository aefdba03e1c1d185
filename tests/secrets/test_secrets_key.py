"""The key is nowhere but in the request: whatever can be printed, stored or logged is searched."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from typer.testing import CliRunner

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    NotSent,
    OutcomeUnknown,
    RateLimit,
    SubhubError,
    TransportError,
    WouldSend,
)
from subhub.cli.app import app
from subhub.plugin import Provider
from subhub.testing.cassettes.recording import record
from subhub.testing.provenance import Provenance
from tests.faults.server import Line, Script, answer
from tests.secrets.conftest import KEYS, Serve, somebody
from tests.secrets.echo import in_the_body, transport
from tests.secrets.scan import leaks

Connect = Callable[..., Any]
BOTH: tuple[type[Provider], ...] = (Afternoon, MijnKlantportaal)
both = pytest.mark.parametrize("provider", BOTH, ids=lambda each: each.name)


class Collector(logging.Handler):
    """Keeps every record."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def logged() -> Iterator[None]:
    """Everything that anybody logs, at every level, searched when the test is over."""
    collector = Collector()
    root = logging.getLogger()
    level = root.level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(level)
    root.removeHandler(collector)
    assert [each for each in collector.records if each.name == "subhub"]
    for each in collector.records:
        assert leaks(each, *KEYS.values()) == []


def closed(line: Line) -> None:
    _ = line.commit()


def stalled(line: Line) -> None:
    _ = line.commit()
    line.silence()


def cut(line: Line) -> None:
    line.send(answer(line.commit(), promise=90))


def garbage(line: Line) -> None:
    _ = line.commit()
    line.send(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n")


BROKEN: dict[str, tuple[Script, float]] = {
    "closed": (closed, 15),
    "stalled": (stalled, 0.3),
    "cut": (cut, 15),
    "garbage": (garbage, 15),
}


@both
def test_no_object_shows_it(connect: Connect, provider: type[Provider]) -> None:
    key = KEYS[provider.name]
    billing = connect(provider, api_key=key, base_url="http://127.0.0.1:9")
    for each in (billing.client, billing.client._account, billing.client._operations):
        assert leaks([repr(each), str(each), f"{each}"], key) == []


@both
@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.usefixtures("logged")
def test_a_lost_answer_does_not_tell_it(
    connect: Connect, serve: Serve, tmp_path: Path, provider: type[Provider], fault: str
) -> None:
    key, server = KEYS[provider.name], serve(provider)
    script, timeout = BROKEN[fault]
    settings = {"timeout": timeout, "attempts": 1, "journal": tmp_path / "journal"}
    for ask in ("create_customer", "get_customer"):
        server.break_after(0, script)
        billing = connect(provider, api_key=key, base_url=server.url, **settings)
        what = somebody(provider) if ask == "create_customer" else "c0123456789"
        if ask == "get_customer" and provider is MijnKlantportaal:
            what = "cst_abc12345def678"
        with pytest.raises(SubhubError) as caught:
            getattr(billing, ask)(what)
        assert leaks(caught.value, key) == []


@both
def test_what_was_never_sent_does_not_tell_it(connect: Connect, provider: type[Provider]) -> None:
    key = KEYS[provider.name]
    billing = connect(provider, api_key=key, base_url="https://nowhere.invalid", attempts=1)
    with pytest.raises(NotSent) as caught:
        billing.create_customer(somebody(provider))
    assert leaks(caught.value, key) == []


@both
@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadError, httpx.PoolTimeout])
def test_an_http_client_of_ones_own_does_not_tell_it(
    provider: type[Provider], kind: type[httpx.TransportError]
) -> None:
    """httpx hangs the request, with its headers, on the errors of its clients."""

    def fail(request: httpx.Request) -> httpx.Response:
        if kind is httpx.ReadError:
            request.extensions["trace"]("http11.send_request_headers.started", {})
        message = "it broke"
        raise kind(message, request=request)

    key = KEYS[provider.name]
    with httpx.Client(transport=httpx.MockTransport(fail)) as http_client:
        billing = Client(provider, api_key=key, http_client=http_client, attempts=1)
        with pytest.raises(TransportError) as caught:
            _ = billing.create_customer(somebody(provider))
    assert leaks(caught.value, key) == []


@both
def test_a_dry_run_shows_the_request_without_it(connect: Connect, provider: type[Provider]) -> None:
    key = KEYS[provider.name]
    billing = connect(provider, api_key=key, dry_run=True)
    with pytest.raises(WouldSend) as caught:
        billing.create_customer(somebody(provider))
    assert leaks(caught.value, key) == []
    assert leaks(caught.value.request.curl(), key) == []
    assert "[redacted]" in caught.value.request.curl()


@both
@pytest.mark.usefixtures("logged")
def test_no_file_holds_it(
    connect: Connect, serve: Serve, tmp_path: Path, provider: type[Provider]
) -> None:
    key, server = KEYS[provider.name], serve(provider)
    settings: dict[str, Any] = {"permits": tmp_path, "rate_limit": RateLimit(50, per=1.0)}
    settings |= {"journal": tmp_path / "journal", "base_url": server.url, "attempts": 1}
    billing = connect(provider, api_key=key, **settings)
    _ = billing.create_customer(somebody(provider))
    server.break_after(0, closed)
    _ = billing.close()
    billing = connect(provider, api_key=key, **settings)
    with pytest.raises(OutcomeUnknown) as caught:
        billing.create_customer(somebody(provider))
    assert caught.value.token
    found = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert len(found) >= 2
    for each in found:
        assert leaks([each.name, each.read_bytes()], key) == []


@both
def test_a_cassette_does_not_hold_it_even_if_the_provider_repeats_it(
    tmp_path: Path, provider: type[Provider]
) -> None:
    key, path = KEYS[provider.name], tmp_path / "cassette.yaml"
    moment = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    with record(path, Provenance.of(provider, "sandbox", moment)):
        wire = transport(in_the_body("as it is", 422), key)
        with (
            Client(provider, api_key=key, transport=wire, attempts=1) as billing,
            pytest.raises(SubhubError),
        ):
            _ = billing.create_customer(somebody(provider))
    assert "provenance" in path.read_text()
    assert leaks(path.read_bytes(), key) == []


MISTAKES = {
    "an unknown key": 'api_key = "{key}"\ncolour = "red"',
    "a wrong type": 'api_key = ["{key}"]',
    "a wrong mode": 'api_key = "{key}"\nmode = "test"',
    "a bad timeout": 'api_key = "{key}"\ntimeout = -1',
    "blanks": 'api_key = "{key} {key}"',
    "a line end": 'api_key = "{key}\\n"\nbase_url = "x"',
    "no TOML": 'api_key = "{key}',
    "twice": 'api_key = "{key}"\napi_key = "{key}"',
    "letters of another alphabet": 'api_key = "{key}é"',
    "another provider's": 'api_key = "x{key}"',
    "a password in the address": 'api_key = "{key}"\nbase_url = "https://me:{key}@api.example"',
    "a user in the address": 'api_key = "{key}"\nbase_url = "https://{key}@api.example"',
    "a query in the address": 'api_key = "{key}"\nbase_url = "https://api.example?key={key}"',
    "a fragment in the address": 'api_key = "{key}"\nbase_url = "https://api.example#{key}"',
    "an address in the clear": 'api_key = "{key}"\nbase_url = "http://me:{key}@api.example"',
    "not UTF-8": 'api_key = "{key}"\n# \udcff',
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_configuration_that_is_refused_does_not_tell_it(tmp_path: Path, mistake: str) -> None:
    key = KEYS["afternoon"]
    written = MISTAKES[mistake].replace("{key}", key)
    path = tmp_path / "subhub.toml"
    _ = path.write_text(
        f'[accounts.main]\nprovider = "afternoon"\n{written}\n', "utf-8", "surrogateescape"
    )
    with pytest.raises(ConfigError) as caught:
        _ = Client.from_config(path)
    assert leaks(caught.value, key) == []
    for words in (["check"], ["check", "--json"], ["customer", "get", "c0123456789"]):
        result = CliRunner().invoke(app, [*words, "--config", str(path)])
        assert result.exit_code == 2
        assert leaks([result.stdout, result.stderr], key) == []


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize(
    "address",
    ["https://me:{key}@a.example", "https://{key}@a.example", "https://a.example?k={key}"],
)
def test_a_key_in_the_address_is_refused_and_not_told(
    client: Callable[..., Any], address: str
) -> None:
    key = KEYS["afternoon"]
    with pytest.raises(ConfigError) as caught:
        client(Afternoon, api_key=key, base_url=address.replace("{key}", key))
    assert leaks(caught.value, key) == []


COMMANDS = [
    ["customer", "get", "c0123456789"],
    ["customer", "list"],
    ["customer", "create", "--name", "A", "--email", "a@b.example"],
    ["customer", "create", "--name", "A", "--email", "a@b.example", "--dry-run"],
    ["subscribe", "--plan", "phone_plan", "--name", "A", "--email", "a@b.example"],
    ["plan", "list"],
    ["check"],
    ["check", "--online"],
    ["doctor"],
    ["capabilities"],
]


@pytest.mark.parametrize("broken", [False, True], ids=["well", "broken"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.usefixtures("folder")
def test_no_command_prints_it(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    broken: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    key, server = KEYS["afternoon"], serve(Afternoon)
    text = '[accounts.main]\nprovider = "afternoon"\napi_key = "env:MARKED"\nattempts = 1\n'
    _ = Path("subhub.toml").write_text(f'{text}base_url = "{server.url}"\n')
    monkeypatch.setenv("MARKED", key)
    for each in (words, [*words, "--json"]):
        if broken:
            server.break_after(0, closed)
        result = CliRunner().invoke(app, each)
        assert result.exit_code in {0, 1, 3, 4}
        assert result.output
        assert leaks([result.stdout, result.stderr], key) == []
