"""The page that is committed is of the report that is committed, and that is of this code."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subhub.cli.app import app
from subhub.testing import ProviderContract
from subhub.testing.contract import guard
from subhub.testing.contract.cases import items_of
from subhub.testing.contract.report import Results, written

ROOT = Path(__file__).parents[1]
REPORT = "docs/contract-report.json"
PROVIDERS = ("mijnklantportaal", "afternoon")
COMMITTED: dict[str, Any] = json.loads((ROOT / REPORT).read_text("utf-8"))
REMEDY = f"""\
the committed matrix is stale; make it again, and read the difference:
    uv run pytest -k "TestAfternoon or TestMijnKlantportaal" --subhub-report {REPORT}
    uv run subhub matrix {" ".join(PROVIDERS)} --report {REPORT} --markdown > docs/matrix.md
"""


def contract_of(name: str) -> type[ProviderContract]:
    module, _, qualified = name.rpartition(".")
    found: type[ProviderContract] = getattr(importlib.import_module(module), qualified)
    return found


def green(path: Path) -> dict[str, Any]:
    """The report of a run in which everything that is not left out passes."""
    results = Results()
    for each in COMMITTED["providers"]:
        contract = contract_of(each["contract"])
        for item in (item for test in guard.tests() for item in items_of(contract, test)):
            if not guard.reason(contract, item.test, item.case):
                params = {"case": item.case, "colour": item.colour}
                results.note(contract, item.test, params, passed=True)
    written(results, str(path))
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_the_report_is_that_of_a_green_run_of_this_code(tmp_path: Path) -> None:
    """So it is stale as soon as the suite, a claim, a version or an API description changes."""
    assert {**green(tmp_path / "report.json"), "date": COMMITTED["date"]} == COMMITTED, REMEDY


def test_the_page_is_made_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    words = ["matrix", *PROVIDERS, "--report", REPORT, "--markdown"]

    made = CliRunner().invoke(app, words, catch_exceptions=False)

    assert made.exit_code == 0, made.output
    assert made.stdout == (ROOT / "docs" / "matrix.md").read_text("utf-8"), REMEDY


def test_the_page_tells_the_commands_that_make_it() -> None:
    page = (ROOT / "docs" / "matrix.md").read_text("utf-8")
    told = [line.strip() for line in REMEDY.splitlines() if "uv run" in line]

    for command in told:
        assert "$ " + command.removeprefix("uv run ").partition(" > ")[0] in page


def test_every_plugin_of_this_project_is_in_it() -> None:
    plugins = {each.parent.name for each in ROOT.glob("providers/*/pyproject.toml")}

    assert {each["provider"] for each in COMMITTED["providers"]} == plugins == {*PROVIDERS}
