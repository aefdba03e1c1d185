"""Answers are read strictly in their core and tolerantly in their decorations."""

from __future__ import annotations

import datetime as dt
import json
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field, ValidationError

from subhub import InvalidReply, Plan, Rejected
from subhub.messages import Oddity
from subhub.models import ExactDecimal, Money
from subhub.plugin import (
    Core,
    Day,
    Flow,
    Moment,
    Page,
    Records,
    Response,
    Text,
    Wire,
    day_in,
    done,
    get,
    walk,
)
from subhub.testing import play

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk, Toy


class Address(Wire):
    country: str | None = None


class Payer(Wire):
    id: Text
    status: Core[str | None] = None
    amount: Core[ExactDecimal | None] = None
    currency: Core[str | None] = None
    name: str | None = None
    born: Day | None = None
    created: Moment | None = None
    number: int | None = None
    address: Address | None = None
    phone: str | None = Field(default=None, alias="phoneNumber")
    kind: str = "payer"

    def to_plan(self) -> Plan:
        price = None if self.amount is None else Money(self.amount, self.currency or "EUR")
        return Plan(provider="toy", id=self.id, name=self.name, price=price, raw=self.raw)


class Payers(Wire):
    payers: Records[Payer]
    next: Core[str | None] = None


def answer(value: object) -> Response:
    return Response(200, {}, json.dumps(value).encode())


def decoded(**fields: object) -> tuple[Payer, list[Oddity]]:
    response = answer({"id": "1", **fields})
    return Payer.decode(response), response.oddities


ODD: dict[str, list[Any]] = {
    "name": [7, 1.5, True, [], {}, ["a"], "A\ud83d", "\udfff", {"a": "b"}],
    "born": ["", "soon", 20240101, "0000-00-00", "2024-04-31", "2024-05-04T10:00:00", [1]],
    "created": [
        "",
        "2024-05-04",
        "2024-05-04 10:00:00",
        "2024-05-04T10:00:00",
        1714417200,
        "1714417200.5",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59Z",
    ],
    "number": ["x", 1.5, [], "", "9" * 5000],
    "address": ["", "street", 7, [1], [[]]],
    "phoneNumber": [31612345678],
}


@pytest.mark.parametrize("field", ODD)
def test_an_odd_decoration_is_none_and_is_noted_without_its_value(field: str) -> None:
    for value in ODD[field]:
        payer, oddities = decoded(**{field: value, "status": "active"})

        assert getattr(payer, field.removesuffix("Number")) is None, value
        assert (payer.id, payer.status) == ("1", "active")
        assert str(payer.raw[field]) == str(value)
        assert oddities == [Oddity(f"Payer.{field}", "it is None in the result")]


def test_what_is_as_documented_missing_or_null_is_not_odd() -> None:
    payer, oddities = decoded(
        name="Jöhn 😀",
        born="2024-05-04",
        created="2024-05-04T10:00:00+02:00",
        number=7,
        address={"country": "NL"},
        phoneNumber=None,
    )

    assert payer.created == dt.datetime(2024, 5, 4, 8, tzinfo=dt.UTC)
    assert (payer.name, payer.born, payer.number) == ("Jöhn 😀", dt.date(2024, 5, 4), 7)
    assert payer.address == Address(country="NL")
    assert (payer.status, payer.phone) == (None, None)
    assert oddities == []


def test_a_day_may_be_an_instant_or_a_midnight_without_an_offset() -> None:
    for text in ("2024-05-04", "2024-05-04 00:00:00", "2024-05-04T00:00:00.000000"):
        assert decoded(born=text)[0].born == dt.date(2024, 5, 4)
    instant = decoded(born="2024-05-04T23:30:00-05:00")[0].born
    assert day_in(instant, ZoneInfo("Europe/Amsterdam")) == dt.date(2024, 5, 5)


def test_an_empty_list_is_an_empty_object_as_php_writes_it() -> None:
    payer, oddities = decoded(address=[])

    assert payer.address == Address()
    assert oddities == []


def test_an_odd_decoration_of_a_decoration_leaves_the_rest_of_it() -> None:
    payer, oddities = decoded(address={"country": 5}, name=5)

    assert payer.address is not None
    assert payer.address.country is None
    assert payer.address.raw == {"country": 5}
    assert [oddity.place for oddity in oddities] == ["Address.country", "Payer.name"]


