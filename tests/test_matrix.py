"""What counts as proven, and how the matrix tells it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub.errors import ConfigError
from subhub.matrix.page import page
from subhub.matrix.proofs import WHOLE, Proof, Report, runs
from subhub.matrix.rows import Column, Row, run_in_words
from subhub.plugin.capabilities import OPERATIONS, VARIANTS, Absence, Capability, Evidence
from subhub.plugin.provider import Provider
from subhub.testing.contract.catalogue import catalogue
from tests.matrix.reports import DATE, counts, report, report_data

ADDED = "subscribe:starts_on"
PASSED: Mapping[str, int] = {}
NEUTRAL_IN_ORDER = [
    name
    for operation in OPERATIONS
    for name in (operation, *(f"{operation}:{each}" for each in VARIANTS.get(operation, ())))
]


def row(*reports: Report, capability: str = "create_customer") -> Row:
    found = Column.of(Afternoon, reports)
    return next(each for each in found.rows if each.capability.name == capability)


def made(ended: Mapping[str, int] = PASSED, source: str = "sandbox") -> Report:
    rows = {"create_customer": counts(4, **ended)}
    return report(Afternoon, rows, {"source": source})


class Same(Afternoon):
    pass


class Fewer(Afternoon):
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **Afternoon.evidence,
        ADDED: Absence("it begins at once", kind="plugin"),
    }


class BetterKnown(Afternoon):
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **Afternoon.evidence,
        ADDED: Evidence("seed", "a document"),
    }


class TestProven:
    def test_is_what_ran_and_passed(self) -> None:
        found = row(made())

        assert found.proven_by == ["sandbox"]
        assert found.proof() == "sandbox: 4 tests, 2001-02-03"
        assert found.proof(dated=False) == "sandbox: 4 tests"

    def test_of_what_is_lacking_is_that_it_is_refused(self) -> None:
        found = row(report(Afternoon, {"create_plan": counts(2)}), capability="create_plan")

        assert found.proven_by == ["sandbox"]
        assert found.proof() == "sandbox: refused, 2 tests, 2001-02-03"

    @pytest.mark.parametrize(
        ("ended", "told"),
        [
            ({"failed": 1}, "1 of 5 tests failed"),
            ({"left_out": 2}, "2 of 6 tests were left out"),
            ({"not_run": 3}, "3 of 7 tests did not run"),
            ({"failed": 1, "left_out": 2, "not_run": 3}, "1 of 10 tests failed"),
        ],
    )
    def test_is_nothing_of_which_a_test_did_not_pass(
        self, ended: dict[str, int], told: str
    ) -> None:
        found = row(made(ended))

        assert found.proven_by == []
        assert found.proof() == f"not proven: sandbox, {told}, 2001-02-03"

    def test_is_nothing_without_a_report_of_the_provider(self) -> None:
        other = report(MijnKlantportaal, {"create_customer": counts(4)})

        for found in (row(), row(other)):
            assert found.proven_by == []
            assert found.proof() == "not proven here"

    def test_is_nothing_that_has_no_test(self) -> None:
        found = row(made(), capability="delete_customer")

        assert found.proven_by == []
        assert found.proof() == "outside of the contract"

    def test_on_sandbox_and_live_is_told_of_each(self) -> None:
        found = row(made(source="live"), made())

        assert found.proven_by == ["live", "sandbox"]
        assert found.proof(dated=False) == "live cassette: 4 tests; sandbox: 4 tests"

    def test_is_nothing_that_another_run_disproves(self) -> None:
        assert row(made(), made({"failed": 1}, "live")).proven_by == []


class TestStale:
    @pytest.mark.parametrize(
        ("changes", "tested", "told"),
        [
            ({"subhub": "0.9"}, {}, "the version of subhub was 0.9, and is"),
            ({"suite": 0}, {}, "the version of the suite was 0, and is"),
            ({}, {"plugin": None}, "the package was None, and is subhub-afternoon now"),
            ({}, {"version": "0.9"}, "the version of the plugin was 0.9, and is"),
            ({}, {"document": "sha256:0"}, "the plugin's API description is another now"),
            ({}, {"tests": "sha256:0"}, "the tests that follow from what the plugin claims"),
        ],
    )
    def test_is_a_report_of_anything_else_than_what_is_installed(
        self, changes: dict[str, Any], tested: dict[str, Any], told: str
    ) -> None:
        old = report(Afternoon, {"create_customer": counts(4)}, tested, **changes)
        (run,) = runs(Afternoon, [old])
        found = row(old)

        assert len(run.stale) == 1
        assert run.stale[0].startswith(told)
        assert f"4 passed, by `tests.test_toy.TestToy`; stale, because {told}" in run_in_words(run)
        assert found.proof() == "stale, 2001-02-03"
        assert found.proven_by == []

    def test_does_not_take_away_what_another_run_proves(self) -> None:
        old = report(Afternoon, {"create_customer": counts(4, 1)}, subhub="0.9")

        assert row(old, made()).proven_by == ["sandbox"]

    def test_is_a_report_once_the_plugin_claims_something_else(self) -> None:
        assert catalogue(Fewer) != catalogue(Same)

    def test_is_no_report_because_something_is_better_known(self) -> None:
        assert catalogue(BetterKnown) == catalogue(Same)


class TestReport:
    def test_is_read_from_the_file_that_pytest_wrote(self, tmp_path: Path) -> None:
        path = tmp_path / "report.json"
        _ = path.write_text(json.dumps(report_data(Afternoon, {WHOLE: counts(9)})))

        (run,) = runs(Afternoon, [Report.at(path)])

        assert run.proof(WHOLE).counts.passed == 9
        assert run_in_words(run) == "sandbox, 2001-02-03: 9 passed, by `tests.test_toy.TestToy`"

    def test_without_tests_says_so(self) -> None:
        (run,) = runs(Afternoon, [report(Afternoon, {})])

        assert "2001-02-03: no tests, by" in run_in_words(run)

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ("{", "all of it: Invalid JSON"),
            ("[]", "all of it: "),
            ('{"format": 2}', "format: "),
            (
                json.dumps(report_data(Afternoon, {"subscribe": counts(-1)})),
                "providers.0.capabilities.subscribe.passed: ",
            ),
            (json.dumps(report_data(Afternoon, {}, {"source": "memory"})), "providers.0.source: "),
        ],
    )
    def test_that_cannot_be_read_is_refused_with_the_place_and_the_remedy(
        self, tmp_path: Path, text: str, where: str
    ) -> None:
        path = tmp_path / "report.json"
        _ = path.write_text(text)

        with pytest.raises(ConfigError, match=f"--subhub-report {path.as_posix()}") as refused:
            _ = Report.at(path)

        assert f"can read ({where}" in str(refused.value)

    def test_that_is_not_there_is_refused_with_the_remedy(self, tmp_path: Path) -> None:
        path = tmp_path / "none.json"

        with pytest.raises(ConfigError, match=r"No such file.*--subhub-report .*none.json"):
            _ = Report.at(path)


class TestPage:
    def test_has_the_evidence_and_the_proof_of_every_capability(self) -> None:
        given = {"report.json": made()}
        text = page([Column.of(Afternoon, [*given.values()])], given)

        assert "| `create_customer` | docs, sandbox |" in text
        assert "| `get_customer` | docs, not proven |" in text
        assert "| `create_plan` | no |" in text
        assert "/customers/create) | candidates | sandbox: 4 tests |" in text
        assert "| `create_plan` | the provider | Afternoon documents no endpoint for plans" in text
        assert "| `delete_customer` (only here) | [docs](https://" in text
        assert all(f"| `{name}`" in text for name in Afternoon.capabilities())

    def test_tells_the_commands_that_make_it(self) -> None:
        given = {"a.json": made(), "b/b.json": made(source="live")}
        text = page([Column.of(Afternoon, [])], given)

        assert '$ pytest -k "TestToy" --subhub-report a.json\n' in text
        assert "$ subhub matrix afternoon --report a.json --report b/b.json --markdown\n" in text

    def test_says_that_nothing_was_tried_live_unless_something_was(self) -> None:
        never = page([Column.of(Afternoon, [made()])], {})
        once = page([Column.of(Afternoon, [made(source="live")])], {})

        assert "Nothing here was ever tried live." in never
        assert "tried live" in once
        assert "Nothing here" not in once

    def test_is_of_the_reports_days_and_tells_what_they_leave_out(self) -> None:
        left_out = {"left_out": {"test_amounts_are_exact": "it bills in whole euros"}}
        given = report(Afternoon, {"subscribe": counts(1, 0, 1)}, left_out)
        text = page([Column.of(Afternoon, [given])], {})

        assert f"- sandbox, {DATE}: 1 passed, 1 were left out, by" in text
        assert "  - `test_amounts_are_exact` is left out: it bills in whole euros\n" in text
        assert dt.datetime.now(dt.UTC).date().isoformat() not in text

    def test_has_no_cell_that_breaks_its_table(self) -> None:
        odd = Row(Capability("subscribe", Evidence("docs", "page 7 |\nleft")), ())
        not_yet = Row(Capability("get_plan", Absence("nobody asked", kind="plugin")), ())
        text = page([Column("toy", "toy", "1", (), (odd, not_yet))], {})

        assert "| `subscribe` | docs: page 7 \\| left |  | not proven here |" in text
        assert "| `get_plan` | this plugin | nobody asked | not proven here |" in text
        assert "| `get_plan` | not yet |" in text

    def test_has_no_table_without_a_row(self) -> None:
        only = Row(Capability("subscribe", Evidence("docs", "page 7")), ())

        assert "| lacking |" not in page([Column("toy", "toy", "1", (), (only,))], {})


def test_every_provider_has_the_same_neutral_rows() -> None:
    providers: tuple[type[Provider], ...] = (Afternoon, MijnKlantportaal)
    names = [[row.capability.name for row in Column.of(each, []).neutral] for each in providers]

    assert names == [NEUTRAL_IN_ORDER, NEUTRAL_IN_ORDER]


def test_a_proof_is_what_a_run_counted() -> None:
    (run,) = runs(Afternoon, [made({"failed": 1})])
    found = run.proof("create_customer")

    assert isinstance(found, Proof)
    assert (found.state, found.source, found.date) == ("failed", "sandbox", dt.date(2001, 2, 3))
    assert found.counts.tests == 5
