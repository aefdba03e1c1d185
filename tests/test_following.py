"""Following a signup link: what a link remembers, what is refused, and what the clocks decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from subhub import CustomerDraft, InvalidReply, InvalidRequest, Signup, SignupLink, Subscription
from subhub.plugin import SignupMatch, judge_signup, likeness_of
from subhub.plugin.clocks import LATE, PRECISION, WRONG_ZONE

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk, Toy

NOON = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
DATE = {"date": "Tue, 01 Dec 2026 12:00:00 GMT"}
HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
STORED: dict[str, Any] = {"plan": "pln_1", "created_at": "2026-12-01T12:00:00Z"}
LINK = SignupLink(
    provider="toy",
    id="lnk_1",
    url="https://toy.test/pay",
    plan_id="pln_1",
    created_at=NOON,
    expires_at=NOON + HOUR,
)


def subscription(number: int = 1, **fields: Any) -> Subscription:
    return Subscription(provider="toy", id=f"sub_{number}", raw={"id": number}, **fields)


def judged(*matches: SignupMatch, link: SignupLink = LINK, **terms: Any) -> Signup:
    return judge_signup(link, matches, **terms)


def dated(after: dt.timedelta, fit: Any = "same", number: int = 1) -> SignupMatch:
    return SignupMatch(subscription(number, created_at=NOON + after), fit)


# What a link remembers ----------------------------------------------------------------------------


def test_a_link_remembers_what_it_takes_to_follow_it(
    billing: Caller, desk: Desk, somebody: CustomerDraft
) -> None:
    desk.answer(201, {"id": "lnk_1"}, DATE)
    link = billing.create_signup_link(plan="pln_1", customer=somebody)

    assert (link.plan_id, link.customer_id) == ("pln_1", None)
    assert (link.email, link.name) == (somebody.email, somebody.name)
    assert somebody.email not in repr(link)
    assert SignupLink.model_validate_json(link.model_dump_json()) == link


def test_a_link_remembers_what_it_replaces(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "lnk_1"}, DATE)
    terms = {"replaces": "sub_1", "when": "period_end"}
    link = billing.create_signup_link(plan="pln_1", customer="cst_1", **terms)

    assert (link.customer_id, link.email, link.name) == ("cst_1", None, None)
    assert (link.replaces, link.when) == ("sub_1", "period_end")


@pytest.mark.parametrize("apart", [-36000, 0, 36000])
@pytest.mark.parametrize("says", [True, False])
def test_the_time_of_a_link_is_the_providers(
    connect: Callable[..., Caller], desk: Desk, toy: type[Toy], apart: int, *, says: bool
) -> None:
    """Our clock is wrong by *apart* seconds; without a `Date`, there is no other."""
    ours = NOON + dt.timedelta(seconds=apart)
    settings: dict[str, Any] = {"transport": desk.transport, "clock": lambda: ours}
    billing = connect(toy, api_key="test_1", **settings)
    desk.answer(201, {"id": "lnk_1"}, DATE if says else {})
    link = billing.create_signup_link(plan="pln_1", customer="cst_1")

    due = NOON if says else ours
    assert abs((link.created_at - due).total_seconds()) <= 1
    assert not link.created_at.microsecond


# What is refused before anything is sent ----------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "terms", "field", "problem"),
    [
        ("lnk_1", {"created_at": NOON}, "plan", "store `link.plan_id`, and give it"),
        ("lnk_1", {"plan": "pln_1"}, "created_at", "store `link.created_at`, and give it"),
        ("lnk_1", {**STORED, "created_at": "today"}, "created_at", "got 'today'"),
        ("lnk_1", {**STORED, "created_at": dt.datetime(2026, 12, 1)}, "created_at", "time zone"),  # noqa: DTZ001
        ("lnk_1", {**STORED, "expires_at": "2026-12-01T12:00"}, "expires_at", "time zone"),
        ("lnk_1", {**STORED, "plan": "cst_1"}, "plan", "the id of a customer"),
        ("lnk_1", {**STORED, "customer": "sub_1"}, "customer", "the id of a subscription"),
        ("lnk_1", {**STORED, "replaces": "cst_1"}, "replaces", "the id of a customer"),
        ("lnk_1", {**STORED, "email": ""}, "email", "not empty"),
        ("lnk_1", {**STORED, "known": "sub_1"}, "known", "for none"),
        ("lnk_1", {**STORED, "known": ["cst_1"]}, "known", "the id of a customer"),
        ("lnk_1", {**STORED, "known": 3}, "known", "got 3"),
        ("", STORED, "link", "must be an id"),
        (3, STORED, "link", "got int"),
        (LINK.model_copy(update={"provider": "acme"}), {}, "link", "is a SignupLink of acme"),
        (LINK.model_copy(update={"created_at": None}), {}, "created_at", "is required"),
    ],
)
def test_a_link_that_cannot_be_followed_is_refused(
    billing: Caller, desk: Desk, link: Any, terms: Any, field: str, problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=problem) as caught:
        _ = billing.follow(link, **terms)

    assert field in caught.value.fields
    assert not desk.sent


def test_a_link_is_followed_from_what_was_stored(billing: Caller, desk: Desk) -> None:
    desk.answer(200, {"items": [{"id": "sub_1"}, {"id": "sub_2"}]}, DATE)
    found = billing.follow("lnk_1", **STORED, customer="cst_1", known=["sub_1"])

    assert (found.state, found.subscription.id) == ("completed", "sub_2")
    assert (found.provider, found.raw) == ("toy", {"id": "sub_2"})
    assert desk.asked == ["GET /v1/subscriptions?link=lnk_1&known=sub_1"]


def test_what_is_given_comes_before_what_the_link_has(billing: Caller, desk: Desk) -> None:
    """A link of an earlier version, which did not remember its time, can be followed."""
    desk.answer(200, {"items": []}, DATE)
    link = LINK.model_copy(update={"created_at": None})

    assert billing.follow(link, created_at=NOON).state == "open"


# When a link has expired --------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [-36000, 0, 36000])
@pytest.mark.parametrize(
    ("passed", "terms", "state"),
    [
        (HOUR + LATE - SECOND, {}, "open"),
        (HOUR + LATE, {}, "expired"),
        (HOUR + LATE, {"expires_at": None}, "open"),
        (HOUR + LATE, {"replaces": "sub_1", "when": "now"}, "expired"),
        (HOUR + LATE, {"replaces": "sub_1", "when": "period_end"}, "ambiguous"),
        (HOUR + LATE, {"replaces": "sub_1", "when": None}, "ambiguous"),
    ],
)
def test_a_link_expires_by_the_providers_clock(
    connect: Callable[..., Caller],
    desk: Desk,
    toy: type[Toy],
    apart: int,
    passed: dt.timedelta,
    terms: Any,
    state: str,
) -> None:
    """And only when what was paid in the last moment would show."""
    there = NOON + passed
    ours = there + dt.timedelta(seconds=apart)
    billing = connect(
        toy, api_key="test_1", transport=desk.transport, sandbox=False, clock=lambda: ours
    )
    header = {"date": f"{there + SECOND * (state != 'open'):%a, %d %b %Y %H:%M:%S} GMT"}
    desk.answer(200, {"items": []}, header)
    found = billing.follow(LINK.model_copy(update=terms))

    assert found.state == state
    assert not found.candidates
    assert ("sub_1" in found.reason) is (state == "ambiguous")


# What came of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (-WRONG_ZONE - SECOND, "open"),
        (-WRONG_ZONE, "ambiguous"),
        (-PRECISION - SECOND, "ambiguous"),
        (-PRECISION, "completed"),
        (HOUR + LATE, "completed"),
        (HOUR + LATE + SECOND, "ambiguous"),
        (HOUR + LATE + WRONG_ZONE, "ambiguous"),
        (HOUR + LATE + WRONG_ZONE + SECOND, "open"),
    ],
)
def test_a_dated_subscription_is_of_the_link_if_it_came_while_that_worked(
    after: dt.timedelta, state: str
) -> None:
    found = judged(dated(after))

    assert found.state == state
    assert [one.id for one in found.candidates] == (["sub_1"] if state == "ambiguous" else [])


def test_a_link_without_an_end_has_no_end() -> None:
    endless = LINK.model_copy(update={"expires_at": None})

    assert judged(dated(HOUR * 1000), link=endless).state == "completed"


@pytest.mark.parametrize(
    ("terms", "new", "fields", "state"),
    [
        ({}, False, {}, "ambiguous"),
        ({}, True, {}, "completed"),
        ({"known": []}, False, {}, "completed"),
        ({"known": ["sub_1"]}, False, {}, "open"),
        ({"known": ["sub_1"]}, True, {}, "open"),
        ({}, False, {"ends_at": NOON - WRONG_ZONE}, "open"),
        ({}, False, {"ends_at": NOON + HOUR}, "ambiguous"),
    ],
)
def test_an_undated_subscription_is_new_if_the_others_are_known(
    terms: Any, fields: Any, state: str, *, new: bool
) -> None:
    link = LINK.model_copy(update={"new_customer": new})
    found = judged(SignupMatch(subscription(**fields), "same"), link=link, **terms)

    assert found.state == state
    assert ("`known`" in found.reason) is (state == "ambiguous")


def test_two_that_fit_are_ambiguous() -> None:
    found = judged(dated(HOUR), dated(SECOND, number=2), dated(-HOUR, number=3))

    assert found.state == "ambiguous"
    assert [one.id for one in found.candidates] == ["sub_1", "sub_2"]
    assert found.subscription is None


def test_one_that_fits_is_not_disturbed_by_what_nearly_does() -> None:
    found = judged(dated(HOUR, "alike", 2), dated(-HOUR, number=3), dated(HOUR))

    assert (found.state, found.subscription and found.subscription.id) == ("completed", "sub_1")


@pytest.mark.parametrize(
    ("match", "state"),
    [
        (dated(HOUR, "alike"), "ambiguous"),
        (SignupMatch(subscription(), "alike"), "ambiguous"),
        (dated(-HOUR, "alike"), "open"),
        (dated(HOUR, "other"), "open"),
    ],
)
def test_what_is_written_differently_is_never_silently_open(match: SignupMatch, state: str) -> None:
    assert judged(match).state == state


@pytest.mark.parametrize(
    ("fit", "state"), [("same", "completed"), ("alike", "ambiguous"), ("other", "open")]
)
def test_a_replaced_subscription_shows_it_by_its_plan(fit: Any, state: str) -> None:
    """It is as old as it is, and among those that are known."""
    link = LINK.model_copy(update={"replaces": "sub_1"})

    assert judged(dated(-HOUR * 1000, fit), link=link, known=["sub_1"]).state == state


def test_open_is_not_said_while_a_record_cannot_be_read() -> None:
    unreadable = [InvalidReply("no status", body="")]

    assert judged(dated(HOUR), unreadable=unreadable).state == "completed"
    with pytest.raises(InvalidReply, match="no status"):
        _ = judged(unreadable=unreadable)


@pytest.mark.parametrize(
    ("field", "sent", "shown", "likeness"),
    [
        ("email", "A.B@example.com", "a.b@EXAMPLE.com", "same"),
        ("email", "a.b@example.com", "ab@example.com", "other"),
        ("email", "a&b@example.com", "a&amp;b@example.com", "alike"),
        ("name", "Café B.V.", "CAFE BV", "alike"),
        ("name", "Café", None, "alike"),
        ("plan_id", "phone", "Phone", "other"),
        ("plan_id", "phone", "phone", "same"),
    ],
)
def test_a_shown_value_is_the_same_alike_or_another(
    field: str, sent: str, shown: str | None, likeness: str
) -> None:
    assert likeness_of(field, sent, shown) == likeness
