"""Malformed cassettes: one message with the file and the place, and nothing in them is run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub.testing import CassetteMismatch, replay
from subhub.testing.cassettes.checking import findings
from subhub.testing.cassettes.format import Cassette
from subhub.testing.cassettes.validation import MOST
from subhub.testing.session import Sessions

MADE = Path(__file__).parents[1] / "cassettes" / "afternoon" / "create_customer.yaml"
TEXT = MADE.read_text("utf-8")
TODAY = dt.date(2026, 11, 21)
BOMB = "\n".join(
    ["a0: &a0 [1, 1]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
)

VALUES = {
    "!!python/object/apply:os.system ['touch {ran}']": "python/object/apply:os.system",
    "!!python/name:os.system": "could not determine a constructor",
    "!!binary aGk=": "must be a value that JSON has, got a bytes",
    "!!set {a}": "must be a value that JSON has, got a set",
    "2026-11-21": "must be a value that JSON has, got a date",
    "2026-13-45": r"it is not YAML \(ValueError\)",
    "!!int x": r"it is not YAML \(ValueError\)",
    "!!bool maybe": r"it is not YAML \(KeyError\)",
    "9" * 5000: r"it is not YAML \(ValueError\)",
    ".nan": "must be a value that JSON has, got a number",
    "{1: a}": "has a name that is not a text",
    "*nobody": "undefined alias",
    "&a [*a]": "nested deeper than 100 levels",
    "[" * 150 + "]" * 150: "nested deeper than 100 levels",
    "[" * 5000: "it is not YAML in line",
    "'\x01'": "it is not YAML",
    "\t- [": "it is not YAML in line",
}
"""What may stand for the value of a field in a body, and what is said of it."""


def exchange(document: Any) -> Any:
    return document["interactions"][0]


CHANGES: dict[str, Callable[[Any], object]] = {
    "header.*all of it": lambda d: d.update(provenance=[]),
    r"version of subhub \(clock\)": lambda d: d["provenance"].update(clock=5),
    r"version of subhub \(None\)": lambda d: d["provenance"].update({None: "x"}),
    "`clock` must be a moment": lambda d: d["provenance"].update(clock="yesterday"),
    "`clock` must be a moment with": lambda d: d["provenance"].update(clock="2026-11-21T09:00:00"),
    "`clock` must": lambda d: d["provenance"].update(clock="9999-12-31T23:59:59-14:00"),
    "`provider` must be the name": lambda d: d["provenance"].update(provider="../../evil"),
    "interactions must be a list, got null": lambda d: d.pop("interactions"),
    "interactions must be a list, got an obj": lambda d: d.update(interactions={}),
    "exchange 1 must be an object, got a text": lambda d: d.update(interactions=["x"]),
    "exchange 1: response is missing": lambda d: exchange(d).pop("response"),
    "exchange 1: request must be an object, got null": lambda d: exchange(d).update(request=None),
    "exchange 1: more is not a field": lambda d: exchange(d).update(more=1),
    "request.method must be the name of a method": lambda d: _put(d, "request", method="os.system"),
    "request.uri must be a web address, got a number": lambda d: _put(d, "request", uri=5),
    "request.uri must be a web address, got a text": lambda d: _put(d, "request", uri="file:///x"),
    "request.uri must be a web": lambda d: _put(d, "request", uri="https://a:99999/"),
    "request.headers must be": lambda d: _put(d, "request", headers=["accept"]),
    "response.headers must be an object of texts": lambda d: _put(d, "response", headers={"a": 1}),
    "response.headers must": lambda d: _put(d, "response", headers={"a": "1\r\nb: 2"}),
    "response.status must be a number from 100": lambda d: _put(d, "response", status="201"),
    "response.status must be": lambda d: _put(d, "response", status=True),
    "response has both": lambda d: _put(d, "response", text="x"),
    "response.text must be a text, got a number": lambda d: exchange(d).update(
        response={"status": 200, "headers": {}, "text": 5}
    ),
}


def _put(document: Any, part: str, **fields: object) -> None:
    exchange(document)[part].update(fields)


def malformed(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what is said of a file, as a pattern, and its content."""
    for problem, change in CHANGES.items():
        document = yaml.safe_load(TEXT)
        _ = change(document)
        yield problem, yaml.safe_dump(document).encode()
    for value, problem in VALUES.items():
        field = "name: " + value.replace("{ran}", str(folder / "ran"))
        yield problem, TEXT.replace("name: Acme Corp", field, 1).encode()
    yield f"more than {MOST:,} values", f"{BOMB}\n{TEXT}".encode()
    yield "not UTF-8", b"\xff\xfe"
    yield "where it comes from", b""
    yield "found another document", f"{TEXT}---\n{TEXT}".encode()


def test_a_malformed_cassette_is_one_message_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    for problem, content in malformed(tmp_path):
        _ = path.write_bytes(content)
        with pytest.raises(CassetteMismatch, match=rf"odd\.yaml .*{problem}") as caught:
            _ = Cassette.at(path)
        with pytest.raises(CassetteMismatch, match=problem), replay(path):
            pass
        (finding,) = findings(path, today=TODAY)
        assert finding.problem == str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_a_cassette_that_was_cut_anywhere_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "cut.yaml"
    for end in range(0, len(TEXT), 7):
        _ = path.write_text(TEXT[:end], "utf-8")
        _ = findings(path, today=TODAY)


def test_a_cassette_that_cannot_be_read_is_a_message_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CassetteMismatch, match=r"cannot read .*Is a directory"):
        _ = Cassette.at(tmp_path)


def test_a_few_aliases_are_read(tmp_path: Path) -> None:
    path = tmp_path / "alias.yaml"
    _ = path.write_text(TEXT.replace("name: Acme Corp", "name: &a Acme Corp\n      url: *a", 1))
    assert Cassette.at(path).interactions[0]["request"]["json"]["url"] == "Acme Corp"


def test_a_cassette_does_not_choose_the_provider(tmp_path: Path) -> None:
    path = tmp_path / "mijnklantportaal" / "moved.yaml"
    path.parent.mkdir()
    _ = path.write_text(TEXT)
    sessions = Sessions(tmp_path, recording=False)

    with pytest.raises(CassetteMismatch, match="of afternoon, not of mijnklantportaal"):
        _ = sessions.cassette(MijnKlantportaal, "moved")
    sessions.test_failed(AssertionError())
    sessions.close()


def test_it_is_not_advised_to_install_what_a_cassette_names(tmp_path: Path) -> None:
    path = tmp_path / "foreign.yaml"
    _ = path.write_text(TEXT.replace("provider: afternoon", "provider: evil"))

    (finding,) = findings(path, today=TODAY)

    assert "no plugin for its provider 'evil'" in finding.problem
    assert "pip install" not in str(finding)


@pytest.mark.parametrize("name", ["../other", "a/../../../x", "/tmp/x"])  # noqa: S108 - not written
def test_a_cassette_is_below_the_folder_of_its_provider(tmp_path: Path, name: str) -> None:
    with pytest.raises(CassetteMismatch, match="must be below the folder of afternoon"):
        _ = Sessions(tmp_path, recording=True).cassette(Afternoon, name)
