"""`subhub call`: the operations that only one provider has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app

EVENT = {
    "event_name": "sms",
    "idempotency_key": "k1",
    "customer_id": "c0123456789abcdefghijklmn",
    "timestamp": "2026-11-26T10:00:00+01:00",
    "properties": {"count": 1.5},
}


@pytest.fixture
def call(folder: Path) -> Callable[..., Result]:
    account = '[accounts.main]\nprovider = "afternoon"\nsandbox = true\n'
    _ = (folder / "subhub.toml").write_text(account, "utf-8")
    _ = (folder / "event.json").write_text(json.dumps(EVENT), "utf-8")

    def invoke(*words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, ["call", *words], input=given, catch_exceptions=False)

    return invoke


@pytest.mark.parametrize("place", ["@event.json", "-", json.dumps(EVENT)])
def test_the_arguments_are_a_json_object_in_the_types_of_the_operation(
    call: Callable[..., Result], place: str
) -> None:
    ran = call("afternoon.ingest_event", "--json-body", place, "--dry-run", given=json.dumps(EVENT))
    assert ran.exit_code == 0
    assert '"timestamp":"2026-11-26T09:00:00Z","properties":{"count":1.5}' in ran.stdout


def test_a_list_is_read_to_its_end(call: Callable[..., Result]) -> None:
    ran = call("afternoon.list_invoices")
    assert (ran.exit_code, json.loads(ran.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["afternoon.list_invoice"], "did you mean afternoon.list_invoices?"),
        (["afternoon.get_plan"], "is none that only afternoon has ('get_plan'): known are"),
        (["mijnklantportaal.list_payment_links"], "the account 'main' is billed by afternoon"),
        (["paypal.pay"], "no plugin for the provider 'paypal'"),
        (["afternoon.get_invoice", "--json-body", '{"x": 1}'], "has no argument x; known are inv"),
        (["afternoon.get_invoice"], "invalid arguments: invoice_id: is required"),
        (["afternoon.get_invoice", "--json-body", "["], "`--json-body` must be a JSON object"),
        (["afternoon.get_invoice", "--json-body", "[]"], "arguments by name, got list"),
        (["afternoon.get_invoice", "--json-body", "@none"], "No such file"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_sent(
    call: Callable[..., Result], words: list[str], problem: str
) -> None:
    ran = call(*words)
    assert ran.exit_code in {2, 3}
    assert problem in ran.stderr
