"""`subhub jobs` says how far a job is, and forgets what is done; two commands share a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub import Client
from subhub.sandbox.faults import Fault
from tests.cli.test_cli_bulk import Portal
from tests.cli.test_cli_bulk import portal as portal  # noqa: PLC0414 - a fixture

Run = Callable[..., Result]
ACCOUNT = """
[accounts.main]
provider = "mijnklantportaal"
api_key = "key_0123456789"
timezone = "Europe/Amsterdam"
"""


@pytest.fixture
def done(run: Run) -> Client:
    """A client of an account, with a job of three items: done, done, and refused."""
    del run  # it makes the folder to work in
    _ = Path("subhub.toml").write_text(f'{ACCOUNT}journal = "ours.db"\n', "utf-8")
    client = Client.from_config()
    for key in ("a", "b"):
        _ = client.once("move", key, lambda _: None)
    client.close()
    return client


class TestStatus:
    def test_counts_the_items(
        self, run: Run, done: Client, as_json: Callable[[Result], Any]
    ) -> None:
        del done
        assert run("jobs", "status", "move").stdout == "2 done, 0 in progress, 0 left\n"
        counts = {"done": 2, "in_progress": 0, "left": 0, "open_changes": 0}
        assert as_json(run("jobs", "status", "move", "--json")) == counts

    def test_names_the_changes_that_are_open(self, run: Run, portal: Portal) -> None:
        line = "A,a@test.com,Street 1,1234AB,Amsterdam"
        _ = Path("c.csv").write_text(f"name,email,address,postal_code,city\n{line}\n", "utf-8")
        portal.fake.faults.next(Fault("dropped", after=True), path="*sign-up*", method="POST")
        assert run("subscribe", "--from", "c.csv", "--plan", portal.plan).exit_code == 4
        ran = run("jobs", "status", "subscribe c.csv", "--journal", "c.journal.db")
        assert ran.stdout == "0 done, 0 in progress, 1 left\n"
        assert "1 changes have an unknown outcome: see `subhub resolve`" in ran.stderr

    def test_of_an_unknown_job_begins_none(self, run: Run, done: Client) -> None:
        del done
        assert run("jobs", "status", "other").stdout == "0 done, 0 in progress, 0 left\n"

    def test_needs_a_journal(self, run: Run) -> None:
        _ = Path("subhub.toml").write_text(ACCOUNT, "utf-8")
        ran = run("jobs", "status", "move")
        assert ran.exit_code == 2
        assert "`subhub jobs` needs a journal" in ran.stderr


class TestForget:
    def test_forgets_what_is_done(
        self, run: Run, done: Client, as_json: Callable[[Result], Any]
    ) -> None:
        del done
        assert run("jobs", "forget", "move", "--before", "2020-01-01").stdout == (
            "forgotten: 0 items\n"
        )
        assert as_json(run("jobs", "forget", "move", "--json")) == {"forgotten": 2}
        assert run("jobs", "status", "move").stdout == "0 done, 0 in progress, 0 left\n"

    @pytest.mark.parametrize(
        "before", ["2999-01-01", "2999-01-01T12:00Z", "2999-01-01T12:00+01:00"]
    )
    def test_takes_a_day_or_a_moment(self, run: Run, done: Client, before: str) -> None:
        del done
        ran = run("jobs", "forget", "move", "--before", before)
        assert ran.stdout == "forgotten: 2 items\n"

    @pytest.mark.parametrize("before", ["yesterday", "2026-11-26T12:00"])
    def test_refuses_other_times(self, run: Run, done: Client, before: str) -> None:
        del done
        ran = run("jobs", "forget", "move", "--before", before)
        assert ran.exit_code == 2
        assert f"invalid `--before` {before!r}: expected a day such as 2026-11-26" in ran.stderr
