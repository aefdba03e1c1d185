"""`subhub sandbox describe`: all endpoints, assumptions, faults and magic values."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.plugin import Provider
from subhub.plugin.registry import load
from subhub.sandbox.description import describe
from subhub.sandbox.faults import KINDS
from subhub.sandbox.magic import MAGIC

RUNNER = CliRunner()


def run(*words: str) -> Result:
    return RUNNER.invoke(app, ["sandbox", "describe", *words])


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon])
def test_json_has_everything(provider: type[Provider]) -> None:
    fake = provider.sandbox()
    described: dict[str, list[dict[str, Any]]] = json.loads(run(provider.name, "--json").stdout)

    assert {row["name"] for row in described["assumptions"]} == set(fake.assumptions)
    assert {row["kind"] for row in described["faults"]} == set(KINDS)
    assert [row["amount"] for row in described["magic"]] == [magic.amount for magic in MAGIC]
    assert len(described["routes"]) == len(fake.routes())
    assert all(row["what"].endswith(".") for row in described["routes"])
    assert {"method": "GET", "path": "/v1/customers"}.items() <= next(
        row.items() for row in described["routes"] if row["path"] == "/v1/customers"
    )


@pytest.mark.parametrize("name", ["afternoon", "mijnklantportaal", "mollie", "stripe"])
def test_values_are_what_can_be_chosen_and_never_an_object_of_the_fake(name: str) -> None:
    fake = load(name).sandbox()
    printed = run(name).stdout + run(name, "--json").stdout

    assert not re.search(r"<bound method|<function|<\w+: | object at 0x", printed)
    for assumed, value in fake.assumed_values().items():
        chosen = value is None or isinstance(value, bool | int | str | tuple)
        assert chosen or (isinstance(value, dict) and value), (
            f"{assumed} is the name of an attribute that holds state: {value!r}"
        )


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon])
def test_tables_have_everything(provider: type[Provider]) -> None:
    printed = run(provider.name).stdout
    for text in (
        "Endpoints",
        "Assumptions",
        "Faults",
        "Magic values",
        "anyone+dropped_after@example.com",
    ):
        assert text in printed
    assert all(name in printed for name in provider.sandbox().assumptions)


def test_values_are_the_current_ones() -> None:
    fake = Afternoon.sandbox()
    fake.assume({"active_status": "live", "error_codes": {404: "gone"}, "unpaid_ends": None})
    fake.assume({"cursor_field": Decimal("1.5")})
    values = {row["name"]: row["value"] for row in describe(fake).assumptions}
    assert (values["active_status"], values["error_codes"]) == ("live", {404: "gone"})
    assert values["reads_subscriptions"] is True
    assert values["unused"] is values["unpaid_ends"] is None
    assert values["cursor_field"] == "1.5", "what JSON has no form for is text"


def test_an_unknown_provider_is_an_error() -> None:
    result = run("unknown")
    assert (result.exit_code, "no plugin for the provider" in result.stderr) == (2, True)
