"""The contract suite catches the mistakes that a plugin's author makes, each by a named test."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from subhub.testing.contract import guard
from tests.mutations.seeded import MUTATIONS, UNCAUGHT, Mutation
from tests.mutations.workshop import CONTRACTS, copied, failures

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"
ROW = re.compile(r"^\| (?P<mistake>[^|]+) \| `(?P<test>test_\w+)` \|$", re.MULTILINE)
KIND = re.compile(r"^\| (?P<kind>[^|]+) \| (?P<caught>\d+) of (?P<of>\d+) \|$", re.MULTILINE)
MISSED = re.compile(r"^- (?P<mistake>[a-z][^:`]+): .", re.MULTILINE)
COUNTS = re.compile(r"^(?P<all>\d+) mistakes of (?P<kinds>\d+) kinds", re.MULTILINE)
RULE = re.compile(r"^- `(?P<test>test_\w+)`: (?P<rule>.+)$", re.MULTILINE)
PROVIDERS = sorted({mutation.provider for mutation in MUTATIONS})
AT_LEAST = 0.92
"""The part of the mistakes in each plugin that the suite has to catch."""


def of(provider: str) -> list[Mutation]:
    return [mutation for mutation in MUTATIONS if mutation.provider == provider]


def caught(mutation: Mutation, folder: Path) -> bool:
    """Return whether the named test fails on a copy of the plugin with the mistake."""
    home = folder / f"{mutation.provider}_{MUTATIONS.index(mutation)}"
    home.mkdir()
    with copied(mutation.provider, mutation.edits, home) as contract:
        return next(failures(contract, mutation.caught_by), None) is not None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_mistake_is_caught(provider: str, tmp_path: Path) -> None:
    assert caught(of(provider)[0], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_mistake_is_caught(provider: str, tmp_path: Path) -> None:
    known = [mutation for mutation in of(provider) if mutation.caught_by != UNCAUGHT]
    missed = [mutation.name for mutation in known if not caught(mutation, tmp_path)]
    count = len(known) - len(missed)
    rate = f"{provider}: {count} of {len(of(provider))} mistakes are caught"
    _ = sys.stdout.write(rate + "\n")  # shown by pytest -s, and with a failure

    assert not missed
    assert count >= AT_LEAST * len(of(provider))


@pytest.mark.slow
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_copy_without_a_mistake_passes_the_whole_suite(provider: str, tmp_path: Path) -> None:
    with copied(provider, (), tmp_path) as contract:
        found = {test: list(failures(contract, test)) for test in guard.tests()}

    assert not any(found.values()), found


def test_every_mistake_is_named_once() -> None:
    names = [(mutation.provider, mutation.name) for mutation in MUTATIONS]

    assert len(set(names)) == len(names)
    assert {mutation.caught_by for mutation in MUTATIONS} <= {UNCAUGHT, *guard.tests()}


def test_the_page_has_the_table_of_mistakes() -> None:
    told = ROW.findall(PAGE.read_text("utf-8"))
    short = [mutation for mutation in MUTATIONS if not mutation.kind]

    assert told == [(mutation.name, mutation.caught_by) for mutation in short]


def test_the_page_has_the_rate_of_each_kind() -> None:
    assert KIND.findall(PAGE.read_text("utf-8")) == list(_rates())


def test_the_page_says_what_is_not_caught_and_how_many_there_are() -> None:
    page = PAGE.read_text("utf-8")
    of_a_kind = [mutation for mutation in MUTATIONS if mutation.kind]
    missed = [mutation.name for mutation in MUTATIONS if mutation.caught_by == UNCAUGHT]

    assert MISSED.findall(page.partition("\nNot caught")[2]) == missed
    assert COUNTS.findall(page) == [(str(len(of_a_kind)), str(len([*_rates()])))]


def test_the_page_has_every_test_with_its_rule() -> None:
    told = dict(RULE.findall(PAGE.read_text("utf-8")))

    assert told == {name: _rule(name) for name in guard.tests()}


def _rates() -> Iterator[tuple[str, str, str]]:
    for kind in dict.fromkeys(mutation.kind for mutation in MUTATIONS if mutation.kind):
        found = [mutation.caught_by for mutation in MUTATIONS if mutation.kind == kind]
        yield kind, str(len(found) - found.count(UNCAUGHT)), str(len(found))


def _rule(test: str) -> str:
    return str(getattr(CONTRACTS["afternoon"], test).__doc__).partition("\n")[0]
