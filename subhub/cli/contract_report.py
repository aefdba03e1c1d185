"""The contract report that a plugin ships, in the words of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from subhub.testing.contract.report import Counts, Run, runs, shipped

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

SOURCES: Final = {"sandbox": "sandbox", "live": "live service"}
_PROBLEMS: Final = {"failed": "failed", "not_run": "did not run", "left_out": "were left out"}


def shipped_run(provider: type[Provider]) -> Run | None:
    """Return the run of the contract suite that *provider* ships a report on, if it ships one.

    Raises `PluginError` if the report cannot be read.
    """
    report = shipped(provider)
    return next(iter(runs(provider, [report] if report else [])), None)


def summary(run: Run) -> str:
    """Return what was tested, with what, and when; and what has changed since."""
    tested = run.tested
    suite = f"contract suite of subhub {run.subhub} on {tested.plugin} {tested.version}"
    stale = f". It is out of date: {'; '.join(run.stale)}" if run.stale else ""
    return f"{suite}, {SOURCES[tested.source]}, {run.date}{stale}"


def proof(run: Run, capability: str) -> str:
    """Return how *capability* was proven; of a missing one, its refusal was tested."""
    counts = run.tested.capabilities.get(capability)
    if counts is None:
        return "not in the suite"
    if run.stale:
        return "out of date"
    for name, words in _PROBLEMS.items():
        if number := getattr(counts, name):
            return f"not proven: {number} of {counts.tests} tests {words}"
    tests = f"{counts.tests} tests" if counts.tests > 1 else "1 test"
    return f"{SOURCES[run.tested.source]}, {tests}"


def as_data(counts: Counts) -> Mapping[str, int]:
    """Return how the tests ended, for scripts."""
    return {name: getattr(counts, name) for name in ("passed", *_PROBLEMS)}
