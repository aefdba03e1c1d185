"""The report says what was proven: only what ran and passed counts, and only until it is stale."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import httpcore
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie
from subhub_stripe import Stripe

from subhub._version import __version__
from subhub.errors import PluginError
from subhub.plugin import Absence, Evidence, Provider
from subhub.testing import ProviderContract
from subhub.testing.contract import SUITE_VERSION, collecting, guard
from subhub.testing.contract.cases import Case, items_of
from subhub.testing.contract.report import SHIPPED, WHOLE, Report, baseline, runs, shipped
from subhub.testing.contract.results import Results, write_report
from tests.contract.mini import Mini, MiniContract

pytest_plugins = ["pytester"]

LOADED = [httpcore, collecting]
"""Imported here: what pytester imports first is forgotten, and then imported a second time."""
ROOT = Path(__file__).parents[1]
PLUGINS: tuple[type[Provider], ...] = (Afternoon, MijnKlantportaal, Mollie, Stripe)
REMEDY = """the report in the plugin's package is stale; write it again, and read the diff:
    uv run pytest tests/{0}/test_{0}_contract.py \\
        --subhub-report providers/{0}/subhub_{0}/contract-report.json
"""


@pytest.fixture
def report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """The report of a run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def report(tests: str, *options: str) -> dict[str, Any]:
        head = (
            "from tests.contract.kiosk import KioskContract\n"
            "from tests.contract.mini import Mini, MiniContract\n"
        )
        _ = pytester.makepyfile(head + dedent(tests))
        plugins = ("-pno:cacheprovider", "-psubhub.testing.pytest_plugin")
        _ = pytester.runpytest_inprocess(*plugins, "--subhub-report=report.json", *options)
        written: dict[str, Any] = json.loads((pytester.path / "report.json").read_text("utf-8"))
        return written

    return report


class TestARun:
    @pytest.mark.parametrize("name", ["Mini", "Kiosk"])
    def test_that_is_whole_proves_every_capability_of_an_unusual_plugin(
        self, report: Callable[..., dict[str, Any]], name: str
    ) -> None:
        """One has few operations; the other sells by signup links only."""
        found = report(f"class Test{name}({name}Contract): pass")
        (provider,) = found["providers"]
        rows = provider["capabilities"]

        assert (found["format"], found["suite"], found["subhub"]) == (1, SUITE_VERSION, __version__)
        assert found["date"][:2] == "20"
        assert provider["provider"] == name.lower()
        assert provider["contract"].endswith(f".Test{name}")
        assert (provider["plugin"], provider["version"]) == (None, None)
        assert provider["source"] == "sandbox"
        assert all(row["proven"] and not row["not_run"] for row in rows.values())
        assert rows["create_plan"]["claimed"]
        assert rows["create_plan"]["passed"] > 20
        assert not rows["get_plan"]["claimed"]
        assert rows[WHOLE]["claimed"]

    def test_of_a_part_proves_nothing(self, report: Callable[..., dict[str, Any]]) -> None:
        found = report("class TestMini(MiniContract): pass", "-k=test_a_flow_is_pure")
        row = found["providers"][0]["capabilities"]["create_plan"]

        assert row["passed"] == 1
        assert row["not_run"] > 20
        assert not row["proven"]

    def test_that_fails_proves_nothing(self, report: Callable[..., dict[str, Any]]) -> None:
        found = report(
            """
            class Liar(Mini):
                name = "liar"

            class TestLiar(MiniContract):
                provider = Liar
            """,
            "-k=test_what_is_claimed_is_done",
        )
        (provider,) = found["providers"]

        assert provider["capabilities"]["create_plan"]["failed"] == 2
        assert not provider["capabilities"]["create_plan"]["proven"]

    def test_says_what_was_left_out(self, report: Callable[..., dict[str, Any]]) -> None:
        left_out = {"test_a_flow_is_pure[subscribe]": "its response is random"}
        found = report(
            f"class TestMini(MiniContract): left_out = {left_out}", "-k=test_a_flow_is_pure"
        )
        (provider,) = found["providers"]

        assert provider["left_out"] == left_out
        assert provider["capabilities"]["subscribe"]["left_out"] == 1
        assert provider["capabilities"]["create_plan"]["left_out"] == 0

    def test_counts_a_test_that_fails_at_its_end_as_failed(
        self, report: Callable[..., dict[str, Any]]
    ) -> None:
        found = report(
            """
            class TestMini(MiniContract):
                def teardown_method(self):
                    raise RuntimeError("a file was left open")
            """,
            "-k=test_a_flow_is_pure",
        )

        assert found["providers"][0]["capabilities"]["create_plan"]["failed"] == 1

    def test_that_passes_when_it_is_repeated_has_failed(self, tmp_path: Path) -> None:
        results, params = Results(), {"case": Case("create_plan")}
        for passed in (False, True):
            results.note(MiniContract, "test_a_flow_is_pure", params, passed=passed)
        write_report(results, tmp_path / "report.json")

        (tested,) = json.loads((tmp_path / "report.json").read_text("utf-8"))["providers"]
        assert tested["capabilities"]["create_plan"]["failed"] == 1

    def test_names_the_plugin_that_is_installed(
        self, report: Callable[..., dict[str, Any]]
    ) -> None:
        found = report(
            "from tests.afternoon.test_afternoon_contract import TestAfternoon",
            "-k=test_the_class_is_well_formed",
        )
        (provider,) = found["providers"]

        assert (provider["plugin"], provider["version"]) == ("subhub-afternoon", __version__)
        assert provider["document"].startswith("sha256:")


