"""How responses and errors of Afternoon are read, including unexpected ones."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from subhub_afternoon import Afternoon

from subhub import AuthenticationFailed, InvalidReply, NotFound, ProviderError, Status
from subhub.plugin import Request
from subhub.testing import play, reply

SUBSCRIPTION = "cm5x9z8nv0004h85r7l9p2k5m"
OTHER = "cm5x9z8nv0005h85r7l9p2k6m"
SUBSCRIPTIONS = "/v1/subscriptions"
LOST = reply(404, {"success": False, "error": {"code": "X", "message": "no such route"}})


def read(**fields: Any) -> Any:
    response = reply(200, {"success": True, "subscription": {"id": SUBSCRIPTION, **fields}})
    return play(Afternoon().get_subscription(SUBSCRIPTION), response).result


def listing(*ids: str, pagination: object = None) -> Any:
    subscriptions = [{"id": subscription_id} for subscription_id in ids]
    return reply(200, {"success": True, "subscriptions": subscriptions, "pagination": pagination})


def fail(status: int, body: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        _ = play(Afternoon().get_customer(SUBSCRIPTION), reply(status, body), provider=Afternoon())
    return caught.value


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("pending", Status.PENDING),
            ("canceled", Status.CANCELED),
            ("active", Status.UNKNOWN),
            ("Pending", Status.UNKNOWN),
            ("", Status.UNKNOWN),
            (None, Status.UNKNOWN),
        ],
    )
    def test_only_the_two_documented_statuses_are_known(
        self, word: str | None, status: Status
    ) -> None:
        subscription = read(status=word)
        assert subscription.status is status
        assert subscription.raw_status == word

    def test_missing_fields_are_none(self) -> None:
        fields = read().model_dump(exclude={"provider", "id", "status"})
        assert set(fields.values()) == {None}

    def test_a_canceled_subscription_ended_when_it_was_canceled(self) -> None:
        subscription = read(status="canceled", canceled_at="2024-01-15T10:30:00Z")
        assert subscription.ends_at == dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC)

    def test_a_cancellation_without_the_status_has_not_ended(self) -> None:
        subscription = read(status="active", canceled_at="2024-01-15T10:30:00Z")
        assert subscription.ends_at is None
        assert subscription.raw["subscription"]["canceled_at"] == "2024-01-15T10:30:00Z"

    def test_the_plan_id_is_the_plan_code_of_requests(self) -> None:
        subscription = read(plan_id=OTHER, plan_code="starter_plan", customer_id=OTHER)
        assert (subscription.plan_id, subscription.customer_id) == ("starter_plan", OTHER)

    @pytest.mark.parametrize(
        ("written", "zone", "day"),
        [
            ("2024-02-01T00:00:00Z", "UTC", 1),
            ("2024-02-01T00:00:00Z", "America/New_York", 31),
            ("2024-02-01T23:00:00-05:00", "America/New_York", 1),
            ("2024-02-01T23:00:00-05:00", "Europe/Amsterdam", 2),
            ("2024-02-01", "America/New_York", 1),
        ],
    )
    def test_it_renews_on_the_day_in_the_time_zone_of_the_account(
        self, written: str, zone: str, day: int
    ) -> None:
        provider = Afternoon()
        provider.zone = ZoneInfo(zone)
        fields = {"id": SUBSCRIPTION, "next_renewal_date": written}
        answer = reply(200, {"success": True, "subscription": fields})
        renews_on = play(provider.get_subscription(SUBSCRIPTION), answer).result.renews_on
        assert renews_on is not None
        assert renews_on.day == day


class TestGetSubscription:
    @pytest.mark.parametrize("status", [404, 405])
    def test_reads_the_list_if_the_assumed_path_does_not_exist(self, status: int) -> None:
        played = play(
            Afternoon().get_subscription(SUBSCRIPTION),
            reply(status, b"no such route"),
            listing(OTHER, pagination={"next_cursor": "a"}),
            listing(SUBSCRIPTION, pagination={"next_cursor": "b"}),
            provider=Afternoon(),
        )
        assert played.result.id == SUBSCRIPTION
        assert played.requests == (
            Request("GET", f"{SUBSCRIPTIONS}/{SUBSCRIPTION}"),
            Request("GET", SUBSCRIPTIONS),
            Request("GET", SUBSCRIPTIONS, query={"cursor": "a"}),
        )

    def test_raises_the_first_error_if_the_list_does_not_have_it(self) -> None:
        with pytest.raises(NotFound, match="no such route"):
            _ = play(
                Afternoon().get_subscription(SUBSCRIPTION),
                LOST,
                listing(OTHER),
                provider=Afternoon(),
            )

    def test_is_not_claimed_to_be_absent_at_a_repeated_cursor(self) -> None:
        page = listing(OTHER, pagination={"next_cursor": "a"})
        with pytest.raises(InvalidReply, match="was already read"):
            _ = play(
                Afternoon().get_subscription(SUBSCRIPTION), LOST, page, page, provider=Afternoon()
            )

    def test_does_not_hide_another_error(self) -> None:
        refused = reply(401, {"success": False, "error": {"code": "INVALID_API_KEY"}})
        with pytest.raises(AuthenticationFailed):
            _ = play(Afternoon().get_subscription(SUBSCRIPTION), refused, provider=Afternoon())


class TestPages:
    @pytest.mark.parametrize(
        ("pagination", "cursor"),
        [
            (None, None),
            ({}, None),
            ({"next_cursor": None}, None),
            ({"next_cursor": ""}, None),
            ({"next_cursor": "abc", "has_more": True}, "abc"),
            ({"next": 0}, "0"),
            ({"next": False}, None),
            ({"next_cursor": "abc", "has_more": False}, None),
            ({"cursor": "abc"}, None),
            ({"has_more": False}, None),
            ({"total": 3}, None),
        ],
    )
    def test_the_cursor_has_one_of_the_assumed_names(
        self, pagination: object, cursor: str | None
    ) -> None:
        played = play(Afternoon().list_subscriptions(), listing(OTHER, pagination=pagination))
        assert played.result.next == cursor

    @pytest.mark.parametrize(
        "pagination",
        [
            {"has_more": True},
            {"has_more": True, "next_cursor": None},
            {"has_more": True, "next_cursor": ""},
            {"next": {"after": "abc"}, "has_more": 1},
        ],
    )
    def test_a_list_with_an_unknown_next_page_is_an_error(self, pagination: object) -> None:
        with pytest.raises(InvalidReply, match="has_more"):
            _ = play(Afternoon().list_subscriptions(), listing(OTHER, pagination=pagination))

    @pytest.mark.parametrize(("size", "ends"), [(49, True), (50, False)])
    def test_a_full_page_without_a_known_cursor_is_an_error(self, size: int, *, ends: bool) -> None:
        flow = Afternoon().list_subscriptions()
        page = listing(*(f"c{number:024}" for number in range(size)))
        if ends:
            assert play(flow, page).result.next is None
        else:
            with pytest.raises(InvalidReply, match="nothing"):
                _ = play(flow, page)

    def test_a_full_page_can_say_that_it_is_the_last(self) -> None:
        page = listing(*(f"c{number:024}" for number in range(50)), pagination={"has_more": False})
        assert play(Afternoon().list_subscriptions(), page).result.next is None


class TestEnvelope:
    @pytest.mark.parametrize(
        "body",
        [
            {"success": False, "customer": {"id": OTHER}},
            {"success": True},
            {"success": True, "customer": {"name": "A"}},
            {"success": True, "customer": None},
            [],
        ],
    )
    def test_a_response_without_its_object_is_an_invalid_reply(self, body: object) -> None:
        with pytest.raises(InvalidReply, match="CustomerEnvelope"):
            _ = play(Afternoon().get_customer(OTHER), reply(200, body))


class TestErrors:
    def test_have_code_message_and_request_id(self) -> None:
        error = fail(
            401,
            {
                "success": False,
                "error": {"code": "API_KEY_REVOKED", "message": "API key has been revoked"},
                "request_id": "req_abc123",
            },
        )
        assert isinstance(error, AuthenticationFailed)
        assert "API key has been revoked" in str(error)
        assert (error.code, error.request_id) == ("API_KEY_REVOKED", "req_abc123")

    def test_may_lack_a_request_id(self) -> None:
        error = fail(500, {"success": False, "error": {"code": "X", "message": "oops"}})
        assert (error.code, error.request_id) == ("X", None)

    @pytest.mark.parametrize(
        ("details", "fields"),
        [
            ({"email": "is taken"}, {"email": "is taken"}),
            ({"email": ["is taken"]}, {}),
            (["email"], {}),
            ("email", {}),
            (None, {}),
        ],
    )
    def test_have_fields_if_the_details_are_texts_by_field(
        self, details: object, fields: dict[str, str]
    ) -> None:
        body = {"success": False, "error": {"code": "X", "message": "no", "details": details}}
        error = fail(400, body)
        assert error.fields == fields
        assert error.raw == body

    @pytest.mark.parametrize("body", [b"<html>", [], {}, {"error": "no"}, {"error": None}])
    def test_of_another_shape_have_the_error_of_their_status(self, body: object) -> None:
        error = fail(502, body)
        assert (error.status, error.code, error.fields) == (502, None, {})
