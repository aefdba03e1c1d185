"""docs/collect-first.md is true: its programs run, at two accounts with keys, by one word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from subhub import Client
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving

PAGE = (Path(__file__).parents[1] / "docs" / "collect-first.md").read_text("utf-8")
SUBHUB = Path(sys.executable).parent / "subhub"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


(CONFIGURATION,) = blocks("toml")
ASK, SELL = blocks("python")


@pytest.fixture
def sandbox(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve both accounts as the page configures them; nothing but the addresses is added."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        text = CONFIGURATION
        for account, provider in (("main", "mollie"), ("next", "stripe")):
            served = sandbox.add(load(provider), account, {})
            monkeypatch.setenv(f"{provider.upper()}_API_KEY", served.fake.api_key)
            line = f'provider = "{provider}"'
            text = text.replace(line, f'{line}\nbase_url = "{served.base_url}"')
        _ = (folder / "subhub.toml").write_text(text, "utf-8")
        with serving(Application(sandbox), listening):
            push = [str(SUBHUB), "plans", "push", "--account", "next"]
            _ = subprocess.run(push, check=True, cwd=folder)
            yield sandbox


def run(program: str) -> str:
    with redirect_stdout(StringIO()) as shown:
        exec(compile(program, "docs/collect-first.md", "exec"), {})  # noqa: S102 - it is ours
    return shown.getvalue()


@pytest.mark.parametrize(
    ("chosen", "served", "shown"),
    [
        ("main", "mollie/main", "direct_debit active\n"),
        ("next", "stripe/next", "card active\n"),
    ],
)
def test_a_customer_agrees_first_and_is_subscribed_later(
    sandbox: Sandbox, folder: Path, chosen: str, served: str, shown: str
) -> None:
    file = folder / "subhub.toml"
    text = file.read_text("utf-8").replace('account = "main"', f'account = "{chosen}"')
    _ = file.write_text(text, "utf-8")
    fake = sandbox.accounts[served].fake

    assert run(ASK).startswith("send the customer to http")
    link = json.loads((folder / "setup.json").read_text("utf-8"))
    page = fake.checkout_page(link["url"])
    assert page is not None
    assert page.price == ("0.01 EUR" if chosen == "main" else "")
    assert run(SELL) == "nothing yet: look again later\n"
    fake.pay(link["url"])

    assert run(SELL) == shown
    assert run(SELL) == shown  # and once
    with Client.from_config() as billing:
        assert len(list(billing.list_subscriptions())) == 1
        listed = [str(SUBHUB), "payment-method", "list", link["customer_id"], "--json"]
        found = json.loads(subprocess.check_output(listed, cwd=folder))
        assert [row["id"] for row in found] == [
            method.id for method in billing.payment_methods(link["customer_id"])
        ]
