"""`subhub matrix` shows what is proven, and does not claim what nobody has shown it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub.plugin.registry import load
from tests.matrix.reports import counts, report_data

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
REPORT = ("--report", "report.json")


@pytest.fixture
def reported(run: Run) -> Run:
    """Run the program beside a report on the toy."""
    rows = {
        "plugin": counts(3),
        "subscribe": counts(7),
        "create_plan": counts(6, 1),
        "cancel_subscription:prorated": counts(2),
    }
    left_out = {"left_out": {"test_amounts_are_exact": "a toy is for free"}}
    _ = Path("report.json").write_text(json.dumps(report_data(load("clitoy"), rows, left_out)))
    return run


def lines(result: Result) -> dict[str, list[str]]:
    """The lines of a table, by capability."""
    assert result.exit_code == 0, result.output
    return {line.split()[1]: line.split() for line in result.stdout.splitlines()[1:]}


def test_a_row_has_evidence_what_is_found_of_a_lost_answer_and_proof(reported: Run) -> None:
    result = reported("matrix", "clitoy", *REPORT)
    table = lines(result)

    assert " ".join(result.stdout.splitlines()[0].split()) == (
        "provider capability wire if lost proof lacking because"
    )
    assert " ".join(table["subscribe"]) == (
        "clitoy subscribe inferred candidates sandbox: 7 tests, 2001-02-03"
    )
    assert " ".join(table["create_plan"]).endswith(
        "not proven: sandbox, 1 of 7 tests failed, 2001-02-03"
    )
    assert " ".join(table["cancel_subscription:prorated"]).endswith(
        "no sandbox: refused, 2 tests, 2001-02-03 it never pays back"
    )
    assert "clitoy: sandbox, 2001-02-03: 18 passed, 1 failed, by" in result.stderr


def test_without_a_report_nothing_is_proven_here(run: Run) -> None:
    result = run("matrix", "clitoy")

    assert all("not proven here" in " ".join(line) for line in lines(result).values())
    assert "clitoy: no report, so nothing is proven here; `pytest --subhub-report" in result.stderr


def test_what_only_one_provider_has_is_marked(run: Run) -> None:
    table = lines(run("matrix", "afternoon"))

    assert table["delete_customer"][2:5] == ["(only", "here)", "docs"]


def test_scripts_get_what_is_known_and_what_each_run_has_shown(
    reported: Run, as_json: AsJson
) -> None:
    found = as_json(reported("matrix", "clitoy", *REPORT, "--json"))
    (column,) = found["providers"]
    rows = {each["name"]: each for each in column["capabilities"]}

    assert found["broken"] == {}
    assert (column["provider"], column["package"], column["version"]) == (
        "clitoy",
        "cli-toy",
        "1.0",
    )
    (ran,) = column["runs"]
    assert ran["date"] == "2001-02-03"
    assert ran["left_out"] == {"test_amounts_are_exact": "a toy is for free"}
    assert ran["stale"] == []
    assert (ran["plugin"]["state"], ran["plugin"]["passed"]) == ("proven", 3)
    assert rows["subscribe"]["evidence"] == "inferred"
    assert rows["subscribe"]["lost"] == "candidates"
    assert rows["subscribe"]["proven_by"] == ["sandbox"]
    assert rows["create_plan"]["proven_by"] == []
    assert rows["create_plan"]["proofs"] == [
        {
            "state": "failed",
            "source": "sandbox",
            "date": "2001-02-03",
            "passed": 6,
            "failed": 1,
            "left_out": 0,
            "not_run": 0,
        }
    ]
    assert rows["cancel_subscription:prorated"]["reason"] == "it never pays back"


def test_all_installed_providers_are_shown_and_of_a_broken_one_the_cause(
    run: Run, as_json: AsJson, tmp_path: Path
) -> None:
    info = tmp_path / "cli_broken-1.0.dist-info"
    info.mkdir()
    _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cli-broken\nVersion: 1.0\n")
    _ = (info / "entry_points.txt").write_text("[subhub.providers]\nbrokentoy = nowhere:Toy\n")

    found = as_json(run("matrix", "--json"))
    told = run("matrix")

    shown = [each["provider"] for each in found["providers"]]
    assert shown == ["afternoon", "clitoy", "mijnklantportaal"]
    assert "nowhere" in found["broken"]["brokentoy"]
    assert "brokentoy is left out: the plugin of 'brokentoy' cannot be imported" in told.stderr


def test_a_page_is_markdown_and_nothing_else_on_stdout(reported: Run) -> None:
    result = reported("matrix", "clitoy", *REPORT, "--markdown")

    assert result.exit_code == 0
    assert result.stdout.startswith("# The matrix\n")
    assert result.stdout.endswith(" |\n")
    assert "| `subscribe` | inferred, sandbox |" in result.stdout
    assert "$ subhub matrix clitoy --report report.json --markdown\n" in result.stdout


def test_a_page_and_json_exclude_each_other(run: Run) -> None:
    result = run("matrix", "--markdown", "--json")

    assert result.exit_code == 2
    assert "choose one" in result.stderr


def test_a_report_that_cannot_be_read_is_refused(run: Run) -> None:
    result = run("matrix", *REPORT)

    assert result.exit_code == 2
    assert "the report report.json cannot be read" in result.stderr


def test_reading_a_report_needs_an_extra_and_says_which(
    reported: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vcr", None)
    result = reported("matrix", *REPORT)

    assert result.exit_code == 2
    assert 'reports need vcr: pip install "subhub-billing[cli,testing]"' in result.stderr
