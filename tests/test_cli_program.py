"""The program `subhub` as a whole: how it begins and how it ends."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from importlib.abc import MetaPathFinder
from typing import Never

import pytest
import typer
from typer.testing import CliRunner

from subhub import cli
from subhub._version import __version__
from subhub.cli.app import COMMANDS, app
from subhub.cli.output import json_text


def test_the_version_is_shown_by_the_group_too() -> None:
    """The program answers before there is a group; a shell's completion reads its options."""
    assert CliRunner().invoke(app, ["--version"]).stdout == f"subhub-billing {__version__}\n"


def test_help_names_every_exit_code() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    lines = [line.split() for line in shown.splitlines()]
    codes = [line[0] for line in lines if line and line[0].isdigit()]

    assert codes == ["0", "1", "2", "3", "4", "130"]


AT_EXIT = """
import atexit, sys
def report():
    there = [name for name in {names} if name in sys.modules]
    if there:
        sys.stderr.write("loaded: " + " ".join(there))
atexit.register(report)
"""


def program(*words: str, setup: str = "") -> subprocess.CompletedProcess[str]:
    code = f"{setup}\nimport sys\nfrom subhub.cli import main\nsys.argv[0] = 'subhub'\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "FORCE_COLOR"},
    )


def test_the_version_is_printed_before_anything_is_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["subhub", "--version"])
    cli.main()
    assert capsys.readouterr().out == f"subhub-billing {__version__}\n"

    loaded = program("--version", setup=AT_EXIT.format(names=["typer", "rich", "typing"]))
    assert (loaded.returncode, loaded.stderr) == (0, "")


def test_the_program_ends_with_the_exit_code_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["subhub", "capabilities", "no-such-provider"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert "no plugin for the provider 'no-such-provider'" in capsys.readouterr().err


def test_help_imports_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    heavy = ["pydantic", "httpx", "subhub.models", "subhub.plugin", "subhub.client"]

    shown = program("--help", setup=AT_EXIT.format(names=heavy))

    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(f" {name} " in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize("group", ["plan", "customer", "subscription", "signup-link", "cassettes"])
def test_help_of_a_group_imports_no_client(group: str) -> None:
    names = ["httpx", "subhub.client.base", "subhub.client.configuration", "subhub.testing"]

    shown = program(group, "--help", setup=AT_EXIT.format(names=names))

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "--install-completion" not in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_each_command_says(name: str) -> None:
    place, help_text = COMMANDS[name]
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(f"subhub.cli.{module}"), attribute)

    own = found.info.help if isinstance(found, typer.Typer) else found.__doc__.partition("\n")[0]

    assert own == help_text


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("subhub pl", {"plan"}),
        ("subhub plan up", {"update"}),
        ("subhub nothing up", set[str]()),
    ],
)
def test_a_shell_completes_commands(
    typed: str, offered: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_SUBHUB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))

    assert set(program().stdout.split()) == offered


def test_a_misspelled_command_gets_a_suggestion() -> None:
    result = program("custmer")

    assert result.returncode == 2
    assert "Did you mean 'customer'?" in result.stderr


def test_what_json_has_no_form_for_becomes_text() -> None:
    data = json.loads(json_text({"amount": Decimal("12.90"), "day": dt.date(2024, 5, 4)}))

    assert data == {"amount": "12.90", "day": "2024-05-04"}


def test_the_program_reports_errors_without_a_traceback() -> None:
    result = program("plan", "list", "--config", "nowhere.toml")

    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: nowhere.toml cannot be read")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_the_program_says_what_to_install(missing: str) -> None:
    result = program("demo", setup=f"import sys; sys.modules[{missing!r}] = None")

    assert result.returncode == 2
    assert result.stderr == (
        f'error: the command line needs {missing}: pip install "subhub-billing[cli]"\n'
    )


def test_importing_the_command_line_needs_no_extra() -> None:
    setup = "import sys, subhub.cli; assert not {'typer', 'rich'} & set(sys.modules)"

    assert program("--version", setup=setup).returncode == 0


class Failing(MetaPathFinder):
    """Lets the import of typer fail in the way that is asked."""

    def __init__(self, failure: BaseException) -> None:
        self.failure = failure

    def find_spec(self, name: str, *_: object) -> None:
        if name == "typer":
            raise self.failure


@pytest.fixture
def main_failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], Never]:
    """Run the program in this process, with an import that fails."""

    def call(failure: BaseException) -> Never:
        for name in [each for each in sys.modules if each.startswith(("typer", "subhub.cli."))]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [Failing(failure), *sys.meta_path])
        cli.main()
        pytest.fail("the program has to end with an exit code")

    return call


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (ModuleNotFoundError("none", name="rich.table"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_program_that_cannot_begin_ends_with_its_exit_code(
    main_failing: Callable[[BaseException], Never], failure: BaseException, code: int
) -> None:
    with pytest.raises(SystemExit) as ended:
        main_failing(failure)

    assert ended.value.code == code


@pytest.mark.parametrize("name", ["subhub.lost", None])
def test_another_missing_module_is_not_blamed_on_the_extra(
    main_failing: Callable[[BaseException], Never], name: str | None
) -> None:
    with pytest.raises(ModuleNotFoundError, match="lost"):
        main_failing(ModuleNotFoundError("lost", name=name))
