"""A change that was accepted and takes effect later says so, with the moment that was shown."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from subhub import (
    Client,
    Conflict,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Scheduled,
    Status,
    Subscription,
    SubscriptionChange,
)
from subhub.client.scheduling import canceled_later, changed_later
from subhub.plugin import Evidence, Provider, done
from subhub.sandbox import Fault
from subhub.testing import play
from tests.mijnklantportaal.samples import COMPANY, PHONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Caller, Desk, Toy

END = dt.datetime(2024, 9, 1, tzinfo=dt.UTC)
CANCEL = Scheduled(change="cancel", at=END)


def subscription(**fields: Any) -> Subscription:
    return Subscription(provider="toy", id="sub_1", **fields)


@pytest.mark.parametrize("ends_at", [None, END])
def test_a_cancellation_is_scheduled_for_the_end_that_the_provider_shows(
    ends_at: dt.datetime | None,
) -> None:
    running = subscription(status=Status.ACTIVE, ends_at=ends_at)

    found = play(canceled_later(done(running))).result

    assert found == running.model_copy(update={"scheduled": Scheduled(change="cancel", at=ends_at)})


@pytest.mark.parametrize("status", [Status.CANCELED, Status.ENDED])
def test_what_is_over_is_not_scheduled(status: Status) -> None:
    over = subscription(status=status, ends_at=END)

    assert play(canceled_later(done(over))).result is over


def test_the_plugin_knows_better() -> None:
    known = subscription(status=Status.ACTIVE, scheduled=CANCEL)
    change = SubscriptionChange(
        provider="toy", old=known, scheduled=Scheduled(change="plan", at=END)
    )

    assert play(canceled_later(done(known))).result is known
    assert play(changed_later(done(change))).result is change


def test_only_at_period_end(billing: Any, desk: Any) -> None:
    for _ in range(4):
        desk.answer(200, {"id": "sub_1", "status": "active"})

    assert billing.cancel_subscription("sub_1", when="now").scheduled is None
    assert billing.cancel_subscription("sub_1", when="period_end").scheduled.at is None
    assert billing.change_subscription("sub_1", plan="p", when="now").scheduled is None
    changed = billing.change_subscription("sub_1", plan="p", when="period_end")
    assert changed.scheduled == Scheduled(change="plan")


def test_a_lost_cancellation_at_a_later_moment_is_not_taken_for_undone() -> None:
    """The subscription still runs, whether or not the provider noted the moment."""
    with Client("mijnklantportaal", sandbox=True) as billing:
        customer = billing.create_customer(COMPANY)
        sold = billing.subscribe(plan=PHONE, customer=customer.id)
        fake: Any = billing.sandbox
        later = fake.clock.now() + dt.timedelta(days=90)
        fake.faults.next(Fault("dropped", after=True), path="*", method="PATCH")
        options = {"mijnklantportaal": {"terminated_at": later}}
        with pytest.raises(OutcomeUnknown) as caught:
            _ = billing.cancel_subscription(sold.id, when="now", provider_options=options)

        found = billing.resolve(caught.value.token or "")

    assert (found.outcome, len(found.candidates)) == ("ambiguous", 1)


OVER = {"id": "sub_1", "status": "canceled"}
RUNNING = {"id": "sub_1", "status": "active"}


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422])
def test_a_subscription_that_is_over_is_returned_when_it_is_canceled_again(
    billing: Caller, desk: Desk, status: int
) -> None:
    desk.answer(status, {"message": "it is canceled"})
    desk.answer(200, OVER)

    canceled = billing.cancel_subscription("sub_1", when="now")

    assert (canceled.id, canceled.status) == ("sub_1", Status.CANCELED)
    assert desk.asked == ["POST /v1/subscriptions/sub_1/cancel", "GET /v1/subscriptions/sub_1"]


@pytest.mark.parametrize(
    ("status", "error", "read"),
    [(409, Conflict, (200, RUNNING)), (404, NotFound, (404, None)), (422, Rejected, (500, None))],
)
def test_a_cancellation_that_is_refused_stays_refused_where_the_subscription_is_not_over(
    billing: Caller, desk: Desk, status: int, error: type[ProviderError], read: tuple[int, object]
) -> None:
    desk.answer(status, {"message": "the first word"})
    desk.answer(*read)

    with pytest.raises(error, match="the first word"):
        billing.cancel_subscription("sub_1", when="now")


def test_a_refusal_counts_where_no_subscription_can_be_read(
    connect: Callable[..., Caller], desk: Desk, toy: type[Toy]
) -> None:
    class Blind(Provider):
        name = "blind"
        base_url = "https://blind.test"
        cancel_subscription = toy.cancel_subscription
        evidence = dict.fromkeys(
            ("cancel_subscription", "cancel_subscription:now"), Evidence("docs", "https://a.test")
        )

    desk.answer(404, {"message": "nothing here"})

    with pytest.raises(NotFound):
        connect(Blind, api_key="k", transport=desk.transport).cancel_subscription("1", when="now")
    assert len(desk.sent) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422])
@pytest.mark.parametrize(
    ("operation", "shown"),
    [
        ("pause", Status.PAUSED),
        ("resume", Status.ACTIVE),
        ("resume", Status.PAST_DUE),
        ("resume", Status.PENDING),
        ("resume", Status.SCHEDULED),
    ],
)
def test_a_subscription_that_is_so_already_is_returned_as_it_is(
    billing: Caller, desk: Desk, status: int, operation: str, shown: Status
) -> None:
    desk.answer(status, {"message": "it is so already"})
    desk.answer(200, {"id": "sub_1", "status": shown})

    found = getattr(billing, f"{operation}_subscription")("sub_1")

    assert (found.id, found.status) == ("sub_1", shown)
    asked = f"POST /v1/subscriptions/sub_1/{operation}"
    assert desk.asked == [asked, "GET /v1/subscriptions/sub_1"]


@pytest.mark.parametrize(
    ("operation", "shown"),
    [
        ("pause", "active"),
        ("pause", "canceled"),
        ("pause", "unknown"),
        ("resume", "paused"),
        ("resume", "ended"),
        ("resume", "unknown"),
    ],
)
def test_a_pause_or_a_resumption_that_is_refused_for_another_reason_stays_refused(
    billing: Caller, desk: Desk, operation: str, shown: str
) -> None:
    desk.answer(409, {"message": "not now"})
    desk.answer(200, {"id": "sub_1", "status": shown})

    with pytest.raises(Conflict, match="not now"):
        getattr(billing, f"{operation}_subscription")("sub_1")
