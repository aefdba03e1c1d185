"""Drift: whether what is recorded is still what happens.

A cassette names the scenario that it was recorded from. It is played again, in the sandbox and into
a folder of its own, and the two recordings are compared, exchange by exchange. What was recorded
live can only be replayed: that shows what the plugin asks in another way today, and nothing of what
the provider would answer. Nothing is overwritten.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from subhub.errors import SubhubError
from subhub.plugin.registry import load
from subhub.testing.cassettes import Cassette, CassetteMismatch
from subhub.testing.cassettes.diff import differences, told
from subhub.testing.cassettes.scenario_recording import record_in_sandbox, replay_scenario
from subhub.testing.cassettes.scenarios import NAMES, Scenario

SHOWN: Final = 1500
"""How much is told of tests that failed, in letters."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What became of one cassette; nothing, when `lines` is empty. `again` records it anew."""

    path: Path
    lines: Sequence[str]
    again: str = ""


def drifts(paths: Iterable[Path], root: Path) -> list[Drift]:
    """What has drifted among the cassettes at *paths*; *root* is the folder to run pytest in."""
    found: list[Drift] = []
    by_test: dict[Path, str] = {}
    for path in paths:
        try:
            provenance = Cassette.at(path).provenance
        except (CassetteMismatch, OSError) as error:
            found.append(Drift(path, [str(error)]))
            continue
        if "::" in provenance.scenario and provenance.source == "sandbox":
            by_test[path] = provenance.scenario
        else:
            found.append(_of_scenario(path))
    return found + _of_tests(by_test, root)


def changes(stored: Cassette, played: Cassette) -> list[str]:
    """What differs between two recordings of one scenario, by the number of the exchange."""
    pairs = zip(stored.interactions, played.interactions, strict=False)
    lines = [
        f"{number}: {line}"
        for number, (old, new) in enumerate(pairs, start=1)
        for part in ("request", "response")
        for line in differences(old[part], new[part], part, "now")
    ]
    count, now = len(stored.interactions), len(played.interactions)
    return lines + ([f"{count} exchanges are recorded, and now there are {now}"] * (count != now))


def _of_scenario(path: Path) -> Drift:
    provenance = Cassette.at(path).provenance
    scenario = Scenario.read(provenance.scenario)
    if scenario.name not in NAMES:
        return Drift(path, [_unplayable(provenance.source, provenance.scenario)])
    live = ["--live"] if provenance.source == "live" else []
    again = " ".join(["subhub cassettes record", provenance.provider, str(scenario), *live])
    try:
        provider = load(provenance.provider)
        if live:
            _ = replay_scenario(provider, path)
            return Drift(path, [], again)
        with TemporaryDirectory() as folder:
            played = Path(folder) / path.name
            _ = record_in_sandbox(provider, played)
            return Drift(path, changes(Cassette.at(path), Cassette.at(played)), again)
    except (SubhubError, CassetteMismatch) as error:
        return Drift(path, str(error).splitlines(), again)


def _unplayable(source: str, scenario: str) -> str:
    if not scenario:
        return "its header names no scenario to play again: record it with a test, or a scenario"
    if "::" in scenario:
        return f"it was recorded {source} from a test: run {scenario}, which replays it"
    return f"its scenario {scenario!r} is none of {', '.join(NAMES)}"


def _of_tests(by_test: dict[Path, str], root: Path) -> list[Drift]:
    """Record all of them in one run of pytest."""
    if not by_test:
        return []
    with TemporaryDirectory() as folder:
        tests = sorted(set(by_test.values()))
        failed = _run(root, Path(folder), tests)
        return [_of_test(path, test, Path(folder), failed) for path, test in by_test.items()]


def _of_test(path: Path, test: str, folder: Path, failed: str) -> Drift:
    again = f"pytest --record-sandbox {test}"
    played = folder / Cassette.at(path).provenance.provider / path.name
    if played.is_file():
        return Drift(path, changes(Cassette.at(path), Cassette.at(played)), again)
    return Drift(path, failed.splitlines() or [f"{test} records it no longer"], again)


def _run(root: Path, folder: Path, tests: Sequence[str]) -> str:
    """Record *tests* into *folder*; what pytest said, if it failed."""
    settings = ("--record-sandbox", "-o", f"subhub_cassettes={folder}", "-p", "no:cacheprovider")
    ran = subprocess.run(  # noqa: S603 - this interpreter, on tests of the project's own
        [sys.executable, "-m", "pytest", "-q", *settings, *tests],
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return (ran.stdout + ran.stderr)[-SHOWN:] if ran.returncode else ""


def shown(drift: Drift) -> list[str]:
    """*drift* as lines to read, not too many of them."""
    return told(list(drift.lines), "  ")
