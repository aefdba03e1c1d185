"""The contract report that a plugin ships: how the contract suite ended for each capability.

`pytest --subhub-report` writes it, and the plugin's package holds it. Reading it needs neither
pytest nor the suite, so whoever installs a plugin can see how it was proven.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from subhub.plugin.provider import Provider

FILE: Final = "contract-report.json"
FORMAT: Final = 1
SOURCES: Final = {"sandbox": "sandbox", "live": "live service"}
_PROBLEMS: Final = {"failed": "failed", "not_run": "did not run", "left_out": "were left out"}


@dataclass(frozen=True, slots=True)
class ContractReport:
    """The report on one provider, tested on *date* with the version *subhub* of the suite."""

    subhub: str
    date: str
    tested: Mapping[str, Any]

    def summary(self) -> str:
        """Return what was tested, with what, and when."""
        plugin = f"{self.tested['plugin']} {self.tested['version']}"
        source = SOURCES[self.tested["source"]]
        return f"contract suite of subhub {self.subhub} on {plugin}, {source}, {self.date}"

    def counts(self, capability: str) -> Mapping[str, int] | None:
        """Return how the tests of *capability* ended; `None` if the suite has no test for it."""
        found: Mapping[str, int] | None = self.tested["capabilities"].get(capability)
        return found and {name: found[name] for name in ("passed", *_PROBLEMS)}

    def proof(self, capability: str) -> str:
        """Return the same in words; of a missing capability, its refusal was tested."""
        counts = self.counts(capability)
        if counts is None:
            return "not in the suite"
        total = sum(counts.values())
        for name, words in _PROBLEMS.items():
            if counts[name]:
                return f"not proven: {counts[name]} of {total} tests {words}"
        return f"{SOURCES[self.tested['source']]}, {total} tests"


def contract_report(provider: type[Provider]) -> ContractReport | None:
    """Return the report of *provider*; `None` if there is none that this subhub can read."""
    package = provider.__module__.partition(".")[0]
    try:
        report = json.loads(resources.files(package).joinpath(FILE).read_text("utf-8"))
    except (OSError, TypeError, ValueError):  # no file, no package to hold it, not JSON
        return None
    if report["format"] != FORMAT:
        return None
    tested = next((each for each in report["providers"] if each["provider"] == provider.name), None)
    return tested and ContractReport(report["subhub"], report["date"], tested)
