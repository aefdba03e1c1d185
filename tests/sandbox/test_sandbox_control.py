"""The served sandbox: real clients against a real port, faults on the wire, control and state."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from typer.testing import CliRunner, Result

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    CustomerDraft,
    Interval,
    InvalidReply,
    Money,
    OutcomeUnknown,
    PlanDraft,
)
from subhub.cli.app import app
from subhub.errors import SubhubError, TransportError
from subhub.registry import load
from subhub.sandbox.server import Application, Sandbox, ServedAccount, StateFile, listen, origin_of
from subhub.sandbox.server.journal import KEPT
from subhub.sandbox.server.markup import web_address
from subhub.sandbox.server.program import serving
from subhub.sandbox.server.snapshot import restored, snapshot

PROGRAM = "from subhub.cli import main; main()"
ANY = "0.0.0.0"  # noqa: S104 - it is what is tested
PROVIDERS = ("afternoon", "mijnklantportaal")
PLAN = PlanDraft(
    code="phone",
    name="Phone <b>subscription</b>",
    price=Money.parse("12.95 EUR"),
    interval=Interval.parse("1 month"),
    tax_rate=21,
)
CONFIGURATION = """
account = "one"

[accounts.one]
provider = "afternoon"

[accounts.two]
provider = "mijnklantportaal"

