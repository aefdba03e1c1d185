"""`subhub doctor`, and `subhub check` at the provider and without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from subhub import diagnose
from subhub.cli.app import app
from subhub.plugin import Provider
from tests.capture import Capture
from tests.conftest import Toy
from tests.doctor.conftest import KEY, PLAN, Write, answer

NEXT = """
[accounts.next]
provider = "{provider}"
api_key = "{key}"
{more}
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def parsed(result: Result) -> Any:
    assert result.stderr == ""
    return json.loads(result.stdout)


# doctor -------------------------------------------------------------------------------------------


def test_an_account_that_is_well_ends_with_0(capture: Capture, write: Write) -> None:
    _ = write(capture.url)
    result = run("doctor")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:3] == ["account", "check", "level"]
    assert {"ok"} == {line[2] for line in lines[1:]}
    assert result.stderr == "0 wrong, 0 warnings; only reads were sent\n"
    assert KEY not in result.output


def test_a_warning_alone_ends_with_0(capture: Capture, write: Write) -> None:
    capture.answer = lambda _: answer(200, {"items": []}, {"X-RateLimit-Remaining": "0"})
    _ = write(capture.url)
    result = run("doctor")
    assert result.exit_code == 0
    assert "no request is left; no limit is kept; wait until the limit resets" in result.stdout
    assert result.stderr.startswith("0 wrong, 1 warnings")


def test_one_account_that_is_wrong_ends_with_1(capture: Capture, write: Write) -> None:
    table = NEXT.format(provider="toy", key="env:MISSING_KEY", more="")
    _ = write(capture.url, table, head='account = "main"')
    result = run("doctor")
    assert result.exit_code == 1
    assert "the variable MISSING_KEY is not set" in result.stdout
    assert run("doctor", "--account", "main").exit_code == 0
    assert run("doctor", "--account", "other").exit_code == 2


def test_a_file_that_cannot_be_read_ends_with_1(folder: Path) -> None:
    _ = (folder / "subhub.toml").write_text("[")
    result = run("doctor")
    assert result.exit_code == 1
    assert "(file)" in result.stdout


def test_scripts_get_the_findings_as_they_are(capture: Capture, write: Write) -> None:
    capture.answer = lambda _: answer(401, {"message": "who?"})
    _ = write(capture.url)
    result = run("doctor", "--json")
    found = parsed(result)
    assert result.exit_code == 1
    assert (found["wrong"], found["warnings"]) == (1, 0)
    levels = [(each["check"], each["level"]) for each in found["findings"]]
    assert levels == [(each.check, each.level) for each in diagnose()]
    (wrong,) = (each for each in found["findings"] if each["level"] == "wrong")
    assert wrong.keys() == asdict(diagnose()[0]).keys()
    assert (wrong["account"], wrong["check"]) == ("main", "key")


# check --online -----------------------------------------------------------------------------------


def test_check_sends_nothing_unless_it_is_asked_to(capture: Capture, write: Write) -> None:
    _ = write(capture.url)
    plain = run("check")
    assert (plain.exit_code, capture.asked) == (0, [])
    assert "online" not in parsed(run("check", "--json"))
    result = run("check", "--online")
    assert result.exit_code == 0
    assert result.stdout.startswith(plain.stdout)
    assert "toy accepts it (`list_plans`)" in result.stdout
    assert len(capture.asked) == 1
    assert parsed(run("check", "--online", "--json"))["online"] == parsed(run("doctor", "--json"))


def test_what_is_wrong_at_the_provider_ends_check_with_1(capture: Capture, write: Write) -> None:
    capture.answer = lambda _: answer(401, {"message": "who?"})
    _ = write(capture.url)
    assert run("check", "--online").exit_code == 1


def test_an_account_that_cannot_be_used_is_asked_nothing(capture: Capture, write: Write) -> None:
    table = NEXT.format(provider="toy", key="env:MISSING_KEY", more="")
    _ = write(capture.url, table, head='account = "main"')
    result = run("check", "--online", "--json")
    found = parsed(result)
    assert result.exit_code == 2
    assert {each["account"] for each in found["online"]["findings"]} == {"main"}
    assert [each["ready"] for each in found["accounts"]] == [True, False]


# check --without-secrets --------------------------------------------------------------------------