@pytest.mark.parametrize(
    "fields",
    [
        {"id": 7},
        {"id": ""},
        {"id": None},
        {"id": "\ud83d"},
        {"status": 7},
        {"status": ["active", "canceled"]},
        {"amount": "much"},
        {"amount": True},
        {"amount": []},
        {"currency": 978},
        {"kind": 7},
        {"kind": None},
    ],
    ids=str,
)
def test_the_core_is_never_dropped(fields: dict[str, object]) -> None:
    (field,) = fields
    with pytest.raises(InvalidReply, match=f"not the documented Payer: {field} "):
        _ = decoded(**fields, name=7)


def test_only_answers_are_read_tolerantly() -> None:
    with pytest.raises(ValidationError):
        _ = Payer.model_validate({"id": "1", "name": 7})
    with pytest.raises(ValidationError):
        _ = Payers.model_validate({"payers": [{"id": 1}]})

    assert Payers.model_validate({"payers": [{"id": "1"}]}).payers.received == 1


# Lists --------------------------------------------------------------------------------------------

GOOD = {"id": "2", "amount": "1.50", "currency": "EUR"}
UNREADABLE: list[object] = [
    {"id": "bad", "status": 7, "name": "secret"},
    {"id": 5, "name": "secret"},
    {"id": "odd\n\ud83d", "amount": "12,95"},
    {"id": "nomoney", "amount": "1", "currency": "XXX"},
    None,
    "text",
    [GOOD],
]


def page_of(*records: object) -> tuple[Page[Plan], list[Oddity]]:
    response = answer({"payers": records, "next": "2"})
    payers = Payers.decode(response)
    return payers.payers.page(Payer.to_plan, payers.next), response.oddities


@pytest.mark.parametrize("record", UNREADABLE, ids=str)
def test_an_unreadable_record_does_not_hide_the_others(record: object) -> None:
    page, oddities = page_of(record, GOOD)

    assert [plan.id for plan in page.items] == ["2"]
    assert page.next == "2"
    (error,) = page.unreadable
    assert isinstance(error, InvalidReply)
    assert str(error).startswith("record 0")
    assert "of the list is not the documented Payer: " in str(error)
    assert error.body == json.dumps(record)
    ((place, effect),) = [(oddity.place, oddity.effect) for oddity in oddities]
    assert place == "Payer"
    assert effect.startswith("record 0")
    assert "secret" not in effect


def test_the_id_and_the_fields_of_an_unreadable_record_are_noted() -> None:
    effects = [oddity.effect for oddity in page_of(GOOD, *UNREADABLE[:5])[1]]

    assert effects == [
        "record 1 ('bad') is left out of the list, because of status",
        "record 2 is left out of the list, because of id",
        "record 3 ('odd\\n\\ud83d') is left out of the list, because of amount, id",
        "record 4 ('nomoney') is left out of the list, because of currency",
        "record 5 is left out of the list, because of its form",
    ]


@pytest.mark.parametrize("payers", [None, {}, "text", 7])
def test_what_is_no_list_is_an_invalid_reply(payers: object) -> None:
    with pytest.raises(InvalidReply, match="not the documented Payers: payers "):
        _ = Payers.decode(answer({"payers": payers}))


def test_looking_for_something_in_an_unreadable_list_proves_nothing() -> None:
    pages = {
        None: Page([Plan(provider="toy", id="a")], "2", [InvalidReply("first")]),
        "2": Page([Plan(provider="toy", id="b")], None, [InvalidReply("second")]),
    }

    def read(cursor: str | None) -> Flow[Page[Plan]]:
        return done(pages[cursor])

    found = play(walk(read, lambda plan: plan.id == "b")).result
    assert [plan.id for plan in found] == ["b"]
    with pytest.raises(InvalidReply, match="first"):
        _ = play(walk(read, lambda plan: plan.id == "c"))
    unreadable: list[InvalidReply] = []
    assert play(walk(read, lambda plan: plan.id == "c", unreadable)).result == []
    assert [str(error) for error in unreadable] == ["first", "second"]


# Clients ------------------------------------------------------------------------------------------

LISTS = ("list_plans", "list_customers", "list_subscriptions")


