"""What the eye gets used to, and a test does not."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from subhub._version import __version__

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("subhub/**/*.py"), *ROOT.glob("providers/*/subhub_*/**/*.py")])
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")])
UNFINISHED = re.compile("TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error|no cov" + r"er")
# Words that a reader of httpx, Stripe or SQL would stop at; each has a plain one.
ARCHAIC = re.compile(
    r"\b(anew|befalls?|becomes? of|became of|goes on|in the clear|nobody's|nought"
    r"|taken up|tells? of|told of)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
class TestModules:
    def test_stay_below_400_lines(self, source: Path) -> None:
        assert len(source.read_text("utf-8").splitlines()) <= 400

    def test_hold_nothing_unfinished(self, source: Path) -> None:
        assert not UNFINISHED.findall(source.read_text("utf-8"))

    def test_say_what_they_are_for(self, source: Path) -> None:
        text = source.read_text("utf-8")
        assert text.startswith('"""')


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    dead = [each for each in targets if "://" not in each and not (page.parent / each).exists()]
    assert not dead


def test_words_are_plain() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {archaism[0]}"
        for path in (*PAGES, *SOURCES)
        for archaism in ARCHAIC.finditer(path.read_text("utf-8"))
    ]
    assert not found


def test_no_lock_file_is_tracked() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.lock", "pylock*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nothing is tracked")
    assert not listed.stdout.strip()


def test_the_versions_agree() -> None:
    assert version("subhub-billing") == __version__
    assert version("subhub-mijnklantportaal") == __version__
    assert version("subhub-afternoon") == __version__