def test_check_works_without_secrets(
    offer: Callable[[type[Provider]], None], write: Write, folder: Path
) -> None:
    offer(Toy)
    stores = 'journal = "env:MISSING_JOURNAL"\npermits = "env:MISSING_PERMITS"'
    keyed = NEXT.format(provider="mollie", key="file:missing", more=stores)
    keyless = '[accounts.third]\nprovider = "afternoon"\n'
    _ = write(None, keyed, keyless, head='account = "main"', key="env:MISSING_KEY", plans=PLAN)
    assert run("check").exit_code == 2
    result = run("check", "--without-secrets")
    rows = result.stdout.splitlines()[1:]
    assert result.exit_code == 0, result.output
    assert "not checked: no key (the variable MISSING_KEY is not set: export MISSING" in rows[0]
    assert f"no key ({folder}/missing cannot be read" in rows[1]
    assert "no permits (the variable MISSING_PERMITS" in rows[1]
    assert "no journal (the variable MISSING_JOURNAL" in rows[1]
    assert "not checked: no key (none is configured); the rest is ready" in rows[2]
    accounts = parsed(run("check", "--without-secrets", "--json"))["accounts"]
    assert [each["ready"] for each in accounts] == [True, True, True]
    assert [list(each["not_checked"]) for each in accounts] == [
        ["api_key"],
        ["api_key", "permits", "journal"],
        ["api_key"],
    ]
    assert [path.name for path in folder.iterdir()] == ["subhub.toml"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('mode = "live"\ntimezone = "Mars"', "Mars"),
        ('journal = "redis://x"', "cannot keep a journal"),
        ('plans.data = "x"', "plans.data links a plan"),
    ],
)
def test_without_secrets_the_rest_is_checked_as_ever(
    offer: Callable[[type[Provider]], None], write: Write, more: str, problem: str
) -> None:
    offer(Toy)
    _ = write(None, more, key="env:MISSING_KEY")
    result = run("check", "--without-secrets")
    assert result.exit_code == 2
    assert problem in result.stdout


def test_a_plan_is_checked_without_its_key(write: Write) -> None:
    _ = write(None, provider="mijnklantportaal", key="env:MISSING_KEY", plans=PLAN)
    result = run("check", "--without-secrets")
    assert result.exit_code == 2
    assert "it cannot be a plan of mijnklantportaal" in result.stdout


@pytest.mark.parametrize(
    ("key", "more", "problem"),
    [
        ("env:", "", "names nothing"),
        ("file:empty", "", "is empty"),
        ("env:MISSING_KEY", 'journal = "file:missing"', "cannot open `journal`"),
    ],
)
def test_a_reference_that_is_wrong_is_not_a_missing_secret(
    offer: Callable[[type[Provider]], None],
    write: Write,
    folder: Path,
    key: str,
    more: str,
    problem: str,
) -> None:
    offer(Toy)
    (folder / "empty").touch()
    _ = write(None, more, key=key)
    result = run("check", "--without-secrets")
    assert result.exit_code == 2
    assert problem in result.stdout


def test_a_secret_that_is_there_is_checked(
    offer: Callable[[type[Provider]], None], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(Toy)
    monkeypatch.setenv("THE_KEY", "wrong")
    _ = write(None, key="env:THE_KEY")
    result = run("check", "--without-secrets")
    assert result.exit_code == 2
    assert "must be a key of toy" in result.stdout


def test_a_sandbox_lacks_no_secret(write: Write) -> None:
    _ = write(None, "sandbox = true", provider="mollie", key=None)
    assert run("check", "--without-secrets").stdout.splitlines()[1].endswith("in a sandbox  ready")


def test_accounts_without_secrets_are_asked_nothing(capture: Capture, write: Write) -> None:
    _ = write(capture.url, key="env:MISSING_KEY")
    result = run("check", "--without-secrets", "--online")
    assert (result.exit_code, capture.asked) == (0, [])


# The page about it --------------------------------------------------------------------------------


def test_the_page_shows_what_is_printed(
    capture: Capture, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    capture.answer = lambda _: answer(401, {"message": "who?"})
    _ = write(capture.url)
    page = (Path(__file__).parents[2] / "docs/troubleshooting.md").read_text("utf-8")
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])
    found = parsed(run("doctor", "--json"))
    assert shown.keys() == found.keys()
    assert shown["findings"][0] in found["findings"]
    program = page.partition("```python\n")[2].partition("```")[0]
    exec(compile(program, "docs/troubleshooting.md", "exec"), {})  # noqa: S102 - it is ours
    assert capsys.readouterr().out.startswith("main key toy refused `list_plans`: who?")
    for check in {each["check"] for each in found["findings"]}:
        assert f"| `{check}` |" in page
