"""Every command has examples in its help, and each of them can be read by the program."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from subhub.cli.examples import EXAMPLES
from subhub.cli.help import path_of
from tests.command_tree import commands, context

GROUPS = {words.rpartition(" ")[0] for words in commands() if words}
LINES = [(words, line) for words, examples in EXAMPLES.items() for _, line in examples]


def test_every_command_has_examples_and_nothing_else_has() -> None:
    assert set(EXAMPLES) == set(commands())
    assert all(EXAMPLES.values())


@pytest.mark.parametrize(
    ("words", "line"), LINES, ids=[f"{words or 'subhub'}: {line}" for words, line in LINES]
)
def test_an_example_is_a_call_of_its_command(
    words: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example of a group is a call of one of its commands."""
    (tmp_path / "customers.csv").touch()
    monkeypatch.chdir(tmp_path)
    program, *given = shlex.split(line.partition(" | ")[0].partition(" > ")[0])
    called: Any = path_of(context(given))

    assert program == "subhub"
    assert called == words or (words in GROUPS and called.startswith(words))
