"""An error has the request that it is about, without the key, and as a command that repeats it."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from subhub import (
    Client,
    CustomerDraft,
    InvalidReply,
    InvalidRequest,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    RateLimit,
    RateLimited,
    SubhubError,
    TransportError,
    WouldSend,
)
from subhub._version import __version__
from subhub.cli.app import app
from subhub.messages import PreparedRequest
from subhub.plugin import Flow, Provider
from subhub.sending.transport import HttpSender
from tests.capture import Answer, Asked, Capture, capturing
from tests.conftest import Caller, Desk, Toy

KEY = "test_0123456789"
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
PACKED = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
LINE = '{"message": "nobody here is called that"}'


def refuse(asked: Asked) -> Answer:
    """Answer in a packed form to whoever takes one."""
    assert "gzip" in asked.headers["accept-encoding"]
    return 404, PACKED, gzip.compress(LINE.encode())


@pytest.fixture
def capture() -> Iterator[Capture]:
    with capturing(refuse) as found:
        yield found


def about(error: SubhubError) -> PreparedRequest:
    request: PreparedRequest | None = getattr(error, "request", None)
    assert request is not None
    return request


def repeat(command: str, **variables: str) -> str:
    """Paste *command* into a shell."""
    ran = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*", **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return ran.stdout


# Which errors have one ----------------------------------------------------------------------------


def test_a_refusal_and_an_answer_that_cannot_be_read_have_their_request(
    billing: Caller, desk: Desk, draft: PlanDraft
) -> None:
    desk.answer(404, {"message": "gone"})
    with pytest.raises(NotFound) as refused:
        billing.get_plan("pln_1")
    assert about(refused.value).url == "https://toy.test/v1/plans/pln_1"
    desk.answer(201, {"status": "odd"})
    with pytest.raises(InvalidReply) as odd:
        billing.create_plan(draft)
    assert (about(odd.value).method, about(odd.value).content) == ("POST", b'{"name":"Phone"}')


@pytest.mark.parametrize(
    ("failure", "call", "kind"),
    [
        (httpx.ConnectError("no route"), "create_plan", NotSent),
        (httpx.ReadError("cut"), "create_plan", OutcomeUnknown),
        (ZeroDivisionError("a bug"), "create_plan", OutcomeUnknown),
        (httpx.ReadError("cut"), "get_plan", TransportError),
    ],
)
def test_a_request_without_an_answer_is_on_the_error(
    billing: Caller,
    desk: Desk,
    draft: PlanDraft,
    failure: Exception,
    call: str,
    kind: type[SubhubError],
) -> None:
    desk.fail(failure)
    with pytest.raises(kind) as caught:
        getattr(billing, call)(draft if call == "create_plan" else "pln_1")
    assert about(caught.value).headers["Authorization"] == "Bearer [redacted]"


def test_a_request_that_would_wait_too_long_is_on_the_error(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    limit = RateLimit(1, per=60.0)
    billing = connect(Toy, api_key=KEY, transport=desk.transport, rate_limit=limit, max_wait=0.1)
    desk.answer(200, {"id": "pln_1"})
    billing.get_plan("pln_1")
    with pytest.raises(RateLimited) as caught:
        billing.get_plan("pln_2")
    assert about(caught.value).url.endswith("/plans/pln_2")


def test_what_was_refused_here_has_none(billing: Caller) -> None:
    with pytest.raises(InvalidRequest) as caught:
        billing.get_plan("a/b")
    assert not hasattr(caught.value, "request")


class Second(Toy):
    """A provider that reads a plan again when the first time fails, and says why it did."""

    def get_plan(self, plan_id: str) -> Flow[Any]:
        try:
            return (yield from super().get_plan(plan_id))
        except NotFound as error:
            _ = yield from super().get_plan("pln_second")
            raise error from None


def test_an_error_keeps_the_request_that_it_came_from(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    billing = connect(Second, api_key=KEY, transport=desk.transport, attempts=1)
    desk.answer(404, {"message": "gone"})
    desk.answer(200, {"id": "pln_second"})
    with pytest.raises(NotFound) as caught:
        billing.get_plan("pln_1")
    assert about(caught.value).url.endswith("/plans/pln_1")


class Stubborn(Toy):
    """A provider whose headers cannot be written with anything but a real key."""

    def credentials(self, api_key: str) -> Mapping[str, str]:
        if api_key != KEY:
            message = "that is not a key"
            raise ValueError(message)
        return super().credentials(api_key)


class Early(Toy):
    """A provider that fails before it asks for anything."""

    def ping(self, times: int) -> Flow[int]:
        if times:
            message = "nothing to send it with"
            raise NotSent(message)
        return (yield from super().ping(times))


def test_a_request_that_cannot_be_shown_costs_no_error(
    connect: Callable[..., Caller], desk: Desk
) -> None:
    billing = connect(Stubborn, api_key=KEY, transport=desk.transport, attempts=1)
    desk.answer(404, {"message": "gone"})
    with pytest.raises(NotFound) as caught:
        billing.get_plan("pln_1")
    assert caught.value.request is None


def test_an_error_before_any_request_has_none(connect: Callable[..., Caller]) -> None:
    with pytest.raises(NotSent) as caught:
        connect(Early, api_key=KEY).call(Early.ping, 1)
    assert caught.value.request is None


# What it gives away -------------------------------------------------------------------------------


def test_neither_the_key_nor_the_request_are_in_what_is_stored_or_printed_of_an_error(
    billing: Caller, desk: Desk, draft: PlanDraft
) -> None:
    desk.answer(422, {"message": "no"})
    with pytest.raises(SubhubError) as caught:
        billing.create_plan(draft.model_copy(update={"name": f"mine: {KEY}"}))
    stored = pickle.dumps(caught.value)
    again = pickle.loads(stored)  # noqa: S301 - written here
    request = about(caught.value)
    assert request.content == b'{"name":"mine: [redacted]"}'
    assert KEY not in request.curl()
    assert KEY.encode() not in stored
    assert b"mine" not in stored
    assert again.request is None
    assert "mine" not in f"{caught.value} {caught.value!r} {request!r}"


# As a command -------------------------------------------------------------------------------------

NAME = """it's "$(id)" `a` \\ é !\t%"""
CONFIG = """
[accounts.main]
provider = "{provider}"
api_key = "env:{variable}"
base_url = "{url}"
"""
KEYS = {"afternoon": "ak_test_0123456789", "mijnklantportaal": "x$`!\"\\'y/0123456789"}


