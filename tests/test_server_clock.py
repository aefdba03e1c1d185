"""The provider's clock: how far it is from ours, by the `Date` of its answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub.plugin import Provider
from subhub.sending.server_clock import ServerClock

if TYPE_CHECKING:
    from tests.conftest import Toy

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


def ahead(headers: Mapping[str, str], now: dt.datetime, monotonic: float = 102.0) -> Any:
    """Ask for the difference after an answer that took two seconds, from 100 to 102."""
    clock = ServerClock()
    clock.answer = (headers, 100.0, 102.0)
    return clock.ahead(now, monotonic)


@pytest.mark.parametrize("hours", [-10, 0, 10])
def test_the_difference_is_known_up_to_the_time_that_the_answer_took(hours: int) -> None:
    apart = dt.timedelta(hours=hours).total_seconds()
    assert ahead({"date": DATE}, NOON - dt.timedelta(hours=hours)) == (apart, apart + 3)


def test_time_that_passes_changes_nothing() -> None:
    assert ahead({"date": DATE}, NOON + dt.timedelta(minutes=5), 402.0) == (0, 3)


def test_a_clock_that_is_set_is_compared_as_it_is_now() -> None:
    assert ahead({"date": DATE}, NOON + dt.timedelta(hours=1), 102.0) == (-3600, -3597)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"date": "yesterday"},
        {"date": "Sun, 99 Mar 2026 12:00:00 GMT"},
        {"date": DATE, "age": "9"},
    ],
    ids=str,
)
def test_an_answer_that_does_not_say_it_says_nothing(headers: Mapping[str, str]) -> None:
    assert ahead(headers, NOON) is None


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert ahead({"date": "Sun, 01 Mar 2026 12:00:00 -0000"}, NOON) == (0, 3)


def test_before_the_first_answer_nothing_is_known() -> None:
    assert ServerClock().ahead(NOON, 0.0) is None


def test_the_last_answer_with_a_date_counts(connect: Callable[..., Any], toy: type[Toy]) -> None:
    dates = iter([{"date": "Sun, 01 Mar 2026 02:00:00 GMT"}, {"date": DATE}, {}])
    answers = httpx.MockTransport(
        lambda _: httpx.Response(200, json={"items": []}, headers=next(dates))
    )
    billing = connect(toy, api_key="test_0123456789", transport=answers, clock=lambda: NOON)
    account = billing.client._account
    assert account.clock_ahead() is None
    for expected in (-36000, 0, 0):
        assert billing.list_plans() == []
        assert account.clock_ahead()[0] == pytest.approx(expected, abs=1)
    twin = billing.client.with_options(attempts=1)._account
    assert twin.clock_ahead()[0] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon], ids=lambda each: each.name)
def test_a_sandbox_shows_its_own_clock(
    connect: Callable[..., Any], provider: type[Provider]
) -> None:
    fake = provider.sandbox()
    _ = fake.clock.advance(days=400)
    billing = connect(provider, sandbox=fake)
    assert billing.list_customers() == []
    assert billing.client._account.clock_ahead() == (0, 1)
    fake.faults.next("server_error")
    assert fake.handle("GET", "/v1/customers", {}, b"").headers["date"].endswith("GMT")
    fake.faults.next("dropped")
    assert "date" not in fake.handle("GET", "/v1/customers", {}, b"").headers
