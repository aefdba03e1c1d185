"""The README is true: its files load, its programs run, its commands work."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from subhub import Client, ConfigError
from subhub.client.configuration import Configuration
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SCRIPTS = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


CONFIGURATION, REAL_ACCOUNT = blocks("toml")


def commands() -> list[list[str]]:
    lines = [line[2:] for block in blocks("console") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [shlex.split(part)[2:] for part in parts if part.startswith("uv run ")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    _ = (tmp_path / "subhub.toml").write_text(CONFIGURATION, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(program: str, folder: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("account", ["main", "next"])
def test_programs_run_as_they_stand_and_after_the_switch(folder: Path, account: str) -> None:
    switched = CONFIGURATION.replace('account = "main"', f'account = "{account}"')
    _ = (folder / "subhub.toml").write_text(switched, "utf-8")

    programs = blocks("python")

    assert len(programs) == 3
    for program in programs:
        run(program, folder)


def test_the_switch_works_between_two_accounts_with_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accounts are served over sockets, and know nothing of the plan key."""
    plans = CONFIGURATION[CONFIGURATION.index("[plans") :]
    draft = Configuration.read().plans()["phone"].model_copy(update={"code": None})
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        portal = sandbox.add(load("mijnklantportaal"), "main", {})
        afternoon = sandbox.add(load("afternoon"), "next", {"phone_yearly": draft})
        monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", portal.fake.api_key)
        monkeypatch.setenv("AFTERNOON_API_KEY", afternoon.fake.api_key)
        accounts = REAL_ACCOUNT
        for served in (portal, afternoon):
            line = f'provider = "{served.provider.name}"'
            accounts = accounts.replace(line, f'{line}\nbase_url = "{served.base_url}"')
        file = folder / "subhub.toml"
        with serving(Application(sandbox), listening):
            for chosen in ("main", "next"):
                _ = file.write_text(f'account = "{chosen}"\n{accounts}\n{plans}', "utf-8")
                if chosen == "main":
                    with pytest.raises(ConfigError, match="subhub plans push"):
                        _ = Client.from_config().get_plan("phone")
                    _ = subprocess.run([SCRIPTS / "subhub", "plans", "push"], check=True)
                run(blocks("python")[0], folder)
                with Client.from_config() as billing:
                    assert len(list(billing.list_subscriptions())) == 1


def test_the_real_account_is_a_valid_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", "a-key")
    monkeypatch.setenv("SUBHUB_ACCOUNT", "main")
    plans = CONFIGURATION[CONFIGURATION.index("[plans") :]
    _ = (folder / "subhub.toml").write_text(f"{REAL_ACCOUNT}\n{plans}", "utf-8")

    account = Configuration.read().open()

    assert account.api_key == "a-key"
    assert account.fake is None


@pytest.mark.parametrize(
    "command",
    [each for each in commands() if each != ["pytest"]],  # that is what runs this
    ids=" ".join,
)
def test_commands_work_where_the_configuration_lies(folder: Path, command: list[str]) -> None:
    ran = subprocess.run(
        [SCRIPTS / command[0], *command[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.strip()


def test_both_newcomer_commands_are_there() -> None:
    assert ["subhub", "demo"] in commands()
    assert ["pytest"] in commands()
