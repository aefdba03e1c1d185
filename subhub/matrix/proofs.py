"""Proofs: what a report of the contract suite says of a plugin that is installed.

A report holds for what it was made with. When subhub, the suite, the plugin's version, its API
description or the tests that follow from its claims have become others, it is stale, and proves
nothing. What it says of itself beyond its counts is not believed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from subhub._version import __version__
from subhub.errors import ConfigError

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

Source = Literal["sandbox", "live"]
State = Literal["proven", "failed", "left_out", "not_run", "untested", "stale"]
"""What a run says of a capability. `proven`: all its tests ran and passed; else, the worst that
became of some. `untested`: it has no test in the suite; `stale`: the run was of something else."""
_WORST_FIRST: Final[tuple[State, ...]] = ("failed", "not_run", "left_out")


class Counts(BaseModel):
    """How the tests of one capability ended."""

    model_config = ConfigDict(frozen=True)

    passed: NonNegativeInt
    failed: NonNegativeInt
    left_out: NonNegativeInt
    not_run: NonNegativeInt

    @property
    def tests(self) -> int:
        """How many there are."""
        return self.passed + self.failed + self.left_out + self.not_run


WHOLE: Final = "plugin"
"""What a report has the tests of the plugin as a whole under."""
NO_TESTS: Final = Counts(passed=0, failed=0, left_out=0, not_run=0)


class Tested(BaseModel):
    """What a report says of one contract class, and so of one provider."""

    model_config = ConfigDict(frozen=True)

    provider: str
    contract: str
    plugin: str | None
    version: str | None
    document: str | None
    tests: str
    source: Source
    left_out: Mapping[str, str]
    capabilities: Mapping[str, Counts]


class Report(BaseModel):
    """A file that `pytest --subhub-report` has written."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    suite: int
    subhub: str
    date: dt.date
    providers: Sequence[Tested]

    @classmethod
    def at(cls, path: Path) -> Report:
        """The report in the file at *path*; a `ConfigError` if there is none that can be read."""
        again = f"write it with `pytest --subhub-report {path.as_posix()}` on the contract tests"
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            message = f"the report {path.as_posix()} cannot be read ({error.strerror}): {again}"
            raise ConfigError(message) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "all of it"
            message = (
                f"{path.as_posix()} is no report that this subhub can read "
                f"({where}: {first['msg']}): {again}"
            )
            raise ConfigError(message) from error


@dataclass(frozen=True, slots=True)
class Proof:
    """What one run shows of one capability."""

    state: State
    source: Source
    date: dt.date
    counts: Counts


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the suite on one provider. *stale* says what is another now, if anything is."""

    tested: Tested
    date: dt.date
    stale: tuple[str, ...]

    def proof(self, capability: str) -> Proof:
        """What this run shows of *capability*."""
        counts = self.tested.capabilities.get(capability, NO_TESTS)
        state = "stale" if self.stale else _state(counts)
        return Proof(state, self.tested.source, self.date, counts)


def runs(provider: type[Provider], reports: Sequence[Report]) -> tuple[Run, ...]:
    """The runs in *reports* that were on *provider*, each compared with what is installed."""
    return tuple(
        Run(tested, report.date, tuple(_differences(provider, report, tested)))
        for report in reports
        for tested in report.providers
        if tested.provider == provider.name
    )


def _state(counts: Counts) -> State:
    if not counts.tests:
        return "untested"
    for each in _WORST_FIRST:
        if getattr(counts, each):
            return each
    return "proven"


def _differences(provider: type[Provider], report: Report, tested: Tested) -> Iterator[str]:
    # It loads the suite, whose needs are an extra: without a report nobody has to have them.
    from subhub.testing.contract.report import SUITE_VERSION, standing  # noqa: PLC0415

    now: dict[str, Any] = standing(provider)
    for what, was, is_now in (
        ("version of subhub", report.subhub, __version__),
        ("version of the suite", report.suite, SUITE_VERSION),
        ("package", tested.plugin, now["plugin"]),
        ("version of the plugin", tested.version, now["version"]),
    ):
        if was != is_now:
            yield f"the {what} was {was}, and is {is_now} now"
    if tested.document != now["document"]:
        yield "the plugin's API description is another now"
    if tested.tests != now["tests"]:
        yield "the tests that follow from what the plugin claims are others now"
