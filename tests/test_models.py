"""Models refuse invalid values with errors that name the field, the value and the remedy."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from subhub import (
    Customer,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Plan,
    PlanDraft,
    SignupLink,
    Status,
    Subscription,
    SubscriptionChange,
)
from subhub.models import CustomerUpdate, Money, PlanUpdate, SubscriptionUpdate

EUR = Money("12.95", "EUR")
YEAR = Interval(1, "year")
ANY_PLAN: Any = PlanDraft
ANY_CUSTOMER: Any = CustomerDraft
ANY_RESULT: Any = Customer
ANY_INTERVAL: Any = Interval


def refusal(make: Callable[..., object], *args: object, **fields: object) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        _ = make(*args, **fields)
    return caught.value


@pytest.mark.parametrize(
    ("fields", "field", "problem"),
    [
        ({"name": ""}, "name", "at least 1 character"),
        ({"name": "   "}, "name", "at least 1 character"),
        ({"name": "x" * 256}, "name", "must have at most 255 characters"),
        ({"price": Money("-0.01", "EUR")}, "price", "must be >= 0, got -0.01 EUR"),
        ({"price": Money("1.005", "EUR")}, "price", "too many decimals: EUR has 2"),
        ({"price": Money("1.5", "JPY")}, "price", "too many decimals: JPY has 0"),
        ({"price": "12.95"}, "price", "invalid amount '12.95': expected for example '12.95 EUR'"),
        ({"price": "12.95 EURO"}, "price", "unknown currency 'EURO'"),
        ({"price": 12.95}, "price", "must be a Money, got 12.95"),
        ({"interval": "fortnight"}, "interval", "'fortnight'"),
        ({"tax_rate": 21.0}, "tax_rate", "'21.0'"),
        ({"tax_rate": True}, "tax_rate", "bool"),
        ({"tax_rate": 101}, "tax_rate", "must be <= 100, got 101"),
        ({"tax_rate": -1}, "tax_rate", "must be >= 0, got -1"),
        ({"public": "perhaps"}, "public", "must be true or false, got 'perhaps'"),
        ({"colour": "red"}, "colour", "unknown field, known are name, price, interval"),
    ],
)
def test_a_wrong_field_of_a_plan_is_refused_by_name(
    fields: dict[str, Any], field: str, problem: str
) -> None:
    given = {"name": "Phone", "price": EUR, "interval": YEAR, **fields}

    error = refusal(PlanDraft, **given)

    assert list(error.fields) == [field]
    assert problem in error.fields[field]
    assert str(error).startswith(f"invalid PlanDraft: {field}: ")


def test_every_missing_field_is_named() -> None:
    missing = "is required"
    assert refusal(PlanDraft).fields == {"name": missing, "price": missing, "interval": missing}


def test_a_plan_may_be_free_and_its_interval_written_as_text() -> None:
    plan = ANY_PLAN(name=" Free ", price=Money(0, "EUR"), interval="6 months", tax_rate="21")

    assert (plan.name, plan.price.to_text(), plan.interval) == (
        "Free",
        "0.00",
        Interval(6, "month"),
    )
    assert plan.tax_rate == Decimal(21)


@pytest.mark.parametrize("email", ["john.doe", "john@", "@test.com", "a b@test.com", ""])
def test_an_invalid_email_is_refused_without_repeating_it(email: str) -> None:
    error = refusal(CustomerDraft, name="Test Company BV", email=email)

    assert "email" in error.fields
    assert email == "" or email not in str(error)


@pytest.mark.parametrize("vat_id", ["NL123456789B01", "IE1A23456A", "IE1+12345A", "ELX1", "XI1234"])
def test_a_vat_id_begins_with_its_country(vat_id: str) -> None:
    assert CustomerDraft(name="A", email="a@test.com", vat_id=vat_id).vat_id == vat_id


@pytest.mark.parametrize(
    "vat_id", ["", "NL", "123456789B01", "nl123456789B01", "NL 123456789", "NL1.2", "NL" + "1" * 14]
)
def test_what_is_not_a_vat_id_is_refused_with_an_example(vat_id: str) -> None:
    error = refusal(CustomerDraft, name="A", email="a@test.com", vat_id=vat_id)

    assert "for example 'NL123456789B01'" in error.fields["vat_id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Secret " * 50),
        ("email", "secretmail"),
        ("address", 5551234),
        ("postal_code", ["1234AB"]),
        ("city", ("Secretville",)),
        ("phone", "555-1234-" * 20),
        ("vat_id", "NL 555 Secret"),
        ("mobile", "555-1234"),
        ("emial", "secret@test.com"),
    ],
)
@pytest.mark.parametrize("model", [CustomerDraft, Customer, CustomerUpdate])
def test_personal_values_are_never_in_an_error(model: type[Any], field: str, value: object) -> None:
    fields: dict[str, Any] = {"name": "Known Name", "email": "known@test.com", field: value}
    if model is Customer:
        fields |= {"id": "cst_1", "provider": "toy"}
    if (model, field) == (Customer, "name"):
        fields["name"] = 5551234  # what a provider calls its customer is not ours to limit
    if (model, field) in {(Customer, "email"), (Customer, "phone"), (Customer, "vat_id")}:
        fields[field] = 5551234

    error = refusal(model, **fields)

    message = f"{error} {error.fields} {error!r}"
    assert field in error.fields
    for secret in ("Secret", "secret", "555", "1234AB", "known@test.com"):
        assert secret not in message


def test_a_value_that_is_not_personal_is_in_the_error() -> None:
    error = refusal(CustomerDraft, name="A", email="a@test.com", country="nl")

    assert "'nl'" in error.fields["country"]


def test_personal_values_are_never_in_a_repr() -> None:
    secrets = {
        "name": "Jane Secret",
        "email": "secret@test.com",
        "address": "Secretstreet 1",
        "postal_code": "9999SE",
        "city": "Secretville",
        "phone": "+31 555",
        "vat_id": "NL999955501B01",
    }
    shown = [
        repr(ANY_CUSTOMER(**secrets)),
        repr(ANY_RESULT(provider="toy", id="cst_1", **secrets)),
        str(CustomerUpdate(**secrets)),
        repr(SignupLink(provider="toy", id="1", url="https://toy.test/Secret")),
        repr(Customer(provider="toy", id="cst_1", raw=secrets)),
    ]

    for text in shown:
        assert not any(secret in text for secret in (*secrets.values(), "Secret"))


@pytest.mark.parametrize("field", ["ends_at", "created_at"])
def test_a_moment_without_a_time_zone_is_refused(field: str) -> None:
    naive = dt.datetime(2024, 5, 4, 12, 0)  # noqa: DTZ001 - the point

    error = refusal(Subscription, provider="toy", id="sub_1", **{field: naive})

    assert error.fields[field] == f"must have a time zone, got {naive!r}"


def test_a_result_is_equal_and_hashes_by_its_fields_but_not_by_the_raw_answer() -> None:
    one = Plan(provider="toy", id="pln_1", price=Money("12.9", "EUR"), raw={"id": "pln_1"})
    same = Plan(provider="toy", id="pln_1", price=Money("12.90", "EUR"), raw={"other": ["x"]})
    other = Plan(provider="toy", id="pln_2", price=Money("12.9", "EUR"), raw={"id": "pln_1"})

    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != Customer(provider="toy", id="pln_1")
    assert one != "pln_1"
    assert "raw" not in repr(one)
    assert "raw" not in one.model_dump()


def test_everything_is_frozen() -> None:
    values: list[tuple[Any, str]] = [
        (EUR, "amount"),
        (YEAR, "count"),
        (PlanDraft(name="A", price=EUR, interval=YEAR), "name"),
        (Plan(provider="toy", id="1"), "id"),
        (Subscription(provider="toy", id="1"), "status"),
    ]

    for value, field in values:
        with pytest.raises(ValueError, match="frozen"):
            setattr(value, field, "x")


def test_everything_survives_pickling() -> None:
    subscription = Subscription(
        provider="toy",
        id="1",
        status=Status.ACTIVE,
        price=EUR,
        interval=YEAR,
        raw={"a": Decimal(1)},
    )
    change = SubscriptionChange(provider="toy", old=subscription)

    back = pickle.loads(pickle.dumps(change))  # noqa: S301 - our own bytes

    assert back == change
    assert back.old.raw == {"a": Decimal(1)}


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1 year", Interval(1, "year")),
        ("6 months", Interval(6, "month")),
        ("month", Interval(1, "month")),
        (" 2  WEEKS ", Interval(2, "week")),
    ],
)
def test_an_interval_reads_from_text(text: str, interval: Interval) -> None:
    assert Interval.parse(text) == interval


@pytest.mark.parametrize(
    "text", ["", "6", "months 6", "6 fortnights", "-1 month", "1.5 years", "9" * 5000 + " days"]
)
def test_an_invalid_interval_is_refused_with_an_example(text: str) -> None:
    error = refusal(Interval.parse, text)

    assert "'6 months'" in str(error)


@pytest.mark.parametrize(
    ("count", "unit", "field"),
    [(0, "day", "count"), (True, "day", "count"), (1.0, "day", "count"), (1, "decade", "unit")],
)
def test_a_wrong_interval_is_refused(count: Any, unit: str, field: str) -> None:
    assert list(refusal(ANY_INTERVAL, count, unit).fields) == [field]


def test_an_interval_prints_as_it_is_read() -> None:
    for interval in (Interval(1, "year"), Interval(6, "month")):
        assert Interval.parse(str(interval)) == interval


def test_an_update_returns_only_the_fields_that_change() -> None:
    assert PlanUpdate(name="New", public=False).changes() == {"name": "New", "public": False}
    assert SubscriptionUpdate(tax_rate=9).changes() == {"tax_rate": Decimal(9)}


def test_a_status_is_its_word() -> None:
    assert Status("past_due") is Status.PAST_DUE
    assert f"{Status.CANCELED}" == "canceled"
    assert Subscription(provider="toy", id="1").status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (Interval(12, "month"), Interval(1, "year")),
        (Interval(24, "month"), Interval(2, "year")),
        (Interval(18, "month"), Interval(18, "month")),
        (Interval(2, "week"), Interval(14, "day")),
        (Interval(14, "day"), Interval(14, "day")),
        (Interval(3, "year"), Interval(3, "year")),
    ],
)
def test_equal_intervals_are_equal_however_they_are_written(
    written: Interval, canonical: Interval
) -> None:
    assert written == canonical
    assert hash(written) == hash(canonical)
    assert (written.canonical.count, written.canonical.unit) == (canonical.count, canonical.unit)


def test_an_interval_shows_what_was_written() -> None:
    assert str(Interval(12, "month")) == "12 months"
    assert (Interval(2, "week").count, Interval(2, "week").unit) == (2, "week")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Interval(1, "month"), Interval(30, "day")),
        (Interval(1, "year"), Interval(365, "day")),
        (Interval(1, "year"), Interval(11, "month")),
        (Interval(1, "week"), Interval(1, "day")),
    ],
)
def test_intervals_of_other_lengths_are_not_equal(one: Interval, other: Interval) -> None:
    assert one != other


def test_an_interval_equals_no_text() -> None:
    assert Interval(1, "year") != "1 year"