def counts(passed: int = 0, failed: int = 0, left_out: int = 0, not_run: int = 0) -> dict[str, Any]:
    ended = {"passed": passed, "failed": failed, "left_out": left_out, "not_run": not_run}
    return {"claimed": True, **ended, "proven": True}


def on_afternoon(
    row: Mapping[str, Any], tested: Mapping[str, Any] | None = None, **changes: Any
) -> Report:
    """Return a report that holds for what is installed, except for *tested* and *changes*."""
    about = {
        "provider": "afternoon",
        "contract": "tests.test_toy.TestToy",
        **baseline(Afternoon).model_dump(),
        "source": "sandbox",
        "left_out": {},
        "capabilities": {"create_customer": row},
        **(tested or {}),
    }
    head = {"format": 1, "suite": SUITE_VERSION, "subhub": __version__, "date": "2001-02-03"}
    return Report.model_validate_json(json.dumps({**head, "providers": [about], **changes}))


class TestAProof:
    @pytest.mark.parametrize(
        ("row", "state"),
        [
            (counts(4), "proven"),
            (counts(4, failed=1), "failed"),
            (counts(4, left_out=2), "left_out"),
            (counts(4, not_run=3), "not_run"),
            (counts(4, failed=1, left_out=2, not_run=3), "failed"),
            (counts(), "untested"),
        ],
    )
    def test_is_the_worst_that_happened_to_a_test(self, row: dict[str, Any], state: str) -> None:
        (run,) = runs(Afternoon, [on_afternoon(row)])
        proof = run.proof("create_customer")

        assert (run.stale, proof.state, proof.source) == ((), state, "sandbox")
        assert proof.counts.tests == sum(row[name] for name in row if name not in DERIVED)
        assert str(proof.date) == "2001-02-03"

    def test_of_a_capability_without_tests_is_none(self) -> None:
        (run,) = runs(Afternoon, [on_afternoon(counts(4))])
        assert run.proof("delete_customer").state == "untested"

    def test_of_another_provider_is_none(self) -> None:
        assert runs(MijnKlantportaal, [on_afternoon(counts(4))]) == ()

    @pytest.mark.parametrize(
        ("changes", "tested", "difference"),
        [
            ({"suite": 0}, {}, "the version of the suite was 0, and is"),
            ({}, {"plugin": None}, "the package was None, and is subhub-afternoon now"),
            ({}, {"version": "0.9"}, "the version of the plugin was 0.9, and is"),
            ({}, {"document": "sha256:0"}, "the plugin's API description has changed"),
            ({}, {"tests": "sha256:0"}, "the plugin claims other capabilities now"),
        ],
    )
    def test_is_stale_once_something_differs(
        self, changes: dict[str, Any], tested: dict[str, Any], difference: str
    ) -> None:
        (run,) = runs(Afternoon, [on_afternoon(counts(4), tested, **changes)])

        (found,) = run.stale
        assert found.startswith(difference)
        assert run.proof("create_customer").state == "stale"


