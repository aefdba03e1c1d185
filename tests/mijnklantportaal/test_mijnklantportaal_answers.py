"""How responses are read that are older, newer, emptier or stranger than documented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    Interval,
    InvalidReply,
    LicenseRequired,
    Money,
    NotFound,
    PreconditionFailed,
    RateLimited,
    Rejected,
    Status,
    Subscription,
)
from subhub.testing import play, reply

Documented = Callable[..., dict[str, Any]]
Read = Callable[..., Subscription]


@pytest.fixture
def read(portal: MijnKlantportaal, documented: Documented) -> Read:
    """Return a function that reads the documented subscription, with changed fields."""

    def changed(**changes: object) -> Subscription:
        response = reply(200, documented("CustomerSubscription", **changes))
        return play(portal.get_subscription("sub_1"), response, provider=portal).result

    return changed


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("planned", Status.SCHEDULED),
        ("in_progress", Status.ACTIVE),
        ("terminated", Status.CANCELED),
        ("ended", Status.ENDED),
        ("on_holiday", Status.UNKNOWN),
        ("", Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
)
def test_a_status_is_a_neutral_one_and_keeps_its_word(
    read: Read, word: str | None, status: Status
) -> None:
    subscription = read(status=word)
    assert subscription.status is status
    assert subscription.raw_status == word


def test_a_termination_does_not_end_a_subscription_in_progress(read: Read) -> None:
    subscription = read()
    assert subscription.status is Status.ACTIVE
    assert subscription.ends_at is None
    assert subscription.raw["terminatedAt"] == "2024-04-29T21:00:00+02:00"


@pytest.mark.parametrize("word", ["terminated", "ended"])
def test_a_terminated_subscription_ends_at_its_termination(read: Read, word: str) -> None:
    ends_at = read(status=word).ends_at
    assert ends_at == dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)
    assert read(status=word, terminatedAt=None).ends_at is None


def test_only_the_id_is_required(portal: MijnKlantportaal) -> None:
    played = play(portal.get_subscription("sub_1"), reply(200, {"id": "sub_1"}), provider=portal)
    assert played.result == Subscription(provider="mijnklantportaal", id="sub_1")


def test_everything_except_the_id_can_be_null(read: Read, documented: Documented) -> None:
    nulls = dict.fromkeys(set(documented("CustomerSubscription")) - {"id"})
    expected = Subscription(provider="mijnklantportaal", id="sub__abc12345def678")
    assert read(**nulls) == expected


def test_the_older_options_are_kept_in_raw(read: Read) -> None:
    options = {
        "createInvoice": False,
        "createPayment": True,
        "paymentIntegration": "mollie",
        "paymentIntegrationMandateId": "mdt_123abc",
        "followUpFailedPayment": False,
    }
    subscription = read(options=options)
    assert subscription == read()
    assert subscription.raw["options"] == options


@pytest.mark.parametrize(
    ("amount", "exact"),
    [
        pytest.param("12.95", "12.95", id="text"),
        pytest.param(12.95, "12.95", id="number"),
        pytest.param(13, "13", id="whole"),
    ],
)
def test_an_amount_is_exact_as_text_and_as_a_number(read: Read, amount: object, exact: str) -> None:
    assert read(amount=amount).price == Money(exact, "EUR")


def test_an_amount_without_a_currency_is_none(read: Read) -> None:
    assert read(currency=None).price is None


def test_an_amount_in_an_unknown_currency_is_an_invalid_reply(read: Read) -> None:
    with pytest.raises(InvalidReply, match="unknown currency 'GULDEN'"):
        _ = read(currency="GULDEN")


@pytest.mark.parametrize(
    ("word", "interval"), [("3 months", Interval(3, "month")), ("fortnightly", None)]
)
def test_an_unknown_interval_is_none(read: Read, word: str, interval: Interval | None) -> None:
    assert read(interval=word).interval == interval


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-11-29T21:00:00+02:00", dt.datetime(2024, 11, 29, 19, tzinfo=dt.UTC)),
        ("2024-11-29T21:00:00+01:00", dt.datetime(2024, 11, 29, 20, tzinfo=dt.UTC)),
        ("2024-11-29T20:00:00Z", dt.datetime(2024, 11, 29, 20, tzinfo=dt.UTC)),
        ("2024-11-29 21:00:00", None),
        ("2024-04-31T21:00:00+02:00", None),
        ("soon", None),
    ],
)
def test_a_time_keeps_its_offset_or_is_none(
    read: Read, text: str, moment: dt.datetime | None
) -> None:
    assert read(createdAt=text).created_at == moment


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-04", dt.date(2024, 5, 4)),
        ("2024-05-04T00:00:00+02:00", dt.date(2024, 5, 4)),
        ("2024-05-03T22:00:00Z", dt.date(2024, 5, 4)),
        ("2026-12-31T23:00:00Z", dt.date(2027, 1, 1)),
        ("2024-05-04 00:00:00", dt.date(2024, 5, 4)),
        ("2024-05-04 23:00:00", None),  # the day is another one in some time zones
        ("2024-04-31", None),
    ],
)
def test_a_day_is_that_of_the_account_or_none(read: Read, text: str, day: dt.date | None) -> None:
    found = read(startsAt=text, renewsAt=text)
    assert (found.starts_on, found.renews_on) == (day, day)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": 7},
        {"amount": "a lot"},
        {"amount": True},
        {"currency": 978},
        {"status": {"is": "planned"}},
    ],
)
def test_another_shape_of_the_core_is_an_invalid_reply_that_names_the_field(
    read: Read, changes: dict[str, object]
) -> None:
    (field,) = changes
    with pytest.raises(InvalidReply, match=f"CustomerSubscription: {field} "):
        _ = read(**changes)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, NotFound),
        (412, PreconditionFailed),
        (422, Rejected),
        (426, LicenseRequired),
    ],
)
def test_an_error_has_the_portals_message(
    portal: MijnKlantportaal, status: int, error: type[Exception]
) -> None:
    response = reply(status, {"message": "Not possible.", "errors": {"name": ["too short"]}})
    with pytest.raises(error, match=rf"Not possible. \(HTTP {status}\)"):
        _ = play(portal.get_plan("spg_1"), response, provider=portal)


def test_the_documented_429_has_a_code_and_a_time_to_wait(portal: MijnKlantportaal) -> None:
    body = {"code": 429, "message": "Too many requests."}
    response = reply(429, body, {"retry-after": "17"})
    with pytest.raises(RateLimited) as caught:
        _ = play(portal.get_plan("spg_1"), response, provider=portal)
    assert (caught.value.code, caught.value.retry_after) == ("429", 17.0)
