"""The page of the plugin interface is what the script writes, and has every public name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import subhub.plugin
import subhub.sandbox
from tools import plugin_api
from tools.plugin_api import CHAPTERS, PAGE, Chapter, page


def test_the_page_is_what_the_script_writes() -> None:
    assert PAGE.read_text("utf-8") == page(CHAPTERS), "uv run python -m tools.plugin_api"


@pytest.mark.parametrize("module", [subhub.plugin, subhub.sandbox])
def test_every_public_name_has_an_entry(module: Any) -> None:
    shown = set(re.findall(r"^### `(\w+)`$", PAGE.read_text("utf-8"), re.MULTILINE))
    assert set(module.__all__) <= shown


def test_a_public_name_without_a_chapter_is_an_error() -> None:
    first, *rest = CHAPTERS
    with pytest.raises(LookupError, match=r"no chapter .* has Provider of subhub\.plugin"):
        _ = page([replace(first, names=("API_VERSION",)), *rest])


@pytest.mark.parametrize(
    ("chapter", "said"),
    [
        (Chapter("Odd", "subhub.plugin", ("Nothing",)), "subhub.plugin has no 'Nothing'"),
        (Chapter("Odd", "subhub.nowhere", ("Provider",)), "there is no module 'subhub.nowhere'"),
    ],
)
def test_a_name_that_does_not_exist_is_an_error(chapter: Chapter, said: str) -> None:
    with pytest.raises(LookupError, match=said):
        _ = page([*CHAPTERS, chapter])


def test_a_module_without_all_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"subhub\.plugin\.flows has no `__all__`"):
        _ = plugin_api.public("subhub.plugin.flows")


def test_attributes_methods_and_arguments_are_shown() -> None:
    text = PAGE.read_text("utf-8")
    assert "- `self.address: str`: The base URL of the account" in text
    assert "#### `Provider.create_plan`" in text
    assert "- `method`: The HTTP method, in capitals." in text
    assert "#### `Provider._lacks`" not in text
