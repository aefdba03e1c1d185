"""The decimal context of the application changes no amount."""

from __future__ import annotations

import decimal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.invoices import InvoiceLine
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client, CustomerDraft, Interval, InvalidReply, InvalidRequest, Money, PlanDraft
from subhub.plugin import Response, Wire
from subhub.recovery.intents import Intent

SIGNALS = [
    decimal.Clamped,
    decimal.DivisionByZero,
    decimal.FloatOperation,
    decimal.Inexact,
    decimal.InvalidOperation,
    decimal.Overflow,
    decimal.Rounded,
    decimal.Subnormal,
    decimal.Underflow,
]
CONTEXTS: dict[str, dict[str, Any]] = {
    "three digits": {"prec": 3},
    "one digit, rounded up": {"prec": 1, "rounding": decimal.ROUND_UP, "traps": []},
    "an exception for everything": {"prec": 2, "traps": SIGNALS},
    "no exponent": {"prec": 1, "Emin": 0, "Emax": 0, "clamp": 1, "capitals": 0, "traps": []},
}
PLAN = PlanDraft(
    name="A", price=Money("1234567.89", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
PERSON = CustomerDraft(
    name="Test BV", email="a@b.nl", address="Street 1", postal_code="1234AB", city="Amsterdam"
)


@contextmanager
def used(name: str) -> Generator[None]:
    with localcontext(Context(**CONTEXTS[name])):
        yield


@pytest.fixture(params=CONTEXTS)
def context(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs in each of the contexts."""
    with used(request.param):
        yield request.param


@pytest.mark.usefixtures("context")
class TestMoney:
    def test_minor_units_are_exact(self) -> None:
        assert (
            Money.from_minor(123456789, "EUR").amount.as_tuple() == Decimal("1234567.89").as_tuple()
        )
        assert str(Money.from_minor(123456789, "JPY")) == "123456789 JPY"

    def test_text_has_all_digits(self) -> None:
        assert Money("1234567.8", "EUR").to_text() == "1234567.80"
        assert Money("1E+6", "JPY").to_text() == "1000000"
        assert str(Money("1234567.891", "EUR")) == "1234567.891 EUR"

    def test_too_many_decimals_are_refused_and_not_rounded(self) -> None:
        with pytest.raises(InvalidRequest, match="has too many decimals"):
            _ = Money("0.001", "EUR").to_text()

    @pytest.mark.parametrize(
        "amount", ["much", "NaN", "Infinity", "1" * 19, "1e9999999999999999999"]
    )
    def test_what_is_no_amount_is_refused(self, amount: str) -> None:
        with pytest.raises(InvalidRequest):
            _ = Money(amount, "EUR")

    def test_prices_and_rates_of_drafts_are_kept(self) -> None:
        draft = PlanDraft(
            name="A",
            price=Money("1234567.89", "EUR"),
            interval=Interval(1, "year"),
            tax_rate="12.345",
        )
        assert (str(draft.price), str(draft.tax_rate)) == ("1234567.89 EUR", "12.345")


class Line(Wire):
    amount: Decimal


@pytest.mark.usefixtures("context")
def test_numbers_of_an_answer_are_exact() -> None:
    line = Line.decode(Response(200, {}, b'{"amount": 1234567.8901}'))

    assert line.amount.as_tuple() == Decimal("1234567.8901").as_tuple()


@pytest.mark.usefixtures("context")
def test_a_number_out_of_range_is_an_invalid_reply() -> None:
    with pytest.raises(InvalidReply, match="a number in it is out of range"):
        _ = Line.decode(Response(200, {}, b'{"amount": 1e9999999999999999999}'))


def intent() -> Intent:
    return Intent("toy", "main", "create_plan", "2026-11-01T00:00:00+00:00", salt="00" * 8).marked(
        {"tax_rate": Decimal("100.00"), "amount": Decimal("1234567.890")}
    )


def test_the_fingerprint_of_a_change_is_the_same_in_every_context(context: str) -> None:
    found = intent().marks

    with localcontext(decimal.DefaultContext.copy()):
        assert found == intent().marks, context


@pytest.mark.usefixtures("context")
def test_a_plan_is_sold_at_its_price() -> None:
    with Client(MijnKlantportaal, sandbox=True) as billing:
        plan = billing.create_plan(PLAN)
        customer = billing.create_customer(PERSON)
        subscription = billing.subscribe(plan=plan.id, customer=customer.id)

        assert plan.price == billing.get_plan(plan.id).price == subscription.price == PLAN.price


@pytest.mark.usefixtures("context")
def test_the_sandbox_adds_up_in_cents() -> None:
    with Client(Afternoon, sandbox=True) as billing:
        customer = billing.create_customer(PERSON.model_copy(update={"address": None}))
        lines = [InvoiceLine(description="a", quantity=3, unit_amount_cents=41152263)]
        invoice = billing.call(Afternoon.create_draft_invoice, customer.id, lines=lines)

        assert invoice.raw["invoice"]["total_cents"] == 123456789
