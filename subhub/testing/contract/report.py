"""The report: what a run of the suite has proven, by provider and capability, for machines.

Only what really ran and passed counts; of a capability that is not claimed, it is proven that it is
refused before anything is sent. A test that was deselected, or that did not get to run, is
not run; one that was left out is shown with its reason.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from subhub._version import __version__
from subhub.errors import PluginError
from subhub.testing.contract.cases import Item, items_of
from subhub.testing.contract.catalogue import catalogue
from subhub.testing.contract.guard import reason, tests

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.config import ContractConfig

SUITE_VERSION: Final = 1
"""Raised when a plugin that passed before may fail, or the other way round."""
FORMAT: Final = 1
"""The version of the report's form."""
PLUGIN: Final = "plugin"
"""The row of what is about the plugin as a whole."""
Json: TypeAlias = dict[str, Any]


class Results:
    """How contract tests ended, by class."""

    def __init__(self) -> None:
        self.passed: dict[type[ContractConfig], dict[Item, bool]] = {}

    def note(
        self, contract: type[ContractConfig], test: str, params: Mapping[str, Any], *, passed: bool
    ) -> None:
        """One test ended; once it has failed in any phase, it stays failed."""
        item = Item(test, params["case"], params.get("colour", "sync"))
        known = self.passed.setdefault(contract, {})
        known[item] = passed and known.get(item, True)


def written(results: Results, path: str) -> None:
    """Write the report of *results* to *path*."""
    document = {
        "format": FORMAT,
        "suite": SUITE_VERSION,
        "subhub": __version__,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "providers": [_provider(contract, found) for contract, found in results.passed.items()],
    }
    _ = Path(path).write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def standing(provider: type[Provider]) -> Json:
    """What a report of *provider* is made with: once one of these is another, it is stale."""
    plugin, version = _distribution(provider)
    return {
        "plugin": plugin,
        "version": version,
        "document": _document(provider),
        "tests": catalogue(provider),
    }


def _provider(contract: type[ContractConfig], found: Mapping[Item, bool]) -> Json:
    provider = contract.provider
    return {
        "provider": provider.name,
        "contract": f"{contract.__module__}.{contract.__qualname__}",
        **standing(provider),
        "source": "sandbox",
        "left_out": dict(contract.left_out),
        "capabilities": _rows(contract, found),
    }


def _rows(contract: type[ContractConfig], found: Mapping[Item, bool]) -> Json:
    counts: dict[str, Counter[str]] = {}
    for test in tests():
        for item in items_of(contract, test):
            row = counts.setdefault(item.case.capability or PLUGIN, Counter())
            row[_state(contract, item, found)] += 1
    known = contract.provider.capabilities()
    return {
        name: {"claimed": name == PLUGIN or known.supports(name), **_row(counts[name])}
        for name in sorted(counts)
    }


def _state(contract: type[ContractConfig], item: Item, found: Mapping[Item, bool]) -> str:
    if reason(contract, item.test, item.case):
        return "left_out"
    if item not in found:
        return "not_run"
    return "passed" if found[item] else "failed"


def _row(count: Counter[str]) -> Json:
    states = ("passed", "failed", "left_out", "not_run")
    proven = count["passed"] > 0 and not count["failed"] and not count["not_run"]
    return {**{each: count[each] for each in states}, "proven": proven}


def _distribution(provider: type[Provider]) -> tuple[str | None, str | None]:
    from subhub.plugin.registry import distribution_of  # noqa: PLC0415 - it loads what is installed

    try:
        return distribution_of(provider.name)
    except PluginError:  # a plugin can be tested before it is installed
        return None, None


def _document(provider: type[Provider]) -> str | None:
    from subhub.testing.cassettes import NO_DOCUMENT, fingerprint  # noqa: PLC0415 - it loads vcrpy

    found = fingerprint(provider)
    return None if found == NO_DOCUMENT else found
