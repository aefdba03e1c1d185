"""How a command is called: options before or after it, aliases, words in any case, and mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub.cli.choices import Choices

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
CANCEL = ("subscription", "cancel", "sub_1")
PLAN = ("plan", "create", "--name", "Phone", "--price", "12.95 EUR", "--interval", "year")


@pytest.mark.parametrize(
    "words",
    [
        ("--account", "real", "plan", "update", "x"),
        ("plan", "--account", "real", "update", "x"),
        ("plan", "update", "x", "--account", "real"),
        ("-a", "real", "plan", "update", "x"),
        ("-a", "main", "plan", "-a", "real", "update", "x"),
        ("-a", "main", "plan", "update", "x", "-a", "real"),
    ],
)
def test_the_account_may_be_named_before_or_after_the_command(
    run: Run, words: tuple[str, ...]
) -> None:
    """The one that is named last counts; a sandbox would say that it is one."""
    shown = run(*words, "--name", "New", "-n")

    assert shown.stdout.startswith("curl --request PATCH https://clitoy.example/plans/x")
    assert shown.stderr == ""


def test_the_file_may_be_named_before_the_command(run: Run, tmp_path: Path) -> None:
    _ = (tmp_path / "subhub.toml").rename(tmp_path / "other.toml")

    assert run("plan", "list").exit_code == 2
    assert run("-c", "other.toml", "plan", "list").exit_code == 0
    assert run("plan", "list", "--config", "other.toml").exit_code == 0


def test_json_may_be_asked_for_before_the_command(run: Run, as_json: AsJson) -> None:
    assert as_json(run("-j", "plan", "list")) == as_json(run("plan", "list", "--json"))


def test_an_option_that_the_command_lacks_is_refused_before_it_too(run: Run) -> None:
    result = run("--account", "real", "demo")

    assert result.exit_code == 2
    assert "error: `subhub demo` has no option `--account`" in result.stderr


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("plans ls", "plan list"),
        ("plans show phone", "plan get phone"),
        ("customers view cst_1", "customer get cst_1"),
        ("sub ls", "subscription list"),
        ("plans status", "plan status"),
    ],
)
def test_an_alias_is_the_command(run: Run, alias: str, words: str) -> None:
    first, second = run(*alias.split()), run(*words.split())

    assert (first.exit_code, first.stdout) == (second.exit_code, second.stdout)
    assert first.stdout


def test_subscription_create_is_subscribe(run: Run, as_json: AsJson) -> None:
    words = ("--plan", "phone", "--customer", "cst_1", "--json")

    assert as_json(run("subscription", "create", *words)) == as_json(run("subscribe", *words))


@pytest.mark.parametrize("when", ["period_end", "period-end", "Period-End"])
def test_a_word_may_be_written_in_any_case_and_with_a_hyphen(
    run: Run, as_json: AsJson, when: str
) -> None:
    canceled = as_json(run(*CANCEL, "--when", when, "--json"))

    assert canceled["description"] == "period_end"


def test_a_wrong_word_is_refused_with_those_that_are_known(run: Run) -> None:
    message = "`--when` must be one of now, period-end, got 'later'"

    assert run(*CANCEL, "--when", "later").stderr == f"error: {message}\n"
    assert json.loads(run(*CANCEL, "--when", "later", "-j").stderr)["error"]["message"] == message
    assert run("subscription", "list", "--status", "Past_Due").exit_code == 0


@pytest.mark.parametrize("price", ["12.95 eur", "12.95 EUR"])
def test_codes_of_countries_and_currencies_are_taken_in_any_case(
    run: Run, as_json: AsJson, price: str
) -> None:
    plan = as_json(run(*PLAN[:5], price, *PLAN[6:], "--json"))
    person = ("--name", "A", "--email", "a@b.nl", "--country", "nl")

    assert plan["price"] == {"amount": "12.95", "currency": "EUR"}
    assert as_json(run("customer", "create", *person, "--json"))["country"] == "NL"


@pytest.mark.parametrize(
    ("words", "message", "usage"),
    [
        (CANCEL, "`--when` is required", "subscription cancel SUBSCRIPTION [OPTIONS]"),
        (CANCEL[:2], "`SUBSCRIPTION` is required", "subscription cancel SUBSCRIPTION [OPTIONS]"),
        (
            ("plan", "list", "--limt", "3"),
            "unknown option `--limt`; did you mean `--limit`?",
            "plan list [OPTIONS]",
        ),
        (("plan", "list", "--zzz"), "unknown option `--zzz`", "plan list [OPTIONS]"),
        (
            ("plan", "list", "-L", "x"),
            "`--limit` must be a whole number >= 0, got 'x'",
            "plan list [OPTIONS]",
        ),
        (("plan", "list", "--limit"), "option `--limit` requires an argument", "plan list"),
        (("custmer",), "no such command 'custmer'. Did you mean 'customer'?", "COMMAND [OPTIONS]"),
        (("plan", "remove", "x"), "no such command 'remove'", "plan COMMAND [OPTIONS]"),
        (("plan", "get", "a", "b"), "got unexpected extra argument", "plan get PLAN"),
    ],
)
def test_a_mistake_is_named_as_it_was_written_with_the_usage(
    run: Run, words: tuple[str, ...], message: str, usage: str
) -> None:
    shown, data = run(*words), run("--json", *words)

    error = json.loads(data.stderr)["error"]
    assert (shown.exit_code, shown.stdout, data.exit_code, data.stdout) == (2, "", 2, "")
    assert shown.stderr.startswith(f"error: {message}")
    assert f"\nusage: subhub {usage}" in shown.stderr
    assert "--help\n" in shown.stderr
    assert error["type"] == "UsageError"
    assert message in error["message"]
    assert usage in error["usage"]


def test_json_is_not_asked_for_behind_two_hyphens(run: Run) -> None:
    assert run("plan", "get", "--", "phone", "--json").stderr.startswith("error: got unexpected")


def test_the_log_has_a_line_for_each_request_and_no_key(run: Run) -> None:
    quiet, shown = run("customer", "list"), run("-v", "customer", "list")

    assert "GET" not in quiet.stderr
    assert shown.stderr.count("> main: list_customers: GET /customers/{} -> 200 in ") == 3
    assert shown.stdout == quiet.stdout
    assert run("customer", "list").stderr == quiet.stderr


def test_with_the_log_a_request_that_fails_is_shown_as_a_curl_command(run: Run) -> None:
    shown = run("customer", "get", "cst_0", "--verbose").stderr

    assert "> main: get_customer: GET /customers/{} -> 404 in " in shown
    assert "curl --request GET https://clitoy.example/customers/cst_0" in shown
    assert "toy_key" not in shown


def test_the_versions_of_the_plugins_are_shown(run: Run, as_json: AsJson) -> None:
    lines = [line.split() for line in run("version").stdout.splitlines()]
    data = as_json(run("version", "--json"))

    assert lines[1][0] == "subhub-billing"
    assert lines[1][1] == data["subhub"]
    assert ["cli-toy", "1.0"] in lines
    assert {"provider": "clitoy", "package": "cli-toy", "version": "1.0", "problem": None} in data[
        "plugins"
    ]


def test_words_are_completed_as_they_are_shown() -> None:
    assert Choices(("now", "period_end")).complete("p") == ["period-end"]
