"""The page about bulk runs: its example runs, in a sandbox, and its commands are ones there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subhub.cli.app import app

PAGE = (Path(__file__).parents[1] / "docs" / "bulk.md").read_text("utf-8")
PLAN = """
[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def account(folder: Path) -> None:
    """The account of the page, in a sandbox."""
    (configuration,) = blocks("toml")
    written = re.sub(r"^api_key = .*$", "sandbox = true", configuration, flags=re.MULTILINE)
    assert "sandbox" in written
    _ = (folder / "subhub.toml").write_text(written + PLAN, "utf-8")
    _ = (folder / "customers.csv").write_text(
        "name,email,address,postal_code,city\nTest,a@b.c,Street 1,1234AB,Amsterdam\n", "utf-8"
    )


@pytest.mark.usefixtures("account")
def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(example, "docs/bulk.md", "exec"), names)  # noqa: S102 - it is ours
    told = capsys.readouterr().out
    assert [line.split()[0] for line in sorted(told.splitlines())] == ["c-001", "c-002"]
    assert "Error" not in told


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("line", [each for each in COMMANDS if "--from" in each])
def test_the_commands_run(line: str) -> None:
    told = CliRunner().invoke(app, shlex.split(line)[1:])
    assert told.exit_code == 0, told.output


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("line", [each for each in COMMANDS if "resolve" in each])
def test_what_resolves_is_understood(line: str) -> None:
    told = CliRunner().invoke(app, shlex.split(line)[1:])
    assert "must be the token of an OutcomeUnknown" in told.output
