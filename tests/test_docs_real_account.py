"""Every page that shows a call says what the call needs at a real account."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"^```(?:python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("providers/*/README.md")]
CALLING = [
    page
    for page in PAGES
    if any(
        "Client" in code and "billing." in code for code in CODE.findall(page.read_text("utf-8"))
    )
]


def test_pages_that_show_calls_are_found() -> None:
    assert len(CALLING) >= 9


@pytest.mark.parametrize("page", CALLING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_that_shows_a_call_says_what_a_real_account_needs(page: Path) -> None:
    assert re.search(r"\breal\s+account", page.read_text("utf-8"))
