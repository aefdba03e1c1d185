"""The commands around a configuration: init, check, providers, capabilities."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.cli.init import render_config
from subhub.client.configuration import Configuration
from subhub.models import Plan
from subhub.plugin import Absence, Evidence, Flow, Provider, done
from subhub.sandbox import Fake, Received, Reply


class SetupToy(Provider):
    name = "setup-toy"
    base_url = "https://setup.example"
    documentation = "https://setup.example/docs"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        "get_plan": Evidence("docs", "the toy's own page"),
        "list_plans": Absence("it has no list", "keep the ids"),
        "create_plan": Absence("plans are made by hand"),
        "count_beans": Evidence("inferred", "a guess"),
    }

    @classmethod
    def sandbox(cls) -> Fake:
        return SilentFake()

    def get_plan(self, plan_id: str, *, colour: str = "grey") -> Flow[Plan]:
        return done(Plan(provider=self.name, id=plan_id, name=colour))


class SilentFake(Fake):
    api_key = "toy_key"

    def add_plan(self, key: str, draft: object) -> str:
        del draft
        return f"plan_{key}"

    def pay(self, url: str) -> None:
        del url

    def authenticate(self, received: Received) -> None:
        del received

    def not_found(self) -> Reply:
        return Reply.json(404, {})

    def malformed(self, problem: str) -> Reply:
        return Reply.json(400, {"message": problem})


Run = Callable[..., Result]
PLUGINS = ("subhub-afternoon", "subhub-mijnklantportaal", "subhub-mollie", "subhub-stripe")
HIDDEN: Mapping[str, Mapping[str, str]] = {name: {} for name in PLUGINS}


def install(folder: Path, distributions: Mapping[str, Mapping[str, str]]) -> None:
    """Make *folder* hold these distributions, with the providers that each offers."""
    for name, plugins in distributions.items():
        info = folder / f"{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        _ = (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = [f"{plugin} = {where}" for plugin, where in plugins.items()]
        _ = (info / "entry_points.txt").write_text("\n".join(["[subhub.providers]", *lines]))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program in an empty folder; *plugins* are the only ones that are installed."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in ("SUBHUB_CONFIG", "SUBHUB_ACCOUNT", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*words: str, plugins: Mapping[str, str] | None = None) -> Result:
        packages = tmp_path / f"packages{len(list(tmp_path.iterdir()))}"
        packages.mkdir()
        toys = {"setup-toy": f"{__name__}:SetupToy"} if plugins is None else plugins
        install(packages, {**HIDDEN, "setup-toys": toys})
        with monkeypatch.context() as patch:
            patch.setattr(sys, "path", [str(packages), *sys.path])
            return CliRunner().invoke(app, list(words), catch_exceptions=False)

    return invoke


def parsed(result: Result) -> Any:
    assert result.stderr == ""
    return json.loads(result.stdout)


# init ---------------------------------------------------------------------------------------------


def test_init_writes_a_configuration_that_works_at_once(run: Run) -> None:
    written = run("init", "--provider", "setup-toy")
    checked = run("check")
    plan = run("plan", "get", "phone")

    assert written.exit_code == 0
    assert written.stdout == ""
    assert "created subhub.toml; try `subhub plan list`" in written.stderr
    assert checked.exit_code == 0
    assert "plan_phone" in plan.stdout


@pytest.mark.parametrize("provider", ["mijnklantportaal", "afternoon", "some-other"])
def test_what_init_writes_can_be_read(provider: str, tmp_path: Path) -> None:
    path = tmp_path / "subhub.toml"
    _ = path.write_text(render_config(provider, ["subscribe"]))

    settings = Configuration.read(path).settings

    assert settings.accounts["main"].provider == provider
    assert settings.accounts["main"].sandbox
    assert settings.needs == ("subscribe",)
    assert settings.plans["phone"].to_draft("phone").tax_rate == 21


def test_the_real_key_form_beside_the_sandbox_can_be_read_too(tmp_path: Path) -> None:
    path = tmp_path / "subhub.toml"
    text = render_config("some-other", []).replace("sandbox = true", "# sandbox = true")
    _ = path.write_text(text.replace("# api_key =", "api_key ="))

    main = Configuration.read(path).settings.accounts["main"]

    assert main.api_key is not None
    assert main.api_key.get_secret_value() == "env:SOME_OTHER_API_KEY"
    assert not main.sandbox


def test_init_needs_only_what_the_provider_can_do(run: Run) -> None:
    _ = run("init", "--provider", "setup-toy")

    assert Configuration.read("subhub.toml").settings.needs == ()


def test_init_replaces_a_file_only_by_force(run: Run) -> None:
    path = Path("mine.toml")
    _ = path.write_text("# precious")
    words = ("init", "--provider", "setup-toy", "--config", "mine.toml")

    refused = run(*words)
    assert refused.exit_code == 2
    assert "mine.toml exists already: keep it, or replace it with `--force`" in refused.stderr
    assert path.read_text() == "# precious"

    assert run(*words, "--force").exit_code == 0
    assert "[accounts.main]" in path.read_text()


def test_init_says_when_it_cannot_write(run: Run) -> None:
    result = run("init", "--config", "nowhere/subhub.toml")

    assert result.exit_code == 2
    assert "cannot write nowhere/subhub.toml (No such file or directory)" in result.stderr


def test_init_takes_the_installed_provider(run: Run) -> None:
    assert parsed(run("init", "--json")) == {"path": "subhub.toml", "provider": "setup-toy"}


def test_init_without_a_plugin_says_which_to_install(run: Run) -> None:
    result = run("init", plugins={})

    assert result.exit_code == 0
    assert "pip install subhub-mijnklantportaal" in result.stderr
    assert Configuration.read("subhub.toml").settings.needs == ("create_signup_link", "subscribe")


def test_init_refuses_a_provider_that_is_not_installed(run: Run) -> None:
    result = run("init", "--provider", "setup-toi")

    assert result.exit_code == 2
    assert "did you mean 'setup-toy'?" in result.stderr
    assert not Path("subhub.toml").exists()


# check --------------------------------------------------------------------------------------------


TWO_ACCOUNTS = """
account = "play"
needs = ["get_plan"]

