"""The example that needs no Python, against the served sandbox."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from subhub import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of, serving

SESSION = Path(__file__).parents[1] / "examples" / "curl" / "session.sh"
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