@pytest.mark.parametrize("operation", LISTS)
def test_a_list_leaves_out_what_cannot_be_read_and_warns(
    billing: Caller, desk: Desk, caplog: pytest.LogCaptureFixture, operation: str
) -> None:
    desk.answer(200, {"items": [{"id": "a"}, {"id": "b", "status": 7}], "next": "2"})
    desk.answer(200, {"items": [{"id": "c", "name": 7}, {"id": "d", "name": 7}]})

    with caplog.at_level(logging.WARNING, "subhub"):
        found = getattr(billing, operation)()

    assert [item.id for item in found] == ["a", "c", "d"]
    record, field = caplog.messages
    assert record == (
        f"toy: {operation}: Thing of toy is not as documented: "
        "record 1 ('b') is left out of the list, because of status"
    )
    assert field == (
        f"toy: {operation}: Thing.name of toy is not as documented: it is None in the result"
    )


@pytest.mark.parametrize("operation", LISTS)
def test_a_strict_list_raises_what_cannot_be_read(
    billing: Caller, desk: Desk, operation: str
) -> None:
    desk.answer(200, {"items": [{"id": "a"}, {"id": "b", "status": 7}]})

    with pytest.raises(InvalidReply, match=r"record 1 \('b'\) of the list") as caught:
        getattr(billing, operation)(strict=True)

    assert (caught.value.provider, caught.value.operation) == ("toy", operation)


@pytest.mark.parametrize("operation", LISTS)
def test_a_strict_list_takes_odd_decorations(billing: Caller, desk: Desk, operation: str) -> None:
    desk.answer(200, {"items": [{"id": "a", "name": 7}]})

    (found,) = getattr(billing, operation)(strict=True)

    assert found.raw == {"id": "a", "name": 7}


def test_each_place_is_warned_of_once_for_a_client(
    billing: Caller, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        desk.answer(200, {"id": "a", "name": ["secret"], "customer": 5})

    with caplog.at_level(logging.WARNING, "subhub"):
        _ = billing.get_plan("a")
        _ = billing.get_customer("a")
        _ = type(billing)(billing.with_options(deadline=5)).get_plan("a")

    assert [vars(record)["subhub"] for record in caplog.records] == [
        {
            "event": "oddity",
            "provider": "toy",
            "account": "toy",
            "operation": "get_plan",
            "place": f"Thing.{field}",
        }
        for field in ("customer", "name")
    ]
    assert "secret" not in caplog.text


def test_what_is_odd_about_an_answer_without_its_core_is_warned_of_too(
    billing: Caller, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answer(200, {"items": [{"id": "a", "name": 7}], "next": 7})

    with caplog.at_level(logging.WARNING, "subhub"), pytest.raises(InvalidReply, match="next"):
        billing.list_plans()

    assert "Thing.name" in caplog.text


def test_a_change_with_an_odd_decoration_in_its_answer_is_done(
    billing: Caller, desk: Desk, toy: type[Toy]
) -> None:
    desk.answer(201, {"id": "sub_1", "status": "active", "name": {}, "customer": [1]})

    found = billing.subscribe(plan="pln_1", customer="cst_1")

    assert (found.id, found.status, found.customer_id) == ("sub_1", "active", None)
    assert found.raw["customer"] == [1]
    assert toy.name == found.provider


def test_an_exact_number_stays_exact_next_to_an_odd_field() -> None:
    payer, _ = decoded(name=7, amount=12.1)

    assert payer.amount == Decimal("12.1")


def test_a_field_of_another_type_can_be_marked_too() -> None:
    class Box(Wire):
        id: Text
        size: Core[Annotated[int, Field(strict=True)] | None] = None

    def read() -> Flow[Box]:
        return get("/box", Box)

    with pytest.raises(InvalidReply, match="size"):
        _ = play(read(), answer({"id": "1", "size": True}))
    assert play(read(), answer({"id": "1", "size": 5})).result.size == 5


def test_the_text_of_a_refusal_can_always_be_printed(billing: Caller, desk: Desk) -> None:
    desk.answer(422, b'{"message": "no \\ud83d", "code": "x\\udfff"}')

    with pytest.raises(Rejected) as caught:
        billing.get_plan("a")

    assert str(caught.value).encode()
    assert (caught.value.message, caught.value.code) == ("no \ufffd", "x\ufffd")
    assert caught.value.raw == {"message": "no \ud83d", "code": "x\udfff"}
