"""What is shown of two requests that differ."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subhub.testing.cassettes.diff import (
    at_most,
    canonical,
    differences,
    nearest,
    one_line,
    request_differences,
)

HOST = "https://api.example.com"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@dataclass
class Sent:
    method: str = "POST"
    uri: str = f"{HOST}/customers"
    body: bytes | None = None


def sent(body: object, uri: str = f"{HOST}/customers", method: str = "POST") -> Sent:
    return Sent(method, uri, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("recorded", "asked", "expected"),
    [
        ({"name": "Acme"}, {"name": "Other"}, ["body.name: recorded 'Acme', asked 'Other'"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["body.a.b[1]: recorded 2, asked 3"]),
        ({"a": 1}, {}, ["body.a: recorded 1, not asked"]),
        ([], ["x"], ["body[0]: not recorded, asked 'x'"]),
        ({"a b": 1}, {"a b": 2}, ["body['a b']: recorded 1, asked 2"]),
        ({"a": True}, {"a": 1}, ["body.a: recorded True, asked 1"]),
        ({"a": []}, {"a": {}}, ["body.a: recorded [], asked {}"]),
        ({"a": None}, {"a": None}, []),
    ],
)
def test_a_difference_is_shown_with_its_json_path(
    recorded: object, asked: object, expected: list[str]
) -> None:
    assert differences(recorded, asked, "body") == expected


@given(JSON, JSON)
def test_bodies_differ_exactly_where_their_canonical_forms_do(one: object, other: object) -> None:
    alike = canonical(json.dumps(one).encode()) == canonical(json.dumps(other).encode())

    assert alike == (not differences(json.loads(json.dumps(one)), other, "body"))


def test_the_order_of_keys_and_blanks_mean_nothing() -> None:
    assert canonical(b'{"a": 1, "b": 2}') == canonical(b'{"b":2,"a":1}')
    assert canonical(b"null") != canonical(b"") == canonical(None)
    assert canonical(b"<xml>") == b"<xml>"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Sent("PUT"), ["method: recorded 'POST', asked 'PUT'"]),
        (Sent(uri=f"{HOST}/customers/"), ["path: recorded '/customers', asked '/customers/'"]),
        (
            Sent(uri="https://other.example.com/customers"),
            ["host: recorded 'https://api.example.com', asked 'https://other.example.com'"],
        ),
        (Sent(uri=f"{HOST}/customers?a=1"), ["query.a: not recorded, asked '1'"]),
        (
            Sent(uri=f"{HOST}/customers?a=1&a=2"),
            ["query.a: not recorded, asked ['1', '2']"],
        ),
        (
            Sent(uri=f"{HOST}/customers#a"),
            [f"address: recorded '{HOST}/customers', asked '{HOST}/customers#a'"],
        ),
        (Sent(body=b"<xml>"), ["body: not recorded, asked '<xml>'"]),
    ],
)
def test_method_and_address_are_compared_part_by_part(asked: Sent, expected: list[str]) -> None:
    assert request_differences(Sent(), asked) == expected


def test_a_password_in_an_address_is_not_shown() -> None:
    found = request_differences(Sent(), Sent(uri="https://me:secret@api.example.net/customers"))

    assert found
    assert "secret" not in str(found)


def test_the_nearest_has_the_same_method_and_path_then_the_fewest_differences() -> None:
    asked = sent({"name": "Anne", "city": "Delft"})
    recorded = [
        sent({"name": "Anne", "city": "Delft"}, method="PUT"),
        sent({"name": "Anne", "city": "Delft"}, f"{HOST}/customer"),
        sent({"name": "Bob", "city": "Leiden"}),
        sent({"name": "Anne", "city": "Leiden"}),
    ]

    assert nearest(asked, recorded, ()) == 3
    assert nearest(asked, recorded[:3], ()) == 2
    assert nearest(asked, recorded[:2], ()) == 1
    assert nearest(asked, recorded[:1], ()) == 0
    assert nearest(asked, [], ()) is None


def test_of_two_alike_the_nearest_is_not_played_yet() -> None:
    recorded = [sent({"name": "Bob"}), sent({"name": "Bob"})]

    assert nearest(sent({"name": "Anne"}), recorded, {0}) == 1
    assert nearest(sent({"name": "Anne"}), recorded, {1}) == 0


def test_not_everything_is_shown_when_there_is_much() -> None:
    found = differences({}, {str(number): "x" * 200 for number in range(30)}, "body")

    lines = at_most(found, "  ")

    assert len(lines) == 21
    assert lines[-1] == "  ... and 10 more"
    assert all(len(line) < 200 for line in lines)


def test_a_request_fits_one_line() -> None:
    assert one_line(Sent()) == "POST https://api.example.com/customers"
    assert (
        one_line(Sent(body=b"\xff"))
        == "POST https://api.example.com/customers \N{REPLACEMENT CHARACTER}"
    )
