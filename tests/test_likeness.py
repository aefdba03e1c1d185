"""Likeness: what a provider may make of a value is alike, and equal values are the same."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from subhub import Interval, Money
from subhub.models.identity import Identity
from subhub.recovery.intents import Intent


def compared(field: str, sent: object, shown: object) -> object:
    intent = Intent("toy", "main", "create_customer", "2026-03-01T12:00:00+00:00")
    return intent.marked({field: sent}).compared(SimpleNamespace(**{field: shown})).get(field)


@pytest.mark.parametrize(
    ("field", "sent", "shown"),
    [
        ("interval", Interval(12, "month"), Interval(1, "year")),
        ("interval", Interval(2, "week"), Interval(14, "day")),
        ("price", Money("12.9", "EUR"), Money("12.90", "EUR")),
        ("price", Money("12.900", "EUR"), Money("12.9", "EUR")),
        ("price", Money(100, "JPY"), Money("1E+2", "JPY")),
        ("tax_rate", Decimal(21), Decimal("21.00")),
        ("tax_rate", Decimal(20), Decimal("2E+1")),
        ("starts_on", dt.date(2027, 1, 1), dt.date(2027, 1, 1)),
        ("name", "Test Company BV", "Test Company BV"),
        ("public", True, True),
    ],
    ids=str,
)
def test_equal_values_are_the_same(field: str, sent: object, shown: object) -> None:
    assert compared(field, sent, shown) == "same"


@pytest.mark.parametrize(
    ("field", "sent", "shown"),
    [
        ("email", "John@Example.NL", "john@example.nl"),
        ("email", " john@example.nl", "john@example.nl"),
        ("email", "o'brien@example.nl", "o&#39;brien@example.nl"),
        ("name", "Cafe\u0301 Zon", "Caf\u00e9 Zon"),
        ("name", "Café Zon", "Cafe Zon"),
        ("name", "Café  Zon ", "Café Zon"),
        ("name", "Jansen & Zn", "Jansen &amp; Zn"),
        ("name", "Jansen & Zn", "Jansen &amp;amp; Zn"),
        ("name", "Jansen BV", "JANSEN B.V."),
        ("name", "Straße", "STRASSE"),
        ("name", "İstanbul", "istanbul"),
        ("name", "\uff21\uff22\uff23", "ABC"),
        ("name", "-- !!", "--!!"),
        ("postal_code", "1234AB", "1234 ab"),
        ("phone", "+31 20-1234567", "+31201234567"),
        ("external_id", "User-1", " user-1"),
        ("starts_on", dt.date(2027, 1, 1), dt.date(2026, 12, 31)),
        ("starts_on", dt.date(2026, 12, 31), dt.date(2027, 1, 1)),
        ("starts_on", dt.date(1, 1, 2), dt.date.min),
        ("starts_on", dt.date(9999, 12, 30), dt.date.max),
    ],
    ids=str,
)
def test_what_a_provider_tidies_is_alike(field: str, sent: object, shown: object) -> None:
    assert compared(field, sent, shown) == "alike"


@pytest.mark.parametrize(
    ("field", "sent", "shown"),
    [
        ("email", "john@example.nl", "jane@example.nl"),
        ("email", "a.b@example.nl", "ab@example.nl"),
        ("email", "john@example.nl", "john@example.com"),
        ("external_id", "user-1", "user1"),
        ("name", "Jansen", "Janssen"),
        ("customer_id", "cst_A", "cst_a"),
        ("plan_id", "spg_1", "spg-1"),
        ("interval", Interval(1, "month"), Interval(30, "day")),
        ("price", Money("12.95", "EUR"), Money("12.95", "USD")),
        ("price", Money("12.95", "EUR"), Money("12.96", "EUR")),
        ("starts_on", dt.date(2027, 1, 1), dt.date(2027, 1, 3)),
        ("public", True, False),
    ],
    ids=str,
)
def test_what_no_tidying_explains_is_something_else(
    field: str, sent: object, shown: object
) -> None:
    assert compared(field, sent, shown) == "other"


def test_what_is_not_shown_is_not_compared() -> None:
    assert compared("name", "Test Company BV", None) is None
    assert compared("name", None, "Test Company BV") is None


def test_the_decimal_context_of_the_application_changes_nothing() -> None:
    with decimal.localcontext(prec=2):
        assert compared("price", Money("123456.95", "EUR"), Money("123456.94", "EUR")) == "other"
        assert compared("tax_rate", Decimal("21.125"), Decimal("21.12")) == "other"


class TestTokens:
    def intent(self) -> Intent:
        intent = Intent(
            "toy", "main", "create_customer", "2026-03-01T12:00:00+00:00", ahead=(-1.5, 2.0)
        )
        return intent.marked({"name": "Test Company BV", "email": "John@Test.com"})

    def test_keep_what_was_known(self) -> None:
        intent = self.intent()
        read = Intent.read(intent.token())
        assert (read.marks, read.loose, read.salt) == (intent.marks, intent.loose, intent.salt)
        assert list(read.ahead or ()) == [-1.5, 2.0]

    def test_are_short_and_say_all_that_has_not_its_default(self) -> None:
        toy = Identity.of("toy", "https://api.toy.example", "live", "key", None)
        least = Intent("toy", "main", "create_customer", "2026-03-01T12:00:00+00:00", identity=toy)
        most = replace(
            least, target="t", owner="o", key="email", at_once=True, lost_at="2026-03-02T12:00:00Z"
        )
        for intent in (least, most):
            assert Intent.read(intent.token()) == intent
        text = urlsafe_b64decode(least.token()).decode()
        assert "null" not in text
        assert "false" not in text
        assert " " not in text

    def test_have_the_fingerprints_of_earlier_versions(self) -> None:
        intent = Intent("toy", "main", "create_plan", "2026-03-01", salt="0123456789abcdef").marked(
            {"name": "Café Zon", "price": Money("12.90", "EUR"), "interval": Interval(12, "month")}
        )
        assert intent.marks == {
            "name": "f6ede53b3a501df65e7835ab63e50970",
            "price": "f499e2a32ba3092f7fb8eaaa9a3acadb",
            "interval": "25665978d8b35ac4367938e7f62a7f39",
        }
        assert intent.loose == {"name": "05164549abfd1e09df2915414ea5ee63"}

    def test_hold_no_personal_data(self) -> None:
        text = urlsafe_b64decode(self.intent().token()).decode().lower()
        assert "test" not in text
        assert "john" not in text

    def test_of_older_versions_are_read(self) -> None:
        """They say neither the clocks nor what is alike, so any other text may be what was sent."""
        facts = json.loads(urlsafe_b64decode(self.intent().token()))
        del facts["ahead"], facts["loose"]
        read = Intent.read(urlsafe_b64encode(json.dumps(facts).encode()).decode())
        assert (read.ahead, read.loose) == (None, {})
        shown = SimpleNamespace(name="Test Company BV", email="jane@test.com")
        assert read.compared(shown) == {"name": "same", "email": "alike"}
