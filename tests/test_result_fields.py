"""The page about the fields of results is what the script writes."""

from __future__ import annotations

import re
from pathlib import Path

from subhub.models import Result
from tools.result_fields import CONTRACTS, PAGE, RESULTS, page

ROOT = Path(__file__).parents[1]


def test_the_page_is_what_the_script_writes() -> None:
    assert PAGE.read_text("utf-8") == page(CONTRACTS), "uv run python -m tools.result_fields"


def test_every_plugin_of_this_project_is_on_the_page() -> None:
    assert sorted(contract.provider.name for contract in CONTRACTS) == sorted(
        path.parent.name for path in ROOT.glob("providers/*/pyproject.toml")
    )


def test_every_field_of_every_result_has_a_row() -> None:
    _, *sections = re.split(r"^## ", page(CONTRACTS[:1]), flags=re.MULTILINE)
    rows = {
        section.split()[0]: set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
        for section in sections
    }

    assert rows == {
        model.__name__: {*model.model_fields} - {"provider", "account", "raw"} for model in RESULTS
    }
    assert all(issubclass(model, Result) for model in RESULTS)


def test_a_field_that_only_an_answer_outside_of_the_sandbox_fills_is_known_to_be_read() -> None:
    """The portal shows a phone number, and no request sets one."""
    assert "| `phone` | some |" in page(CONTRACTS[:1])
