"""What operations send, and what they make of several of a provider's."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from subhub import (
    Customer,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    PlanDraft,
    Rejected,
    Status,
    Subscription,
    Unsupported,
)
from subhub.plugin import Absence, Evidence, Provider
from subhub.plugin.operations import NEUTRAL

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk, Toy

NOON = dt.datetime(2024, 5, 4, 23, 0, tzinfo=dt.UTC)
"""In Amsterdam it is already the fifth."""


def body(desk: Desk, index: int = -1) -> Any:
    return json.loads(desk.sent[index].content)


def test_every_operation_sends_its_request_and_returns_neutral_words(
    billing: Caller, desk: Desk, draft: PlanDraft, somebody: CustomerDraft
) -> None:
    price = Money("1", "EUR")
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("POST /v1/plans/", lambda: billing.create_plan(draft)),
        ("GET /v1/plans/x", lambda: billing.get_plan("x")),
        ("PATCH /v1/plans/x", lambda: billing.update_plan("x", price=price, tax_rate=9)),
        ("POST /v1/customers", lambda: billing.create_customer(somebody)),
        ("GET /v1/customers/x", lambda: billing.get_customer("x")),
        ("PATCH /v1/customers/x", lambda: billing.update_customer("x", city="Gouda")),
        ("DELETE /v1/customers/x", lambda: billing.delete_customer("x")),
        ("POST /v1/links", lambda: billing.create_signup_link(plan="p", customer=somebody)),
        ("POST /v1/setups", lambda: billing.create_setup_link("x")),
        ("POST /v1/portals", lambda: billing.create_portal_link("x")),
        ("POST /v1/subscriptions", lambda: billing.subscribe(plan=draft, customer="x")),
        ("GET /v1/subscriptions/x", lambda: billing.get_subscription("x")),
        ("PATCH /v1/subscriptions/x", lambda: billing.update_subscription("x", price=price)),
        ("POST /v1/subscriptions/x/cancel", lambda: billing.cancel_subscription("x", when="now")),
        ("POST /v1/subscriptions/x/uncancel", lambda: billing.uncancel_subscription("x")),
        ("POST /v1/subscriptions/x/pause", lambda: billing.pause_subscription("x")),
        ("POST /v1/subscriptions/x/resume", lambda: billing.resume_subscription("x")),
        ("GET /v1/invoices/x", lambda: billing.get_invoice("x")),
        ("GET /v1/invoices/x/pdf", lambda: billing.get_invoice_pdf("x")),
    ]
    for _, call in calls:
        desk.answer(200, {"id": "x", "extra": 1})
        result = call()
        assert (result.provider, result.id, result.raw) == ("toy", "x", {"id": "x", "extra": 1})

    assert desk.asked == [asked for asked, _ in calls]


def test_a_change_returns_the_subscription_before_and_after(billing: Caller, desk: Desk) -> None:
    desk.answer(200, {"id": "sub_1"})

    change = billing.change_subscription("sub_1", plan="pln_2", when="now", refund="prorated")

    assert isinstance(change.new, Subscription)
    assert (body(desk)["when"], body(desk)["refund"]) == ("now", "prorated")


@pytest.mark.parametrize("refund", ["none", "prorated", "credit"])
def test_a_refund_policy_reaches_the_provider(billing: Caller, desk: Desk, refund: str) -> None:
    for call, terms in (
        (billing.cancel_subscription, {}),
        (billing.change_subscription, {"plan": "pln_2"}),
    ):
        desk.answer(200, {"id": "sub_1"})
        call("sub_1", when="now", refund=refund, **terms)
        assert body(desk)["refund"] == refund
    desk.answer(201, {"id": "lnk_1"})
    link = {"plan": "pln_1", "customer": "cst_1", "replaces": "sub_1", "when": "now"}
    _ = billing.create_signup_link(**link, refund=refund)
    assert body(desk)["refund"] == refund


def test_a_customer_is_found_or_there_is_none(billing: Caller, desk: Desk) -> None:
    desk.answer(200, {"items": [{"id": "cst_1"}]})
    desk.answer(200, {"items": []})

    assert billing.find_customer(external_id="mine") == Customer(provider="toy", id="cst_1")
    assert billing.find_customer(email="a@b.c") is None
    assert desk.asked == ["GET /v1/customers?q=mine", "GET /v1/customers?q=a%40b.c"]


def test_everything_about_a_link_reaches_the_provider(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "lnk_1", "url": "https://toy.test/pay/1"})

    link = billing.create_signup_link(
        plan="pln_1",
        customer="cst_1",
        return_url="https://shop.test/thanks",
        back_url="http://localhost:8000/",
        replaces="sub_1",
        when="now",
        refund="prorated",
    )

    assert link.url == "https://toy.test/pay/1"
    assert body(desk) == {
        "plan": "pln_1",
        "who": "cst_1",
        "return": "https://shop.test/thanks",
        "back": "http://localhost:8000/",
        "replaces": "sub_1",
        "when": "now",
        "refund": "prorated",
    }


def test_a_replacement_at_period_end_needs_no_refund(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "1"})

    _ = billing.create_signup_link(plan="1", customer="1", replaces="sub_1", when="period_end")

    assert (body(desk)["when"], body(desk)["refund"]) == ("period_end", None)


def test_today_is_today_in_the_accounts_time_zone(
    connect: Callable[..., Caller], desk: Desk, toy: type[Toy]
) -> None:
    for zone, today in ((None, "2024-05-05"), ("America/New_York", "2024-05-04")):
        billing = connect(
            toy, api_key="test_1", transport=desk.transport, clock=lambda: NOON, timezone=zone
        )
        desk.answer(201, {"id": "sub_1"})
        _ = billing.subscribe(plan="pln_1", customer="cst_1")
        assert body(desk)["starts"] == today


def test_the_day_and_the_payment_method_that_were_given_are_sent(
    billing: Caller, desk: Desk
) -> None:
    desk.answer(201, {"id": "sub_1"})
    _ = billing.subscribe(
        plan="pln_1", customer="cst_1", starts_on=dt.date(2030, 1, 1), payment_method="mdt_1"
    )
    assert body(desk) == {
        "plan": "pln_1",
        "customer": "cst_1",
        "starts": "2030-01-01",
        "method": "mdt_1",
    }


def test_a_quantity_is_sent(billing: Caller, desk: Desk) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: billing.subscribe(plan="pln_1", customer="cst_1", quantity=3),
        lambda: billing.create_signup_link(plan="pln_1", customer="cst_1", quantity=3),
        lambda: billing.change_subscription("sub_1", plan="pln_2", when="now", quantity=3),
    ]
    for call in calls:
        desk.answer(201, {"id": "sub_1"})
        _ = call()
        assert body(desk)["quantity"] == 3


def test_the_days_of_a_trial_are_sent(billing: Caller, desk: Desk) -> None:
    desk.answer(201, {"id": "sub_1"})
    _ = billing.subscribe(plan="pln_1", customer="cst_1", trial_days=14)
    assert body(desk)["trial"] == 14

    desk.answer(201, {"id": "lnk_1"})
    _ = billing.create_signup_link(plan="pln_1", customer="cst_1", trial_days=7)
    assert body(desk)["trial"] == 7


@pytest.mark.parametrize("days", [0, -1, True, "14", 1.5])
def test_what_is_counted_is_a_whole_number(billing: Caller, desk: Desk, days: Any) -> None:
    for call in (billing.subscribe, billing.create_signup_link):
        with pytest.raises(InvalidRequest, match="`trial_days` must be a whole number >= 1"):
            call(plan="pln_1", customer="cst_1", trial_days=days)
        with pytest.raises(InvalidRequest, match="`quantity` must be a whole number >= 1"):
            call(plan="pln_1", customer="cst_1", quantity=days)
    assert desk.sent == []


def test_somebody_new_is_made_before_being_subscribed(
    billing: Caller, desk: Desk, somebody: CustomerDraft
) -> None:
    desk.answer(201, {"id": "cst_new"})
    desk.answer(201, {"id": "sub_1"})

    assert billing.subscribe(plan="pln_1", customer=somebody).id == "sub_1"
    assert desk.asked == ["POST /v1/customers", "POST /v1/subscriptions"]
    assert body(desk)["customer"] == "cst_new"


def test_when_the_subscribing_fails_the_new_customer_is_told_of(
    billing: Caller, desk: Desk, somebody: CustomerDraft
) -> None:
    desk.answer(201, {"id": "cst_new"})
    desk.answer(422, {"message": "no such plan"})

    with pytest.raises(Rejected) as caught:
        billing.subscribe(plan="pln_1", customer=somebody)

    assert caught.value.completed == (Customer(provider="toy", id="cst_new"),)
    assert caught.value.operation == "subscribe"


def test_nobody_is_made_for_terms_that_the_provider_refuses(
    connect: Callable[..., Caller], desk: Desk, toy: type[Toy], somebody: CustomerDraft
) -> None:
    class Picky(toy):  # type: ignore[misc, valid-type]  # pyright: ignore[reportGeneralTypeIssues]
        name = "picky"

        def subscribe(self, **terms: Any) -> Any:
            if not isinstance(terms["plan"], str):
                message = "`plan`: EUR only"
                raise InvalidRequest(message)
            return (yield from super().subscribe(**terms))

    picky = connect(Picky, api_key="test_1", transport=desk.transport)
    yen = PlanDraft(name="A", price=Money(1, "JPY"), interval=Interval(1, "year"))

    with pytest.raises(InvalidRequest, match="EUR only") as caught:
        picky.subscribe(plan=yen, customer=somebody)

    assert caught.value.completed == ()
    assert desk.sent == []


def test_subscriptions_are_sorted_out_also_where_the_provider_does_not(
    billing: Caller, desk: Desk
) -> None:
    sent = [
        {"id": "1", "customer": "cst_1", "status": "active"},
        {"id": "2", "customer": "cst_2", "status": "active"},
        {"id": "3", "customer": "cst_1", "status": "ended"},
        {"id": "4", "status": "active"},
    ]
    expected: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["1", "2", "3", "4"]),
        ({"customer": "cst_1"}, ["1", "3"]),
        ({"status": Status.ACTIVE}, ["1", "2", "4"]),
        ({"status": "ended"}, ["3"]),
        ({"customer": "cst_1", "status": Status.ACTIVE, "limit": 1}, ["1"]),
    ]
    for terms, ids in expected:
        desk.answer(200, {"items": sent})
        assert [each.id for each in billing.list_subscriptions(**terms)] == ids
    assert desk.asked[1] == "GET /v1/subscriptions?customer=cst_1"


def test_the_invoices_of_a_customer_are_sorted_out_also_where_the_provider_does_not(
    billing: Caller, desk: Desk
) -> None:
    sent = [{"id": "1", "customer": "cst_1"}, {"id": "2", "customer": "cst_2"}, {"id": "3"}]
    someone = Customer(provider="toy", id="cst_1", account="toy")
    sold = Subscription(provider="toy", id="sub_1", account="toy")
    expected: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["1", "2", "3"]),
        ({"customer": "cst_1"}, ["1"]),
        ({"customer": someone, "subscription": sold}, ["1"]),
        ({"subscription": "sub_1", "limit": 2}, ["1", "2"]),
        ({"provider_options": {"toy": {"colour": "red"}}}, ["1", "2", "3"]),
    ]
    for terms, ids in expected:
        desk.answer(200, {"items": sent})
        assert [invoice.id for invoice in billing.list_invoices(**terms)] == ids
    assert desk.asked[2:] == [
        "GET /v1/invoices?customer=cst_1&of=sub_1",
        "GET /v1/invoices?of=sub_1",
        "GET /v1/invoices?colour=red",
    ]


class Plain(Provider):
    """It has the operations, and none of their variants."""

    name = "plain"
    base_url = "https://plain.test"


NO = Absence("it is plain", "leave it out")
LINK: dict[str, Any] = {"plan": "1", "customer": "1"}
REPLACING: dict[str, Any] = {**LINK, "replaces": "1", "when": "now"}
ENDING: dict[str, Any] = {"subscription_id": "1", "when": "now"}
SOMEBODY = CustomerDraft(name="A", email="a@b.c")
DRAFT = PlanDraft(name="A", price=Money(1, "EUR"), interval=Interval(1, "year"))


@pytest.mark.parametrize(
    ("lacking", "terms"),
    [
        ("find_customer:email", {"email": "a@b.c"}),
        ("find_customer:external_id", {"external_id": "1"}),
        ("create_signup_link:new_customer", {**LINK, "customer": SOMEBODY}),
        ("create_signup_link:existing_customer", LINK),
        ("create_signup_link:return_url", {**LINK, "return_url": "https://a.test"}),
        ("create_signup_link:back_url", {**LINK, "back_url": "https://a.test"}),
        ("create_signup_link:replaces", REPLACING),
        ("create_signup_link:period_end", {**REPLACING, "when": "period_end"}),
        ("create_signup_link:prorated", {**REPLACING, "refund": "prorated"}),
        ("create_signup_link:credit", {**REPLACING, "refund": "credit"}),
        ("create_portal_link:return_url", {"customer": "1", "return_url": "https://a.test"}),
        ("create_setup_link:return_url", {"customer": "1", "return_url": "https://a.test"}),
        ("create_setup_link:back_url", {"customer": "1", "back_url": "https://a.test"}),
        ("subscribe:plan_id", LINK),
        ("subscribe:inline_plan", {**LINK, "plan": DRAFT}),
        ("subscribe:starts_on", {**LINK, "starts_on": dt.date(2024, 5, 4)}),
        ("subscribe:payment_method", {**LINK, "payment_method": "1"}),
        ("create_signup_link:trial_days", {**LINK, "trial_days": 14}),
        ("subscribe:trial_days", {**LINK, "trial_days": 14}),
        ("create_signup_link:quantity", {**LINK, "quantity": 2}),
        ("subscribe:quantity", {**LINK, "quantity": 2}),
        ("change_subscription:quantity", {**ENDING, "plan": "1", "quantity": 2}),
        ("change_subscription:now", {**ENDING, "plan": "1"}),
        ("change_subscription:period_end", {**ENDING, "plan": "1", "when": "period_end"}),
        ("change_subscription:prorated", {**ENDING, "plan": "1", "refund": "prorated"}),
        ("change_subscription:credit", {**ENDING, "plan": "1", "refund": "credit"}),
        ("cancel_subscription:now", ENDING),
        ("cancel_subscription:period_end", {**ENDING, "when": "period_end"}),
        ("cancel_subscription:prorated", {**ENDING, "refund": "prorated"}),
        ("cancel_subscription:credit", {**ENDING, "refund": "credit"}),
        ("list_invoices:subscription", {"subscription": "1"}),
    ],
)
def test_every_variant_that_a_provider_lacks_is_refused_by_its_name(
    connect: Callable[..., Caller],
    desk: Desk,
    toy: type[Toy],
    lacking: str,
    terms: dict[str, Any],
) -> None:
    class Lacking(toy):  # type: ignore[misc, valid-type]  # pyright: ignore[reportGeneralTypeIssues]
        evidence: ClassVar[Mapping[str, Evidence | Absence]] = {**toy.evidence, lacking: NO}

    billing = connect(Lacking, api_key="test_1", transport=desk.transport)

    with pytest.raises(Unsupported) as caught:
        getattr(billing, lacking.partition(":")[0])(**terms)

    assert (caught.value.operation, caught.value.reason) == (lacking, "it is plain")
    assert desk.sent == []


def test_the_variants_refused_above_are_all_that_there_are() -> None:
    marks: Any = test_every_variant_that_a_provider_lacks_is_refused_by_its_name
    tried = {each[0] for each in marks.pytestmark[0].args[1]}

    assert tried == {name for name in NEUTRAL if ":" in name}


def test_somebody_new_needs_a_provider_that_makes_customers(
    connect: Callable[..., Caller], desk: Desk, somebody: CustomerDraft, toy: type[Toy]
) -> None:
    class Lonely(Provider):
        name = "lonely"
        base_url = "https://lonely.test"
        subscribe = toy.subscribe

    billing = connect(Lonely, api_key="k", transport=desk.transport)

    with pytest.raises(Unsupported) as caught:
        billing.subscribe(plan="1", customer=somebody)

    assert caught.value.operation == "create_customer"
    assert desk.sent == []
