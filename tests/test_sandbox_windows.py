"""Rate-limit windows of the three kinds."""

from __future__ import annotations

import datetime as dt

import pytest

from subhub.sandbox import RateWindow

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("kind", "taken", "free"),
    [
        # two per ten seconds, requests at 7, 8, 9, 10, 17, 18 and 20 seconds past noon
        ("aligned", [True, True, False, True, True, False, True], 30),
        ("anchored", [True, True, False, False, True, True, False], 27),
        ("rolling", [True, True, False, False, True, True, False], 27),
    ],
)
def test_a_window_allows_what_its_kind_says(kind: str, taken: list[bool], free: float) -> None:
    window = RateWindow(2, 10)
    assert [window.take(at(second), kind) for second in (7, 8, 9, 10, 17, 18, 20)] == taken
    assert window.free_at(at(20), kind) == at(free)


def test_a_rolling_window_frees_requests_one_by_one() -> None:
    window = RateWindow(2, 10)
    assert [window.take(at(second), "rolling") for second in (0, 6, 10, 11, 16)] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert (window.left(at(16), "rolling"), window.left(at(20), "rolling")) == (0, 1)


@pytest.mark.parametrize("kind", ["anchored", "rolling"])
def test_a_window_without_requests_starts_now(kind: str) -> None:
    window = RateWindow(2, 10)
    assert (window.left(at(3), kind), window.free_at(at(3), kind)) == (2, at(13))


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown kind of window 'weekly': known are aligned"):
        _ = RateWindow(2, 10).take(NOON, "weekly")
