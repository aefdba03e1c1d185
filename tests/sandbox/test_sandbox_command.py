"""`subhub sandbox serve`: its port, options and end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from subhub import Client, ConfigError, CustomerDraft, Money, PlanDraft
from subhub.cli.app import app
from subhub.plugin.registry import load
from subhub.server import Sandbox, StateFile, listen, origin_of

PROGRAM = "from subhub.cli import main; main()"
ANY = "0.0.0.0"  # noqa: S104 - it is what is tested
PROVIDERS = ("afternoon", "mijnklantportaal", "mollie", "stripe")
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


class TestPort:
    def test_in_use_is_an_error(self) -> None:
        with listen("127.0.0.1", 0) as listening:
            port = listening.getsockname()[1]
            with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 because it is in use"):
                _ = listen("127.0.0.1", port)

    @pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("host.invalid", 0)])
    def test_invalid_is_an_error(self, host: str, port: int) -> None:
        with pytest.raises(
            ConfigError, match=r"--port must be from 0 to 65535, got 70000|cannot serve on port 0"
        ):
            _ = listen(host, port)

    @pytest.mark.parametrize(
        ("host", "reached"),
        [(ANY, "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")],
    )
    def test_is_shown_as_a_browser_reaches_it(self, host: str, reached: str) -> None:
        if ":" in host and not socket.has_dualstack_ipv6():
            pytest.skip("this machine has no IPv6")
        with listen(host, 0) as listening:
            assert origin_of(listening).startswith(f"http://{reached}:")


COMPOSE = Path(__file__).parents[2] / "examples" / "sandbox" / "compose.yaml"


class TestCompose:
    """As far as a machine without containers can tell: the command, the health and the names."""

    def test_serves_what_the_application_next_to_it_asks_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
        command = str(services["sandbox"]["command"][-1]).partition("exec subhub ")[2].split()
        here = {"0.0.0.0": "127.0.0.1", "8420": "0"}  # noqa: S104 - it is undone
        options: list[str] = [here.get(word, word) for word in command]
        options[options.index("/data/state.json")] = str(tmp_path / "state.json")
        program = [sys.executable, "-c", PROGRAM, *options, "--json"]
        with (
            subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process,
            ExitStack() as stopping,
        ):
            _ = stopping.callback(process.kill)
            assert process.stdout is not None
            text = ""
            while not text.endswith("\n}\n"):
                text += process.stdout.readline()
            assert json.loads(text)["dashboard"] == "http://sandbox:8420/"
            port = _port_of(process.pid)
            resolve = socket.getaddrinfo

            def resolved(host: object, _: object, *rest: object, **more: object) -> object:
                assert host in {"sandbox", "127.0.0.1"}
                return resolve("127.0.0.1", port, *rest, **more)  # type: ignore[arg-type]

            monkeypatch.setattr(socket, "getaddrinfo", resolved)
            for name, value in services["application"]["environment"].items():
                monkeypatch.setenv(name, value)
            with Client.from_config() as billing:
                assert list(billing.list_customers()) == []
            ran = CliRunner().invoke(app, ["check", "--online", "--json"])
            assert ran.exit_code == 0, ran.output
            assert '"wrong": 0,' in ran.output
            test = services["sandbox"]["healthcheck"]["test"]
            health = [*test[1:-1], test[-1].replace("8420", str(port))]
            assert subprocess.run([sys.executable, *health[1:]], check=False).returncode == 0


def _port_of(process: int) -> int:
    """Return the port on which *process* listens, as Linux tells it."""
    links = (str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir())
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = (row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    (found,) = (row for row in rows if row[3] == "0A" and row[9] in inodes)
    return int(found[1].rpartition(":")[2], 16)


@pytest.mark.parametrize(
    "url", ["sandbox:8420", "http://", "ftp://sandbox", "http://a/b", "http://u:p@a"]
)
def test_a_public_url_that_is_none_is_an_error(url: str) -> None:
    ran = CliRunner().invoke(app, ["sandbox", "serve", "--public-url", url])

    assert ran.exit_code == 2
    assert "--public-url must be a URL without a path" in ran.output


class TestCommand:
    def start(self, *options: str, cwd: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, "sandbox", "serve", "--port", "0", *options]
        pipe = subprocess.PIPE
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, cwd=cwd, env=environment
        )

    @pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
    def test_serves_until_it_is_stopped_and_keeps_its_state(
        self, tmp_path: Path, ending: signal.Signals, company: CustomerDraft
    ) -> None:
        with self.start("--state", "state.json", "--json", cwd=tmp_path) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            text = ""
            while not text.endswith("\n}\n"):
                text += process.stdout.readline()
            afternoon, *_ = json.loads(text)["accounts"]
            with Client(
                "afternoon", api_key=afternoon["api_key"], base_url=afternoon["base_url"]
            ) as billing:
                customer = billing.create_customer(company)
            process.send_signal(ending)
            code, errors = process.wait(20), process.stderr.read()

        assert code in {0, -signal.SIGTERM}
        assert "Traceback" not in errors
        assert customer.id in (tmp_path / "state.json").read_text("utf-8")


class TestOptions:
    """The command in this process, with a server that ends immediately."""

    @pytest.fixture
    def run(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
        def return_immediately(*_: object, **__: object) -> None:
            """Serve nothing."""

        monkeypatch.setattr("uvicorn.Server.run", return_immediately)

        def invoke(*options: str) -> Result:
            return CliRunner().invoke(app, ["sandbox", "serve", "--port", "0", *options])

        return invoke

    def test_name_a_missing_extra(
        self, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "uvicorn", None)

        ran = run()

        assert ran.exit_code == 2
        assert 'pip install "subhub-billing[sandbox]"' in ran.output

    def test_let_one_server_at_a_time_use_a_state_file(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "state.json"
        with StateFile(path).locked():
            refused = run("--state", str(path))

        assert refused.exit_code == 2
        assert "another server uses the state file" in refused.output
        assert run("--state", str(path)).exit_code == 0

    def test_default_to_all_providers(self, run: Callable[..., Result]) -> None:
        served = json.loads(run("--json").stdout)

        assert [account["account"] for account in served["accounts"]] == [
            f"{n}/main" for n in PROVIDERS
        ]

    def test_serve_a_repeated_provider_once(self, run: Callable[..., Result]) -> None:
        ran = run("--provider", "afternoon", "--provider", "afternoon")

        assert ran.exit_code == 0
        assert ran.stdout.count("/afternoon/main") == 1
        assert "phone=phone" in ran.stdout
        assert "mijnklantportaal" not in ran.stdout

    def test_take_accounts_and_plans_from_a_configuration(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "subhub.toml"
        _ = path.write_text(CONFIGURATION, "utf-8")

        served = json.loads(run("--config", str(path), "--json").stdout)["accounts"]

        assert [account["account"] for account in served] == [
            "afternoon/one",
            "mijnklantportaal/two",
        ]
        assert served[0]["plans"] == {"starter": "starter"}

    def test_leave_out_a_provider_that_cannot_have_the_plans_and_say_why(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "subhub.toml"
        _ = path.write_text(CONFIGURATION.replace("10.00 EUR", "10.00 USD"), "utf-8")

        shown = run("--config", str(path))
        data = json.loads(run("--config", str(path), "--json").stdout)

        assert shown.exit_code == 0
        assert "mijnklantportaal/two is not served: `price` must be in EUR" in shown.stderr
        assert [account["account"] for account in data["accounts"]] == ["afternoon/one"]
        assert list(data["skipped"]) == ["mijnklantportaal/two"]

    def test_fail_if_no_provider_can_have_the_plans(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "subhub.toml"
        one = CONFIGURATION.replace("10.00 EUR", "10.00 USD").replace(
            "afternoon", "mijnklantportaal"
        )
        _ = path.write_text(one, "utf-8")

        ran = run("--config", str(path))

        assert ran.exit_code == 2
        assert "no account can be served with these plans:" in ran.output
        assert "mijnklantportaal/one: `price` must be in EUR" in ran.output

    def test_sell_without_a_tax_rate_where_it_is_refused_and_say_so(
        self, run: Callable[..., Result]
    ) -> None:
        ran = run()

        assert ran.exit_code == 0
        assert "mollie/main has no tax rates, and sells without them: phone" in ran.stderr
        assert "afternoon/main has no tax rates" not in ran.stderr

    def test_leave_out_a_broken_plugin(
        self, run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        info = tmp_path / "torn-1.0.dist-info"
        info.mkdir()
        _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torn\nVersion: 1.0\n")
        _ = (info / "entry_points.txt").write_text("[subhub.providers]\ntorn = no_such_thing:T\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

        data = json.loads(run("--json").stdout)

        assert [account["account"] for account in data["accounts"]] == [
            f"{n}/main" for n in PROVIDERS
        ]
        assert "no_such_thing" in data["skipped"]["torn"]

    def test_refuse_a_live_key_in_the_configuration(
        self, run: Callable[..., Result], tmp_path: Path
    ) -> None:
        path = tmp_path / "subhub.toml"
        key = "ak_live_0123456789abcdefghijklmn"
        _ = path.write_text(f'[accounts.a]\nprovider = "afternoon"\napi_key = "{key}"\n', "utf-8")

        ran = run("--config", str(path))

        assert ran.exit_code == 2
        assert "accounts.a has a live key" in ran.output
        assert key not in ran.output

    def test_refuse_a_plan_that_the_provider_cannot_have(self, phone: PlanDraft) -> None:
        dollars = phone.model_copy(update={"price": Money.parse("1.00 USD")})

        with pytest.raises(ConfigError, match="cannot create the plan 'phone' at mijnklantportaal"):
            _ = Sandbox("http://127.0.0.1:1").add(
                load("mijnklantportaal"), "main", {"phone": dollars}
            )
