"""A key that a provider repeats is found by the header that carried it, and replaced."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from subhub.testing.cassettes.scrubbing.keys import keys_in, signs_of_keys, without_keys

KEY = "ak_live_s3cret+words/0123"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", f"Bearer {KEY}"),
        ("Authorization", [f"Bearer {KEY}"]),
        ("authorization", f"Token token={KEY}, scope=all"),
        ("X-Whatever-They-Call-It", KEY),
        ("X-In-Bytes", KEY.encode()),
        ("Cookie", f'first=1; session="{KEY}"'),
        ("Authorization", "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()),
        ("Authorization", "Basic " + base64.b64encode(f"nobody:{KEY}".encode()).decode()),
    ],
)
def test_what_an_unlisted_header_carries_is_taken_for_a_key(name: str, value: object) -> None:
    assert KEY in keys_in([(name, value)], [])


def test_a_cookie_that_is_set_is_a_key_and_its_attributes_are_not() -> None:
    assert keys_in([], [("Set-Cookie", f"session={KEY}; HttpOnly; Path=/somewhere")]) == {
        f"session={KEY}",
        KEY,
    }
    assert not keys_in([], [("X-Request-Id", KEY)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "application/json"),
        ("User-Agent", "subhub/1.0.0 and more"),
        ("Stripe-Version", "2024-06-20"),
        ("Authorization", "Bearer short"),
        ("Authorization", "Basic ???"),
    ],
)
def test_what_is_public_or_too_short_is_no_key(name: str, value: str) -> None:
    assert not keys_in([(name, value)], [])


def test_a_key_is_replaced_wherever_it_stands_and_however_it_is_spelled() -> None:
    spelled = "ak_live_s3cret%2Bwords%2F0123"
    value = {
        "message": f"the key {KEY} is revoked",
        "links": [f"https://api.example.com/?key={spelled}", {KEY: None}],
        "count": 1,
        "live": True,
    }
    assert without_keys(value, [KEY]) == {
        "message": "the key [redacted] is revoked",
        "links": ["https://api.example.com/?key=[redacted]", {"[redacted]": None}],
        "count": 1,
        "live": True,
    }


def test_nothing_is_left_of_a_key_that_begins_with_another() -> None:
    assert without_keys(f"{KEY}456 and {KEY}", [KEY, f"{KEY}456"]) == "[redacted] and [redacted]"


def test_without_a_key_nothing_is_replaced() -> None:
    assert without_keys({"message": "none"}, []) == {"message": "none"}


@pytest.mark.parametrize(
    "text",
    [
        "Bearer 0123456789abcdef",
        "sk_live_0123456789abcdef",
        "ak_test_abcdefgh",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.signed",
        "-----BEGIN RSA PRIVATE KEY-----",
        "the one of a sandbox: sandbox-key",
    ],
)
def test_signs_of_keys_are_told_shortened(text: str) -> None:
    (sign,) = signs_of_keys(text, ["ak_test_"], ["sandbox-key"])
    assert sign.endswith("...")
    assert len(sign) == 11


@pytest.mark.parametrize(
    "part", ["-eyJ", "eyJ", "eyJ.", "Bearer ", "-----BEGIN ", "ak_test_", "a_"]
)
def test_a_long_text_is_searched_in_linear_time(
    growth: Callable[[Callable[[int], object], int], float], part: str
) -> None:
    assert growth(lambda times: signs_of_keys(part * times, ["ak_test_"], []), 10_000) < 8


def test_ordinary_words_are_no_sign_of_a_key() -> None:
    assert not signs_of_keys("Missing or invalid Authorization: Bearer", ["ak_test_"], [])
