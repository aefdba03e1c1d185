"""The level of a plugin follows from its report by one rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import pytest

from subhub.testing.contract import report as reports
from subhub.testing.contract.levels import LIFECYCLE, MAIN_JOB, support_of
from subhub.testing.contract.report import WHOLE, Counts, Run

DAY = dt.date(2026, 5, 4)
MAIN = {ways[-1] for ways in MAIN_JOB}
LONG = {ways[0] for ways in LIFECYCLE}


def row(**counts: Any) -> Counts:
    given = {"claimed": True, "passed": 3, "failed": 0, "left_out": 0, "not_run": 0, **counts}
    return Counts.model_validate(given)


def ran(names: Collection[str], *, source: str = "sandbox", **changed: Counts) -> Run:
    tested = reports.Tested.model_validate(
        {
            "plugin": "subhub-acme",
            "version": "1.0",
            "document": None,
            "tests": "x",
            "provider": "acme",
            "contract": "TestAcme",
            "source": source,
            "left_out": {},
            "capabilities": {**{name: row() for name in [WHOLE, *names]}, **changed},
        }
    )
    return Run(tested, "1.0", DAY, ())


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (None, "unproven: it ships no contract report"),
        (ran(LONG, get_plan=row(failed=1)), "unproven: not all tests of `get_plan` passed"),
        (ran(LONG, get_plan=row(not_run=1)), "unproven: not all tests of `get_plan` passed"),
        (ran({"get_plan"}), "partial: no `create_customer` or `create_signup_link:new_customer`, "),
        (ran(MAIN), "main job: no `list_subscriptions`, no `change_subscription` or"),
        (ran(LONG), "lifecycle"),
        (ran(LONG, source="live"), "lifecycle (live)"),
        (ran(LONG, subscribe=row(left_out=2)), "lifecycle"),
        (ran(LONG, subscribe=row(passed=0, left_out=2)), "partial: no `subscribe` or"),
        (ran(LONG, subscribe=row(claimed=False)), "partial: no `subscribe` or"),
    ],
)
def test_a_level_says_what_is_proven_and_what_is_lacking(run: Run | None, words: str) -> None:
    assert str(support_of(run)).startswith(words)


def test_a_report_of_single_capabilities_is_not_one_of_the_plugin() -> None:
    run = ran(LONG)
    rows = {name: row for name, row in run.tested.capabilities.items() if name != WHOLE}
    tested = run.tested.model_copy(update={"capabilities": rows})
    found = support_of(Run(tested, run.subhub, DAY, ()))
    assert (found.level, found.lacking) == ("partial", "tests of the whole plugin")
