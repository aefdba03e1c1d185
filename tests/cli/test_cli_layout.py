"""Tables at any width: words are whole, and a row that does not fit is a list of its fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import Result

from subhub.cli.layout import record, table

URL = "https://pay.example/" + "x" * 40
COLUMNS = ("id", "name", "why")
ROWS = [["cst_1", "Test Company BV", "it is one of the first customers"], ["cst_22", "", "a"]]


def test_a_table_takes_the_width_that_it_needs() -> None:
    assert table(COLUMNS, ROWS, 80).plain == (
        "id      name             why\n"
        "cst_1   Test Company BV  it is one of the first customers\n"
        "cst_22                   a"
    )


def test_a_narrow_table_wraps_between_words() -> None:
    assert table(COLUMNS, ROWS, 36).plain == (
        "id      name          why\n"
        "cst_1   Test Company  it is one of\n"
        "        BV            the first\n"
        "                      customers\n"
        "cst_22                a"
    )


def test_a_row_that_does_not_fit_is_a_list_of_its_fields() -> None:
    assert table(("id", "url"), [["lnk_1", URL], ["lnk_2", ""]], 40).plain == (
        f"id   lnk_1\nurl  {URL}\n\nid  lnk_2"
    )


def test_names_are_bold_and_values_are_not() -> None:
    shown = record([("name", "A")], 80)

    assert [(span.start, span.end, str(span.style)) for span in shown.spans] == [(0, 6, "bold")]
    assert shown.style == ""


def test_an_empty_record_is_empty() -> None:
    assert record([("name", "")], 80).plain == ""


ROW = st.lists(st.lists(st.text("ab \n-日", max_size=12), min_size=3, max_size=3), max_size=3)


@given(ROW, st.integers(1, 90))
def test_no_word_is_ever_broken(rows: list[list[str]], width: int) -> None:
    shown = table(COLUMNS, rows, width).plain.split()

    for word in (word for row in rows for cell in row for word in cell.split()):
        assert word in shown


@pytest.mark.parametrize("width", ["60", "80"])
def test_ids_and_urls_are_whole_on_a_narrow_terminal(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")

    link = run("signup-link", "create", "--plan", "phone", "--customer", "cst_1")

    assert "https://pay.example/" + "x" * 120 in link.stdout
    assert "john.doe@test.com" in run("customer", "list").stdout
