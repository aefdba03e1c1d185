"""The code quoted in the tutorial is in the plugin or its tests."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "adding-a-provider.md"
TEXT = TUTORIAL.read_text("utf-8")
QUOTED = re.findall(r"^ *```python\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)
SOURCES = [
    _source
    for folder in (
        "providers/stripe/subhub_stripe",
        "tests/stripe",
        "conformance",
        "providers/mollie",
    )
    for _source in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("block", QUOTED, ids=range(len(QUOTED)))
def test_a_quoted_block_is_in_the_source(block: str) -> None:
    wanted = _flat(block)
    assert any(wanted in _flat(source.read_text("utf-8")) for source in SOURCES), block


def test_the_tutorial_quotes_code() -> None:
    assert len(QUOTED) > 10


def _flat(text: str) -> str:
    """Return *text* without indentation, which lists in the tutorial add to."""
    return "\n".join(line.strip() for line in dedent(text).splitlines())