[accounts.play]
provider = "setup-toy"
sandbox = true

[accounts.real]
provider = "setup-toy"
api_key = "env:SETUP_TOY_KEY"
"""


def test_check_finds_what_is_wrong_with_any_account(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETUP_TOY_KEY", raising=False)
    _ = Path("subhub.toml").write_text(TWO_ACCOUNTS)

    result = run("check")
    lines = result.stdout.splitlines()

    assert result.exit_code == 2
    assert lines[1].split() == ["play", "(used)", "setup-toy", "in", "a", "sandbox", "ready"]
    assert "the variable SETUP_TOY_KEY is not set" in lines[2]
    assert "the application needs get_plan" in result.stderr


def test_check_succeeds_if_every_account_can_be_used(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUP_TOY_KEY", "key")
    _ = Path("subhub.toml").write_text(TWO_ACCOUNTS)

    result = run("check")

    assert result.exit_code == 0
    assert "nothing was sent" in result.stderr


def test_check_writes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETUP_TOY_KEY", "key")
    stores = 'journal = "journal.db"\npermits = "permits"\nrate_limit = "60 per 60"\n'
    accounts = TWO_ACCOUNTS.replace("sandbox = true\n", f"sandbox = true\n{stores}") + stores
    _ = Path("subhub.toml").write_text(accounts)

    assert run("check").exit_code == 0
    assert [path.name for path in Path().iterdir()] == ["subhub.toml"]


def test_check_prints_the_same_for_scripts(run: Run) -> None:
    _ = Path("subhub.toml").write_text(TWO_ACCOUNTS.replace("get_plan", "subscribe"))

    result = run("check", "--json")
    found = json.loads(result.stdout)

    assert result.exit_code == 2
    assert found["account"] == "play"
    assert found["needs"] == ["subscribe"]
    assert found["source"].endswith("subhub.toml")
    assert [each["name"] for each in found["accounts"]] == ["play", "real"]
    assert [each["ready"] for each in found["accounts"]] == [False, False]
    assert "setup-toy has no `subscribe`" in found["accounts"][0]["problem"]


def test_check_without_needs_says_so(run: Run) -> None:
    _ = run("init", "--provider", "setup-toy")

    assert "the application needs nothing" in run("check").stderr


def test_check_without_a_configuration_points_to_init(run: Run) -> None:
    result = run("check")

    assert result.exit_code == 2
    assert "subhub init" in result.stderr


# providers ---------------------------------------------------------------------------------------


def test_providers_are_listed_with_the_cause_of_the_broken_ones(run: Run) -> None:
    plugins = {"setup-toy": f"{__name__}:SetupToy", "torn": "no_such_module_here:Torn"}

    table = run("providers", plugins=plugins)
    array = parsed(run("providers", "--json", plugins=plugins))

    assert table.exit_code == 0
    row = table.stdout.splitlines()[1].split(maxsplit=4)
    assert row[:4] == ["setup-toy", "setup-toys", "1.2", "ready"]
    assert row[4].strip() == "unproven: it ships no contract report"
    assert "No module named 'no_such_module_here'" in table.stdout.splitlines()[2]
    assert array[0] == {
        "name": "setup-toy",
        "package": "setup-toys",
        "version": "1.2",
        "documentation": "https://setup.example/docs",
        "problem": None,
        "support": "unproven",
        "lacking": "it ships no contract report",
    }
    assert array[1]["support"] is None
    assert array[1]["documentation"] is None
    assert "no_such_module_here" in array[1]["problem"]


def test_without_a_provider_it_is_said_what_to_install(run: Run) -> None:
    result = run("providers", plugins={})

    assert result.exit_code == 0
    assert "pip install subhub-mijnklantportaal, or pip install subhub-afternoon" in result.stderr
    assert parsed(run("providers", "--json", plugins={})) == []


def test_capabilities_without_a_name_are_those_of_the_configured_account(run: Run) -> None:
    _ = Path("subhub.toml").write_text(TWO_ACCOUNTS)

    for words in ((), ("--account", "real")):
        assert "get_plan " in run("capabilities", *words).stdout
    assert run("capabilities", "--account", "other").exit_code == 2
