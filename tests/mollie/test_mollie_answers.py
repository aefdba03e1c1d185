"""How answers and errors of Mollie's are read, the unexpected ones included."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_mollie import Mollie

from subhub import (
    Ambiguous,
    AuthenticationFailed,
    Interval,
    InvalidReply,
    Money,
    ProviderError,
    Rejected,
    Status,
)
from subhub.testing import play, reply

SUBSCRIPTION = "sub_1:cst_1"
WIRE: dict[str, Any] = {
    "id": "sub_1",
    "status": "active",
    "amount": {"currency": "EUR", "value": "25.00"},
    "customerId": "cst_1",
}
CUSTOMER = {"id": "cst_1", "email": "a@acme.com", "metadata": {"external_id": "1"}}


def read(**fields: Any) -> Any:
    answer = reply(200, {**WIRE, **fields})
    return play(Mollie().get_subscription(SUBSCRIPTION), answer).result


def customers(*found: object, links: object) -> Any:
    return reply(200, {"count": 1, "_embedded": {"customers": found}, "_links": links})


def fail(status: int, body: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        _ = play(Mollie().get_customer("cst_1"), reply(status, body), provider=Mollie())
    return caught.value


class TestSubscriptions:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("pending", Status.PENDING),
            ("active", Status.ACTIVE),
            ("suspended", Status.PAUSED),
            ("canceled", Status.CANCELED),
            ("completed", Status.ENDED),
            ("Active", Status.UNKNOWN),
            ("trialing", Status.UNKNOWN),
            ("", Status.UNKNOWN),
        ],
    )
    def test_each_word_has_one_meaning(self, word: str, status: Status) -> None:
        subscription = read(status=word)
        assert subscription.status is status
        assert subscription.raw_status == word

    @pytest.mark.parametrize("field", ["id", "status", "amount"])
    def test_identity_status_and_amount_have_no_default(self, field: str) -> None:
        answer = {name: value for name, value in WIRE.items() if name != field}
        with pytest.raises(InvalidReply, match=field):
            _ = play(Mollie().get_subscription(SUBSCRIPTION), reply(200, answer))

    def test_what_was_not_sent_is_not_guessed(self) -> None:
        known = {"provider", "id", "customer_id", "status", "raw_status", "price"}
        assert set(read().model_dump(exclude=known).values()) == {None}

    @pytest.mark.parametrize(
        ("text", "interval"),
        [
            ("1 day", Interval(1, "day")),
            ("14 days", Interval(14, "day")),
            ("2 weeks", Interval(2, "week")),
            ("1 month", Interval(1, "month")),
            ("12 months", Interval(1, "year")),
            ("18 months", Interval(18, "month")),
            ("1 year", None),
            ("0 days", None),
            ("month", None),
            ("1  month", None),
            (None, None),
        ],
    )
    def test_intervals_are_read_as_documented_or_not_at_all(
        self, text: str | None, interval: Interval | None
    ) -> None:
        assert read(interval=text).interval == interval

    @pytest.mark.parametrize(
        "price", [Money("25.00", "EUR"), Money("100", "JPY"), Money("0.10", "USD")]
    )
    def test_amounts_are_exact_and_in_their_currency(self, price: Money) -> None:
        wire = {"currency": price.currency, "value": price.to_text()}
        assert read(amount=wire).price == price

    @pytest.mark.parametrize("amount", [None, {}, {"value": "25.00"}, {"currency": "EUR"}, "25"])
    def test_half_an_amount_is_an_invalid_reply(self, amount: object) -> None:
        with pytest.raises(InvalidReply, match="amount"):
            _ = read(amount=amount)

    @pytest.mark.parametrize("currency", ["XXX", "euro", ""])
    def test_a_currency_that_does_not_exist_is_an_invalid_reply(self, currency: str) -> None:
        with pytest.raises(InvalidReply):
            _ = read(amount={"currency": currency, "value": "25.00"})

    def test_it_has_ended_only_when_it_is_canceled(self) -> None:
        stamp = "2023-08-01T11:04:21+00:00"
        moment = dt.datetime(2023, 8, 1, 11, 4, 21, tzinfo=dt.UTC)
        assert read(status="canceled", canceledAt=stamp).ends_at == moment
        assert read(status="active", canceledAt=stamp).ends_at is None

    def test_the_customer_who_was_asked_for_is_the_owner_when_the_answer_names_none(self) -> None:
        found = read(customerId=None)
        assert (found.id, found.customer_id) == (SUBSCRIPTION, "cst_1")

    def test_a_subscription_of_an_unknown_customer_is_an_invalid_reply(self) -> None:
        body = {
            "_embedded": {"subscriptions": [{**WIRE, "customerId": None}]},
            "_links": {"next": None},
        }
        with pytest.raises(InvalidReply, match="customerId"):
            _ = play(Mollie().list_subscriptions(), reply(200, body))


class TestPages:
    @pytest.mark.parametrize("links", [{"next": None}, {"next": None, "previous": None}])
    def test_a_page_without_a_next_one_is_the_last(self, links: object) -> None:
        assert play(Mollie().list_customers(), customers(CUSTOMER, links=links)).result.next is None

    def test_a_page_that_does_not_name_the_next_is_not_the_last(self) -> None:
        with pytest.raises(InvalidReply, match=r"_links\.next"):
            _ = play(Mollie().list_customers(), customers(CUSTOMER, links={}))

    def test_the_next_page_begins_with_the_id_in_its_address(self) -> None:
        link = {"next": {"href": "https://api.mollie.com/v2/customers?from=cst_2&limit=5"}}
        page = play(Mollie().list_customers(), customers(CUSTOMER, links=link)).result
        assert page.next == "cst_2"

    @pytest.mark.parametrize(
        ("href", "problem"),
        [
            ("https://elsewhere.example/v2/customers?from=cst_2", "another host"),
            ("//elsewhere.example/v2/customers?from=cst_2", "another host"),
            ("", "no `from`"),
            ("https://api.mollie.com/v2/customers?limit=5", "no `from`"),
            ("https://api.mollie.com/v2/customers?from=", "no `from`"),
            ("https://[", "is not valid"),
        ],
    )
    def test_a_next_page_that_cannot_be_asked_for_is_an_invalid_reply(
        self, href: str, problem: str
    ) -> None:
        answer = customers(CUSTOMER, links={"next": {"href": href}})
        with pytest.raises(InvalidReply, match=problem):
            _ = play(Mollie().list_customers(), answer)

    def test_at_another_address_the_next_page_is_there_too(self) -> None:
        provider = Mollie()
        provider.address = "http://127.0.0.1:8420/mollie/main/v2"
        link = {"next": {"href": "http://127.0.0.1:8420/mollie/main/v2/customers?from=cst_2"}}
        page = play(provider.list_customers(), customers(CUSTOMER, links=link)).result
        assert page.next == "cst_2"

    def test_a_list_without_links_is_not_a_whole_list(self) -> None:
        answer = reply(200, {"count": 1, "_embedded": {"customers": [CUSTOMER]}})
        with pytest.raises(InvalidReply, match="_links"):
            _ = play(Mollie().list_customers(), answer)


class TestFinding:
    def test_two_customers_are_candidates(self) -> None:
        twin = {**CUSTOMER, "id": "cst_2"}
        answer = customers(CUSTOMER, twin, links={"next": None})
        with pytest.raises(Ambiguous, match="cst_1, cst_2") as caught:
            _ = play(Mollie().find_customer(external_id="1"), answer)
        assert len(caught.value.candidates) == 2

    @pytest.mark.parametrize("email", ["a@acme.co", "@acme.com", "aa@acme.com", "acme"])
    def test_a_part_of_an_address_finds_no_one(self, email: str) -> None:
        answer = customers(CUSTOMER, links={"next": None})
        assert play(Mollie().find_customer(email=email), answer).result is None


def test_a_first_payment_without_a_page_is_an_invalid_reply() -> None:
    flow = Mollie().create_first_payment(
        "cst_1", amount=Money("1", "EUR"), description="x", redirect_url="https://shop.example"
    )
    wire: dict[str, Any] = {**WIRE, "id": "tr_1", "status": "open", "_links": {}}
    with pytest.raises(InvalidReply, match="checkout"):
        _ = play(flow, reply(201, wire))


class TestErrors:
    def test_text_and_field_are_read(self) -> None:
        body = {
            "status": 422,
            "title": "Unprocessable Entity",
            "detail": "The amount is higher than the maximum",
            "field": "amount",
            "_links": {"documentation": {"href": "https://docs.mollie.com", "type": "text/html"}},
        }
        error = fail(422, body)
        assert isinstance(error, Rejected)
        assert "The amount is higher than the maximum" in str(error)
        assert error.fields == {"amount": "The amount is higher than the maximum"}
        assert error.code is None
        assert error.raw == body

    def test_an_error_without_a_field_names_none(self) -> None:
        error = fail(401, {"status": 401, "title": "Unauthorized Request", "detail": "no key"})
        assert isinstance(error, AuthenticationFailed)
        assert error.fields == {}

    def test_the_title_is_better_than_nothing(self) -> None:
        assert "Gone" in str(fail(410, {"status": 410, "title": "Gone"}))

    @pytest.mark.parametrize("body", [b"<html>", [], {}, {"detail": None, "field": []}, None])
    def test_an_error_of_another_shape_is_still_an_error(self, body: object) -> None:
        error = fail(502, body)
        assert (error.status, error.code, error.fields) == (502, None, {})
