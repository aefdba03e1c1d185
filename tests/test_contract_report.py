"""The report says what was proven, and only what really ran and passed counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from subhub._version import __version__
from subhub.testing.contract import SUITE_VERSION, collecting

pytest_plugins = ["pytester"]

LOADED = [collecting]
"""Loaded here, because what is first loaded inside of pytester is forgotten and loaded again."""


@pytest.fixture
def report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """The report of a run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def report(tests: str, *options: str) -> dict[str, Any]:
        head = "import pytest\nfrom tests.contract.mini import Mini, MiniContract\n"
        _ = pytester.makepyfile(head + dedent(tests))
        plugins = ("-pno:cacheprovider", "-psubhub.testing.pytest_plugin")
        _ = pytester.runpytest_inprocess(*plugins, "--subhub-report=report.json", *options)
        written: dict[str, Any] = json.loads((pytester.path / "report.json").read_text("utf-8"))
        return written

    return report


def test_a_whole_run_proves_every_capability(report: Callable[..., dict[str, Any]]) -> None:
    found = report("class TestMini(MiniContract): pass")
    (provider,) = found["providers"]
    rows = provider["capabilities"]

    assert (found["format"], found["suite"], found["subhub"]) == (1, SUITE_VERSION, __version__)
    assert found["date"][:2] == "20"
    assert provider["provider"] == "mini"
    assert provider["contract"].endswith(".TestMini")
    assert (provider["plugin"], provider["version"]) == (None, None)
    assert provider["source"] == "sandbox"
    assert all(row["proven"] and not row["not_run"] for row in rows.values())
    assert rows["create_plan"]["claimed"]
    assert rows["create_plan"]["passed"] > 20
    assert not rows["get_plan"]["claimed"]
    assert rows["plugin"]["claimed"]


def test_what_did_not_run_is_not_proven(report: Callable[..., dict[str, Any]]) -> None:
    found = report("class TestMini(MiniContract): pass", "-k=test_a_flow_is_pure")
    row = found["providers"][0]["capabilities"]["create_plan"]

    assert row["passed"] == 1
    assert row["not_run"] > 20
    assert not row["proven"]


def test_what_failed_is_not_proven(report: Callable[..., dict[str, Any]]) -> None:
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


def test_what_was_left_out_is_told(report: Callable[..., dict[str, Any]]) -> None:
    found = report(
        """
        class TestMini(MiniContract):
            left_out = {"test_a_flow_is_pure[subscribe]": "its answer is drawn by lot"}
        """,
        "-k=test_a_flow_is_pure",
    )
    (provider,) = found["providers"]

    assert provider["left_out"] == {"test_a_flow_is_pure[subscribe]": "its answer is drawn by lot"}
    assert provider["capabilities"]["subscribe"]["left_out"] == 1
    assert provider["capabilities"]["create_plan"]["left_out"] == 0


def test_a_test_that_fails_as_it_ends_has_failed(report: Callable[..., dict[str, Any]]) -> None:
    found = report(
        """
        class TestMini(MiniContract):
            def teardown_method(self):
                raise RuntimeError("a file was left open")
        """,
        "-k=test_a_flow_is_pure",
    )

    assert found["providers"][0]["capabilities"]["create_plan"]["failed"] == 1


def test_the_report_tells_the_plugin_that_is_installed(
    report: Callable[..., dict[str, Any]],
) -> None:
    found = report(
        """
        from tests.afternoon.test_afternoon_contract import TestAfternoon
        """,
        "-k=test_the_class_is_well_formed",
    )
    (provider,) = found["providers"]

    assert (provider["plugin"], provider["version"]) == ("subhub-afternoon", __version__)
    assert provider["document"].startswith("sha256:")
