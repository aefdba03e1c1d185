"""The page that shows all providers side by side is what the script writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub.errors import PluginError
from subhub.plugin.registry import load
from tools.provider_matrix import PAGE, PROVIDERS, page

ROOT = Path(__file__).parents[1]


def test_the_page_is_what_the_script_writes() -> None:
    written_page = page([load(name) for name in PROVIDERS])

    assert PAGE.read_text("utf-8") == written_page, "uv run python -m tools.provider_matrix"


def test_every_plugin_of_this_project_is_on_the_page() -> None:
    assert sorted(PROVIDERS) == sorted(
        path.parent.name for path in ROOT.glob("providers/*/pyproject.toml")
    )


def test_the_page_has_every_capability_with_evidence_and_proof() -> None:
    text = page([Afternoon])

    assert "| `create_plan` | no |" in text
    assert "| `create_customer` | documentation |" in text
    assert re.search(r"/customers/create\) \| ambiguous \| sandbox, \d+ tests \|", text)
    assert "| `ingest_event` (only here) | [documentation](https://" in text
    assert all(f"| `{name}`" in text for name in Afternoon.capabilities())


def test_every_provider_has_the_same_rows_in_the_overview() -> None:
    overview, *_ = page([MijnKlantportaal, Afternoon]).split("## mijnklantportaal")

    assert "| `create_plan` | official spec | no |" in overview
    assert "| `find_customer:email` | documentation | no |" in overview


def test_a_plugin_without_a_report_has_no_page(toy: Any) -> None:
    with pytest.raises(PluginError, match="toy has no contract report"):
        _ = page([toy])
