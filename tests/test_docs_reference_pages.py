"""The pages about settings and errors are complete, and what they say is what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from subhub import errors
from subhub.cli import exit_codes
from subhub.client.configuration import Configuration
from subhub.client.tables import AccountSettings, PlanSettings, Settings
from subhub.plugin.registry import load

ROOT = Path(__file__).parents[1]
SETTINGS = (ROOT / "docs" / "configuration-reference.md").read_text("utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
LIVE = (ROOT / "docs" / "going-live.md").read_text("utf-8")
SOURCES = [*ROOT.glob("subhub/**/*.py"), *ROOT.glob("providers/*/subhub_*/**/*.py")]


def rows(page: str, title: str) -> dict[str, list[str]]:
    """The cells of each row of the table below a heading, by the name in the first one."""
    section = f"\n{page}".partition(f"\n{title}\n")[2].partition("\n## ")[0]
    lines = [line.strip().split("|")[1:-1] for line in section.splitlines() if line[:3] == "| `"]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in lines}


@pytest.mark.parametrize(
    ("title", "model"),
    [("## The file", Settings), ("## An account", AccountSettings), ("## A plan", PlanSettings)],
)
def test_every_key_is_explained_with_its_default(title: str, model: type[BaseModel]) -> None:
    found = rows(SETTINGS, title)
    assert list(dict.fromkeys(found)) == list(found)
    assert set(found) == set(model.model_fields)
    for name, field in model.model_fields.items():
        default: Any = None if field.default_factory else field.default
        written = found[name][0].strip("`")
        if field.is_required():
            assert written == "required", name
        elif isinstance(default, int | float):
            assert written == f"{default:g}".lower() or written == str(default).lower(), name
        else:
            assert not re.fullmatch(r"[\d.]+|true|false|required", written), name


def test_every_variable_is_explained() -> None:
    variables = {
        found
        for file in SOURCES
        for found in re.findall(r"\bSUBHUB_[A-Z]+(?:_[A-Z]+)*\b", file.read_text("utf-8"))
    }
    known = {f"SUBHUB_{name.upper()}" for name in AccountSettings.model_fields}
    tables = set(re.findall(r"\| `(SUBHUB_[A-Z_]+)` \|", SETTINGS))
    assert tables >= (variables - {"SUBHUB_WEBHOOK_SECRET"}) | known - {
        "SUBHUB_PLANS",  # tables, which no variable can hold
        "SUBHUB_STATUSES",
    }
    assert tables <= variables | known


def test_a_variable_is_named_next_to_its_key() -> None:
    for name, cells in rows(SETTINGS, "## An account").items():
        assert cells[1].strip("`") in {"", f"SUBHUB_{name.upper()}"}


def test_the_settings_of_every_plugin_are_explained() -> None:
    found = {
        (name, cells[0].strip("`")): cells[1].strip("`")
        for name, cells in rows(SETTINGS, "## Settings of a provider").items()
    }
    declared = {
        (name, provider): field.default
        for provider in ("afternoon", "mijnklantportaal", "mollie", "stripe")
        for name, field in load(provider).settings_model.model_fields.items()
    }
    written = {False: "false", True: "true", None: "none"}
    assert found == {key: written.get(one, str(one)) for key, one in declared.items()}


def test_every_error_has_a_row_with_what_was_changed_and_what_to_do() -> None:
    found = rows(ERRORS, "# Errors, and what to do")
    assert set(found) == set(errors.__all__)
    for name, (changed, remedy) in found.items():
        assert changed in {"", "no", "perhaps", "see its class"}, name
        assert remedy, name


def test_an_error_after_which_a_change_may_be_done_is_said_to_be_one() -> None:
    perhaps = {
        name
        for name, row in rows(ERRORS, "# Errors, and what to do").items()
        if row[0] == "perhaps"
    }
    assert perhaps == {"OutcomeUnknown", "ProviderUnavailable", "InvalidReply"}


def test_the_exit_codes_are_those_of_the_program() -> None:
    listed = re.findall(r"^\| (\d+) \| ", ERRORS.partition("## Exit codes")[2], re.MULTILINE)
    assert listed == [code for code, _ in exit_codes.MEANINGS]


def test_the_programs_about_errors_run() -> None:
    programs = re.findall(r"^```python\n(.*?)^```$", ERRORS, re.MULTILINE | re.DOTALL)
    shown = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            capture_output=True,
            text=True,
            check=False,
        )
        for program in programs
    ]
    assert [ran.stderr for ran in shown] == ["", "", ""]
    assert "dashboard" in shown[0].stdout
    assert shown[2].stdout.startswith("created after all: ")


def test_the_configuration_for_production_can_be_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (written,) = re.findall(r"^ *```toml\n(.*?)^ *```$", LIVE, re.MULTILINE | re.DOTALL)
    _ = (folder / "subhub.toml").write_text(written, "utf-8")
    monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", "a-key")
    configuration = Configuration.read()
    configuration.check_needs()
    assert configuration.settings.production
