"""Money is exact, and knows its currency's decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from subhub import InvalidRequest, Money
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
