"""`subhub export` and `subhub switch`: the shell of the same functions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.models import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving

MOVE = ("--from", "main", "--to", "next")
PLAN = """
[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
tax_rate = 21
"""


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """Serve both accounts of a configuration, with a customer at the old one."""
    with listen("127.0.0.1", 0) as listening:
        served = Sandbox(origin_of(listening), real_time=True)
        for provider, name in (("mijnklantportaal", "main"), ("afternoon", "next")):
            _ = served.add(load(provider), name, {})
        text = PLAN
        for name in ("mijnklantportaal/main", "afternoon/next"):
            account = served.accounts[name]
            text += (
                f'[accounts.{name.partition("/")[2]}]\nprovider = "{name.partition("/")[0]}"\n'
                f'base_url = "{account.base_url}"\napi_key = "{account.fake.api_key}"\n'
                f'journal = "journal.db"\n'
            )
        _ = (folder / "subhub.toml").write_text(
            text + '[accounts.next.plans]\nphone = "phone"\n', "utf-8"
        )
        fake = served.accounts["mijnklantportaal/main"].fake
        assert isinstance(fake, MijnKlantportaalFake)
        customer = fake.add_customer(
            {
                "companyName": "Ann",
                "address": "Street 1",
                "zipCode": "1234AB",
                "city": "Amsterdam",
                "primaryEmail": "ann@test.com",
            }
        )
        terms = {"description": "Phone", "interval": "1 month", "amount": "12.95", "vatRate": 21}
        begun = fake.clock.now().date() - dt.timedelta(days=10)
        _ = fake.add_subscription(customer_id=customer["id"], terms=terms, starts_on=begun)
        company = served.accounts["afternoon/next"].fake
        price, interval = Money("12.95", "EUR"), Interval(1, "month")
        _ = company.add_plan("phone", PlanDraft(name="Phone", price=price, interval=interval))
        with serving(Application(served), listening):
            yield served


@pytest.fixture
def shell(sandbox: Sandbox) -> Callable[..., Result]:
    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == code, result.output + result.stderr
        return result

    del sandbox
    return run


def exported_and_planned(shell: Callable[..., Result], *more: str) -> Result:
    _ = shell("export", "export.csv", "--account", "main")
    return shell("switch", "plan", *MOVE, "--customers", "export.csv", *more)


def test_the_whole_way(shell: Callable[..., Result], sandbox: Sandbox, folder: Path) -> None:
    planned = exported_and_planned(shell, "--way", "api", "--report", "report.md")
    assert "- api: 1" in planned.stdout
    assert "written to switch.csv" in planned.stderr
    assert (folder / "report.md").read_text("utf-8") == planned.stdout
    assert "1 source" in shell("switch", "status", "switch.csv").stdout

    assert shell("switch", "run", "switch.csv").stdout == "1 moved\n"
    assert (folder / "switch.results.csv").exists()
    assert shell("switch", "run", "switch.csv").stdout == "1 moved earlier\n"
    assert "1 target" in shell("switch", "status", "switch.csv").stdout
    assert shell("switch", "undo", "switch.csv").stdout == "1 kept\n"
    (new,) = sandbox.accounts["afternoon/next"].fake.subscriptions.values()  # type: ignore[attr-defined]
    new["status"] = "canceled"
    odd = shell("switch", "status", "switch.csv", code=1)
    assert "1 none" in odd.stdout
    assert "the target bills nothing" in odd.stdout


def test_json_for_scripts(shell: Callable[..., Result], folder: Path) -> None:
    report = exported_and_planned(shell, "--way", "api", "--json", "--report", "report.json")
    assert json.loads(report.stdout)["ways"] == {"api": 1}
    assert json.loads((folder / "report.json").read_text("utf-8"))["target"] == "next"
    (line,) = shell("switch", "run", "switch.csv", "--json").stdout.splitlines()
    assert json.loads(line)["outcome"] == "moved"
    (standing,) = json.loads(shell("switch", "status", "switch.csv", "--json").stdout)
    assert standing["state"] == "target"


def test_what_has_to_be_looked_at_is_shown(shell: Callable[..., Result], sandbox: Sandbox) -> None:
    _ = exported_and_planned(shell, "--way", "api", "--option", "initial_status=x", "--plan", "a=b")
    portal = sandbox.accounts["mijnklantportaal/main"].fake
    portal.faults.next("dropped", method="PATCH")
    unknown = shell("switch", "run", "switch.csv", "--results", "other.csv", code=4)
    assert "1 unknown" in unknown.stdout
    assert "may have been carried out" in unknown.stdout
    portal.faults.rule("server_error", method="GET")
    refused = shell("switch", "run", "switch.csv", "--grace-period", "0", code=1)
    assert "1 refused" in refused.stdout


def test_a_dry_run_prints_the_first_change(shell: Callable[..., Result], sandbox: Sandbox) -> None:
    _ = exported_and_planned(shell, "--way", "api")
    shown = shell("switch", "run", "switch.csv", "--dry-run", "--in-flight", "1")
    assert shown.stdout.startswith("curl ")
    assert "/v1/customers" in shown.stdout
    assert not sandbox.accounts["afternoon/next"].fake.customers  # type: ignore[attr-defined]
    assert shell("switch", "run", "switch.csv").stdout == "1 moved\n"


def test_a_plan_that_cannot_be_run_is_not_written(
    shell: Callable[..., Result], folder: Path
) -> None:
    _ = shell("export", "export.csv", "--account", "main")
    text = (folder / "subhub.toml").read_text("utf-8")
    third = '[accounts.third]\nprovider = "mollie"\nsandbox = true\njournal = "journal.db"\n'
    _ = (folder / "subhub.toml").write_text(text + third, "utf-8")
    refused = shell(
        "switch", "plan", "--from", "main", "--to", "third", "--customers", "export.csv", code=3
    )
    assert "Cannot be done" in refused.stdout
    assert not (folder / "switch.csv").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("export", "export.txt"), "expected a name ending in .csv or .jsonl"),
        (("export", "there.csv"), "add `--resume`"),
        (
            (
                "switch",
                "plan",
                *MOVE,
                "--customers",
                "x",
                "--out",
                "there.csv",
            ),
            "there.csv exists already",
        ),
        (
            ("switch", "plan", *MOVE, "--customers", "x", "--plan", "a"),
            "invalid `--plan` 'a': expected OLD=NEW",
        ),
        (
            ("switch", "plan", "--from", "main", "--to", "main", "--customers", "x"),
            "both are the account 'main'",
        ),
        (("switch", "run", "none.csv"), "none.csv cannot be read"),
    ],
)
def test_wrong_usage_is_refused(
    shell: Callable[..., Result], folder: Path, words: tuple[str, ...], problem: str
) -> None:
    _ = (folder / "there.csv").write_text("x", "utf-8")
    more = ("--account", "main") if words[0] == "export" else ()
    assert problem in shell(*words, *more, code=2).stderr


def test_lines_alone_can_be_exported_and_resumed(
    shell: Callable[..., Result], folder: Path
) -> None:
    shown = shell("export", "export.jsonl", "--account", "main", "--json")
    assert json.loads(shown.stdout) == {
        "path": "export.jsonl",
        "customers": 1,
        "subscriptions": 1,
    }
    assert not (folder / "export.csv").exists()
    again = shell("export", "export.csv", "--account", "main", "--resume")
    assert again.stdout == "export.csv: 1 customers, 1 subscriptions\n"
