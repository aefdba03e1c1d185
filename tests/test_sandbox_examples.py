"""The examples of the sandbox run: the session in curl, and the programs in its documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from subhub import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.sandbox import charge_plan
from subhub.sandbox.faults import KINDS
from subhub.server import Application, Sandbox, listen, origin_of, serving

ROOT = Path(__file__).parents[1]
SESSION = ROOT / "examples" / "curl" / "session.sh"
PAGES = (
    "docs/sandbox.md",
    "providers/afternoon/README.md",
    "providers/mijnklantportaal/README.md",
    "providers/mollie/README.md",
)
PLAN = PlanDraft(
    code="phone",
    name="Phone",
    price=Money.parse("12.95 EUR"),
    interval=Interval.parse("1 month"),
    tax_rate=21,
)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_session_does_the_main_job() -> None:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(load("afternoon"), "main", {"phone": PLAN})
        with serving(Application(sandbox), listening):
            ran = subprocess.run(
                ["bash", str(SESSION), sandbox.origin], capture_output=True, text=True, check=False
            )

    assert ran.returncode == 0, ran.stderr
    assert '"status": "active"' in ran.stdout
    assert "SERVICE_UNAVAILABLE" in ran.stdout
    assert '"plans":{"phone":"phone"}' in ran.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_programs_of_a_page_run(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert programs
    for program in programs:
        command = [sys.executable, "-W", "error", "-c", program]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr


def test_the_faults_in_the_documentation_are_all_there() -> None:
    faults = _section("\n## Faults\n")
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", faults, re.MULTILINE)) == KINDS


def test_the_charges_in_the_documentation_are_all_there() -> None:
    charges = _section("\n### Charges that go wrong\n")
    rows = re.findall(
        r"^\| `(\w+)` \| (.+?) \| `.*\+(\w+)@.*9998\.(\d\d) \|$", charges, re.MULTILINE
    )
    assert {kind: text for kind, text, *_ in rows} == charge_plan.KINDS
    assert {word: int(cents) for _, _, word, cents in rows} == charge_plan.MAGIC_CENTS


def _section(title: str) -> str:
    text = (ROOT / "docs/sandbox.md").read_text("utf-8")
    return text.partition(title)[2].partition("\n## ")[0]
