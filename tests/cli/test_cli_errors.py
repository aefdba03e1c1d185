"""What the commands print when they fail, and the exit code they end with."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import typer
from typer.testing import Result

from subhub import Ambiguous, AuthenticationFailed, Customer
from subhub.cli.errors import reported

Run = Callable[..., Result]
PLAN = ("--name", "Phone", "--price", "12.95 EUR", "--interval", "6 months")
PERSON = ("--name", "Test Company BV", "--email", "john.doe@test.com")


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("customer", "get", "cst_0"), 1, "NotFound"),
        (("customer", "get", "a/b"), 2, "InvalidRequest"),
        (("plan", "create", "--name", "Phone"), 2, "InvalidRequest"),
        (("subscribe", "--starts-on", "4 May"), 2, "InvalidRequest"),
        (("customer", "list", "--config", "nowhere.toml"), 2, "ConfigError"),
        (("customer", "list", "--account", "other"), 2, "UnknownAccount"),
        (("customer", "find", "--external-id", "7"), 3, "Unsupported"),
        (("customer", "create", "--name", "Lost", "--email", "a@b.c"), 4, "OutcomeUnknown"),
        (("customer", "get", "slow"), 130, "Interrupted"),
    ],
)
def test_each_kind_of_failure_has_its_exit_code_in_words_and_in_json(
    run: Run, words: tuple[str, ...], code: int, kind: str
) -> None:
    plain = run(*words)
    in_json = run(*words, "--json")

    assert (plain.exit_code, in_json.exit_code) == (code, code)
    assert (plain.stdout, in_json.stdout) == ("", "")
    assert "error: " in plain.stderr
    assert "Traceback" not in plain.stderr
    error = json.loads(in_json.stderr)["error"]
    assert error["type"] == kind
    assert error["message"] in plain.stderr


def test_scripts_get_what_the_provider_said(run: Run) -> None:
    words = ("customer", "create", "--name", "Refused", "--email", "a@b.c")
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert error["provider"] == "clitoy"
    assert error["operation"] == "create_customer"
    assert error["status"] == 422
    assert error["fields"] == {"email": "is taken"}
    assert "email: is taken" in run(*words).stderr


def test_what_a_failed_call_has_already_created_is_shown(run: Run) -> None:
    words = ("subscribe", "--plan", "gone", *PERSON)
    result = run(*words)
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert result.exit_code == 1
    assert "Already created, do not create again: Customer cst_9" in result.stderr
    assert error["completed"][0]["id"] == "cst_9"
    assert error["code"] == "missing"


def test_an_unknown_outcome_says_to_check_first(run: Run) -> None:
    result = run("customer", "create", "--name", "Lost", "--email", "a@b.c")

    assert "The change may have taken effect: check that before you repeat it." in result.stderr


@pytest.mark.parametrize(
    ("refund", "reason", "alternative"),
    [
        ("prorated", "it never pays back", "send the money yourself"),
        ("credit", "it keeps no balance", "charge less next time"),
    ],
)
def test_a_missing_capability_comes_with_the_alternative(
    run: Run, refund: str, reason: str, alternative: str
) -> None:
    words = ("subscription", "cancel", "sub_1", "--when", "now", "--refund", refund)
    result = run(*words)
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert result.exit_code == 3
    assert f"{reason}; instead: {alternative}" in result.stderr
    assert (error["reason"], error["alternative"]) == (reason, alternative)


def test_an_unknown_refund_names_the_known_ones(run: Run) -> None:
    result = run("subscription", "cancel", "sub_1", "--when", "now", "--refund", "half")

    assert result.exit_code == 2
    assert "`--refund` must be one of none, prorated, credit, got 'half'" in result.stderr


def test_an_invalid_day_names_the_form(run: Run) -> None:
    words = ("--plan", "phone", "--customer", "cst_1", "--starts-on", "4 May")
    result = run("subscribe", *words)

    assert result.exit_code == 2
    assert "invalid `--starts-on` '4 May': expected for example 2024-05-04" in result.stderr


def test_a_misspelled_option_is_a_usage_error(run: Run) -> None:
    result = run("plan", "list", "--acount", "main")

    assert result.exit_code == 2
    assert "--acount" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "create", "--name", "A"), "`--price` is required; `--interval` is required"),
        (("customer", "create", *PERSON, "--country", "nld"), "`--country` must match "),
        (("customer", "get", "a/b"), "`CUSTOMER` must be an id, got 'a/b'"),
        (("customer", "list", "--limit", "-1"), "`--limit`"),
        (("subscribe", "--plan-name", "A"), "`--plan-price` is required"),
        (
            ("subscribe", "--plan", "phone", "--customer", "a/b"),
            "`--customer` must be an id, got 'a/b'",
        ),
        (
            ("signup-link", "create", "--plan", "phone", *PERSON, "--when", "now"),
            "`--when`: it goes with `--replaces`",
        ),
        (
            ("plan", "create", *PLAN, "--option", "color=red"),
            "`--option`: `create_plan` has no option color",
        ),
    ],
)
def test_an_argument_is_named_as_it_was_typed(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    result = run(*words)
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert result.exit_code == 2
    assert message in result.stderr
    assert message in error["message"]


def test_one_of_several_is_chosen_by_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Customer(provider="clitoy", id=name) for name in ("cst_1", "cst_2")]
    said = "2 fit. Give its id: `customer=error.candidates[0].id`."

    with pytest.raises(typer.Exit), reported(as_json=False, flags={"customer": "--customer"}):
        raise Ambiguous(said, candidates=found)

    shown = " ".join(capsys.readouterr().err.split())
    assert shown == (
        "error: 2 fit. Give its id: `--customer ID`. Candidates: Customer cst_1, Customer cst_2"
    )


def test_a_refused_key_says_what_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), reported(as_json=False, flags={}):
        raise AuthenticationFailed("Invalid API key", provider="clitoy", status=401)

    refused, *advice = capsys.readouterr().err.splitlines()
    assert refused == "error: clitoy refused: Invalid API key (HTTP 401)"
    assert "`api_key` is whole, not revoked and" in advice[0]
    assert advice[1].endswith(": subhub doctor")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("sandbox", "serve", "--port", "x"),
            "`--port` must be a whole number from 0 to 65535, got 'x'",
        ),
        (("plan", "list", "extra"), "got unexpected extra argument (extra)"),
    ],
)
def test_usage_errors_have_the_same_words_with_every_version_of_typer(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    assert run(*words).stderr.splitlines()[0] == f"error: {said}"