DERIVED = {"claimed", "proven"}


class Same(Afternoon):
    pass


class Fewer(Afternoon):
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **Afternoon.evidence,
        "subscribe:starts_on": Absence("it begins at once", kind="plugin"),
    }


class BetterKnown(Afternoon):
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **Afternoon.evidence,
        "subscribe:starts_on": Evidence("seed", "a document"),
    }


def test_other_claims_mean_other_tests_and_better_evidence_does_not() -> None:
    assert baseline(Fewer).tests != baseline(Same).tests
    assert baseline(BetterKnown).tests == baseline(Same).tests


class TestShipped:
    @pytest.fixture
    def plugin(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Provider]]:
        """A plugin with an empty package."""
        (tmp_path / "bare_plugin").mkdir()
        source = 'from subhub.plugin import Provider\nclass Bare(Provider):\n    name = "bare"\n'
        _ = (tmp_path / "bare_plugin" / "__init__.py").write_text(source)
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        yield import_module("bare_plugin").Bare
        del sys.modules["bare_plugin"]

    def test_is_nothing_without_a_file(self, plugin: type[Provider]) -> None:
        assert shipped(plugin) is None
        assert shipped(Mini) is None, "of a single module"

    @pytest.mark.parametrize("text", ["{", "[]", '{"format": 2}'])
    def test_that_cannot_be_read_is_refused_with_the_remedy(
        self, plugin: type[Provider], tmp_path: Path, text: str
    ) -> None:
        _ = (tmp_path / "bare_plugin" / SHIPPED).write_text(text)

        with pytest.raises(PluginError, match=r"of bare cannot be read.*pytest --subhub-report"):
            _ = shipped(plugin)

    @pytest.mark.parametrize("provider", PLUGINS, ids=lambda provider: provider.name)
    def test_is_the_report_of_a_green_run_of_this_code(
        self, provider: type[Provider], tmp_path: Path
    ) -> None:
        """So it is stale as soon as the suite, a claim, a version or a description changes."""
        folder = ROOT / "providers" / provider.name / f"subhub_{provider.name}"
        committed = json.loads((folder / SHIPPED).read_text("utf-8"))
        write_report(green(committed), tmp_path / "report.json")
        expected = json.loads((tmp_path / "report.json").read_text("utf-8"))

        assert {**expected, "date": committed["date"]} == committed, REMEDY.format(provider.name)
        (run,) = runs(provider, [shipped(provider) or pytest.fail("it is not shipped")])
        assert run.stale == ()

    def test_is_read_without_the_packages_of_the_test_kit(self) -> None:
        source = """
            import sys
            for name in ("pytest", "vcr", "yaml", "jsonschema", "pytest_socket", "httpx"):
                sys.modules[name] = None
            from subhub_afternoon import Afternoon
            from subhub.testing.contract.report import runs, shipped
            (run,) = runs(Afternoon, [shipped(Afternoon)])
            print(run.stale, run.proof("create_customer").state)
        """
        command = [sys.executable, "-c", dedent(source)]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)

        assert ran.stdout == "() proven\n"


def green(report: dict[str, Any]) -> Results:
    """Return the results of a run in which every test passes that is not left out."""
    results = Results()
    for tested in report["providers"]:
        module, _, name = tested["contract"].rpartition(".")
        contract: type[ProviderContract] = getattr(import_module(module), name)
        for test in guard.tests().values():
            for item in items_of(test, contract.provider):
                if not guard.reason(contract, item.test, item.case):
                    params = {"case": item.case, "kind": item.kind}
                    results.note(contract, item.test, params, passed=True)
    return results
