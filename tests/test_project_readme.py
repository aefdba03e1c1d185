"""The README is true: its files load, its programs run, its commands work."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from subhub.client.configuration import Configuration

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


@pytest.mark.parametrize("provider", ["mijnklantportaal", "afternoon"])
def test_programs_run_as_they_stand_and_after_the_switch(folder: Path, provider: str) -> None:
    switched = CONFIGURATION.replace('"mijnklantportaal"', f'"{provider}"')
    _ = (folder / "subhub.toml").write_text(switched, "utf-8")

    programs = blocks("python")

    assert len(programs) == 3
    for program in programs:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr


def test_the_real_account_is_a_valid_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = (folder / "subhub.toml").write_text(REAL_ACCOUNT, "utf-8")
    monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", "a-key")

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
