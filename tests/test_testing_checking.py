"""A check finds what a cassette must not hold, says where and what to do, and not the value."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from subhub_afternoon import Afternoon

from subhub.testing.cassettes.checking import CassetteFinding, cassettes_in, findings
from subhub.testing.cassettes.format import Cassette, provenance_of
from subhub.testing.cassettes.scrubbing import Scrubber
from subhub.testing.provenance import REAL

FOLDER = Path(__file__).parents[1] / "cassettes"
MADE = FOLDER / "afternoon" / "create_customer.yaml"
TODAY = dt.date(2026, 11, 21)
Change = Callable[[Any], object]


@pytest.fixture
def found(tmp_path: Path) -> Callable[[Change], list[CassetteFinding]]:
    """What is found in a good cassette after *change*."""

    def check(change: Change, **asked: Any) -> list[CassetteFinding]:
        document = yaml.safe_load(MADE.read_text("utf-8"))
        _ = change(document)
        path = tmp_path / "changed.yaml"
        _ = path.write_text(yaml.safe_dump(document))
        return findings(path, today=TODAY, **asked)

    return check


Found = Callable[..., list[CassetteFinding]]


def request(document: Any) -> Any:
    return document["interactions"][0]["request"]


def response(document: Any) -> Any:
    return document["interactions"][0]["response"]


def live(document: Any) -> Any:
    """Make it what a recording of the provider itself would be."""
    document["provenance"].update(source="live", scrubbing=dict(REAL))
    document["interactions"] = Scrubber(Afternoon).scrub(document["interactions"])
    return document


def test_the_cassettes_of_this_project_are_honest() -> None:
    """Their header, host, API description, headers and keys, and that none claims to be live."""
    paths = cassettes_in([FOLDER])
    today = dt.datetime.now(dt.UTC).date()
    found = [finding for path in paths for finding in findings(path, today=today)]
    undescribed = [finding for finding in found if finding.path.parent.name == "stripe"]
    assert [finding for finding in found if finding not in undescribed] == []
    assert {finding.problem for finding in undescribed} == {
        "subhub-stripe 1.0.0 has no API description to compare the exchanges with",
        "it holds what looks like a key: cs_test_...",  # it is the id of a Checkout page
    }
    heads = {path: provenance_of(path) for path in paths}
    assert {head.source for head in heads.values()} == {"sandbox"}
    assert all(head.provider == path.parent.name for path, head in heads.items())
    plugins = {"afternoon", "mijnklantportaal", "mollie", "stripe"}
    assert {head.provider for head in heads.values()} == plugins


WRONG: dict[str, tuple[Change, str, str]] = {
    "no source": (
        lambda d: d["provenance"].update(source="dream"),
        "header",
        "must be sandbox or live, got 'dream'",
    ),
    "other document": (
        lambda d: d["provenance"].update(document="sha256:0"),
        "header",
        "another edition",
    ),
    "no day": (
        lambda d: d["provenance"].update(recorded_on="once"),
        "header",
        "must be a date, got 'once'",
    ),
    "no text": (lambda d: d["provenance"].update(clock=1), "header", r"version of .* \(clock\)"),
    "other rules": (
        lambda d: d["provenance"]["scrubbing"].update(version=0),
        "header",
        "today's rules",
    ),
    "no rules": (lambda d: d["provenance"].update(scrubbing="all"), "header", "today's rules"),
    "no plugin": (lambda d: d["provenance"].update(provider="nobody"), "header", "no plugin"),
    "short header": (lambda d: d["provenance"].pop("clock"), "header", r"version of .* \(clock\)"),
    "no header": (lambda d: d.update(provenance="mine"), "header", r"version .* \(all of it\)"),
    "foreign": (lambda d: d.pop("provenance"), "header", "where it comes from"),
    "empty": (lambda d: d.update(interactions=[]), "header", "nothing is recorded"),
    "no request": (
        lambda d: d.update(interactions=[{}]),
        "exchanges",
        "exchange 1.*(missing|an object)",
    ),
    "no exchange": (
        lambda d: d.update(interactions=["x"]),
        "exchanges",
        "exchange 1.*(missing|an object)",
    ),
    "other host": (
        lambda d: request(d).update(uri="http://127.0.0.1:8420/v1/customers"),
        "1",
        "not below the provider's https://api.afternoon.co",
    ),
    "sent header": (lambda d: request(d)["headers"].update(cookie="a"), "1", "list: cookie"),
    "answered header": (
        lambda d: response(d)["headers"].update({"set-cookie": "a"}),
        "1",
        "list: set-cookie",
    ),
    "key": (
        lambda d: response(d)["json"].update(note="ak_test_abcdefgh"),
        "1",
        r"looks like a key: ak_test_\.\.\.",
    ),
    "key of the sandbox": (
        lambda d: response(d)["json"].update(note=Afternoon.sandbox().api_key),
        "1",
        "looks like a key",
    ),
    "answer": (
        lambda d: response(d)["json"].pop("customer"),
        "1",
        "'customer' is a required property",
    ),
    "request": (lambda d: request(d)["json"].update(odd=1), "1", "'odd' was unexpected"),
    "status": (lambda d: response(d).update(status=299), "1", "299 is not one of"),
    "method": (
        lambda d: request(d).update(method="PUT"),
        "1",
        "PUT /v1/customers is not described",
    ),
    "live, not scrubbed": (
        lambda d: d["provenance"].update(source="live"),
        "header",
        "rules for source live",
    ),
    "somebody": (
        lambda d: response(live(d))["json"]["customer"].update(name="Jane Doe"),
        "1",
        r"not replaced: response\.json\.customer\.name$",
    ),
    "somebody's field": (
        lambda d: response(live(d))["json"].update({"jane@real.nl": {"x": 0}}),
        "1",
        r"not replaced: response\.json\[\.\.\.\], response\.json\.text-\d$",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(found: Found, name: str) -> None:
    change, place, problem = WRONG[name]
    wrong = found(change)
    assert any(each.place == place and re.search(problem, each.problem) for each in wrong), wrong
    assert all(each.remedy for each in wrong)
    assert not any("Jane" in str(each) or "jane@" in str(each) for each in wrong)


def test_a_scrubbed_live_cassette_is_honest(found: Found) -> None:
    assert found(live) == []


def test_only_a_few_places_are_named(found: Found) -> None:
    def many(document: Any) -> None:
        response(live(document))["json"].update({f"field{n}": f"Jane {n}" for n in range(12)})

    (wrong,) = found(many)
    assert wrong.problem.endswith(" and 2 more")


def test_age_counts_when_it_is_asked_for(found: Found) -> None:
    def old(document: Any) -> None:
        live(document)["provenance"]["recorded_on"] = "2026-11-01"

    assert "days old" not in str(found(old))
    assert "days old" not in str(found(old, max_age=20))
    assert "it is 20 days old, more than 19" in {wrong.problem for wrong in found(old, max_age=19)}


def test_a_recording_of_a_sandbox_does_not_age(found: Found) -> None:
    """Recording it again does not change the file, so that nothing could be done about its age."""

    def old(document: Any) -> None:
        document["provenance"]["recorded_on"] = "2020-11-01"

    assert found(old, max_age=19) == []


def test_a_file_that_is_not_yaml_is_not_a_cassette(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    _ = path.write_text("a: [")
    (wrong,) = findings(path, today=TODAY)
    assert "not YAML" in wrong.problem


def test_what_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    (wrong,) = findings(tmp_path / "nothing.yaml", today=TODAY)
    assert "nothing.yaml" in wrong.problem


def test_folders_are_gone_through_and_nothing_is_checked_twice() -> None:
    here = cassettes_in([FOLDER / "afternoon", MADE])
    assert here.count(MADE) == 1
    assert here == sorted((FOLDER / "afternoon").glob("*.yaml"))


def test_a_conversation_gives_its_exchanges_as_the_wire_had_them() -> None:
    (exchange,) = Cassette.at(MADE).exchanges()
    assert (exchange.received.method, exchange.received.path) == ("POST", "/v1/customers")
    assert exchange.received.json()["name"] == "Acme Corp"
    assert exchange.reply.status == 201


PLAIN = """
from subhub.plugin import Provider

class Plain(Provider):
    name = "plain"
    base_url = "https://api.afternoon.co"
"""


def test_a_plugin_without_description_and_sandbox_leaves_that_unchecked(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "plain_plugin-1.0.dist-info"
    (tmp_path / "plain_plugin").mkdir()
    info.mkdir()
    _ = (tmp_path / "plain_plugin" / "__init__.py").write_text(PLAIN)
    _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plain-plugin\nVersion: 1\n")
    _ = (info / "entry_points.txt").write_text("[subhub.providers]\nplain = plain_plugin:Plain\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def plain(document: Any) -> None:
        document["provenance"].update(provider="plain", document="none")
        response(document)["json"] = "anything"

    (wrong,) = found(plain)
    assert "no API description" in wrong.problem
    assert wrong.remedy == "add an openapi.yaml to the plugin's package"
