"""`subhub api`: a request of any form, with the account's key, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub.cli.command_client import CommandClient
from subhub.client.configuration import Configuration
from subhub.errors import WouldSend
from subhub.messages import Request

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]


def test_a_path_alone_is_read(run: Run) -> None:
    shown = run("api", "/customers/cst_1")

    assert json.loads(shown.stdout) == {
        "id": "cst_1",
        "name": "Test Company BV",
        "email": "john.doe@test.com",
    }
    assert run("api", "get", "/customers/cst_1").stdout == shown.stdout
    assert run("api", "/customers/cst_1", "--raw").stdout == shown.stdout


def test_status_and_headers_are_printed_if_that_is_asked_for(run: Run, as_json: AsJson) -> None:
    lines = run("api", "/customers/cst_1", "-i").stdout.splitlines()
    data = as_json(run("api", "/customers/cst_1", "-i", "--json"))

    assert lines[0] == "HTTP 200"
    assert "content-type: application/json" in lines
    assert (data["status"], data["body"]["id"]) == (200, "cst_1")


def test_a_change_is_sent_only_when_that_is_confirmed(run: Run) -> None:
    words = ("api", "PATCH", "/customers/cst_1", "--body", '{"city": "Ede"}')
    refused, shown, sent = run(*words), run(*words, "--dry-run"), run(*words, "--yes")

    assert refused.exit_code == 2
    assert "PATCH /customers/cst_1 may change something: to confirm, add `--yes`" in refused.stderr
    assert shown.stdout.startswith("curl --request PATCH https://clitoy.example/customers/cst_1")
    assert json.loads(sent.stdout)["city"] == "Ede"


def test_the_key_is_not_shown(run: Run) -> None:
    shown = run("api", "DELETE", "/customers/cst_1", "-a", "real", "--dry-run")

    assert "[redacted]" in shown.stdout
    assert "sk_very_secret" not in shown.output


def test_parameters_are_quoted(run: Run, as_json: AsJson) -> None:
    words = ("api", "POST", "/customers", "-q", "a=b c", "-q", "d=&", "--dry-run", "--json")

    assert as_json(run(*words))["would_send"]["url"] == (
        "https://clitoy.example/customers?a=b%20c&d=%26"
    )


def test_the_body_may_be_a_file(run: Run, as_json: AsJson, tmp_path: Path) -> None:
    _ = (tmp_path / "body.json").write_text('{"city": "Ede"}')
    words = ("api", "PATCH", "/customers/cst_1", "--body", "@body.json", "-y", "--json")

    assert as_json(run(*words))["city"] == "Ede"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("customers",), "`PATH` must begin with `/`"),
        (("GET", "https://evil.example/"), "`PATH` must begin with `/`"),
        (("GET", "/a b"), "`PATH` must begin with `/`"),
        (("GET", "/a#b"), "`PATH` must begin with `/`"),
        (("FETCH", "/a"), "`METHOD` must be one of GET, HEAD, POST"),
        (("GET", "/a", "-q", "b"), "`--query` must be NAME=VALUE, got 'b'"),
        (("POST", "/a", "-b", "x"), "`--body` must be a JSON object, @FILE or -"),
        (("POST", "/a", "-b", "[1]"), "`--body` must be a JSON object of values by name, got list"),
    ],
)
def test_what_cannot_be_sent_is_refused_unsent(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    result = run("api", *words, "--verbose", "--yes")

    assert result.exit_code == 2
    assert message in result.stderr
    assert "->" not in result.stderr


def test_a_refusal_of_the_provider_is_an_error(run: Run) -> None:
    error = json.loads(run("api", "/customers/cst_0", "--json").stderr)["error"]

    assert (error["type"], error["status"], error["operation"]) == ("NotFound", 404, "api")


def test_what_is_not_json_is_printed_as_text(run: Run) -> None:
    assert run("api", "/report").stdout == "a,b\n\ufffd[31m1,2\n"
    assert run("api", "HEAD", "/report").stdout == ""


def test_a_path_may_repeat_that_of_the_address(run: Run, tmp_path: Path) -> None:
    del run
    file = tmp_path / "subhub.toml"
    _ = file.write_text(
        "[accounts.main]\nprovider = 'clitoy'\napi_key = 'toy_key'\ndry_run = true\n"
        "base_url = 'https://clitoy.example/v1'\n"
    )
    urls: list[str] = []
    for path in ("/v1/plans", "/plans", "/v10/plans"):
        with CommandClient(Configuration.read(file).open()) as client:
            with pytest.raises(WouldSend) as stopped:
                _ = client.exchange(Request("POST", path))
            urls.append(stopped.value.request.url)

    assert urls == [
        "https://clitoy.example/v1/plans",
        "https://clitoy.example/v1/plans",
        "https://clitoy.example/v1/v10/plans",
    ]


def test_a_change_is_written_to_the_journal(run: Run, tmp_path: Path) -> None:
    """A change whose answer is lost can be found in it."""
    file = tmp_path / "subhub.toml"
    _ = file.write_text(
        file.read_text().replace("sandbox = true", 'sandbox = true\njournal = "j.db"')
    )

    body = '{"name": "A", "email": "john+dropped@example.com"}'
    lost = run("api", "POST", "/customers", "--body", body, "--yes", "--json")
    listed = run("resolve", "--list", "--json")

    assert lost.exit_code == 4
    assert json.loads(lost.stderr)["error"]["type"] == "OutcomeUnknown"
    assert [intent["operation"] for intent in json.loads(listed.stdout)["intents"]] == ["api"]
