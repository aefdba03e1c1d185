"""docs/switching.md is true: its commands and programs run, between two served sandboxes."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from typer.testing import CliRunner

from subhub.cli.app import app
from subhub.models import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving
from subhub.switching.outcomes import WORDS
from subhub.switching.rows import OWN

PAGE = (Path(__file__).parents[1] / "docs" / "switching.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(CONFIGURATION,) = (text for kind, text in BLOCKS if kind == "toml")
EXPORT, FIRST_RUN, NEXT_RUN, UNDO = (text for kind, text in BLOCKS if kind == "console")
SEND, API = (text for kind, text in BLOCKS if kind == "python")


@pytest.fixture
def sandbox(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve both accounts as the page configures them; nothing but the addresses is added."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        portal = sandbox.add(load("mijnklantportaal"), "main", {})
        company = sandbox.add(load("afternoon"), "next", {})
        price, interval = Money("12.95", "EUR"), Interval(1, "month")
        plan = PlanDraft(name="Phone", price=price, interval=interval)
        _ = company.fake.add_plan("phone_monthly", plan)
        monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", portal.fake.api_key)
        monkeypatch.setenv("AFTERNOON_API_KEY", company.fake.api_key)
        text = CONFIGURATION
        for served in (portal, company):
            line = f'provider = "{served.provider.name}"'
            text = text.replace(line, f'{line}\nbase_url = "{served.base_url}"')
        _ = (folder / "subhub.toml").write_text(text, "utf-8")
        with serving(Application(sandbox), listening):
            yield sandbox


def sell(sandbox: Sandbox, *names: str) -> MijnKlantportaalFake:
    """Sell to customers at the old account, twenty days ago."""
    fake = sandbox.accounts["mijnklantportaal/main"].fake
    assert isinstance(fake, MijnKlantportaalFake)
    terms = {"description": "Phone", "interval": "1 month", "amount": "12.95", "vatRate": 21}
    for name in names:
        contact = {"companyName": name, "address": "Street 1", "zipCode": "1234AB"}
        contact |= {"city": "Amsterdam", "primaryEmail": f"{name.lower()}@test.com"}
        customer = fake.add_customer(contact)
        begun = fake.clock.now().date() - dt.timedelta(days=20)
        _ = fake.add_subscription(customer_id=customer["id"], terms=terms, starts_on=begun)
    return fake


def shell(block: str) -> str:
    shown = ""
    for line in block.splitlines():
        result = CliRunner().invoke(app, shlex.split(line.removeprefix("$ subhub ")))
        assert result.exit_code == 0, result.output + result.stderr
        shown += result.stdout
    return shown


def python(program: str) -> str:
    with redirect_stdout(StringIO()) as shown:
        exec(compile(program, "docs/switching.md", "exec"), {})  # noqa: S102 - it is ours
    return shown.getvalue()


def test_the_whole_story(sandbox: Sandbox) -> None:
    portal = sell(sandbox, "Ann", "Ben")
    company = sandbox.accounts["afternoon/next"].fake

    assert "- link: 2" in shell(EXPORT)
    assert shell(FIRST_RUN) == "2 link\n"
    sent = python(SEND)
    urls = re.findall(r"http\S+", sent)
    assert "to ann@test.com: please sign up at" in sent
    company.pay(urls[0])

    assert shell(NEXT_RUN) == "1 moved, 1 open\n1 source, 1 target\n"
    assert shell(UNDO) == "1 open, 1 kept\n"
    company.pay(urls[1])
    assert " moved " in python(API)
    now = portal.clock.now()
    statuses = [sold.status(now, at_once=False) for sold in portal.subscriptions.values()]
    assert statuses == ["terminated", "terminated"]


def test_all_columns_and_outcomes_are_explained() -> None:
    explained = set(re.findall(r"`([a-z_ ]+)`", PAGE))
    assert set(OWN) <= explained
    assert set(WORDS) - {"undone"} <= explained
