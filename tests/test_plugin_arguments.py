"""What plugins share when they write requests and read lists."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from subhub import Ambiguous, Customer, InvalidRequest, NotFound, Plan, ProviderError
from subhub.plugin import Flow, Page, Request, given, moment_in, only_one, unless_missing, walk
from subhub.testing import play, reply

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PLANS = [Plan(provider="toy", id=f"pln_{number}") for number in range(3)]


def test_what_is_not_given_is_left_out_and_zero_is_given() -> None:
    assert given(a=None, b=0, c=False, d="") == {"b": 0, "c": False, "d": ""}


def test_a_moment_is_placed_in_a_zone() -> None:
    found = moment_in(AMSTERDAM, "at", dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC))
    assert found.isoformat() == "2024-05-01T14:00:00+02:00"


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        (dt.datetime(2024, 5, 1), "must have a time zone"),  # noqa: DTZ001 - that is the mistake
        (dt.datetime.max.replace(tzinfo=dt.UTC), "must be in the years 1 to 9999 in Europe"),
    ],
)
def test_a_moment_without_a_place_is_refused_by_name(moment: dt.datetime, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _ = moment_in(AMSTERDAM, "at", moment)
    assert problem in caught.value.fields["at"]


def test_one_is_chosen_only_when_there_is_one() -> None:
    first, second = (Customer(provider="toy", id=f"cst_{number}") for number in (1, 2))
    assert only_one([]) is None
    assert only_one([first]) is first
    with pytest.raises(Ambiguous, match=r"2 customers match \(cst_1, cst_2\)") as caught:
        _ = only_one([first, second])
    assert caught.value.candidates == (first, second)


def read() -> Flow[str]:
    response = yield Request("GET", "/thing")
    return response.content.decode()


def test_what_is_missing_is_none_and_other_refusals_stay() -> None:
    assert play(unless_missing(read()), reply(200, b"x")).result == "x"
    assert play(unless_missing(read()), reply(404)).result is None
    with pytest.raises(ProviderError) as caught:
        _ = play(unless_missing(read()), reply(403))
    assert not isinstance(caught.value, NotFound)


def test_a_walk_with_a_limit_reads_no_further_page() -> None:
    def page(cursor: str | None) -> Flow[Page[Plan]]:
        _ = yield Request("GET", "/plans", query={"page": cursor or "0"})
        number = int(cursor or 0)
        return Page([PLANS[number]], str(number + 1) if number < len(PLANS) - 1 else None)

    played = play(walk(page, lambda plan: plan.id == "pln_1", limit=1), reply(200), reply(200))
    assert played.result == [PLANS[1]]
