"""Drift shows what is played differently today, exchange by exchange, and overwrites nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from subhub_afternoon import Afternoon

from subhub import CustomerDraft
from subhub.testing.cassettes import REAL, Cassette
from subhub.testing.cassettes.drift import Drift, changes, drifts, shown
from subhub.testing.cassettes.scenario_recording import record_in_sandbox
from subhub.testing.cassettes.scrubbing import Scrubber
from subhub.testing.session import Stages

TEST = """
from subhub_afternoon import Afternoon

from subhub import CustomerDraft


def test_customer(cassette):
    stage = cassette(Afternoon, "customer")
    acme = CustomerDraft(name="Acme Corp", email="billing@acme.com")
    assert stage.client.create_customer(acme).name == "Acme Corp"


def test_nothing():
    assert True


def test_failing():
    raise AssertionError("it does not work any more")
"""
ACME = CustomerDraft(name="Acme Corp", email="billing@acme.com")
Change = Callable[[Any], object]


def changed(path: Path, change: Change) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    _ = change(document)
    _ = path.write_text(yaml.safe_dump(document, sort_keys=False))


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A cassette of the main job."""
    path = tmp_path / "afternoon" / "main-job.yaml"
    _ = record_in_sandbox(Afternoon, path)
    return path


def only(path: Path) -> Drift:
    (found,) = drifts([path], path.parent)
    assert found.path == path
    return found


class TestOfAScenario:
    def test_is_nothing_when_nothing_changed(self, job: Path) -> None:
        before = job.read_text("utf-8")
        assert only(job).lines == []
        assert job.read_text("utf-8") == before

    def test_is_told_by_its_place_with_the_command_that_records_anew(self, job: Path) -> None:
        def older(document: Any) -> None:
            first, second = document["interactions"][:2]
            first["request"]["json"]["name"] = "Other Corp"
            second["response"]["json"]["customer"]["colour"] = "grey"
            del document["interactions"][-1]

        changed(job, older)
        before = job.read_text("utf-8")
        found = only(job)
        assert found.lines == [
            "1: request.json.name: recorded 'Other Corp', now 'Test Company BV'",
            "2: response.json.customer.colour: recorded 'grey', not now",
            "6 exchanges are recorded, and now there are 7",
        ]
        assert found.again == "subhub cassettes record afternoon main-job"
        assert job.read_text("utf-8") == before

    def test_of_a_live_recording_is_what_is_asked_in_another_way(self, job: Path) -> None:
        def live(document: Any) -> None:
            document["provenance"].update(
                source="live", scrubbing=dict(REAL), scenario="main-job --plan phone"
            )
            document["interactions"] = Scrubber(Afternoon).scrub(document["interactions"])

        changed(job, live)
        assert only(job).lines == []
        changed(job, lambda d: d["interactions"][0]["request"]["json"].update(name="Name 1"))
        found = only(job)
        assert any("recorded 'Name 1', asked 'Test Company BV'" in each for each in found.lines)
        assert found.again == "subhub cassettes record afternoon main-job --plan phone --live"

    @pytest.mark.parametrize(
        ("head", "told"),
        [
            ({"scenario": ""}, "names no scenario"),
            ({"scenario": "side-job"}, "'side-job' is none of main-job"),
            ({"scenario": "tests/a.py::test_b", "source": "live"}, "run tests/a.py::test_b"),
            ({"provider": "nobody"}, "no plugin for the provider 'nobody'"),
        ],
        ids=["none", "unknown", "live test", "no plugin"],
    )
    def test_cannot_be_told_of_what_cannot_be_played(
        self, job: Path, head: dict[str, str], told: str
    ) -> None:
        changed(job, lambda d: d["provenance"].update(head))
        (line,) = only(job).lines
        assert told in line

    def test_cannot_be_told_of_what_is_no_cassette(self, tmp_path: Path) -> None:
        assert "nothing.yaml" in only(tmp_path / "nothing.yaml").lines[0]


def test_drift_of_tests_is_seen_by_running_them(tmp_path: Path) -> None:
    _ = (tmp_path / "test_billing.py").write_text(TEST)
    test = "test_billing.py::test_customer"
    stages = Stages(tmp_path / "cassettes", recording=True, scenario=test)
    _ = stages.open(Afternoon, "customer").client.create_customer(ACME)
    stages.close()
    here = tmp_path / "cassettes" / "afternoon"
    names = ("customer", "older", "gone", "failing")
    same, older, gone, failing = (here / f"{each}.yaml" for each in names)
    for each in (older, gone, failing):
        _ = shutil.copy(same, each)
    changed(same, lambda d: d["interactions"][0]["response"].update(status=200))
    changed(gone, lambda d: d["provenance"].update(scenario="test_billing.py::test_nothing"))
    changed(failing, lambda d: d["provenance"].update(scenario="test_billing.py::test_failing"))

    found = {each.path: each for each in drifts([same, gone, failing], tmp_path)}

    assert found[same].lines == ["1: response.status: recorded 200, now 201"]
    assert found[same].again == "pytest --record-sandbox test_billing.py::test_customer"
    assert "it does not work any more" in "\n".join(found[failing].lines)
    assert Cassette.at(older).interactions  # untouched, as is all the rest
    (nothing,) = drifts([gone], tmp_path)
    assert nothing.lines == ["test_billing.py::test_nothing records it no longer"]


def test_not_more_is_shown_than_can_be_read(job: Path) -> None:
    stored = Cassette.at(job)
    nothing: dict[str, Any] = {"request": {}, "response": {}}
    fresh = Cassette(stored.provenance, [nothing] * 9)
    lines = shown(Drift(job, changes(stored, fresh)))
    assert len(lines) == 21
    assert lines[-1].startswith("  ... and ")
