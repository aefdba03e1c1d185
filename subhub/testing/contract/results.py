"""How the contract tests of a run ended, and the report written from that.

Only what really ran and passed counts. A test that was deselected, or that did not get to run, is
not run; one that was left out is shown with its reason.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from subhub._version import __version__
from subhub.system import atomic_files
from subhub.testing.contract.cases import Item, items_of
from subhub.testing.contract.guard import reason, tests
from subhub.testing.contract.report import FORMAT, SUITE_VERSION, WHOLE, Counts, baseline

if TYPE_CHECKING:
    from subhub.testing.contract.config import ContractConfig

Json: TypeAlias = dict[str, Any]


class Results:
    """How contract tests ended, by class."""

    def __init__(self) -> None:
        self.passed: dict[type[ContractConfig], dict[Item, bool]] = {}

    def note(
        self, contract: type[ContractConfig], test: str, params: Mapping[str, Any], *, passed: bool
    ) -> None:
        """Note a phase of a test; once one has failed, the test stays failed.

        Args:
            contract: The contract class.
            test: The test's name.
            params: pytest's parameters: `case`, and `kind` if it has one.
            passed: Whether the phase passed.
        """
        item = Item(test, params["case"], params.get("kind", "sync"))
        known = self.passed.setdefault(contract, {})
        known[item] = passed and known.get(item, True)


def write_report(results: Results, path: Path) -> None:
    """Write the report of *results* to *path*."""
    report = {
        "format": FORMAT,
        "suite": SUITE_VERSION,
        "subhub": __version__,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "providers": [_tested(contract, found) for contract, found in results.passed.items()],
    }
    atomic_files.replace(path, json.dumps(report, indent=2) + "\n")


def _tested(contract: type[ContractConfig], found: Mapping[Item, bool]) -> Json:
    provider = contract.provider
    return {
        "provider": provider.name,
        "contract": f"{contract.__module__}.{contract.__qualname__}",
        **baseline(provider).model_dump(),
        "source": "sandbox",
        "left_out": dict(contract.left_out),
        "capabilities": _rows(contract, found),
    }


def _rows(contract: type[ContractConfig], found: Mapping[Item, bool]) -> Json:
    ended: dict[str, Counter[str]] = {}
    for test in tests().values():
        for item in items_of(test, contract.provider):
            row = ended.setdefault(item.case.capability or WHOLE, Counter())
            row[_ended(contract, item, found)] += 1
    known = contract.provider.capabilities()
    return {
        name: _row(ended[name], claimed=name == WHOLE or known.supports(name))
        for name in sorted(ended)
    }


def _row(ended: Counter[str], *, claimed: bool) -> Json:
    states = ("passed", "failed", "left_out", "not_run")
    counts = Counts(claimed=claimed, **{state: ended[state] for state in states})
    proven = counts.passed > 0 and not counts.failed and not counts.not_run
    return {**counts.model_dump(), "proven": proven}


def _ended(contract: type[ContractConfig], item: Item, found: Mapping[Item, bool]) -> str:
    if reason(contract, item.test, item.case):
        return "left_out"
    if item not in found:
        return "not_run"
    return "passed" if found[item] else "failed"
