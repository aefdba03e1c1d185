"""The requests of each flow, with scripted responses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_stripe import Stripe
from subhub_stripe.plans import Product

from subhub import (
    Ambiguous,
    CustomerDraft,
    Interval,
    InvalidReply,
    InvalidRequest,
    Money,
    PlanDraft,
    ProviderError,
    RateLimited,
    Rejected,
    SignupLink,
    Status,
    Unsupported,
)
from subhub.models import CustomerUpdate, PlanUpdate
from subhub.plugin import Request
from subhub.testing import play, reply

STRIPE = Stripe()
NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)
DRAFT = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(6, "month"), code="phone"
)
PRICE: dict[str, Any] = {
    "id": "price_1",
    "currency": "eur",
    "unit_amount": 1295,
    "unit_amount_decimal": "1295",
    "recurring": {"interval": "month", "interval_count": 6},
    "product": {"id": "prod_1", "name": "Phone", "description": None},
    "lookup_key": "phone",
}
PRODUCT = {"id": "prod_1", "name": "Phone"}
CUSTOMER: dict[str, Any] = {"id": "cus_1", "email": "a@b.nl", "created": 1763715600, "metadata": {}}
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "customer": "cus_1",
    "status": "active",
    "start_date": 1763715600,
    "items": {
        "data": [{"id": "si_1", "price": PRICE, "quantity": 2, "current_period_end": 1771664400}]
    },
}


def page(*objects: Any, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(objects), "has_more": more}


def test_a_plan_is_a_product_and_then_a_price() -> None:
    played = play(STRIPE.create_plan(DRAFT), reply(200, PRODUCT), reply(200, PRICE))

    assert played.requests == (
        Request("POST", "/products", {"name": "Phone", "description": None}),
        Request(
            "POST",
            "/prices",
            {
                "currency": "eur",
                "unit_amount": 1295,
                "recurring": {"interval": "month", "interval_count": 6},
                "lookup_key": "phone",
                "tax_behavior": None,
                "expand": ["product"],
                "product": "prod_1",
            },
        ),
    )
    assert (played.result.id, played.result.code) == ("price_1", "phone")
    assert (played.result.price, played.result.interval) == (DRAFT.price, DRAFT.interval)


def test_if_the_price_fails_the_error_has_the_product() -> None:
    error = {"error": {"type": "invalid_request_error", "message": "No", "param": "currency"}}
    flow = STRIPE.create_plan(DRAFT)
    with pytest.raises(Rejected) as caught:
        _ = play(flow, reply(200, PRODUCT), reply(400, error), provider=STRIPE)
    assert caught.value.completed == (Product(provider="stripe", id="prod_1", name="Phone"),)
    assert (caught.value.code, caught.value.fields) == ("invalid_request_error", {"currency": "No"})


def test_each_request_of_a_call_has_a_key_of_its_own() -> None:
    flow = STRIPE.create_plan(DRAFT, idempotency_key="order-7")
    played = play(flow, reply(200, PRODUCT), reply(200, PRICE))
    assert [request.headers for request in played.requests] == [
        {"Idempotency-Key": "order-7-product"},
        {"Idempotency-Key": "order-7-price"},
    ]


@pytest.mark.parametrize("key", ["", "é", "a\nb", "x" * 231])
def test_a_key_that_is_not_a_header_value_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest, match="idempotency_key"):
        _ = play(STRIPE.create_plan(DRAFT, idempotency_key=key))


@pytest.mark.parametrize("tax", ["inclusive", "exclusive"])
def test_whether_the_price_includes_tax_is_sent_and_read(tax: Any) -> None:
    taxed = DRAFT.model_copy(update={"tax": tax})
    price = {**PRICE, "tax_behavior": tax}
    played = play(STRIPE.create_plan(taxed), reply(200, PRODUCT), reply(200, price))
    assert played.requests[1].body is not None
    assert played.requests[1].body["tax_behavior"] == tax
    assert played.result.tax == tax
    with pytest.raises(InvalidRequest, match="`tax` must not differ from `tax_behavior`"):
        _ = play(STRIPE.create_plan(taxed, tax_behavior="unspecified"))


def test_a_tax_rate_is_refused_and_not_dropped() -> None:
    taxed = DRAFT.model_copy(update={"tax_rate": 21})
    with pytest.raises(InvalidRequest, match="default_tax_rates"):
        _ = play(STRIPE.create_plan(taxed))


@pytest.mark.parametrize(
    ("price", "minor"),
    [
        (Money("12.95", "EUR"), 1295),
        (Money(500, "JPY"), 500),
        (Money("5.12", "KWD"), 5120),
        (Money(5, "ISK"), 500),
        (Money(5, "UGX"), 500),
        (Money(500, "MGA"), 500),
    ],
)
def test_minor_units_are_stripes_and_not_those_of_iso(price: Money, minor: int) -> None:
    answer = {**PRICE, "currency": price.currency.lower(), "unit_amount": minor}
    played = play(
        STRIPE.create_plan(DRAFT.model_copy(update={"price": price})),
        reply(200, PRODUCT),
        reply(200, answer),
    )
    assert (played.requests[1].body or {})["unit_amount"] == minor
    assert played.result.price == price


def test_a_fifth_of_an_ariary_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="MGA"):
        _ = play(STRIPE.create_plan(DRAFT.model_copy(update={"price": Money("0.20", "MGA")})))


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"unit_amount": None, "unit_amount_decimal": "0.5"}, Money("0.005", "EUR")),
        ({"unit_amount": None, "unit_amount_decimal": None}, None),
    ],
)
def test_a_price_can_be_a_fraction_of_a_cent_or_in_tiers(
    fields: dict[str, Any], price: Money | None
) -> None:
    assert play(STRIPE.get_plan("price_1"), reply(200, {**PRICE, **fields})).result.price == price


@pytest.mark.parametrize("recurring", [None, {"interval": "fortnight"}])
def test_an_unknown_interval_is_none(recurring: object) -> None:
    answer = {**PRICE, "recurring": recurring, "product": "prod_1"}
    plan = play(STRIPE.get_plan("price_1"), reply(200, answer)).result
    assert (plan.interval, plan.name) == (None, None)


@pytest.mark.parametrize("product", [PRICE["product"], "prod_1"])
def test_renaming_a_plan_renames_its_product(product: object) -> None:
    played = play(
        STRIPE.update_plan("price_1", PlanUpdate(name="New")),
        reply(200, {**PRICE, "product": product}),
        reply(200, {"id": "prod_1", "name": "New"}),
    )
    assert played.requests[1] == Request("POST", "/products/prod_1", {"name": "New"})
    assert (played.result.id, played.result.name) == ("price_1", "New")


def test_a_price_cannot_be_changed() -> None:
    with pytest.raises(InvalidRequest, match="Create a new plan"):
        _ = play(STRIPE.update_plan("price_1", PlanUpdate(price=Money(1, "EUR"))))


def test_the_next_page_starts_after_the_last_item() -> None:
    first = play(STRIPE.list_plans(), reply(200, page(PRICE, more=True)))
    assert first.requests[0].query == {
        "limit": "100",
        "type": "recurring",
        "expand[]": "data.product",
    }
    assert first.result.next == "price_1"
    last = play(STRIPE.list_plans("price_1"), reply(200, page()))
    assert last.requests[0].query["starting_after"] == "price_1"
    assert last.result.next is None


@pytest.mark.parametrize("name", ["list_customers", "list_subscriptions"])
def test_an_empty_list_ends(name: str) -> None:
    assert play(getattr(STRIPE, name)(), reply(200, page())).result.next is None


def test_a_quote_in_an_id_does_not_end_the_search() -> None:
    found = {**CUSTOMER, "metadata": {"external_id": "o'x\\"}}
    played = play(STRIPE.find_customer(external_id="o'x\\"), reply(200, page(found)))
    assert played.requests[0].query["query"] == r"metadata['external_id']:'o\'x\\'"
    assert played.result is not None


def test_two_customers_with_the_same_email_are_ambiguous() -> None:
    flow = STRIPE.find_customer(email="a@b.nl")
    with pytest.raises(Ambiguous, match="2 customers") as caught:
        _ = play(
            flow,
            reply(200, page(CUSTOMER)),
            reply(200, page(CUSTOMER, {**CUSTOMER, "id": "cus_2", "email": "A@b.nl"})),
        )
    assert len(caught.value.candidates) == 2


def test_an_email_is_sought_in_the_list_and_with_other_capitals() -> None:
    other = {**CUSTOMER, "email": "A@B.nl"}
    played = play(STRIPE.find_customer(email="a@b.nl"), reply(200, page()), reply(200, page(other)))
    assert [request.query for request in played.requests] == [
        {"limit": "100", "email": "a@b.nl", "expand[]": "data.tax_ids"},
        {"query": "email:'a@b.nl'", "expand[]": "data.tax_ids"},
    ]
    assert played.result is not None
    nobody = play(STRIPE.find_customer(email="a@b.nl"), reply(200, page()), reply(200, page()))
    assert nobody.result is None


def test_a_customer_that_cannot_be_read_may_be_the_one() -> None:
    flow = STRIPE.find_customer(email="a@b.nl")
    with pytest.raises(InvalidReply):
        _ = play(flow, reply(200, page()), reply(200, page({"id": 7})))


def test_a_name_is_changed_without_reading_the_address() -> None:
    flow = STRIPE.update_customer("cus_1", CustomerUpdate(name="New"))
    assert play(flow, reply(200, CUSTOMER)).requests == (
        Request("POST", "/customers/cus_1", {"name": "New", "expand": ["tax_ids"]}),
    )


def test_if_a_link_for_a_new_customer_fails_the_error_has_the_customer() -> None:
    draft = CustomerDraft(name="A", email="a@b.nl")
    flow = STRIPE.create_signup_link(
        plan="price_1",
        customer=draft,
        return_url="https://a.nl/",
        default_tax_rates=["txr_1"],
        idempotency_key="k",
    )
    with pytest.raises(ProviderError) as caught:
        _ = play(flow, reply(200, CUSTOMER), reply(500, b"<html>"), provider=STRIPE)
    (created,) = caught.value.completed
    assert getattr(created, "id", None) == "cus_1"


@pytest.mark.parametrize(
    ("status", "state"), [("open", "open"), ("expired", "expired"), (None, "open"), ("x", "open")]
)
def test_a_link_without_a_subscription_has_not_led_to_one(status: str | None, state: str) -> None:
    link = SignupLink(provider="stripe", id="cs_1", url="")
    session = {"id": "cs_1", "status": status, "subscription": None, "customer": "cus_1"}
    played = play(STRIPE.follow_signup_link(link), reply(200, session))
    assert played.requests == (Request("GET", "/checkout/sessions/cs_1"),)
    assert (played.result.state, played.result.subscription) == (state, None)


def test_a_session_leads_to_its_subscription_also_without_a_customer() -> None:
    link = SignupLink(provider="stripe", id="cs_1", url="")
    session = {"id": "cs_1", "status": "complete", "subscription": "sub_1", "customer": None}
    flow = STRIPE.follow_signup_link(link, known=["sub_1"])
    played = play(flow, reply(200, session), reply(200, SUBSCRIPTION), provider=STRIPE)
    assert [request.path for request in played.requests][1:] == ["/subscriptions/sub_1"]
    assert (played.result.state, played.result.customer) == ("completed", None)
    assert played.result.subscription is not None


def test_a_link_has_the_tax_rates() -> None:
    session = {"id": "cs_1", "url": "https://pay", "expires_at": 1763715600, "customer": "cus_1"}
    flow = STRIPE.create_signup_link(
        plan="price_1", customer="cus_1", back_url="https://a.nl/", default_tax_rates=["txr_1"]
    )
    played = play(flow, reply(200, session))
    assert played.requests[0] == Request(
        "POST",
        "/checkout/sessions",
        {
            "customer": "cus_1",
            "mode": "subscription",
            "line_items": [{"price": "price_1", "quantity": 1}],
            "success_url": None,
            "cancel_url": "https://a.nl/",
            "subscription_data": {"default_tax_rates": ["txr_1"]},
        },
    )
    assert played.result.expires_at == dt.datetime(2025, 11, 21, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "flow",
    [
        lambda: STRIPE.create_signup_link(plan="p", customer="c", replaces="s", when="now"),
        lambda: STRIPE.subscribe(plan=DRAFT, customer="c", now=NOW),
        lambda: STRIPE.subscribe(plan="p", customer="c", now=NOW, starts_on=NOW.date()),
        lambda: STRIPE.change_subscription(
            "s", plan="p", when="period_end", refund="none", now=NOW
        ),
        lambda: STRIPE.change_subscription("s", plan="p", when="now", refund="prorated", now=NOW),
        lambda: STRIPE.cancel_subscription("s", when="now", refund="prorated", now=NOW),
    ],
    ids=[
        "replaces",
        "inline_plan",
        "starts_on",
        "change_period_end",
        "change_prorated",
        "cancel_prorated",
    ],
)
def test_an_absent_capability_is_refused_by_the_flow_too(flow: Any) -> None:
    with pytest.raises(Unsupported):
        _ = play(flow())


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("incomplete", Status.PENDING),
        ("incomplete_expired", Status.ENDED),
        ("trialing", Status.ACTIVE),
        ("active", Status.ACTIVE),
        ("past_due", Status.PAST_DUE),
        ("unpaid", Status.PAST_DUE),
        ("paused", Status.PAUSED),
        ("canceled", Status.CANCELED),
        ("hibernating", Status.UNKNOWN),
    ],
)
def test_a_status_is_a_neutral_one_or_unknown(word: str, status: Status) -> None:
    answer = {**SUBSCRIPTION, "status": word}
    found = play(STRIPE.get_subscription("sub_1"), reply(200, answer)).result
    assert (found.status, found.raw_status) == (status, word)


def test_a_subscription_costs_its_price_times_its_quantity() -> None:
    found = play(STRIPE.get_subscription("sub_1"), reply(200, SUBSCRIPTION)).result
    assert found.price == Money("25.90", "EUR")
    assert (found.starts_on, found.renews_on) == (dt.date(2025, 11, 21), dt.date(2026, 2, 21))
    assert found.ends_at is None


def test_a_subscription_that_ends_with_its_period_does_not_renew() -> None:
    answer = {**SUBSCRIPTION, "cancel_at_period_end": True}
    found = play(STRIPE.get_subscription("sub_1"), reply(200, answer)).result
    assert (found.status, found.renews_on) == (Status.ACTIVE, None)
    assert found.ends_at == dt.datetime(2026, 2, 21, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize("count", [0, 2])
def test_several_plans_in_a_subscription_have_no_single_price(count: int) -> None:
    items = {"data": [SUBSCRIPTION["items"]["data"][0]] * count}
    answer = {**SUBSCRIPTION, "items": items, "start_date": None}
    found = play(STRIPE.get_subscription("sub_1"), reply(200, answer)).result
    assert (found.plan_id, found.price, found.interval, found.starts_on) == (None,) * 4
    with pytest.raises(Ambiguous, match="several plans"):
        _ = play(
            STRIPE.change_subscription("sub_1", plan="p", when="now", refund="none", now=NOW),
            reply(200, answer),
        )


def test_a_metered_price_has_no_fixed_amount() -> None:
    item = {**SUBSCRIPTION["items"]["data"][0], "quantity": None}
    answer = {**SUBSCRIPTION, "items": {"data": [item]}}
    assert play(STRIPE.get_subscription("sub_1"), reply(200, answer)).result.price is None


@pytest.mark.parametrize(("refund", "behavior"), [("none", "none"), ("credit", "always_invoice")])
def test_a_change_replaces_the_price_of_the_item(refund: Any, behavior: str) -> None:
    played = play(
        STRIPE.change_subscription("sub_1", plan="p", when="now", refund=refund, now=NOW),
        reply(200, SUBSCRIPTION),
        reply(200, SUBSCRIPTION),
    )
    assert played.requests[1] == Request(
        "POST",
        "/subscriptions/sub_1",
        {
            "items": [{"id": "si_1", "price": "p", "quantity": 2}],
            "proration_behavior": behavior,
        },
    )


def cancel(**options: Any) -> Any:
    return STRIPE.cancel_subscription("sub_1", refund="none", now=NOW, **options)


def test_the_options_of_a_cancellation_need_now() -> None:
    played = play(cancel(when="now", prorate=True), reply(200, SUBSCRIPTION))
    assert played.requests == (Request("DELETE", "/subscriptions/sub_1", {"prorate": True}),)
    with pytest.raises(InvalidRequest, match="prorate"):
        _ = play(cancel(when="period_end", prorate=True))


def test_a_declined_card_has_its_code_and_the_request_id() -> None:
    error = {"error": {"type": "card_error", "code": "card_declined", "message": "Declined."}}
    answer = reply(402, error, {"request-id": "req_1"})
    with pytest.raises(ProviderError, match="Declined") as caught:
        _ = play(STRIPE.get_plan("price_1"), answer, provider=STRIPE)
    assert (caught.value.code, caught.value.request_id) == ("card_declined", "req_1")
    assert caught.value.fields == {}


def test_too_many_requests_are_rate_limited() -> None:
    with pytest.raises(RateLimited):
        _ = play(STRIPE.get_plan("price_1"), reply(429, {"error": {}}), provider=STRIPE)


def test_a_next_page_that_cannot_be_asked_for_is_not_the_end() -> None:
    nameless = {"object": "customer", "email": "a@b.nl"}
    with pytest.raises(InvalidReply, match="no id to ask for it"):
        _ = play(STRIPE.list_customers(), reply(200, page(nameless, more=True)))
