"""`subhub resolve` tells what became of a lost call, to people and to scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from subhub.outcomes import Intent

Run = Callable[..., Result]
SENT = "2020-01-01T00:00:00+00:00"


def token(operation: str, **known: Any) -> str:
    fields = known.pop("fields", {})
    return Intent("clitoy", "main", operation, SENT, **known).marked(fields).token()


def test_a_lost_call_is_told_with_its_token(run: Run) -> None:
    words = ("customer", "create", "--name", "Lost", "--email", "a@b.c")
    error = json.loads(run(*words, "--json").stderr)["error"]
    assert Intent.read(error["token"]).operation == "create_customer"
    assert "subhub resolve" in run(*words).stderr


def test_what_is_done_is_shown(run: Run, as_json: Callable[[Result], Any]) -> None:
    lost = token("update_customer", target="cst_1", fields={"id": "cst_1"})
    told = as_json(run("resolve", lost, "--json"))
    assert (told["outcome"], told["result"]["id"]) == ("done", "cst_1")
    plain = run("resolve", lost)
    assert plain.stdout.startswith("done: ")
    assert "cst_1" in plain.stdout


def test_what_cannot_be_told_ends_as_unknown(run: Run) -> None:
    result = run("resolve", token("create_signup_link"))
    assert result.exit_code == 4
    assert result.stdout.startswith("ambiguous: ")


def test_candidates_are_listed(run: Run) -> None:
    result = run("resolve", token("cancel_subscription", target="sub_1"))
    assert result.exit_code == 4
    assert "Subscription" in result.stdout
    assert "sub_1" in result.stdout


@pytest.mark.parametrize("words", [("resolve", "nonsense"), ("resolve",)])
def test_what_is_no_token_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2
