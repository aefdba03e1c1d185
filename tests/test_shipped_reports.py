"""The contract report that each plugin ships is that of a green run of this code."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from subhub.testing import ProviderContract
from subhub.testing.contract import guard
from subhub.testing.contract.cases import items_of
from subhub.testing.contract.report import Results, written

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent.name for path in ROOT.glob("providers/*/pyproject.toml"))


def committed(provider: str) -> Path:
    return ROOT / "providers" / provider / f"subhub_{provider}" / "contract-report.json"


def contract_of(name: str) -> type[ProviderContract]:
    module, _, qualified = name.rpartition(".")
    found: type[ProviderContract] = getattr(importlib.import_module(module), qualified)
    return found


def green_report(contract: type[ProviderContract], path: Path) -> dict[str, Any]:
    """Return the report of a run in which everything passes that is not left out."""
    results = Results()
    for item in (item for test in guard.tests() for item in items_of(contract, test)):
        if not guard.reason(contract, item.test, item.case):
            params = {"case": item.case, "colour": item.colour}
            results.note(contract, item.test, params, passed=True)
    written(results, str(path))
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("provider", PLUGINS)
def test_the_report_is_that_of_a_green_run_of_this_code(provider: str, tmp_path: Path) -> None:
    """So it is stale as soon as the suite, a claim, a version or an API description changes."""
    shipped: dict[str, Any] = json.loads(committed(provider).read_text("utf-8"))
    (tested,) = shipped["providers"]
    contract = contract_of(tested["contract"])
    remedy = f"pytest -k {contract.__name__} --subhub-report {committed(provider)}"

    now = green_report(contract, tmp_path / "report.json")

    assert {**now, "date": shipped["date"]} == shipped, remedy
