"""The contract suite catches the mistakes that a plugin's author makes, each by a named test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from subhub.testing.contract import guard
from tests.mutations.seeded import MUTATIONS, Mutation
from tests.mutations.workshop import CONTRACTS, copied, failures

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"
ROW = re.compile(r"^\| (?P<mistake>[^|]+) \| `(?P<test>test_\w+)` \|$", re.MULTILINE)
RULE = re.compile(r"^- `(?P<test>test_\w+)`: (?P<rule>.+)$", re.MULTILINE)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_every_mistake_is_caught(mutation: Mutation, tmp_path: Path) -> None:
    with copied(mutation.provider, mutation.edits, tmp_path) as contract:
        assert next(failures(contract, mutation.caught_by), None)


@pytest.mark.parametrize("provider", CONTRACTS)
def test_a_copy_without_a_mistake_passes_the_same_tests(provider: str, tmp_path: Path) -> None:
    tests = {each.caught_by for each in MUTATIONS if each.provider == provider}

    with copied(provider, (), tmp_path) as contract:
        found = {test: list(failures(contract, test)) for test in tests}

    assert not any(found.values()), found


def test_every_mistake_is_named_once() -> None:
    names = [each.name for each in MUTATIONS]

    assert len(set(names)) == len(names)
    assert {each.caught_by for each in MUTATIONS} <= {*guard.tests()}


def test_the_page_has_the_table_of_mistakes() -> None:
    told = ROW.findall(PAGE.read_text("utf-8"))

    assert told == [(each.name, each.caught_by) for each in MUTATIONS]


def test_the_page_has_every_test_with_its_rule() -> None:
    told = dict(RULE.findall(PAGE.read_text("utf-8")))

    assert told == {name: _rule(name) for name in guard.tests()}


def _rule(test: str) -> str:
    return str(getattr(CONTRACTS["afternoon"], test).__doc__)
