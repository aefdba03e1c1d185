"""What the commands print: for people, for scripts, and instead of a change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
PLAN = ("--name", "Phone", "--price", "12.95 EUR", "--interval", "6 months", "--tax-rate", "21")


def test_json_holds_every_field_with_amounts_as_text(run: Run, as_json: AsJson) -> None:
    created = as_json(run("plan", "create", *PLAN, "--code", "phone", "--public", "--json"))

    assert created == {
        "provider": "clitoy",
        "id": "plan_1",
        "name": "Phone",
        "price": {"amount": "12.95", "currency": "EUR"},
        "interval": {"count": 6, "unit": "month"},
        "tax_rate": "21",
        "tax": None,
        "description": "grey",
        "code": "phone",
        "public": True,
    }


def test_people_see_the_fields_that_the_provider_sent_and_that_it_was_a_sandbox(run: Run) -> None:
    result = run("plan", "get", "phone")

    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert ["price", "12.95 EUR"] in lines
    assert ["interval", "1 year"] in lines
    assert "description" not in result.stdout
    assert "raw" not in result.stdout
    assert result.stderr == "sandbox: a local fake of clitoy; its state is in .subhub/\n"


def test_people_read_yes_and_no_where_scripts_read_booleans(run: Run, as_json: AsJson) -> None:
    created = as_json(run("plan", "create", *PLAN, "--code", "phone", "--public", "--json"))
    shown = run("plan", "create", *PLAN, "--code", "phone", "--public").stdout

    assert created["public"] is True
    assert ["public", "yes"] in [line.split() for line in shown.splitlines()]


def test_a_long_address_stays_on_one_line_so_that_it_can_be_copied(run: Run) -> None:
    result = run("signup-link", "create", "--plan", "phone", "--customer", "cst_1")

    assert "https://pay.example/" + "x" * 120 in result.stdout


def test_a_list_is_a_table_for_people_and_an_array_for_scripts(run: Run, as_json: AsJson) -> None:
    table = run("customer", "list").stdout.splitlines()
    array = as_json(run("customer", "list", "--json"))

    assert table[0].split() == ["id", "name", "email", "city", "country", "external", "id"]
    assert all(line == line.rstrip() for line in table)
    assert [line.split()[0] for line in table[1:]] == ["cst_1", "cst_2", "cst_3"]
    assert [each["id"] for each in array] == ["cst_1", "cst_2", "cst_3"]


def test_what_a_provider_stored_cannot_steer_the_terminal(run: Run) -> None:
    shown = run("customer", "get", "cst_2").stdout
    listed = run("customer", "list").stdout

    for text in (shown, listed):
        assert "[bold]\ufffd[31mÉva[/bold]" in text
        assert "\x1b" not in text


def test_limit_ends_a_list(run: Run, as_json: AsJson) -> None:
    assert len(as_json(run("customer", "list", "--limit", "2", "--json"))) == 2
    assert as_json(run("customer", "list", "--limit", "0", "--json")) == []


def test_an_empty_list_is_said_in_words(run: Run) -> None:
    result = run("subscription", "list", "--status", "paused")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "no subscriptions" in result.stderr


def test_a_customer_that_is_not_found_is_said_in_words_and_is_exit_code_1(run: Run) -> None:
    result = run("customer", "find", "--email", "nobody@test.com")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "not found" in result.stderr


def test_a_change_shows_the_old_and_the_new_side_by_side(run: Run, as_json: AsJson) -> None:
    words = ("subscription", "change", "sub_1", "--plan", "phone", "--when", "now")
    rows = [line.split() for line in run(*words).stdout.splitlines()]
    data = as_json(run(*words, "--json"))

    assert rows[0] == ["old", "new"]
    assert ["id", "sub_1", "sub_9"] in rows
    assert ["plan", "id", "plan_phone"] in rows
    assert "raw" not in [row[0] for row in rows]
    assert (data["old"]["id"], data["new"]["id"]) == ("sub_1", "sub_9")


def test_a_scheduled_change_says_so(run: Run, as_json: AsJson) -> None:
    words = ("subscription", "change", "sub_1", "--plan", "phone", "--when", "period_end")
    result = run(*words)

    assert result.exit_code == 0
    assert "scheduled" in result.stderr
    assert as_json(run(*words, "--json"))["new"] is None


def test_a_dry_run_prints_the_curl_command_without_the_key(run: Run) -> None:
    result = run("plan", "create", *PLAN, "--account", "real", "--dry-run")

    assert result.exit_code == 0
    assert result.stdout.startswith("curl --request POST https://clitoy.example/plans ")
    assert "[redacted]" in result.stdout
    assert "sk_very_secret" not in result.output


def test_a_dry_run_for_scripts_is_an_object(run: Run, as_json: AsJson) -> None:
    data = as_json(run("plan", "create", *PLAN, "--account", "real", "--dry-run", "--json"))

    sent = data["would_send"]
    assert (sent["method"], sent["url"]) == ("POST", "https://clitoy.example/plans")
    assert sent["headers"]["Authorization"] == "Bearer [redacted]"
    assert json.loads(sent["body"])["name"] == "Phone"
    assert sent["curl"].startswith("curl ")


def test_a_dry_run_lets_reads_through(run: Run, as_json: AsJson) -> None:
    assert as_json(run("plan", "get", "phone", "--dry-run", "--json"))["id"] == "plan_phone"


def test_the_providers_own_answer_is_printed_if_that_is_asked_for(
    run: Run, as_json: AsJson
) -> None:
    plan = as_json(run("plan", "get", "phone", "--raw"))
    plans = as_json(run("plan", "list", "--raw"))
    words = ("subscription", "change", "sub_1", "--plan", "phone", "--when", "now", "--raw")
    changed = as_json(run(*words))
    resolved = run("customer", "find", "--email", "nobody@test.com", "--raw")

    assert plan["price"] == {"amount": "12.95", "currency": "EUR"}
    assert "provider" not in plan
    assert plans == [plan]
    assert set(changed) == {"old", "new"}
    assert changed["old"] == {"id": "sub_1", "customer_id": "cst_1", "status": "active"}
    assert (resolved.exit_code, resolved.stdout) == (1, "null\n")


def test_an_error_of_a_command_that_prints_the_own_answer_is_json(run: Run) -> None:
    assert json.loads(run("plan", "get", "gone", "--raw").stderr)["error"]["type"] == "NotFound"
