"""`subhub plans`: what is printed, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner, Result

from subhub.cli.app import app

Write = Callable[..., Path]


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["plans", *words], catch_exceptions=False)


def test_from_nothing_to_plans_that_are_sold(write: Write) -> None:
    path = write()
    needs = 'needs = ["create_signup_link:new_customer"]\n'
    _ = path.write_text(needs + path.read_text("utf-8"), "utf-8")
    before = invoke("status")
    assert before.exit_code == 1
    assert "run `subhub plans push`" in before.stdout

    pushed = invoke("push")
    assert pushed.exit_code == 0
    assert pushed.stdout.count("pushed") == 2

    again = invoke("push")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "every configured plan is linked" in again.stderr
    assert json.loads(invoke("push", "--json").stdout) == []

    after = invoke("status", "--json")
    assert after.exit_code == 0
    assert [plan["problem"] for plan in json.loads(after.stdout)] == [None, None]


def test_a_push_that_fails_half_way_shows_what_was_linked(write: Write) -> None:
    path = write()
    _ = path.write_text(path.read_text("utf-8").replace('"5 EUR"', '"5 USD"'), "utf-8")
    failed = invoke("push")
    assert failed.exit_code == 2
    assert "phone" in failed.stdout
    assert "EUR" in failed.stderr


def test_what_has_to_be_created_by_hand_is_listed(write: Write) -> None:
    _ = write("afternoon")
    pushed = invoke("push")
    assert pushed.exit_code == 3
    assert "Phone subscription: 12.95 EUR / 1 year / 21 %\n" in pushed.stdout
    assert "subhub plans adopt phone ID" in pushed.stdout
    listed = json.loads(invoke("push", "--json").stdout)
    assert [plan["key"] for plan in listed] == ["phone", "data"]

    adopted = invoke("adopt", "phone", "phone_yearly")

    assert adopted.exit_code == 0
    assert "not compared" in adopted.stdout
