"""The report of what a run of the suite has proven of a plugin, and whether that still holds.

A report holds for what it was written with. Once the suite, the plugin's version, its API
description or the tests that follow from its claims differ, it is stale and proves nothing. Only
its counts are believed: of a capability that is not claimed, they prove that it is refused unsent.

A plugin may ship its report as `contract-report.json` in its package. Reading one needs none of the
packages of the extra `testing`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from subhub.errors import PluginError
from subhub.plugin.registry import distribution_of
from subhub.testing.contract.cases import items_of
from subhub.testing.contract.guard import tests
from subhub.testing.provenance import NO_DOCUMENT, Source, fingerprint, package_data

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

SUITE_VERSION: Final = 5
"""Raised when a plugin that passed before may fail, or the other way round."""
FORMAT: Final = 1
"""The version of the report's form."""
SHIPPED: Final = "contract-report.json"
"""The report in a plugin's package."""
WHOLE: Final = "plugin"
"""The row of the tests of the plugin as a whole."""
State = Literal["proven", "failed", "left_out", "not_run", "untested", "stale"]
"""What a run shows of a capability. `proven`: all its tests ran and passed; else the worst that
happened to one. `untested`: the suite has no test for it; `stale`: the run was of another."""
_WORST_FIRST: Final[tuple[State, ...]] = ("failed", "not_run", "left_out")


class Counts(BaseModel):
    """How the tests of one capability ended."""

    model_config = ConfigDict(frozen=True)

    claimed: bool
    passed: NonNegativeInt
    failed: NonNegativeInt
    left_out: NonNegativeInt
    not_run: NonNegativeInt

    @property
    def tests(self) -> int:
        """The number of tests."""
        return self.passed + self.failed + self.left_out + self.not_run

    @property
    def state(self) -> State:
        """The worst that happened to one of them."""
        for state in _WORST_FIRST:
            if getattr(self, state):
                return state
        return "proven" if self.passed else "untested"


_NO_TESTS: Final = Counts(claimed=False, passed=0, failed=0, left_out=0, not_run=0)


class Baseline(BaseModel):
    """The plugin, its API description and the tests: a run is compared with them later."""

    model_config = ConfigDict(frozen=True)

    plugin: str | None
    version: str | None
    document: str | None
    tests: str


class Tested(Baseline):
    """One contract class in a report, and so one provider."""

    provider: str
    contract: str
    source: Source
    left_out: Mapping[str, str]
    capabilities: Mapping[str, Counts]


class Report(BaseModel):
    """A file written by `pytest --subhub-report`."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    suite: int
    subhub: str
    date: dt.date
    providers: Sequence[Tested]


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of one run for one capability."""

    state: State
    source: Source
    date: dt.date
    counts: Counts


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the suite on one provider; `stale` says what differs now, if anything does."""

    tested: Tested
    subhub: str
    date: dt.date
    stale: tuple[str, ...]

    def proof(self, capability: str) -> Proof:
        """Return what this run shows of *capability*."""
        counts = self.tested.capabilities.get(capability, _NO_TESTS)
        state = "stale" if self.stale else counts.state
        return Proof(state, self.tested.source, self.date, counts)


def shipped(provider: type[Provider]) -> Report | None:
    """Return the report in the package of *provider*, if there is one.

    Raises `PluginError` if it cannot be read.
    """
    found = package_data(provider, SHIPPED)
    if found is None:
        return None
    try:
        return Report.model_validate_json(found.read_bytes())
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "all of it"
        message = (
            f"{SHIPPED} of {provider.name} cannot be read by this version of subhub ({place}). "
            "Write it again with `pytest --subhub-report`."
        )
        raise PluginError(message) from error


def runs(provider: type[Provider], reports: Sequence[Report]) -> tuple[Run, ...]:
    """Return the runs on *provider* in *reports*, each compared with what is installed."""
    return tuple(
        Run(tested, report.subhub, report.date, tuple(_differences(provider, report, tested)))
        for report in reports
        for tested in report.providers
        if tested.provider == provider.name
    )


def baseline(provider: type[Provider]) -> Baseline:
    """Return what a run on *provider* would be compared with today."""
    try:
        plugin, version = distribution_of(provider.name)
    except PluginError:  # a plugin can be tested before it is installed
        plugin, version = None, None
    document = fingerprint(provider)
    return Baseline(
        plugin=plugin,
        version=version,
        document=None if document == NO_DOCUMENT else document,
        tests=_fingerprint_of_tests(provider),
    )


def _fingerprint_of_tests(provider: type[Provider]) -> str:
    """Return the fingerprint of the names of all contract tests of *provider*."""
    # The package imports the suite, which is sealed then: no import of it is needed here.
    items = (item for test in tests().values() for item in items_of(test, provider))
    names = sorted(f"{item.name}-{item.kind}" for item in items)
    return "sha256:" + hashlib.sha256("\n".join(names).encode()).hexdigest()


def _differences(provider: type[Provider], report: Report, tested: Tested) -> Iterator[str]:
    now = baseline(provider)
    for what, was, is_now in (
        ("version of the suite", report.suite, SUITE_VERSION),
        ("package", tested.plugin, now.plugin),
        ("version of the plugin", tested.version, now.version),
    ):
        if was != is_now:
            yield f"the {what} was {was}, and is {is_now} now"
    if tested.document != now.document:
        yield "the plugin's API description has changed"
    if tested.tests != now.tests:
        yield "the plugin claims other capabilities now, so other tests apply"
