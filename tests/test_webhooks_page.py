"""The page about webhooks is true: its programs run, and its tables are what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from subhub import webhooks
from tests.webhooks.shop import GITHUB, SLACK, STRIPE

PAGE = (Path(__file__).parents[1] / "docs" / "webhooks.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_programs_run_one_after_the_other() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(PROGRAMS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(
        r"customer created sha256:[0-9a-f]{64}\n"
        r"refused: the header X-Webhook-Signature is missing\n"
        r"customer created found\n"
        r"subscription created found\n",
        ran.stdout,
    )
    assert len(PROGRAMS) == 5


@pytest.mark.parametrize(
    ("name", "scheme"), [("Stripe", STRIPE), ("GitHub", GITHUB), ("Slack", SLACK)]
)
def test_the_declarations_of_known_providers_are_the_tested_ones(name: str, scheme: object) -> None:
    row = re.search(rf"^\| {name} \| `(signed\(.*\))` \|$", PAGE, re.MULTILINE)

    assert row
    assert eval(row[1], {"signed": webhooks.signed}) == scheme  # noqa: S307 - it is our page
