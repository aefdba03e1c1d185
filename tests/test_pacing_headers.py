"""What an answer says about the limit, and what is not believed."""

from __future__ import annotations

import pytest

from subhub.plugin.rate_limits import Reading, read

DATE = "Wed, 23 Sep 2026 12:00:00 GMT"
NOON = 1_790_164_800
ROUNDED = 1.0


def reset(value: str, date: str = DATE) -> float | None:
    return read({"x-ratelimit-reset": value, "date": date}, 60.0).reset


def test_silence_is_read_as_silence() -> None:
    assert read({}, 60.0) == Reading(None, None, None)


def test_remaining_and_retry_after_are_read() -> None:
    found = read({"x-ratelimit-remaining": " 59 ", "retry-after": "12"}, 60.0)

    assert found == Reading(remaining=59, retry_after=12.0)


@pytest.mark.parametrize("value", ["", "-1", "many", "1e3", "nan", "²", "9" * 40, "2026-09-23"])
def test_what_is_no_number_is_not_read(value: str) -> None:
    assert read({"x-ratelimit-remaining": value}, 60.0).remaining is None
    assert reset(value) is None


@pytest.mark.parametrize("value", ["30", "30.0", str(NOON + 30), f"{NOON + 30}000"])
def test_the_unit_of_a_reset_time_is_found_by_plausibility(value: str) -> None:
    assert reset(value) == 30 + ROUNDED


@pytest.mark.parametrize("value", ["62", str(NOON + 62), str(NOON + 7200), str(NOON - 1)])
def test_a_window_restarts_neither_in_the_past_nor_after_more_than_a_window(value: str) -> None:
    assert reset(value) is None


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Sep 2026 12:00:00 GMT"])
def test_a_unix_time_is_measured_against_the_date_of_the_answer_and_nothing_else(date: str) -> None:
    assert reset(str(NOON + 30), date) is None
    assert reset("30", date) == 30 + ROUNDED
