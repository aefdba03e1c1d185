"""An error about a plan that is not configured names those that are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from subhub.cli.plan_hint import plan_hint

Run = Callable[..., Result]


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "get", "fone"),
        ("subscribe", "--plan", "gone", "--customer", "cst_1"),
    ],
)
def test_a_miss_names_the_known_plans(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)

    assert result.exit_code == 1
    assert "; known plans: phone" in result.stderr
    assert "known plans: phone" in json.loads(run(*words, "--json").stderr)["error"]["message"]


def test_an_error_about_something_else_does_not(run: Run) -> None:
    assert "known plans" not in run("customer", "get", "cst_0").stderr
    assert "known plans" not in run("subscribe", "--plan", "x", "--customer", "a/b").stderr


@pytest.mark.parametrize(
    ("text", "plan", "message", "hint"),
    [
        ("[plans]\nphone = 1", "fone", "No such price: 'fone'", "; known plans: phone"),
        ("[plans]\nphone = 1", "fone", "Signup link not found", "; known plans: phone"),
        ("[plans]\nphone = 1", "fone", "the e-mail address is taken", ""),
        ("[plans]\nphone = 1", "phone", "phone not found", ""),
        ("[plans]\nphone = 1", None, "not found", ""),
        ("plans = 1", "fone", "not found", ""),
        ("[", "fone", "not found", ""),
        (
            "[plans]\n" + "\n".join(f"p{number} = 1" for number in range(11)),
            "fone",
            "not found",
            "; known plans: p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, ...",
        ),
    ],
    ids=range(8),
)
def test_the_hint_is_given_where_it_can_help(
    tmp_path: Path, text: str, plan: str | None, message: str, hint: str
) -> None:
    file = tmp_path / "subhub.toml"
    _ = file.write_text(text)

    assert plan_hint(plan, file, message) == hint
