"""Rows: a provider's capabilities, each with evidence and proofs, and the words for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from subhub.matrix.proofs import Proof, Report, Run, Source, runs
from subhub.plugin.capabilities import Absence, Capability
from subhub.plugin.registry import distribution_of

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

UNPROVEN: Final = "not proven here"
SOURCES: Final = {"sandbox": "sandbox", "live": "live cassette"}
_WORDS: Final = {"failed": "failed", "left_out": "were left out", "not_run": "did not run"}


@dataclass(frozen=True, slots=True)
class Row:
    """One capability of one provider, with what each run shows of it."""

    capability: Capability
    proofs: tuple[Proof, ...]

    @property
    def proven_by(self) -> list[Source]:
        """On what it is proven; nothing, unless every run of what is installed proves it.

        Of what is lacking, it is proven that it is refused before anything is sent.
        """
        current = [each for each in self.proofs if each.state != "stale"]
        if any(each.state != "proven" for each in current):
            return []
        return sorted({each.source for each in current})

    @property
    def wire(self) -> str:
        """How well the wire format is known; of what is lacking, whether the provider lacks it."""
        found = self.capability.found
        if isinstance(found, Absence):
            return "no" if found.kind == "provider" else "not yet"
        return found.mark

    @property
    def why(self) -> str:
        """The page that tells the wire format, or why it is lacking and what to do instead."""
        found = self.capability.found
        if not isinstance(found, Absence):
            return found.source
        instead = f"; instead: {found.alternative}" if found.alternative else ""
        return found.reason + instead

    def proof(self, *, dated: bool = True) -> str:
        """What the runs show, in words."""
        told = (_told(each, self.capability.supported, dated) for each in self.proofs)
        return "; ".join(told) or UNPROVEN


@dataclass(frozen=True, slots=True)
class Column:
    """One provider of the matrix."""

    name: str
    package: str
    version: str
    runs: tuple[Run, ...]
    rows: tuple[Row, ...]

    @property
    def neutral(self) -> list[Row]:
        """The rows of what every provider is asked for, the same for all of them."""
        return [each for each in self.rows if not each.capability.extension]

    @classmethod
    def of(cls, provider: type[Provider], reports: Sequence[Report]) -> Column:
        """What *provider* says of itself, and *reports* of it."""
        package, version = distribution_of(provider.name)
        found = runs(provider, reports)
        rows = tuple(
            Row(each, tuple(run.proof(each.name) for run in found))
            for each in provider.capabilities().values()
        )
        return cls(provider.name, package, version, found, rows)


def run_in_words(run: Run) -> str:
    """What a run was, how its tests ended, and why it is stale if it is."""
    found = run.tested.capabilities.values()
    ended = {
        "passed": sum(each.passed for each in found),
        "failed": sum(each.failed for each in found),
        "were left out": sum(each.left_out for each in found),
        "did not run": sum(each.not_run for each in found),
    }
    told = ", ".join(f"{number} {how}" for how, number in ended.items() if number)
    stale = f"; stale, because {' and '.join(run.stale)}" if run.stale else ""
    where = SOURCES[run.tested.source]
    return f"{where}, {run.date}: {told or 'no tests'}, by `{run.tested.contract}`{stale}"


def _told(proof: Proof, supported: bool, dated: bool) -> str:  # noqa: FBT001 - from one place
    counts, where = proof.counts, SOURCES[proof.source]
    date = f", {proof.date}" if dated else ""
    if proof.state == "stale":
        return f"stale{date}"
    if proof.state == "untested":
        return "outside of the contract"
    if proof.state == "proven":
        refused = "" if supported else "refused, "
        return f"{where}: {refused}{counts.passed} tests{date}"
    number = getattr(counts, proof.state)
    return f"not proven: {where}, {number} of {counts.tests} tests {_WORDS[proof.state]}{date}"
