"""`--help` as it is rendered: no types, nothing wider than the terminal, and no word broken."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from tests.command_tree import commands

Run = Callable[..., Result]
COMMANDS = list(commands())

PLAN_LIST = """\
List the plans.

Usage: subhub plan list [OPTIONS]

Options:
  -L, --limit NUMBER  The maximum number to read.
      --strict        Fail at a record that cannot be read, not only warn.
  -j, --json          Print JSON, for scripts.
  -v, --verbose       Log each request on stderr, and print one that fails as a
                      curl command.
  -h, --help          Show this message and exit.

Account:
  -c, --config FILE   The configuration file; default: SUBHUB_CONFIG, else
                      subhub.toml.
  -a, --account NAME  An account of the configuration; default: the one that it
                      chooses.
  -n, --dry-run       Read, but print the first request that would change
                      something, and stop.
      --curl          After an error, print its request as a curl command,
                      without the key.
"""


def shown(words: str, width: int) -> str:
    result = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": str(width)})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_help_is_rendered_like_this_at_80_columns() -> None:
    assert shown("plan list", 80).startswith(PLAN_LIST)


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("width", [60, 80])
def test_help_has_no_types_and_fits(words: str, width: int) -> None:
    text = shown(words, width)

    assert not re.search(r"<\w+>|\[default: (None|False)\]|[│╭╰]", text)
    assert not [line for line in text.splitlines() if len(line) > width and " " in line.strip()]
    assert text.count("Usage: ") == 1
    assert f"Usage: subhub {words}".rstrip() in text


@pytest.mark.parametrize("words", COMMANDS)
def test_help_breaks_no_word(words: str) -> None:
    """What is copied at 60 columns is what is copied at 100."""
    assert set(shown(words, 60).split()) - {"\\"} == set(shown(words, 100).split()) - {"\\"}


@pytest.mark.parametrize("words", ["", "plan", "plans", "subscription"])
def test_a_group_alone_prints_its_help_and_succeeds(words: str) -> None:
    result = CliRunner().invoke(app, words.split(), env={"COLUMNS": "80"})

    assert (result.exit_code, result.stdout) == (0, shown(words, 80))


@pytest.mark.parametrize("words", ["", "plan", "plan list"])
def test_help_has_a_short_option(words: str) -> None:
    result = CliRunner().invoke(app, [*words.split(), "-h"], env={"COLUMNS": "80"})

    assert result.stdout == shown(words, 80)


def test_headings_are_bold_on_a_terminal_unless_colour_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coloured = CliRunner().invoke(app, ["plan", "-h"], color=True).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    plain = CliRunner().invoke(app, ["plan", "-h"], color=True).stdout

    assert "\x1b[1mUsage:\x1b[0m" in coloured
    assert "\x1b" not in plain


def test_the_module_runs_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["subhub", "--version"])
    _ = import_module("subhub.__main__")
    assert capsys.readouterr().out.startswith("subhub-billing ")


def test_the_program_is_a_module_too() -> None:
    program = [sys.executable, "-m", "subhub"]
    run = subprocess.run([*program, "-V"], capture_output=True, text=True, check=True)
    helped = subprocess.run([*program, "plan", "-h"], capture_output=True, text=True, check=True)

    assert run.stdout.startswith("subhub-billing ")
    assert "Usage: python -m subhub plan COMMAND" in helped.stdout
