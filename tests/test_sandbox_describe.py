"""`subhub sandbox describe`: all routes, open points, faults and magic values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.plugin import Provider
from subhub.sandbox.description import describe
from subhub.sandbox.faults import KINDS
from subhub.sandbox.magic import MAGIC

RUNNER = CliRunner()


def run(*words: str) -> Result:
    return RUNNER.invoke(app, ["sandbox", "describe", *words])


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon])
def test_everything_is_told_in_json(provider: type[Provider]) -> None:
    fake = provider.sandbox()
    told: dict[str, list[dict[str, Any]]] = json.loads(run(provider.name, "--json").stdout)

    assert {each["name"] for each in told["assumptions"]} == set(fake.assumptions)
    assert {each["kind"] for each in told["faults"]} == set(KINDS)
    assert [each["amount"] for each in told["magic"]] == [each.amount for each in MAGIC]
    assert len(told["routes"]) == len(fake.routes())
    assert all(each["what"].endswith(".") for each in told["routes"])
    assert {"method": "GET", "path": "/v1/customers"}.items() <= next(
        each.items() for each in told["routes"] if each["path"] == "/v1/customers"
    )


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon])
def test_people_read_the_same_in_tables(provider: type[Provider]) -> None:
    printed = run(provider.name).stdout
    for text in ("Answers to", "Assumes", "Can fail", "anyone+dropped_after@example.com"):
        assert text in printed
    assert all(name in printed for name in provider.sandbox().assumptions)


def test_values_are_those_that_are_set_now() -> None:
    fake = Afternoon.sandbox()
    fake.assume({"active_status": "live", "error_codes": {404: "gone"}})
    values = {each["name"]: each["value"] for each in describe(fake).assumptions}
    assert (values["active_status"], values["error_codes"]) == ("live", {404: "gone"})
    assert values["reads_subscriptions"] is True
    assert values["unused"] is None


def test_a_provider_that_is_not_there_is_told() -> None:
    result = run("nobody")
    assert (result.exit_code, "no plugin for the provider" in result.stderr) == (2, True)
