"""docs/testing.md is true: its tests run, and its messages are what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import httpcore
import pytest

from subhub.testing import marker, session

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[1] / "docs" / "testing.md").read_text("utf-8")
PLUGINS = ("-pno:cacheprovider", "-psubhub.testing.pytest_plugin", "-panyio")
LOADED = [httpcore, marker, session]
"""Imported here: what pytester imports first is forgotten, and then imported a second time."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


(SETTINGS,) = blocks("ini")
_, MISS, BLOCKED = blocks("text")
BOTH_CLIENTS = next(each for each in blocks("python") if "async_subhub_client" in each)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # of the others, some load for long
    _ = pytester.makeini(SETTINGS + "strict = true\nfilterwarnings = error\n")
    return pytester


def failures(ran: pytest.RunResult) -> int:
    outcomes = ran.parseoutcomes()
    return outcomes.get("failed", 0) + outcomes.get("errors", 0)


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_every_test_on_the_page_is_recorded_and_runs(project: pytest.Pytester, number: int) -> None:
    source = blocks("python")[number]
    _ = project.makepyfile(source)
    for options in (["--record-sandbox"], []):
        ran = project.runpytest_inprocess(*PLUGINS, *options)
        assert failures(ran) == 0
        assert ran.parseoutcomes()["passed"] == source.count("def test_")
    assert (project.path / "tests" / "cassettes").exists() == ("cassette=" in source)


def test_the_commands_are_those_that_were_run() -> None:
    assert blocks("console") == ["$ pytest --record-sandbox\n$ pytest\n"]


def test_the_miss_reads_as_the_page_says(project: pytest.Pytester) -> None:
    _ = project.makepyfile(BOTH_CLIENTS)
    assert failures(project.runpytest_inprocess(*PLUGINS, "--record-sandbox")) == 0
    _ = project.makepyfile(BOTH_CLIENTS.replace('name="Acme Corp"', 'name="Other Corp"'))

    ran = project.runpytest_inprocess(*PLUGINS)

    assert failures(ran) == 2
    shown = "\n".join(line.removeprefix("E").strip() for line in ran.outlines)
    expected = "\n".join(line.strip() for line in MISS.splitlines())
    assert expected in shown


def test_the_block_reads_as_the_page_says(project: pytest.Pytester) -> None:
    _ = project.makepyfile(
        """
        import httpx, pytest

        @pytest.mark.subhub(provider="afternoon", sandbox=True)
        def test_it():
            httpx.get("https://api.example.com")
        """
    )

    ran = project.runpytest_inprocess(*PLUGINS)

    assert BLOCKED.strip() in ran.stdout.str()
