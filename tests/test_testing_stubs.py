"""Scripted replies: a client that is answered in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import anyio
import pytest
from subhub_afternoon import Afternoon

from subhub import NotFound, NotSent, OutcomeUnknown
from subhub.models import CustomerDraft, Interval, Money, PlanDraft
from subhub.plugin import Request
from subhub.sandbox import Received
from subhub.testing import Scripted, reply, scripted

C1, C2 = (f"cm5x9z8nv000{each}h85r7l9p2k2m" for each in (1, 2))
ANNE = CustomerDraft(name="Anne", email="anne@example.com")
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
CUSTOMER = {"id": C1, "name": "Anne", "email": "anne@example.com"}
FOUND = reply(200, {"success": True, "customer": CUSTOMER})


def test_a_client_of_each_kind_gets_the_replies_in_order() -> None:
    with scripted("afternoon", FOUND, reply(404, {"error": {"message": "gone"}}), FOUND) as box:
        assert box.client.get_customer(C1).name == "Anne"
        with pytest.raises(NotFound, match="gone"):
            _ = box.client.get_customer(C2)
        assert anyio.run(box.async_client.get_customer, C1).name == "Anne"

    assert box.requests == [Request("GET", f"/v1/customers/{each}") for each in (C1, C2, C1)]
    assert len(box.asked("get_customer")) == 3


def test_paths_are_told_below_the_base_url() -> None:
    with scripted("mijnklantportaal", reply(404)) as box:
        with pytest.raises(NotFound):
            _ = box.client.get_customer(C1)

        _ = box.assert_asked("GET", f"/customers/{C1}")


def test_what_is_tried_again_takes_the_next_reply_and_waits_for_nothing() -> None:
    wait = {"retry-after": "60"}
    with scripted(Afternoon, reply(429, headers=wait), NotSent("down"), FOUND) as box:
        began = box.clock.now()
        assert box.client.get_customer(C1).name == "Anne"

    assert len(box.requests) == 3
    assert (box.clock.now() - began).total_seconds() >= 60


def test_an_error_is_raised_as_if_the_transport_had() -> None:
    with (
        scripted(Afternoon, OutcomeUnknown("lost")) as box,
        pytest.raises(OutcomeUnknown, match="lost"),
    ):
        _ = box.client.create_customer(ANNE)

    _ = box.assert_asked("POST", "/v1/customers")


def test_a_reply_that_is_not_asked_for_fails() -> None:
    left = r"1 replies were not used:\n  Response\("

    with pytest.raises(AssertionError, match=left), scripted(Afternoon, FOUND):
        pass


def test_a_request_too_many_fails_at_once() -> None:
    with (
        pytest.raises(
            AssertionError, match=r"GET /v1/customers/c\w+ was asked, and there are no replies left"
        ),
        scripted(Afternoon) as box,
    ):
        _ = box.client.get_customer(C1)


def test_a_request_too_many_that_somebody_swallows_fails_at_the_end() -> None:
    with pytest.raises(AssertionError, match="no replies left"), scripted(Afternoon) as box:
        ask_carelessly(box)


def test_a_failing_test_shows_earlier_misses_but_not_what_it_left_unused() -> None:
    def fail(box: Scripted) -> None:
        ask_carelessly(box)
        _ = 1 / 0

    with pytest.raises(ZeroDivisionError) as caught, scripted(Afternoon) as box:
        fail(box)
    assert "no replies left" in caught.value.__notes__[0]

    with pytest.raises(ZeroDivisionError) as caught, scripted(Afternoon, FOUND):
        _ = 1 / 0
    assert not hasattr(caught.value, "__notes__")


def ask_carelessly(box: Scripted) -> None:
    with suppress(AssertionError):
        _ = box.client.get_customer(C1)


def test_behind_the_replies_is_nobody() -> None:
    fake = scripted(Afternoon).fake
    wishes: list[Callable[[], object]] = [
        lambda: fake.add_plan("phone", PHONE),
        lambda: fake.pay("https://pay.example.com"),
        fake.not_found,
        lambda: fake.malformed("it is wrong"),
        lambda: fake.authenticate(Received("GET", "/", {}, {})),
    ]

    for wish in wishes:
        with pytest.raises(LookupError, match="no provider that could"):
            _ = wish()
