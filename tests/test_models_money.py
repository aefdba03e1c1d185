"""Money is exact, and knows its currency's decimals."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import Any

import pytest

from subhub import Interval, InvalidRequest, Money, PlanDraft
from subhub.models import PlanUpdate, SubscriptionUpdate
from subhub.models.currencies import MINOR_DIGITS

ANY_MONEY: Any = Money
WRONG = ("", "12.95", "EUR", "12.95 EUR extra")


@pytest.mark.parametrize(
    ("amount", "problem"),
    [
        (12.95, "got the float 12.95. Write '12.95'."),
        (True, "got the bool True"),
        ("twelve", "must be a number, got 'twelve'"),
        ("", "''"),
        (None, "must be a Decimal, int or str, got None"),
        ("NaN", "finite"),
        (Decimal("Infinity"), "finite"),
        ("1e400", "1e400"),
        (Decimal(1234567890123456789), "1234567890123456789"),
        pytest.param(10**5000, "got one that is too long to show", id="huge"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused(amount: Any, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _ = ANY_MONEY(amount, "EUR")

    assert list(caught.value.fields) == ["amount"]
    assert problem in str(caught.value)


@pytest.mark.parametrize("currency", ["EURO", "XXX", "", "€", None, 978])
def test_an_unknown_currency_is_refused_with_an_example(currency: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _ = ANY_MONEY("1", currency)

    assert list(caught.value.fields) == ["currency"]
    assert repr(currency) in str(caught.value)
    assert "'EUR'" in str(caught.value)


def test_amount_and_currency_are_refused_together() -> None:
    with pytest.raises(InvalidRequest) as caught:
        _ = ANY_MONEY(1.5, "EURO")

    assert set(caught.value.fields) == {"amount", "currency"}


@pytest.mark.parametrize("amount", ["12.9", Decimal("12.90"), " 12.90 "])
def test_money_is_equal_by_value_however_it_was_written(amount: Any) -> None:
    assert Money(amount, "eur") == Money("12.900", "EUR")
    assert hash(Money(amount, "EUR")) == hash(Money("12.900", "EUR"))
    assert Money(amount, "EUR") != Money(amount, "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "text"),
    [
        ("12.9", "EUR", 1290, "12.90"),
        ("-0.05", "EUR", -5, "-0.05"),
        ("1300", "JPY", 1300, "1300"),
        ("1.5", "KWD", 1500, "1.500"),
        ("999999999999999.99", "EUR", 99999999999999999, "999999999999999.99"),
    ],
)
def test_money_has_the_decimals_of_its_currency(
    amount: str, currency: str, minor: int, text: str
) -> None:
    money = Money(amount, currency)

    assert money.to_text() == text
    assert str(money) == f"{text} {currency}"
    assert Money.from_minor(minor, currency) == money
    assert money.minor_digits == MINOR_DIGITS[currency]


def test_decimals_that_a_currency_lacks_are_shown_but_not_sent() -> None:
    money = Money("0.0125", "EUR")

    assert str(money) == "0.0125 EUR"
    with pytest.raises(InvalidRequest, match=r"0\.0125 EUR has too many decimals: EUR has 2"):
        _ = money.to_text()


@pytest.mark.parametrize(
    ("minor", "currency"), [(12.5, "EUR"), (True, "EUR"), ("12", "EUR"), (1, "EURO"), (1, None)]
)
def test_minor_units_are_whole_and_of_a_known_currency(minor: Any, currency: Any) -> None:
    with pytest.raises(InvalidRequest):
        _ = ANY_MONEY.from_minor(minor, currency)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *((text, f"invalid amount {text!r}: expected for example '12.95 EUR'") for text in WRONG),
        ("12,95 EUR", "amount: must be a number, got '12,95'"),
    ],
)
def test_an_invalid_amount_is_refused_with_an_example(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        _ = Money.parse(text)


def test_money_reads_from_text() -> None:
    assert Money.parse("12.95 EUR") == Money("12.95", "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.95", "EUR", 1295), ("-0.05", "EUR", -5), ("1300", "JPY", 1300), ("1.5", "KWD", 1500)],
)
def test_minor_units_go_both_ways(amount: str, currency: str, minor: int) -> None:
    assert Money(amount, currency).to_minor() == minor
    assert Money.from_minor(minor, currency).to_minor() == minor
    assert type(Money(amount, currency).to_minor()) is int


def test_a_fraction_of_a_minor_unit_is_not_rounded_away() -> None:
    with pytest.raises(InvalidRequest, match=r"12\.955 EUR has too many decimals: EUR has 2"):
        _ = Money("12.955", "EUR").to_minor()


def test_amounts_of_one_currency_add_up() -> None:
    price, fee = Money("12.95", "EUR"), Money("0.05", "EUR")

    assert price + fee == Money("13", "EUR")
    assert price - fee == Money("12.90", "EUR")
    assert -price == Money("-12.95", "EUR")
    assert abs(-price) == price
    assert sum([price, fee, fee], Money(0, "EUR")) == Money("13.05", "EUR")
    assert Money("0.1", "EUR") + Money("0.2", "EUR") == Money("0.3", "EUR")


def test_an_amount_is_multiplied_exactly() -> None:
    price = Money("12.95", "EUR")

    assert price * 12 == 12 * price == Money("155.40", "EUR")
    assert price * Decimal("0.21") == Money("2.7195", "EUR")
    assert Money("0.01", "EUR") * 3 == Money("0.03", "EUR")


@pytest.mark.parametrize("small", ["-1", "0", "12.94"])
def test_amounts_of_one_currency_are_ordered(small: str) -> None:
    less, more = Money(small, "EUR"), Money("12.95", "EUR")

    assert less < more
    assert less <= more
    assert more > less
    assert more >= less
    assert more <= Money("12.950", "EUR")
    assert more >= Money("12.950", "EUR")
    assert not more < Money("12.950", "EUR")
    assert sorted([more, less]) == [less, more]
    assert max(less, more) is more


@pytest.mark.parametrize(
    ("doing", "combine"),
    [
        ("add", operator.add),
        ("subtract", operator.sub),
        ("compare", operator.lt),
        ("compare", operator.ge),
        ("compare", max),
    ],
    ids=range(5),
)
def test_two_currencies_are_refused_with_both_amounts(doing: str, combine: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        combine(Money("1", "EUR"), Money("2", "USD"))

    said = str(caught.value)
    assert said.startswith(f"cannot {doing} ")
    assert "1.00 EUR" in said
    assert "2.00 USD" in said
    assert Money("1", "EUR") != Money("1", "USD")


@pytest.mark.parametrize(
    ("factor", "problem"),
    [
        (1.5, "got the float 1.5. Write '1.5'."),
        (True, "got the bool True"),
        (Decimal("NaN"), "must be finite, got NaN"),
        (Decimal("sNaN"), "must be finite, got sNaN"),
        (Decimal("Infinity"), "must be finite"),
    ],
)
def test_a_factor_that_is_not_exact_is_refused(factor: Any, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem) as caught:
        _ = Money("0", "EUR") * factor

    assert list(caught.value.fields) == ["factor"]


def test_a_result_that_is_too_large_is_refused_and_not_rounded() -> None:
    large = Money("999999999999.99", "EUR")
    for factor in (10**9, Decimal("1e-20")):
        with pytest.raises(InvalidRequest, match="18 digits"):
            _ = large * factor
    for factor in (10**100 + 1, Decimal("0." + "3" * 80)):
        with pytest.raises(InvalidRequest, match="too many digits to be exact"):
            _ = large * factor


@pytest.mark.parametrize("other", [1, Decimal(1), "1 EUR", None])
def test_what_is_no_money_is_neither_added_nor_compared(other: Any) -> None:
    price = Money("1", "EUR")
    with pytest.raises(TypeError):
        _ = price + other
    with pytest.raises(TypeError):
        _ = price - other
    with pytest.raises(TypeError):
        _ = other + price
    with pytest.raises(TypeError):
        _ = price < other
    with pytest.raises(TypeError):
        _ = ANY_MONEY("1", "EUR") * price


def test_text_is_read_wherever_money_is_taken() -> None:
    draft = PlanDraft(name="Phone", price="12.95 EUR", interval="6 months")

    assert draft.price == Money("12.95", "EUR")
    assert draft.interval == Interval(6, "month")
    assert PlanUpdate(price="1 JPY").price == Money("1", "JPY")
    assert SubscriptionUpdate(price="1.50 USD", interval="1 year").price == Money("1.5", "USD")