@CURL
@pytest.mark.parametrize("provider", KEYS)
@pytest.mark.parametrize("call", ["create_customer", "find_customer", "cancel_subscription"])
def test_the_command_sends_the_same_request(
    capture: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch, provider: str, call: str
) -> None:
    variable, key = f"{provider.upper()}_API_KEY", KEYS[provider]
    monkeypatch.setenv(variable, key)
    text = CONFIG.format(provider=provider, variable=variable, url=capture.url)
    _ = (folder / "subhub.toml").write_text(text, "utf-8")
    ids = {"afternoon": "c0123456789", "mijnklantportaal": "sub_0123456789"}
    by = "external_id" if provider == "afternoon" else "email"
    calls: dict[str, Callable[[Client], object]] = {
        "create_customer": lambda client: client.create_customer(
            CustomerDraft(name=NAME, email="a@b.example", **ADDRESS[provider])
        ),
        "find_customer": lambda client: client.find_customer(**{by: "a+b c&d@e.example"}),
        "cancel_subscription": lambda client: client.cancel_subscription(
            ids[provider], when="now", refund="none"
        ),
    }
    with Client.from_config() as client, pytest.raises(SubhubError) as caught:
        _ = calls[call](client)
    refused = about(caught.value)
    command = refused.curl()
    assert key not in command
    assert f"${variable}" in command
    # a refused cancellation is followed by a look whether the subscription was over before
    original = next(one for one in reversed(capture.asked) if one.method == refused.method)
    assert LINE in repeat(command, **{variable: key})
    assert capture.asked[-1] == original
    assert original.headers["authorization"].endswith(key)


ADDRESS: dict[str, dict[str, str]] = {
    "afternoon": {},
    "mijnklantportaal": {
        "address": "Teststreet 1",
        "postal_code": "1234AB",
        "city": "Amsterdam",
        "country": "NL",
    },
}
PREPARED = {
    "without a body": PreparedRequest("POST", "/a", {"Accept": "*/*", "User-Agent": "x"}),
    "of brackets": PreparedRequest("GET", "/a?b[]={c}&d=1", {"Accept": "*/*", "User-Agent": "x"}),
    "with an at sign": PreparedRequest(
        "PUT", "/", {"Accept": "*/*", "User-Agent": "x", "Content-Type": "t"}, b"@/etc/hosts\n"
    ),
}


