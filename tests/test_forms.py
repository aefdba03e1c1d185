"""Forms, compared with Stripe's own library, and read back as a fake does."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import pytest

from subhub.plugin import as_form
from subhub.plugin.forms import FORM_TYPE
from subhub.sandbox import form_tree

BODIES: list[dict[str, Any]] = [
    {},
    {"name": "a&b=c", "city": "Köln", "blank": ""},
    {"items": [{"price": "price_1", "quantity": 2}, {"price": "price_2"}]},
    {"recurring": {"interval": "month", "interval_count": 3}, "unit_amount": 0},
    {"on": True, "off": False, "absent": None, "deep": {"absent": None, "there": "x"}},
    {"metadata": {"own id": "o'x [1]"}, "expand": ["product", "data.product"]},
    {"nothing": {}, "none": []},
]


@pytest.mark.parametrize("body", BODIES)
def test_a_form_equals_that_of_stripes_own_library(body: dict[str, Any]) -> None:
    encode: Any = import_module("stripe._encode")._api_encode
    kind, content = as_form(body)
    assert kind == FORM_TYPE
    expected = [(name, str(value)) for name, value in encode(body)]
    assert parse_qsl(content.decode(), keep_blank_values=True) == expected


def test_a_form_is_escaped_as_in_a_browser() -> None:
    assert as_form({"a": {"b": "c d&é"}})[1] == b"a%5Bb%5D=c+d%26%C3%A9"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("items[0][price]=x&items[1][price]=y", {"items": [{"price": "x"}, {"price": "y"}]}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("a[b][c]=%C3%A9", {"a": {"b": {"c": "é"}}}),
    ],
)
def test_the_fake_reads_forms(text: str, meant: dict[str, Any]) -> None:
    assert form_tree(text) == meant


def test_text_that_is_not_a_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="bad query field"):
        _ = form_tree('{"a": 1}')


@pytest.mark.parametrize(
    "text",
    [
        *("[=1", "a[=1", "a]=1", "a[b]c=1", f"a{'[b]' * 21}=1", f"a[{'9' * 5000}]=1", "a=%ff"),
        *("a=1&a[b]=2", "a=1&a[]=2", "a[b]=1&a[]=2", "a[]=1&a[b]=2", "a[]=1&a[b][c]=2"),
    ],
    ids=lambda text: text[:20],
)
def test_a_form_that_cannot_be_stored_is_malformed(text: str) -> None:
    with pytest.raises(ValueError, match=r"malformed|of an object|limit|decode"):
        _ = form_tree(text)
