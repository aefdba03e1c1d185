"""The cost of a replayed test: over an empty one, and with a long cassette.

(a) Whole runs of pytest, 1,000 tests each, over a run of 1,000 empty ones. Every run begins with
one replayed test, so that what is imported once is no part of the difference. (b) One cassette of
many interactions, opened, played to its end and closed; its text varies, because a parsed one is
kept.

Time is CPU time, because nothing here waits; and of the runs of (a) the quickest of each kind is
taken, because neighbours on the machine only ever add to it, by more than what is measured.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure, table
from benchmarks.rounds import interleaved
from subhub import CustomerDraft
from subhub.plugin.registry import load
from subhub.testing.session import Sessions

TESTS = 1000
ROUNDS = 9
LONG_ROUNDS = 5
PROVIDER = "afternoon"
CASSETTE = "one_request"
COMPANY = CustomerDraft(
    name="Acme Corp", email="billing@acme.com", external_id="cust_123", country="NL"
)
EMPTY = "an empty test"
HEAD = """
import pytest
from subhub import CustomerDraft
from subhub.testing import reply

COMPANY = CustomerDraft(
    name="Acme Corp", email="billing@acme.com", external_id="cust_123", country="NL"
)
CUSTOMER = {"customer": {"id": "c1", "name": "Anne", "email": "anne@example.com"}}
cassette = pytest.mark.subhub(provider="afternoon", cassette="one_request")
sandbox = pytest.mark.subhub(provider="afternoon", sandbox=True)
replies = pytest.mark.subhub(provider="afternoon", replies=[reply(201, CUSTOMER)])

@cassette
def test_that_loads_everything(subhub_client):
    subhub_client.create_customer(COMPANY)

"""
REPEATED = """
@pytest.mark.parametrize("number", range({tests}))
"""
ONE_REQUEST = "def test_it(subhub_client, number):\n    subhub_client.create_customer(COMPANY)\n"
BODIES = {
    EMPTY: "def test_it(number):\n    pass\n",
    "cassette": f"@cassette\n{ONE_REQUEST}",
    "sandbox": f"@sandbox\n{ONE_REQUEST}",
    "replies": f"@replies\n{ONE_REQUEST}",
}
GOALS = {"cassette": 1.0}


def figures() -> list[Figure]:
    """What replaying costs a suite."""
    return [*_over_empty(), *_long()]


def _over_empty() -> list[Figure]:
    """Milliseconds that a one-request test takes more than an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {name: _suite(Path(folder), name, body) for name, body in BODIES.items()}
        taken = interleaved(runs, ROUNDS)
    return [
        Figure(
            f"one request, {name}, over {EMPTY}",
            (min(taken[name]) - min(taken[EMPTY])) / TESTS,
            "ms CPU a test",
            GOALS.get(name),
        )
        for name in BODIES
        if name != EMPTY
    ]


def _suite(folder: Path, name: str, body: str) -> Callable[[], float]:
    """A suite in a project of its own, and what a run of it takes, in milliseconds."""
    home = folder / name.replace(" ", "_")
    home.mkdir()
    with closing(Sessions(home / "cassettes", recording=True)) as sessions:
        _ = sessions.cassette(load(PROVIDER), CASSETTE).client.create_customer(COMPANY)
    _ = (home / "pytest.ini").write_text("[pytest]\n", "utf-8")
    source = HEAD + REPEATED.format(tests=TESTS) + body
    _ = (home / "test_it.py").write_text(source, "utf-8")
    plugins = ["-p", "no:cacheprovider", "-p", "subhub.testing.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins]
    # Other plugins cost each test something; what they cost is not ours to measure.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def run() -> float:
        began = _children()
        ran = subprocess.run(
            command, cwd=home, check=False, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return (_children() - began) * 1000

    return run


def _children() -> float:
    """The CPU time of all processes that were started and have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _long() -> list[Figure]:
    """Seconds that a cassette of 1,000 interactions takes, and whether that grows in proportion."""
    with tempfile.TemporaryDirectory() as folder:
        play = {count: _recorded(Path(folder), count) for count in (100, 1000)}
        taken = interleaved({str(count): each for count, each in play.items()}, LONG_ROUNDS)
    growth = median(taken["1000"]) / median(taken["100"]) / 10
    return [
        Figure("1,000 interactions", median(taken["1000"]), "s CPU", 2.0),
        Figure("each of 1,000 over each of 100", growth, "x", 1.5),
    ]


def _recorded(folder: Path, count: int) -> Callable[[], float]:
    """A cassette of *count* different requests, and how long playing it takes, in seconds."""
    name = f"long_{count}"
    with closing(Sessions(folder, recording=True)) as sessions:
        _make(sessions, name, count)
    path = folder / PROVIDER / f"{name}.yaml"
    text = path.read_text("utf-8")
    rounds = iter(range(1000))

    def run() -> float:
        _ = path.write_text(f"{text}# {next(rounds)}\n", "utf-8")
        began = time.process_time()
        with closing(Sessions(folder, recording=False)) as sessions:
            _make(sessions, name, count)
        return time.process_time() - began

    return run


def _make(sessions: Sessions, name: str, count: int) -> None:
    billing = sessions.cassette(load(PROVIDER), name).client
    for number in range(count):
        draft = CustomerDraft(name=f"Customer {number}", email=f"customer.{number}@example.com")
        _ = billing.create_customer(draft)


if __name__ == "__main__":
    print(table(figures()))
