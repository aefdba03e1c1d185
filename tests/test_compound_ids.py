"""An id of several parts is one text to an application."""

from __future__ import annotations

import pytest

from subhub import InvalidRequest
from subhub.plugin import join_id, split_id

EXAMPLE = "sub_1:cst_2"


def test_what_is_joined_is_split_again() -> None:
    assert split_id(join_id("sub_1", "cst_2"), "subscription_id", EXAMPLE) == ("sub_1", "cst_2")
    assert split_id("a:b:c", "item_id", "x:y:z") == ("a", "b", "c")


@pytest.mark.parametrize("value", ["sub_1", "sub_1:", ":cst_2", "sub_1:..", ".:cst_2", "a:b:c", ""])
def test_an_id_that_would_lead_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _ = split_id(value, "subscription_id", EXAMPLE)
    assert str(caught.value) == (
        f"`subscription_id`: {value!r} is not the id of a subscription: write it with all its "
        "parts, as results hold it, for example 'sub_1:cst_2'"
    )
