"""docs/tutorial.md is true: its programs run in its served sandbox, paid on the page it names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from subhub.client.configuration import Configuration
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of, serving

PAGE = (Path(__file__).parents[1] / "docs" / "tutorial.md").read_text("utf-8")
SERVED = "http://127.0.0.1:8420"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


(CONFIGURATION,) = blocks("toml")
SELL, PAID, ACCESS, CANCEL = blocks("python")


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """Serve what the page configures, as its command does, on a port that is free."""
    file = folder / "subhub.toml"
    _ = file.write_text(CONFIGURATION, "utf-8")
    plans = Configuration.read().plans()
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        for provider, account in (("mijnklantportaal", "main"), ("afternoon", "next")):
            _ = sandbox.add(load(provider), account, dict(plans))
        _ = file.write_text(CONFIGURATION.replace(SERVED, sandbox.origin), "utf-8")
        with serving(Application(sandbox), listening):
            yield sandbox


def run(program: str, folder: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize(
    ("account", "access"),
    [
        ("main", "open: the subscription is active\n"),
        ("next", "not open: unknown status 'active'\n"),
    ],
)
def test_the_tutorial_works_at_both_of_its_accounts(
    sandbox: Sandbox, folder: Path, account: str, access: str
) -> None:
    file = folder / "subhub.toml"
    text = file.read_text("utf-8").replace('account = "main"', f'account = "{account}"')
    _ = file.write_text(text, "utf-8")

    url = run(SELL, folder).strip()
    assert url == json.loads((folder / "link.json").read_text("utf-8"))["url"]
    assert run(PAID, folder).startswith("open because ")
    assert ">Pay 12.95 EUR<" in httpx.get(url).text
    _ = httpx.post(url, data={"do": "pay"}, follow_redirects=True).raise_for_status()
    assert run(PAID, folder).startswith("completed because ")
    assert run(ACCESS, folder) == access
    # the portal's end is dated by our clock, and its own may be behind by a part of a second
    _ = sandbox.accounts["mijnklantportaal/main"].fake.clock.advance(seconds=1)
    assert run(CANCEL, folder).startswith("canceled ")
    assert run(ACCESS, folder).startswith("not open: it ended at ")
