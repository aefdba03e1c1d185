"""docs/signup-to-access.md is true: its programs run, at two accounts with keys, by one word."""

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
from subhub.client.configuration import Configuration
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving

PAGE = (Path(__file__).parents[1] / "docs" / "signup-to-access.md").read_text("utf-8")
SUBHUB = Path(sys.executable).parent / "subhub"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


(CONFIGURATION,) = blocks("toml")
SIGN_UP, FOLLOW, FROM_PARTS, ACCESS, CANCEL = blocks("python")


@pytest.fixture
def sandbox(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve both accounts as the page configures them, with limits and clocks that run.

    Nothing but the addresses is added.
    """
    file = folder / "subhub.toml"
    _ = file.write_text(CONFIGURATION, "utf-8")
    plan = Configuration.read().plans()["phone"].model_copy(update={"code": None})
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        portal = sandbox.add(load("mijnklantportaal"), "main", {})
        company = sandbox.add(load("afternoon"), "next", {"phone_yearly": plan})
        monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", portal.fake.api_key)
        monkeypatch.setenv("AFTERNOON_API_KEY", company.fake.api_key)
        text = CONFIGURATION
        for served in (portal, company):
            line = f'provider = "{served.provider.name}"'
            text = text.replace(line, f'{line}\nbase_url = "{served.base_url}"')
        _ = file.write_text(text, "utf-8")
        with serving(Application(sandbox), listening):
            _ = subprocess.run([SUBHUB, "plans", "push"], check=True, cwd=folder)
            yield sandbox


def run(program: str) -> str:
    with redirect_stdout(StringIO()) as shown:
        exec(compile(program, "docs/signup-to-access.md", "exec"), {})  # noqa: S102 - it is ours
    return shown.getvalue()


@pytest.mark.parametrize(
    ("chosen", "served", "access"),
    [
        ("main", "mijnklantportaal/main", "open: the subscription is active\n"),
        # no document says what Afternoon calls a running subscription
        ("next", "afternoon/next", "undecided: unknown status 'active'\n"),
    ],
)
def test_a_customer_signs_up_pays_gets_access_and_leaves(
    sandbox: Sandbox, folder: Path, chosen: str, served: str, access: str
) -> None:
    file = folder / "subhub.toml"
    text = file.read_text("utf-8").replace('account = "main"', f'account = "{chosen}"')
    _ = file.write_text(text, "utf-8")

    _ = run(SIGN_UP)
    assert run(FROM_PARTS) == "open\n"
    link = json.loads((folder / "link.json").read_text("utf-8"))
    sandbox.accounts[served].fake.pay(link["url"])

    assert run(FOLLOW).startswith("completed because the subscription ")
    assert run(FROM_PARTS) == "completed\n"
    stored = (folder / "subscription.txt").read_text("utf-8")
    assert run(ACCESS) == access
    # a termination is dated by our clock, and the sandbox's is behind it by a part of a second
    _ = sandbox.accounts["mijnklantportaal/main"].fake.clock.advance(seconds=1)
    assert run(CANCEL).startswith("canceled ")
    assert run(ACCESS).startswith("closed: it ended at ")
    with Client.from_config() as billing:
        assert [found.id for found in billing.list_subscriptions()] == [stored]