@CURL
@pytest.mark.parametrize("kind", PREPARED)
def test_the_command_of_any_request_sends_the_same(kind: str) -> None:
    with capturing(lambda _: (200, {}, b"")) as capture:
        prepared = replace(PREPARED[kind], url=capture.url + PREPARED[kind].url)
        sender = HttpSender(capture.url)
        _ = sender.send(prepared, 5.0)
        sender.close()
        _ = repeat(prepared.curl())
    original, repeated = capture.asked
    assert repeated == original


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("Bearer [redacted]", '"Key: Bearer $THE_KEY"'),
        ("[redacted]:x", '"Key: ${THE_KEY}:x"'),
        ('"$` [redacted]', '"Key: \\"\\$\\` $THE_KEY"'),
        ("plain $HOME", "'Key: plain $HOME'"),
    ],
)
def test_the_shell_puts_the_key_in(value: str, quoted: str) -> None:
    prepared = PreparedRequest("GET", "https://x.test", {"Key": value}, key_variable="THE_KEY")
    assert prepared.curl() == f"curl --request GET https://x.test --header {quoted}"


@pytest.mark.parametrize(
    ("reference", "variable"),
    [
        ("env:TOY_KEY", "$TOY_KEY"),
        ("env: TOY_KEY", "$TOY_KEY"),
        ("env:no-shell-name", "[redacted]"),
        ("file:key", "[redacted]"),
        (KEY, "[redacted]"),
        (None, "$SUBHUB_API_KEY"),
    ],
)
def test_a_key_is_named_as_a_shell_finds_it(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    offer: Callable[[type[Provider]], None],
    draft: PlanDraft,
    reference: str | None,
    variable: str,
) -> None:
    offer(Toy)
    for name in ("TOY_KEY", "no-shell-name", *(() if reference else ("SUBHUB_API_KEY",))):
        monkeypatch.setenv(name, KEY)
    _ = (folder / "key").write_text(KEY)
    key = "" if reference is None else f'api_key = "{reference}"\n'
    _ = (folder / "subhub.toml").write_text(f'[accounts.main]\nprovider = "toy"\n{key}')
    with Client.from_config(dry_run=True) as client, pytest.raises(WouldSend) as caught:
        _ = client.create_plan(draft)
    assert f"Bearer {variable}" in caught.value.request.curl()


# In a shell ---------------------------------------------------------------------------------------


@CURL
@pytest.mark.parametrize("flag", ["--curl", "-v"])
def test_a_command_shows_the_request_of_its_error(
    capture: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    monkeypatch.setenv("THE_KEY", KEYS["afternoon"])
    text = CONFIG.format(provider="afternoon", variable="THE_KEY", url=capture.url)
    _ = (folder / "subhub.toml").write_text(text, "utf-8")
    words = ["customer", "get", "c0123456789"]
    plain = CliRunner().invoke(app, words)
    shown = CliRunner().invoke(app, [*words, flag])
    data = json.loads(CliRunner().invoke(app, [*words, "--json"]).stderr)["error"]["request"]
    assert "curl" not in plain.stderr
    assert ("-> 404 in " in shown.stderr) == (flag == "-v")  # which logs each request too
    command = shown.stderr.partition(plain.stderr)[2].strip()
    assert command == data["curl"]
    assert repeat(command, THE_KEY=KEYS["afternoon"]) == LINE
    assert capture.asked[-1] == capture.asked[0]
    assert (data["method"], data["url"]) == ("GET", f"{capture.url}/v1/customers/c0123456789")
    assert (data["headers"]["Authorization"], data["body"]) == ("Bearer [redacted]", "")


def test_an_error_without_a_request_shows_none(folder: Path) -> None:
    text = '[accounts.main]\nprovider = "afternoon"\nsandbox = true\n'
    _ = (folder / "subhub.toml").write_text(text)
    result = CliRunner().invoke(app, ["customer", "get", "a/b", "--curl"])
    assert result.exit_code == 2
    assert "curl" not in result.stderr


def test_the_page_about_it_is_true(
    capture: Capture,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AFTERNOON_API_KEY", KEYS["afternoon"])
    text = CONFIG.format(provider="afternoon", variable="AFTERNOON_API_KEY", url=capture.url)
    _ = (folder / "subhub.toml").write_text(text, "utf-8")
    page = (Path(__file__).parents[1] / "docs/troubleshooting.md").read_text("utf-8")
    page = page.partition("## Repeating a failed call")[2]
    program = page.partition("```python\n")[2].partition("```")[0]
    shown = page.partition("```text\n")[2].partition("```")[0]
    exec(compile(program, "docs/troubleshooting.md", "exec"), {})  # noqa: S102 - it is ours
    printed = capsys.readouterr().out.replace(capture.url, "https://api.afternoon.co")
    assert printed.replace(__version__, "1.0").split() == shown.replace("\n", " ").split()
