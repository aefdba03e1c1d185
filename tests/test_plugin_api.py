"""The page of the plugin interface is what the script writes, and has every public name."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from subhub_stripe import Stripe

import subhub.errors
import subhub.models
import subhub.plugin
import subhub.sandbox
from subhub.errors import ProviderError, Unsupported
from tools import plugin_api
from tools.plugin_api import PAGE, page
from tools.plugin_chapters import CHAPTERS, OF_APPLICATIONS, RAISED, Chapter

TEXT = PAGE.read_text("utf-8")


def test_the_page_is_what_the_script_writes() -> None:
    assert page(CHAPTERS) == TEXT, "uv run python -m tools.plugin_api"


@pytest.mark.parametrize("module", [subhub.models, subhub.plugin, subhub.sandbox])
def test_every_public_name_has_an_entry(module: Any) -> None:
    shown = set(re.findall(r"^### `(\w+)`$", TEXT, re.MULTILINE))
    assert set(module.__all__) - OF_APPLICATIONS <= shown


def test_every_error_that_a_refusal_can_be_has_an_entry() -> None:
    refusals = {kind.__name__ for kind in ProviderError.__subclasses__()} & {*subhub.errors.__all__}

    assert len(refusals) >= 9
    assert [name for name in refusals if f"### `{name}`\n" not in TEXT] == []


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
    assert "- `self.address: str`: The base URL of the account" in TEXT
    assert "- `self.agenda: Agenda`: What the fake does by itself" in TEXT
    assert "- `self.enforce_limits = True`: Whether requests" in TEXT
    assert "#### `Provider.create_plan`" in TEXT
    assert "#### `Provider._lacks`" in TEXT
    assert "#### `RateWindow._expire`" not in TEXT
    assert "- `method`: The HTTP method, in capitals." in TEXT


@pytest.mark.parametrize(
    "shown",
    [
        "class PlanDraft(Record)\n    name: str\n    price: Money\n    interval: Interval\n",
        "    tax_rate: Decimal | None = None\n",
        "class Event(Result)\n    account: str = ...\n    about: str\n",
        'class Scheduled(Record)\n    change: Literal["cancel", "plan"]\n',
        "- `old`: The subscription as it was.\n",
        '- `ACTIVE = "active"`: It is running',
        "class RateWindow\n    def __init__(self, allowed: int, seconds: int) -> None\n",
        "        now: Callable[[], dt.datetime],\n",
        "class Records(Generic[W])\n```\n",
    ],
)
def test_what_creates_a_value_is_shown(shown: str) -> None:
    assert shown in TEXT


@pytest.mark.parametrize("error", [error for _, error, _ in RAISED])
def test_an_error_is_raised_as_the_page_says(error: str) -> None:
    names = {**vars(subhub.errors), "self": Stripe(), "found": SimpleNamespace(raw={})}
    if error.startswith("self."):
        with pytest.raises(Unsupported, match="starts_on"):
            eval(error, names, {"starts_on": None})  # noqa: S307 - it is the page's own text
    else:
        names["found"] = names["found"] if "found.raw" in error else [1]
        assert isinstance(eval(error, names), Exception)  # noqa: S307
