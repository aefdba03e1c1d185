"""Rate limits: plain values that refuse what is no limit."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from subhub.errors import ConfigError
from subhub.plugin.rate_limits import RateLimit


def test_limits_compare_by_value_and_stay_as_they_are() -> None:
    limit = RateLimit(60, per=60.0)

    assert limit == RateLimit(60, per=60.0)
    assert limit != RateLimit(60, per=1.0)
    with pytest.raises(FrozenInstanceError):
        limit.requests = 61  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("requests", [0, -1, 1.5, True, "60", None])
def test_a_limit_allows_a_whole_number_of_requests(requests: Any) -> None:
    with pytest.raises(ConfigError, match="requests"):
        _ = RateLimit(requests, per=60.0)


@pytest.mark.parametrize("per", [0, -1.0, math.inf, math.nan, True, "60", None])
def test_a_window_lasts_a_number_of_seconds(per: Any) -> None:
    with pytest.raises(ConfigError, match="per"):
        _ = RateLimit(60, per=per)


@pytest.mark.parametrize(
    ("share", "left"), [(1, 60), (0.25, 15), (0.3, 18), (1 / 3, 20), (0.99, 59)]
)
def test_a_share_is_rounded_down(share: float, left: int) -> None:
    assert RateLimit(60, per=2.0).divided(share) == RateLimit(left, per=2.0)


@pytest.mark.parametrize("share", [0, -0.5, 1.01, math.nan, True, "half"])
def test_a_share_is_a_part_of_the_limit(share: Any) -> None:
    with pytest.raises(ConfigError, match="share"):
        _ = RateLimit(60, per=60.0).divided(share)


def test_a_share_must_leave_a_request() -> None:
    with pytest.raises(ConfigError, match="must leave at least one of 3 requests"):
        _ = RateLimit(3, per=60.0).divided(0.3)


def test_the_shares_of_several_machines_never_exceed_the_limit() -> None:
    for requests in range(1, 300):
        limit = RateLimit(requests, per=1.0)
        for machines in range(1, requests + 1):
            assert limit.divided(1 / machines).requests * machines <= requests