[plans.starter]
name = "Starter"
price = "10.00 EUR"
interval = "1 month"
tax_rate = 21
"""
SOMEBODY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)


def serve(sandbox: Sandbox) -> None:
    for name in PROVIDERS:
        _ = sandbox.add(load(name), "main", {"phone": PLAN})


@pytest.fixture
def served(server: Sandbox) -> Sandbox:
    for each in server.accounts.values():
        each.reset()
    return server


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        serve(sandbox)
        with serving(Application(sandbox), listening):
            yield sandbox


class Caller:
    """Calls a client of either kind; all of its calls are made in one event loop."""

    def __init__(self, client: Client | AsyncClient, portal: BlockingPortal) -> None:
        self.client = client
        self.portal = portal

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, operation: Callable[..., Any], *args: Any, **settings: Any) -> Any:
        return self.portal.call(partial(_done, operation, *args, **settings))


async def _done(operation: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    result = operation(*args, **settings)
    if inspect.isawaitable(result):
        return await result
    if hasattr(result, "__anext__"):
        return [item async for item in result]
    return list(result) if hasattr(result, "__next__") else result


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    with start_blocking_portal() as portal:
        made: list[Caller] = []

        def make(*args: Any, **settings: Any) -> Caller:
            made.append(Caller(request.param(*args, **settings), portal))
            return made[-1]

        yield make
        for caller in made:
            _ = caller.close()


@pytest.fixture(params=PROVIDERS)
def account(request: pytest.FixtureRequest, served: Sandbox) -> ServedAccount:
    return served.accounts[f"{request.param}/main"]


@pytest.fixture
def billing(account: ServedAccount, connect: Callable[..., Any]) -> Any:
    return connect(account.provider, api_key=account.fake.api_key, base_url=account.base_url)


def connected(account: ServedAccount) -> Client:
    return Client(account.provider, api_key=account.fake.api_key, base_url=account.base_url)


def control(account: ServedAccount, path: str) -> str:
    return account.site.replace(account.place, f"_sandbox/{account.place}") + path


def signup(account: ServedAccount, billing: Any, **urls: str) -> str:
    link = billing.create_signup_link(plan=account.plan_ids["phone"], customer=SOMEBODY, **urls)
    return str(link.url)


class TestClients:
    def test_do_the_main_job(self, account: ServedAccount, billing: Any) -> None:
        url = signup(account, billing)
        assert url.startswith(f"{account.site}/pages/")
        assert billing.list_subscriptions() == []

        answer = httpx.post(url, data={"do": "pay"})

        assert answer.status_code == 303
        (made,) = billing.list_subscriptions()
        canceled = billing.cancel_subscription(made.id, when="now")
        assert canceled.id == made.id

    def test_read_every_page_of_a_list(self, billing: Any) -> None:
        made = [billing.create_customer(SOMEBODY).id for _ in range(31)]

        assert [each.id for each in billing.list_customers()] == made

    def test_are_refused_as_the_provider_refuses(
        self, account: ServedAccount, billing: Any, connect: Callable[..., Any]
    ) -> None:
        with pytest.raises(SubhubError) as caught:
            billing.get_customer({"afternoon": "cm5x9z8nv0000"}.get(billing.provider, "cst_none"))
        assert getattr(caught.value, "status", None) == 404
        other = connect(account.provider, api_key="ak_test_another", base_url=account.base_url)
        with pytest.raises(SubhubError) as caught:
            other.create_customer(SOMEBODY)
        assert getattr(caught.value, "status", None) == 401


class TestFaultsOnTheWire:
    @pytest.mark.parametrize("kind", ["dropped", "reset", "unreachable"])
    def test_an_answer_that_never_comes_leaves_the_outcome_unknown(
        self, account: ServedAccount, billing: Any, kind: str
    ) -> None:
        _ = httpx.post(control(account, "/faults"), json={"kind": kind}).raise_for_status()

        with pytest.raises(OutcomeUnknown):
            billing.create_customer(SOMEBODY)

        assert account.journal.after()[-1].fault == kind
        assert billing.list_customers() == []

    def test_a_change_can_be_made_and_its_answer_lost(
        self, account: ServedAccount, billing: Any
    ) -> None:
        fault = {"kind": "dropped", "after": True}
        _ = httpx.post(control(account, "/faults"), json=fault).raise_for_status()

        with pytest.raises(OutcomeUnknown):
            billing.create_customer(SOMEBODY)

        assert len(billing.list_customers()) == 1

    def test_a_body_breaks_off(self, account: ServedAccount, billing: Any) -> None:
        _ = httpx.post(control(account, "/faults"), json={"kind": "cut_body"}).raise_for_status()

        with pytest.raises(InvalidReply, match="broke off"):
            billing.create_customer(SOMEBODY)

    def test_a_slow_answer_is_too_late_for_a_client_without_patience(
        self, account: ServedAccount, connect: Callable[..., Any]
    ) -> None:
        settings = {"api_key": account.fake.api_key, "base_url": account.base_url}
        _ = httpx.post(control(account, "/faults"), json={"kind": "slow"}).raise_for_status()

        with pytest.raises(TransportError):
            connect(account.provider, timeout=0.3, **settings).create_customer(SOMEBODY)

    @pytest.mark.parametrize("kind", ["slow", "trickle"])
    def test_a_slow_answer_comes_in_the_end(
        self, account: ServedAccount, billing: Any, kind: str
    ) -> None:
        fault = {"kind": kind, "seconds": 0.05}
        _ = httpx.post(control(account, "/faults"), json=fault).raise_for_status()

        assert billing.create_customer(SOMEBODY).id

    def test_pieces_stop_when_nobody_waits_for_them(
        self, account: ServedAccount, connect: Callable[..., Any]
    ) -> None:
        settings = {"api_key": account.fake.api_key, "base_url": account.base_url}
        fault = {"kind": "trickle", "seconds": 5}
        _ = httpx.post(control(account, "/faults"), json=fault).raise_for_status()

        with pytest.raises(SubhubError):
            connect(account.provider, timeout=0.3, **settings).create_customer(SOMEBODY)


class TestControl:
    def test_tells_what_a_client_needs(self, served: Sandbox) -> None:
        told = httpx.get(f"{served.origin}/_sandbox").json()

        assert [each["account"] for each in told] == [f"{name}/main" for name in PROVIDERS]
        assert told[0]["base_url"] == f"{served.origin}/afternoon/main"
        assert told[1]["base_url"] == f"{served.origin}/mijnklantportaal/main/v1"
        assert all(each["plans"].keys() == {"phone"} for each in told)

    def test_lets_time_pass(self, account: ServedAccount, billing: Any) -> None:
        url = signup(account, billing)
        before = account.fake.clock.now()

        answer = httpx.post(control(account, "/clock"), json={"days": 2, "hours": 1})

        assert (account.fake.clock.now() - before).total_seconds() == 49 * 3600
        assert httpx.get(control(account, "/clock")).json() == answer.json()
        assert "This link has expired." in httpx.get(url).text
        assert httpx.post(url, data={"do": "pay"}).status_code == 409

    def test_begins_anew(self, account: ServedAccount, billing: Any) -> None:
        _ = billing.create_customer(SOMEBODY)

        answer = httpx.post(control(account, "/reset"))

        assert answer.json()["plans"] == account.plan_ids
        assert billing.list_customers() == []

    def test_shows_the_exchanges_without_the_key(
        self, account: ServedAccount, billing: Any
    ) -> None:
        _ = billing.create_customer(SOMEBODY)
        told = httpx.get(control(account, "/exchanges")).json()
        later = httpx.get(control(account, "/exchanges?after=1")).json()

        assert told["total"] == 1
        assert told["exchanges"][0]["status"] == 201
        assert "john.doe@test.com" in told["exchanges"][0]["request"]
        assert account.fake.api_key not in json.dumps(told)
        assert later["exchanges"] == []

    def test_plans_and_clears_faults(self, account: ServedAccount) -> None:
        address = control(account, "/faults")
        _ = httpx.post(address, json={"kind": "dropped", "times": 2, "method": "POST"})
        _ = httpx.post(address, json={"kind": "server_error", "every": 3, "path": "/customers*"})
        _ = httpx.post(address, json={"kind": "slow", "probability": 0.5})

        told = httpx.get(address).json()["planned"]

        assert [each["kind"] for each in told] == ["dropped", "server_error", "slow"]
        assert [each["left"] for each in told] == [2, None, None]
        assert httpx.delete(address).json() == {"planned": []}

    @pytest.mark.parametrize(
        ("path", "content", "problem"),
        [
            ("/clock", b"{", "send a JSON object"),
            ("/clock", b"[]", "valid dictionary"),
            ("/clock", b'{"weeks": 1}', "weeks"),
            ("/clock", b'{"days": -1}', "greater than or equal to 0"),
            ("/clock", b'{"days": 1e9}', "does not go that far"),
            ("/clock", b"[" + b" " * 70_000 + b"]", "at most 65536 bytes"),
            ("/faults", b'{"kind": "droped"}', "did you mean 'dropped'"),
            ("/faults", b'{"kind": "slow", "times": 0}', "1 or more"),
            ("/faults", b'{"kind": "slow", "times": 1, "every": 2}', "give `times`"),
        ],
    )
    def test_says_what_is_wrong(
        self, account: ServedAccount, path: str, content: bytes, problem: str
    ) -> None:
        answer = httpx.post(control(account, path), content=content)

        assert answer.status_code == 400
        assert problem in answer.json()["message"]

    def test_knows_no_other_accounts_and_numbers(self, account: ServedAccount) -> None:
        strange = control(account, "/clock").replace("/main/", "/other/")
        numbered = httpx.get(control(account, "/exchanges?after=x"))

        assert httpx.get(strange).status_code == 404
        assert numbered.status_code == 400


class TestGuard:
    @pytest.mark.parametrize("path", ["/", "/_sandbox"])
    def test_another_site_that_points_its_name_here_is_refused(
        self, served: Sandbox, path: str
    ) -> None:
        answer = httpx.get(f"{served.origin}{path}", headers={"host": "evil.example"})

        assert answer.status_code == 421

    def test_a_form_of_another_site_is_refused(self, account: ServedAccount, billing: Any) -> None:
        url = signup(account, billing)
        foreign = {"origin": "http://evil.example"}

        assert httpx.post(url, data={"do": "pay"}, headers=foreign).status_code == 403
        assert httpx.post(control(account, "/reset"), headers=foreign).status_code == 403
        assert billing.list_subscriptions() == []

    def test_a_live_key_is_refused_and_kept_nowhere(
        self, served: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        account = served.accounts["afternoon/main"]
        key = "ak_live_0123456789abcdefghijklmn"
        address = f"{account.base_url}/v1/customers"

        answer = httpx.get(address, headers={"authorization": f"Bearer {key}"})

        assert answer.status_code == 401
        assert "a live key of afternoon was sent to the sandbox" in caplog.text
        assert key not in caplog.text + str(account.journal.after())

    def test_a_request_without_end_is_not_read(self, account: ServedAccount) -> None:
        answer = httpx.post(f"{account.base_url}/customers", content=b" " * 300_000)

        assert answer.status_code == 413


class TestStateFile:
    def open(self, path: Path, origin: str = "http://127.0.0.1:1") -> Sandbox:
        sandbox = Sandbox(origin, StateFile(path))
        serve(sandbox)
        return sandbox

    @pytest.mark.parametrize("name", PROVIDERS)
    def test_everything_goes_on_in_the_next_run(self, tmp_path: Path, name: str) -> None:
        with listen("127.0.0.1", 0) as listening:
            first = self.open(tmp_path / "state.json", origin_of(listening))
            account = first.accounts[f"{name}/main"]
            with serving(Application(first), listening), connected(account) as billing:
                _ = httpx.post(signup(account, billing), data={"do": "pay"})
                waiting = signup(account, billing)
                _ = httpx.post(control(account, "/clock"), json={"hours": 0.5})
                ids = [each.id for each in billing.list_subscriptions()]

        with listen("127.0.0.1", 0) as listening:
            second = self.open(tmp_path / "state.json", origin_of(listening))
            again = second.accounts[f"{name}/main"]
            with serving(Application(second), listening), connected(again) as billing:
                assert [each.id for each in billing.list_subscriptions()] == ids
                moved = waiting.replace(account.site, again.site)
                assert httpx.post(moved, data={"do": "pay"}).status_code == 303
                assert len(list(billing.list_subscriptions())) == 2

        assert again.fake.clock.now() == account.fake.clock.now()
        assert again.plan_ids == account.plan_ids
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"]

    def test_accounts_that_are_not_served_now_are_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "state.json"
        first = self.open(path)
        first.changes += 1
        first.save()
        some = Sandbox(first.origin, StateFile(path))
        _ = some.add(load("afternoon"), "main", {})
        some.changes += 1
        some.save()

        assert StateFile(path).load().keys() == first.accounts.keys()

    def test_nothing_is_written_when_nothing_changed(self, tmp_path: Path) -> None:
        sandbox = self.open(tmp_path / "state.json")
        sandbox.save()

        assert not (tmp_path / "state.json").exists()

    @pytest.mark.parametrize(
        "content",
        [
            "{",
            "[]",
            '{"version": 0}',
            '{"version": 1, "accounts": {"afternoon/main": {}}}',
            '{"version": 1, "accounts": {"afternoon/main": {"site": "x", "plans": {}}}}',
        ],
    )
    def test_what_cannot_be_used_is_told_with_its_place(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "state.json"
        _ = path.write_text(content, "utf-8")

        with pytest.raises(ConfigError, match=r"state\.json cannot be used"):
            _ = self.open(path)

    def test_no_other_class_than_the_fakes_own_is_made_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "state.json"
        sandbox = self.open(path)
        sandbox.changes += 1
        sandbox.save()
        document = json.loads(path.read_text("utf-8"))
        state = document["accounts"]["afternoon/main"]["state"]
        state["planned"] = {"x": {"$": "subprocess:Popen", "value": {"args": "true"}}}
        _ = path.write_text(json.dumps(document), "utf-8")

        with pytest.raises(ConfigError, match="no class of subhub_afternoon"):
            _ = self.open(path)

    def test_a_place_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be written"):
            StateFile(tmp_path / "nowhere" / "state.json").save({})


class TestRealTime:
    def test_lets_the_clock_go_on_and_enforces_limits(self) -> None:
        standing = Sandbox("http://127.0.0.1:1")
        going = Sandbox("http://127.0.0.1:1", real_time=True)
        serve(standing)
        serve(going)
        asked = (
            "GET",
            "/v1/customers",
            {"authorization": "Bearer sandbox-key-of-mijnklantportaal"},
        )

        still, moving = (each.accounts["mijnklantportaal/main"] for each in (standing, going))
        began = moving.fake.clock.now()
        moving.began -= 5

        assert {still.handle(*asked, b"").status for _ in range(61)} == {200}
        assert [moving.handle(*asked, b"").status for _ in range(61)].count(429) == 1
        assert (moving.fake.clock.now() - began).total_seconds() >= 5


class TestPort:
    def test_one_in_use_is_told(self) -> None:
        with listen("127.0.0.1", 0) as listening:
            port = listening.getsockname()[1]
            with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 is in use"):
                _ = listen("127.0.0.1", port)

    @pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("host.invalid", 0)])
    def test_one_that_cannot_be_is_told(self, host: str, port: int) -> None:
        with pytest.raises(ConfigError, match=r"from 0 to 65535|nothing can be served"):
            _ = listen(host, port)

    @pytest.mark.parametrize(
        ("host", "reached"),
        [(ANY, "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")],
    )
    def test_is_told_as_a_browser_reaches_it(self, host: str, reached: str) -> None:
        if ":" in host and not socket.has_dualstack_ipv6():
            pytest.skip("this machine has no IPv6")
        with listen(host, 0) as listening:
            assert origin_of(listening).startswith(f"http://{reached}:")


class TestCommand:
    def start(self, *options: str, cwd: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, "sandbox", "serve", "--port", "0", *options]
        pipe = subprocess.PIPE
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, cwd=cwd, env=environment
        )

    @pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
    def test_serves_until_it_is_stopped_and_keeps_what_happened(
        self, tmp_path: Path, ending: signal.Signals
    ) -> None:
        with self.start("--state", "state.json", "--json", cwd=tmp_path) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            text = ""
            while not text.endswith("\n}\n"):
                text += process.stdout.readline()
            (afternoon, _) = json.loads(text)["accounts"]
            with Client(
                "afternoon", api_key=afternoon["api_key"], base_url=afternoon["base_url"]
            ) as billing:
                made = billing.create_customer(SOMEBODY)
            process.send_signal(ending)
            code, errors = process.wait(20), process.stderr.read()

        assert code in {0, -signal.SIGTERM}
        assert "Traceback" not in errors
        assert made.id in (tmp_path / "state.json").read_text("utf-8")


class TestOptions:
    """The command in this process, with a server that ends at once."""

    @pytest.fixture
    def run(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
        def end_at_once(*_: object, **__: object) -> None:
            """Serve nothing."""

        monkeypatch.setattr("uvicorn.Server.run", end_at_once)

        def invoke(*options: str) -> Result:
            return CliRunner().invoke(app, ["sandbox", "serve", "--port", "0", *options])

        return invoke

    def test_need_an_extra_that_is_named(
        self, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "uvicorn", None)

        ran = run()

        assert ran.exit_code == 2
        assert 'pip install "subhub-billing[sandbox]"' in ran.output

    def test_without_any_every_provider_is_served(self, run: Callable[..., Result]) -> None:
        told = json.loads(run("--json").stdout)

        assert [each["account"] for each in told["accounts"]] == [f"{n}/main" for n in PROVIDERS]

    def test_name_the_providers_each_once(self, run: Callable[..., Result]) -> None:
        ran = run("--provider", "afternoon", "--provider", "afternoon")

        assert ran.exit_code == 0
        assert ran.stdout.count("/afternoon/main") == 1
        assert "phone=phone" in ran.stdout
        assert "mijnklantportaal" not in ran.stdout

    def test_a_configuration_gives_accounts_and_plans(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "subhub.toml"
        _ = path.write_text(CONFIGURATION, "utf-8")

        told = json.loads(run("--config", str(path), "--json").stdout)["accounts"]

        assert [each["account"] for each in told] == ["afternoon/one", "mijnklantportaal/two"]
        assert told[0]["plans"] == {"starter": "starter"}

    def test_a_live_key_in_the_configuration_is_refused(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "subhub.toml"
        key = "ak_live_0123456789abcdefghijklmn"
        _ = path.write_text(f'[accounts.a]\nprovider = "afternoon"\napi_key = "{key}"\n', "utf-8")

        ran = run("--config", str(path))

        assert ran.exit_code == 2
        assert "accounts.a holds a live key" in ran.output
        assert key not in ran.output

    def test_a_plan_that_a_provider_cannot_have_is_told(self) -> None:
        weekly = PLAN.model_copy(update={"price": Money.parse("1.00 USD")})

        with pytest.raises(ConfigError, match="'phone' cannot be a plan of mijnklantportaal"):
            _ = Sandbox("http://127.0.0.1:1").add(
                load("mijnklantportaal"), "main", {"phone": weekly}
            )


class TestPages:
    def test_a_customer_can_decline_go_back_and_pay_in_the_end(
        self, account: ServedAccount, billing: Any
    ) -> None:
        url = signup(account, billing)
        assert "was declined" in httpx.post(url, data={"do": "decline"}, follow_redirects=True).text
        assert "Nothing was paid." in httpx.get(f"{url}?after=back").text
        assert "Paid." in httpx.post(url, data={"do": "pay"}, follow_redirects=True).text
        assert httpx.post(url, data={"do": "decline"}).status_code == 409
        assert httpx.get(f"{url}x").status_code == 404

    @pytest.mark.parametrize("account", ["afternoon"], indirect=True)
    def test_the_browser_is_sent_where_the_application_said(
        self, account: ServedAccount, billing: Any
    ) -> None:
        urls = {"return_url": "https://shop.test/thanks", "back_url": "https://shop.test/?a&b"}
        url = signup(account, billing, **urls)

        assert 'href="https://shop.test/?a&amp;b"' in httpx.get(url).text
        assert httpx.post(url, data={"do": "pay"}).headers["location"] == urls["return_url"]

    @pytest.mark.parametrize("account", ["mijnklantportaal"], indirect=True)
    def test_a_payment_link_is_paid_closed_and_expires(self, account: ServedAccount) -> None:
        key = {"authorization": f"Bearer {account.fake.api_key}"}
        soon = f"{account.fake.clock.now() + dt.timedelta(days=3):%Y-%m-%d}"
        body = {"description": "Setup", "amount": "10.00", "expiresAt": soon}
        paid, closed, late = (
            httpx.post(f"{account.base_url}/payment-links", json=body, headers=key).json()
            for _ in range(3)
        )
        _ = httpx.delete(f"{account.base_url}/payment-links/{closed['id']}", headers=key)

        assert "Pay 10.00 EUR" in httpx.get(paid["checkoutUrl"]).text
        _ = httpx.post(paid["checkoutUrl"], data={"do": "pay"})
        assert "Paid." in httpx.get(paid["checkoutUrl"]).text
        assert "This link was closed." in httpx.get(closed["checkoutUrl"]).text
        _ = httpx.post(control(account, "/clock"), json={"days": 5})
        assert "This link has expired." in httpx.get(late["checkoutUrl"]).text
        with pytest.raises(LookupError, match="nothing can be paid"):
            account.fake.pay("https://elsewhere.test/")
        with pytest.raises(LookupError, match="there is no page"):
            account.fake.decline("https://elsewhere.test/")

    def test_the_dashboard_does_what_its_forms_say(self, account: ServedAccount) -> None:
        board = f"{account.site.replace(account.place, '')}_dashboard/{account.place}"
        before = account.fake.clock.now()

        for asked in (
            {"do": "advance", "days": "2"},
            {"do": "fault", "kind": "slow", "after": "true"},
        ):
            assert httpx.post(board, data=asked).status_code == 303
        assert (account.fake.clock.now() - before).days == 2
        assert "slow: the next 1, any request" in httpx.get(board).text
        assert httpx.post(board, data={"do": "clear"}).status_code == 303
        assert account.fake.faults.planned == ()
        assert httpx.post(board, data={"do": "reset"}).headers["location"] in board
        assert httpx.get(board.partition("_dashboard")[0]).status_code == 200

    def test_only_what_is_known_is_done(self, account: ServedAccount, billing: Any) -> None:
        url = signup(account, billing)
        board = f"{account.site.replace(account.place, '')}_dashboard/{account.place}"
        long = "x" * 70_000

        assert httpx.post(url, data={"do": "steal"}).status_code == 200
        assert httpx.post(url, data={"do": "pay", "more": long}).status_code == 200
        assert httpx.post(board, data={"do": "steal"}).status_code == 400
        assert httpx.post(board, data={"do": "advance", "days": "x"}).status_code == 400
        assert httpx.post(f"{board}x", data={"do": "reset"}).headers["location"] == "/"
        assert httpx.get(f"{board}x").status_code == 404
        assert httpx.get(f"{board}?after=x").status_code == 200
        assert billing.list_subscriptions() == []

    def test_nothing_is_shown_as_markup_that_somebody_wrote(
        self, account: ServedAccount, billing: Any
    ) -> None:
        named = SOMEBODY.model_copy(update={"name": "<script>alert(1)</script>"})
        link = billing.create_signup_link(plan=account.plan_ids["phone"], customer=named)
        board = f"{account.site.replace(account.place, '')}_dashboard/{account.place}"

        for address in (link.url, board):
            text = httpx.get(address).text
            assert "<script>alert" not in text
            assert "&lt;script&gt;alert" in text

    def test_a_program_is_no_address_to_send_a_browser_to(self) -> None:
        assert web_address("javascript:alert(1)") is None
        assert web_address(None) is None
        assert web_address("https://shop.test/") == "https://shop.test/"

    def test_faults_and_many_objects_are_shown(self, account: ServedAccount, billing: Any) -> None:
        board = f"{account.site.replace(account.place, '')}_dashboard/{account.place}"
        for _ in range(12):
            _ = billing.create_customer(SOMEBODY)
        account.fake.faults.rule("dropped", every=1, method="POST")
        with pytest.raises(OutcomeUnknown):
            billing.create_customer(SOMEBODY)

        text = httpx.get(board).text

        assert "customers (12)" in text
        assert "the newest 10 of them" in text
        assert "dropped: every 1, POST" in text
        assert "none<br>dropped" in text

    @pytest.mark.parametrize(
        ("name", "status"), [("sandbox.css", 200), ("dashboard.js", 200), ("secret", 404)]
    )
    def test_only_the_files_of_the_pages_are_given_out(
        self, served: Sandbox, name: str, status: int
    ) -> None:
        assert httpx.get(f"{served.origin}/_static/{name}").status_code == status

    def test_a_journal_stays_bounded(self, account: ServedAccount) -> None:
        for _ in range(KEPT + 50):
            _ = account.handle("GET", "/v1/none", {}, b"x" * 5000)

        entries = account.journal.after()
        assert len(entries) == KEPT
        assert account.journal.total == KEPT + 50
        assert all(len(each.request) < 2100 for each in entries)


class TestSnapshot:
    def test_keeps_every_kind_of_value(self) -> None:
        fake = load("afternoon").sandbox()
        values: dict[str, Any] = {
            "amount": Decimal("1.50"),
            "day": dt.date(2026, 1, 31),
            "pair": (1, {"$": "not a tag"}),
            "numbers": {1: {"a"}},
            "several": [None, True, 1.5, "x"],
        }
        vars(fake).update(values)

        again = restored(type(fake), json.loads(json.dumps(snapshot(fake))))

        assert {name: vars(again)[name] for name in values} == values

    def test_names_what_cannot_be_kept(self) -> None:
        fake = load("afternoon").sandbox()
        vars(fake)["thread"] = object()

        with pytest.raises(TypeError, match="'thread' of the fake cannot be written"):
            _ = snapshot(fake)
