"""The screenshots of the documentation: small, each shown on a page, and taken by one command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.screenshots import IMAGES, LARGEST, ROOT, SHOWN

PAGES = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])


def shown(page: Path) -> list[Path]:
    found = re.findall(r"^!\[[^\]]+\]\(([^)]+)\)$", page.read_text("utf-8"), re.MULTILINE)
    return [(page.parent / name).resolve() for name in found]


def test_every_picture_that_is_taken_is_shown_and_no_other() -> None:
    assert {picture for page in PAGES for picture in shown(page)} == {
        (IMAGES / name).resolve() for name in SHOWN
    }
    assert sorted(picture.name for picture in IMAGES.iterdir()) == sorted(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_small(name: str) -> None:
    content = (IMAGES / name).read_bytes()

    assert content.startswith(b"\x89PNG")
    assert len(content) <= LARGEST
