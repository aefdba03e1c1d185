"""`subhub capabilities`: evidence, recovery and proof in words, from the plugin's own report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub.plugin import registry
from subhub.testing.contract.report import SUITE_VERSION, baseline

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
Ship = Callable[[str], None]
PLUGIN = """
from subhub.plugin import Absence, Evidence, Flow, Provider
from subhub.models import Plan, Subscription

class Shipped(Provider):
    name = "shipped"
    base_url = "https://shipped.example"
    evidence = {
        "get_plan": Evidence("seed", "page 7"),
        "create_plan": Evidence("docs", "https://shipped.example/plans"),
        "cancel_subscription": Evidence("docs-old", "page 8"),
        "list_plans": Absence("it has no list", "keep the ids"),
        "count_beans": Evidence("inferred", "a guess"),
    }
    def get_plan(self, plan_id, *, colour: str = "grey") -> Flow[Plan]: ...
    def create_plan(self, draft) -> Flow[Plan]: ...
    def get_subscription(self, subscription_id) -> Flow[Subscription]: ...
    def cancel_subscription(self, subscription_id, *, when, refund, now) -> Flow[Subscription]: ...
"""


def counts(passed: int, **others: int) -> dict[str, int]:
    return {"passed": passed, "failed": 0, "not_run": 0, "left_out": 0, **others}


def claimed(passed: int, **others: int) -> dict[str, int]:
    return {"claimed": True, **counts(passed, **others)}


def report(**changes: Any) -> str:
    tested = {
        "provider": "shipped",
        "plugin": "subhub-shipped",
        "version": "1.2",
        "contract": "TestShipped",
        "document": None,
        "tests": "<current>",
        "source": "sandbox",
        "left_out": {},
        "capabilities": {
            "get_plan": claimed(26),
            "list_plans": claimed(2),
            "create_plan": claimed(38, failed=1, left_out=1),
            "cancel_subscription": claimed(35, not_run=2),
            "get_subscription": claimed(20, left_out=1),
        },
    }
    head = {"format": 1, "suite": SUITE_VERSION, "subhub": "1.0.0", "date": "2001-02-03"}
    return json.dumps({**head, "providers": [tested], **changes})


@pytest.fixture
def ship(run: Run, tmp_path: Path) -> Iterator[Ship]:
    """Install a plugin whose package holds the given report."""
    del run  # it puts the folder on the path
    package = tmp_path / "subhub_shipped"
    package.mkdir()
    _ = (package / "__init__.py").write_text(PLUGIN)
    info = tmp_path / "subhub_shipped-1.2.dist-info"
    info.mkdir()
    _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: subhub-shipped\nVersion: 1.2")
    entry = "[subhub.providers]\nshipped = subhub_shipped:Shipped\n"
    _ = (info / "entry_points.txt").write_text(entry)

    def write(text: str) -> None:
        current = baseline(registry.load("shipped")).tests
        _ = (package / "contract-report.json").write_text(text.replace("<current>", current))

    yield write
    _ = sys.modules.pop("subhub_shipped", None)
    registry.load.cache_clear()


def table(result: Result) -> dict[str, str]:
    """Return the rows by capability, with single blanks."""
    assert result.exit_code == 0, result.output
    return {line.split()[0]: " ".join(line.split()) for line in result.stdout.splitlines()}


def test_the_support_of_a_plugin_follows_from_its_report(run: Run, ship: Ship) -> None:
    for text, words in (
        (report(), "unproven: not all tests of `create_plan` passed"),
        (report(suite=0), "unproven: its contract report is out of date"),
        ("{}", "unproven: its contract report cannot be read"),
    ):
        ship(text)
        (row,) = [line for line in run("providers").stdout.splitlines() if "shipped" in line]
        assert " ".join(row.split()).endswith(words)


def test_a_row_has_evidence_recovery_proof_and_source(run: Run, ship: Ship) -> None:
    ship(report())
    result = run("capabilities", "shipped")
    rows = table(result)

    assert rows["capability"] == "capability supported evidence recovery proven source or reason"
    assert rows["get_plan"] == (
        "get_plan yes official spec sandbox, 26 tests page 7; options: colour"
    )
    assert rows["list_plans"] == (
        "list_plans no sandbox, 2 tests it has no list; instead: keep the ids"
    )
    assert " yes older documentation automatic " in rows["cancel_subscription"]
    assert " yes documentation none " in rows["create_plan"]
    assert rows["count_beans"] == "count_beans (only here) yes assumed not in the suite a guess"
    assert rows["subscribe"].startswith("subscribe not yet ")
    assert "contract suite of subhub 1.0.0 on subhub-shipped 1.2, sandbox, 2001-02-03" in (
        result.stderr
    )


def test_what_a_listing_can_only_narrow_down_is_ambiguous(run: Run) -> None:
    assert " yes assumed ambiguous " in table(run("capabilities", "clitoy"))["subscribe"]


def test_nothing_is_proven_by_a_run_in_which_a_test_did_not_pass(run: Run, ship: Ship) -> None:
    ship(report())
    rows = table(run("capabilities", "shipped"))

    assert "not proven: 1 of 40 tests failed" in rows["create_plan"]
    assert "not proven: 2 of 37 tests did not run" in rows["cancel_subscription"]
    assert "not proven: 1 of 21 tests were left out" in rows["get_subscription"]


def test_a_live_run_is_shown_as_such(run: Run, ship: Ship) -> None:
    ship(report().replace('"sandbox"', '"live"'))

    assert "live service, 26 tests" in table(run("capabilities", "shipped"))["get_plan"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("{", "contract-report.json of shipped cannot be read"),
        (report(format=2), "contract-report.json of shipped cannot be read"),
        (report(providers=[]), "shipped ships no contract report"),
    ],
    ids=["not JSON", "another format", "another provider"],
)
def test_a_report_that_cannot_be_used_proves_nothing(
    run: Run, ship: Ship, text: str, note: str
) -> None:
    ship(text)
    result = run("capabilities", "shipped")

    assert table(result)["get_plan"] == "get_plan yes official spec page 7; options: colour"
    assert note in result.stderr


def test_a_report_of_another_suite_is_out_of_date(run: Run, ship: Ship) -> None:
    ship(report(suite=1))
    result = run("capabilities", "shipped")

    assert "get_plan yes official spec out of date page 7" in table(result)["get_plan"]
    assert "It is out of date: the version of the suite was 1" in result.stderr


def test_a_plugin_without_a_package_ships_no_report(run: Run) -> None:
    assert "clitoy ships no contract report" in run("capabilities", "clitoy").stderr


def test_scripts_get_the_marks_of_the_python_api_and_the_counts(
    run: Run, ship: Ship, as_json: AsJson
) -> None:
    ship(report())
    found = {each.pop("name"): each for each in as_json(run("capabilities", "shipped", "--json"))}

    assert found["get_plan"] == {
        "supported": True,
        "extension": False,
        "options": ["colour"],
        "lost": None,
        "field": None,
        "proof": {"source": "sandbox", **counts(26)},
        "evidence": "seed",
        "source": "page 7",
    }
    assert found["list_plans"] == {
        "supported": False,
        "extension": False,
        "options": [],
        "lost": None,
        "field": None,
        "proof": {"source": "sandbox", **counts(2)},
        "reason": "it has no list",
        "alternative": "keep the ids",
        "kind": "provider",
    }
    assert found["count_beans"]["extension"] is True
    assert found["count_beans"]["proof"] is None
    assert found["cancel_subscription"]["lost"] == "decided"
    without = as_json(run("capabilities", "clitoy", "--json"))
    assert {each["proof"] for each in without} == {None}


@pytest.mark.parametrize("provider", ["afternoon", "mijnklantportaal"])
def test_the_plugins_of_this_project_ship_a_report_that_needs_no_extra(provider: str) -> None:
    """An installed user has neither pytest nor the schema library."""
    hidden = dict.fromkeys(("pytest", "vcr", "yaml", "jsonschema", "starlette"))
    code = f"import sys; sys.modules.update({hidden}); from subhub.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "capabilities", provider],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "FORCE_COLOR"},
    )

    assert ran.returncode == 0, ran.stderr
    assert "contract suite of subhub" in ran.stderr
    lines = ran.stdout.splitlines()[1:]
    assert all("sandbox, " in line or "not in the suite" in line for line in lines)


def test_a_field_of_a_draft_has_a_row_too(run: Run, as_json: AsJson) -> None:
    rows = table(run("capabilities", "mijnklantportaal"))

    assert rows["create_customer:address"].startswith(
        "create_customer:address required documentation"
    )
    assert rows["create_customer:phone"].startswith("create_customer:phone no not in the suite no ")
    assert "; instead: leave it out" in rows["create_customer:phone"]
    listed = as_json(run("capabilities", "mijnklantportaal", "--json"))
    fields = {row["name"]: (row["supported"], row["field"]) for row in listed}
    assert fields["create_customer:address"] == (True, "required")
    assert fields["create_customer:phone"] == (False, "refused")
