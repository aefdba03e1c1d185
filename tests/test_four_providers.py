"""The page about one application at four providers is what the script writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.four_providers import PAGE, PROVIDERS, STEPS, Life, Step, page

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_page_is_what_the_script_writes() -> None:
    assert PAGE.read_text("utf-8") == page(), "uv run python -m tools.four_providers"


def test_every_plugin_of_this_project_is_on_the_page() -> None:
    assert sorted(PROVIDERS) == sorted(
        path.parent.name for path in ROOT.glob("providers/*/pyproject.toml")
    )


def test_a_line_that_is_lacking_is_named_by_needs_and_sends_nothing() -> None:
    life = Life("mollie")

    assert life.walk(STEPS[2]) == "no"
    (problem,) = life.problems
    assert problem.startswith("mollie has no `create_signup_link:new_customer`")


def test_a_line_that_is_done_although_it_is_lacking_is_found() -> None:
    wrong = Step("billing.create_customer(company)", ("update_plan",), "'created'")

    with pytest.raises(AssertionError, match="mollie does what it lacks"):
        _ = Life("mollie").walk(wrong)


def test_the_words_are_those_of_the_results() -> None:
    life = Life("stripe")

    assert [life.walk(step) for step in STEPS[:4]] == [
        "`created`",
        "`found`",
        "`a page`",
        "`completed`",
    ]
