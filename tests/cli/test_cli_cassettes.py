"""`subhub cassettes` records, checks and shows; it asks a provider only with `--live`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from subhub_afternoon import Afternoon
from typer.testing import Result

from subhub.cli.cassettes import LONGEST
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving
from subhub.testing.cassettes import provenance_of
from subhub.testing.cassettes.scenarios import PLAN, PLAN_KEY

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
RECORD = ("cassettes", "record", "afternoon")
JOB = Path("cassettes/afternoon/main-job.yaml")
ACCOUNT = """
[accounts.{name}]
provider = "afternoon"
api_key = "{key}"
base_url = "{base_url}"
"""


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        account = sandbox.add(Afternoon, "main", {PLAN_KEY: PLAN})
        with serving(Application(sandbox), listening):
            yield account


@pytest.fixture
def live(run: Run, served: ServedAccount) -> Run:
    """Record with a key, at a fake on a real socket; `key` is that of another account."""

    def recording(*words: str, key: str = "") -> Result:
        name = "served" if not key else "other"
        text = ACCOUNT.format(name=name, key=key or served.fake.api_key, base_url=served.base_url)
        with Path("subhub.toml").open("a") as file:
            _ = file.write(text)
        return run(*RECORD, "--live", "--account", name, *words)

    return recording


class TestRecord:
    def test_writes_a_cassette_from_the_sandbox(self, run: Run) -> None:
        result = run(*RECORD)
        assert result.exit_code == 0
        assert result.stdout.split()[:3] == ["operation", "outcome", "id"]
        assert f"wrote {JOB}" in result.stderr
        assert provenance_of(JOB).source == "sandbox"

    def test_tells_scripts_what_was_done(self, run: Run, as_json: AsJson) -> None:
        told = as_json(run(*RECORD, "main-job", "--folder", "elsewhere", "--json"))
        assert told["path"] == "elsewhere/afternoon/main-job.yaml"
        assert told["left"] == []
        assert {"operation", "outcome", "object_id"} == set(told["steps"][0])

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            (("side-job",), "unknown scenario 'side-job': expected main-job"),
            (("--plan", "gold"), "`--plan` needs `--live`"),
            (
                ("--live", "--account", "main"),
                "the account 'main' is for clitoy, not for afternoon",
            ),
        ],
        ids=["scenario", "plan", "account"],
    )
    def test_refuses_what_makes_no_sense(
        self, run: Run, words: tuple[str, ...], problem: str
    ) -> None:
        result = run(*RECORD, *words)
        assert result.exit_code == 2
        assert problem in result.stderr
        assert not JOB.exists()

    def test_of_a_sandbox_is_not_live(self, run: Run) -> None:
        result = run("cassettes", "record", "clitoy", "--live", "--account", "main")
        assert result.exit_code == 2
        assert "accounts.main is a sandbox: leave `--live` out" in result.stderr


class TestRecordLive:
    """Here a fake answers on a real socket; the providers themselves were never asked."""

    def test_needs_a_yes(self, live: Run, served: ServedAccount) -> None:
        result = live("--plan", "phone")
        assert result.exit_code == 2
        assert "is a test key: to confirm, add `--yes`" in result.stderr
        assert not served.fake.exchanges

    def test_needs_another_yes_for_a_live_key(self, live: Run, served: ServedAccount) -> None:
        result = live("--plan", "phone", "--yes", key="ak_live_0123456789abcdefghijklmn")
        assert result.exit_code == 2
        assert "not known to be a test key: to confirm, add `--yes-live`" in result.stderr
        assert not served.fake.exchanges

    def test_with_the_other_yes_a_live_key_is_used(self, live: Run) -> None:
        result = live("--plan", "phone", "--yes-live", key="ak_live_0123456789abcdefghijklmn")
        assert result.exit_code == 1, "the fake knows no such key"
        assert "Invalid API key" in result.stderr

    def test_needs_a_plan_where_none_can_be_made(self, live: Run, served: ServedAccount) -> None:
        result = live("--yes")
        assert result.exit_code == 2
        assert "`--plan` is required" in result.stderr
        assert not served.fake.exchanges

    def test_records_and_tells_what_is_left(self, live: Run, run: Run) -> None:
        result = live("--plan", "phone", "--yes")
        assert result.exit_code == 0, result.output
        assert "the cassette's source will be sandbox" in result.stderr
        assert "left at the provider: a customer: c" in result.stderr
        assert run("cassettes", "check").exit_code == 0

    def test_that_breaks_off_still_tells_what_is_left(
        self, live: Run, served: ServedAccount
    ) -> None:
        served.fake.faults.next("dropped", method="POST", path="/v1/subscriptions")
        result = live("--plan", "phone", "--yes")
        assert result.exit_code == 4
        assert not JOB.exists()
        assert "left at the provider: a customer: c" in result.stderr

    def test_that_breaks_off_tells_scripts_too(self, live: Run, served: ServedAccount) -> None:
        served.fake.faults.next("dropped", method="POST", path="/v1/subscriptions")
        result = live("--plan", "phone", "--yes", "--json")
        assert result.exit_code == 4
        told = json.loads(result.stdout)
        assert [each.split(":")[0] for each in told["left"]] == ["a customer", "a signup link"]


@pytest.fixture
def recorded(run: Run) -> Path:
    assert run(*RECORD).exit_code == 0
    return JOB


def spoilt(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    document["interactions"][0]["request"]["json"]["name"] = "Other Corp"
    document["interactions"][0]["response"]["headers"]["set-cookie"] = "a=b"
    _ = path.write_text(yaml.safe_dump(document, sort_keys=False))


class TestCheck:
    def test_is_content_with_what_was_recorded(self, run: Run, recorded: Path) -> None:
        for words in ((), ("cassettes",), (str(recorded),), ("--max-age", "1")):
            result = run("cassettes", "check", *words)
            assert result.exit_code == 0
            assert "checked 1 cassettes: 0 have problems" in result.stderr

    def test_tells_file_exchange_problem_and_remedy(self, run: Run, recorded: Path) -> None:
        spoilt(recorded)
        result = run("cassettes", "check")
        assert result.exit_code == 1
        assert result.stdout.splitlines()[1].split()[:2] == [str(recorded), "1"]
        assert "allow-list: set-cookie" in result.stdout
        assert "remove them, or record it again" in result.stdout

    def test_tells_scripts_too(self, run: Run, recorded: Path) -> None:
        spoilt(recorded)
        result = run("cassettes", "check", "--json")
        told = json.loads(result.stdout)
        assert result.exit_code == 1
        assert told["checked"] == 1
        assert told["findings"][0]["path"] == str(recorded)

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            ((), "cassettes does not exist"),
            (("nowhere",), "nowhere does not exist"),
            ((".",), "no cassette in ."),
        ],
        ids=["default", "nowhere", "empty"],
    )
    def test_of_nothing_is_a_mistake(self, run: Run, words: tuple[str, ...], problem: str) -> None:
        result = run("cassettes", "check", *words)
        assert result.exit_code == 2
        assert problem in result.stderr


class TestShow:
    def test_prints_the_conversation(self, run: Run, recorded: Path) -> None:
        result = run("cassettes", "show", str(recorded))
        first = result.stdout.splitlines()[1]
        assert first.split()[:3] == ["1", "POST", "/v1/customers"]
        assert "Test Company BV" in first
        assert "null" not in first
        assert "playing main-job" in result.stderr

    def test_shortens_long_bodies_and_leaves_empty_ones_empty(
        self, run: Run, recorded: Path
    ) -> None:
        document = yaml.safe_load(recorded.read_text("utf-8"))
        document["provenance"]["scenario"] = ""
        document["interactions"] = document["interactions"][:2]
        document["interactions"][0]["response"].update(text="x" * 200)
        del document["interactions"][0]["response"]["json"]
        _ = recorded.write_text(yaml.safe_dump(document))
        result = run("cassettes", "show", str(recorded))
        assert f" {'x' * LONGEST}..." in result.stdout
        assert f" {'x' * (LONGEST + 1)}" not in result.stdout
        assert "playing" not in result.stderr

    def test_prints_json_for_scripts(self, run: Run, as_json: AsJson, recorded: Path) -> None:
        told = as_json(run("cassettes", "show", str(recorded), "--json"))
        assert told["provenance"]["source"] == "sandbox"
        assert told["provenance"]["scrubbing"]["version"] == 1
        assert told["interactions"][0]["request"]["method"] == "POST"

    def test_refuses_what_is_no_cassette(self, run: Run) -> None:
        _ = Path("foreign.yaml").write_text("version: 1")
        result = run("cassettes", "show", "foreign.yaml")
        assert result.exit_code == 2
        assert "it is not a cassette of subhub's" in result.stderr


@pytest.mark.parametrize("words", [RECORD, ("cassettes", "check")], ids=["record", "check"])
def test_the_extra_is_named_when_it_is_missing(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "vcr", None)
    result = run(*words)
    assert result.exit_code == 2
    assert 'cassettes need vcr: pip install "subhub-billing[cli,testing]"' in result.stderr


PAGE = (Path(__file__).parents[2] / "docs" / "cassettes.md").read_text("utf-8")


@pytest.mark.parametrize("line", re.findall(r"^\$ subhub (cassettes .*)$", PAGE, re.MULTILINE))
def test_the_page_names_commands_and_options_that_there_are(run: Run, line: str) -> None:
    words = line.split()
    told = run(*words[:2], "--help")
    assert told.exit_code == 0
    assert {each for each in words if each.startswith("--")} <= set(told.stdout.split())
