"""What the eye gets used to, and a test does not: each rule is a test that lists what breaks it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from subhub._version import __version__

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("subhub/**/*.py"), *ROOT.glob("providers/*/subhub_*/**/*.py")])
TEMPLATES = sorted(ROOT.glob("subhub/**/*.tmpl"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")])
UNFINISHED = re.compile("TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error|no cov" + r"er")
# Words that a reader of httpx or SQL would stop at; each has a plain one. Only the odd use is
# listed where there is an honest one: "there is no account", "made today".
ARCHAIC = re.compile(
    r"\b(anew|be had|befalls?|becomes? of|became of|goes on|in the clear|nought|taken up|tells? of"
    r"|(is|are|was|were|be|been) told|told (of|by|that|when|what|whether|who)"
    r"|(any|every|some)body('s)?|nobody's|(?<!there )is no (?!longer)[a-z]+)\b",
    re.IGNORECASE,
)
LONGEST = 400


def _found(pattern: re.Pattern[str], files: Iterable[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {match[0]}"
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def _none(violations: Iterable[object]) -> None:
    listed = [str(violation) for violation in violations]
    assert not listed, "\n".join(["", *listed])


def test_modules_are_not_long() -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in SOURCES}
    assert len(lengths) > 200, "the modules were not found"
    _none(f"{file}: {length}" for file, length in lengths.items() if length > LONGEST)


def test_modules_hold_nothing_unfinished() -> None:
    _none(_found(UNFINISHED, SOURCES))


def test_modules_say_what_they_are_for() -> None:
    _none(file for file in SOURCES if not file.read_text("utf-8").startswith('"""'))


def test_words_are_plain() -> None:
    _none(_found(ARCHAIC, [*SOURCES, *TEMPLATES]))


def _dead_links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target and not (page.parent / target).exists():
            yield f"{page.relative_to(ROOT)}: {target}"


def test_links_between_pages_lead_somewhere() -> None:
    _none(link for page in PAGES for link in _dead_links(page))


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
    assert version("subhub-mollie") == __version__
