"""Decoding: an answer is as documented, or it is an `InvalidReply` that keeps it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from subhub import InvalidReply
from subhub.plugin import Core, Response, Wire, day_in, is_object


class Line(Wire):
    amount: Decimal
    label: str = ""


class Invoice(Wire):
    id: str
    total: Core[Decimal | None] = None
    lines: tuple[Line, ...] = ()


def refused(content: bytes, headers: dict[str, str] | None = None) -> InvalidReply:
    with pytest.raises(InvalidReply) as caught:
        _ = Invoice.decode(Response(200, headers or {}, content))
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        b"<html>502</html>",
        b'{"id": "1"',
        b'{"id": "1",}',
        b"{'id': '1'}",
        b'{"id": NaN}',
        b'{"id": "1", "total": Infinity}',
        b'{"id": "1", "total": ' + b"9" * 5000 + b"}",
        b'{"id": "1", "total": 1e9999999999999999999}',
        b'{"id": "1", "other": -1e-9999999999999999999}',
        b'{"id": "\xff"}',
        b"\x80\x81",
    ],
    ids=lambda each: each[:24],
)
def test_a_body_that_is_not_json_is_told_with_its_kind_and_size(content: bytes) -> None:
    error = refused(content, {"content-type": "text/html"})

    assert str(error).startswith(f"the answer is not JSON (text/html, {len(content)} bytes): ")
    assert str(error).endswith("(HTTP 200)")
    assert error.status == 200
    assert error.body == content[:2000].decode("utf-8", "replace")
    assert isinstance(error.__cause__, ValueError)


def test_a_body_without_a_type_is_said_to_have_none() -> None:
    assert "(no content type, 0 bytes)" in str(refused(b""))


def test_a_body_nested_too_deeply_is_refused() -> None:
    error = refused(b'{"id":' + b"[" * 100_000)

    assert "nested too deeply" in str(error)
    assert len(error.body) == 2000


@pytest.mark.parametrize("content", [b"[]", b"7", b'"text"', b"null", b"true", b'[{"id": "1"}]'])
def test_a_body_of_the_wrong_kind_is_refused(content: bytes) -> None:
    error = refused(content)

    assert "not the documented Invoice: body (" in str(error)
    assert error.body == content.decode()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"{}", "id (Field required)"),
        (b'{"id": 5}', "id (Input should be a valid string)"),
        (b'{"id": null}', "id (Input should be a valid string)"),
        (b'{"id": "1", "total": "much"}', "total (Input should be a valid decimal)"),
        (b'{"id": "1", "lines": [{"amount": 1}, {}]}', "lines.1.amount (Field required)"),
    ],
)
def test_a_field_that_is_not_as_documented_is_named_and_its_value_is_not_told(
    content: bytes, place: str
) -> None:
    error = refused(content)

    assert place in str(error)
    assert "much" not in str(error)


def test_every_field_that_is_not_as_documented_is_named() -> None:
    error = refused(b'{"total": [], "lines": 1}')

    assert all(f"{field} (" in str(error) for field in ("id", "total", "lines"))


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (b'{"id": "1", "note": "a", "note": "a"}', "a"),
        (b'{"id": "1", "note": "a", "note": "b", "note": "c"}', ["a", "b", "c"]),
        (b'{"id": "1", "note": null, "note": {"x": 1, "x": 2}}', [None, {"x": [1, 2]}]),
    ],
)
def test_a_name_that_an_object_has_twice_has_all_its_values(content: bytes, known: object) -> None:
    assert Invoice.decode(Response(200, {}, content)).raw["note"] == known


def test_an_id_that_an_object_has_twice_is_refused_and_not_chosen() -> None:
    assert "id (Input should be a valid string)" in str(refused(b'{"id": "1", "id": "2"}'))


def test_fields_that_nobody_declared_are_kept_at_every_depth() -> None:
    content = b'{"id": "1", "new": {"a": [1]}, "lines": [{"amount": 1, "vat": true}]}'

    invoice = Invoice.decode(Response(200, {}, content))

    assert invoice.raw == {
        "id": "1",
        "new": {"a": [1]},
        "lines": [{"amount": 1, "vat": True}],
    }
    assert invoice.lines[0].raw == {"amount": 1, "vat": True}
    assert not hasattr(invoice, "new")


def test_numbers_with_decimals_are_exact_also_in_the_raw_answer() -> None:
    content = b'{"id": "1", "total": 12.10, "rate": 0.1, "lines": [{"amount": 1e-2}]}'

    invoice = Invoice.decode(Response(200, {}, content))

    assert (invoice.total, invoice.lines[0].amount) == (Decimal("12.10"), Decimal("0.01"))
    assert str(invoice.total) == "12.10"
    assert invoice.raw["rate"] == Decimal("0.1")
    assert type(invoice.raw["rate"]) is Decimal


def test_other_encodings_of_unicode_that_json_once_allowed_are_read() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        content = '{"id": "é"}'.encode(encoding)
        assert Invoice.decode(Response(200, {}, content)).id == "é"


def test_what_was_not_decoded_from_an_object_has_no_raw_answer() -> None:
    invoice = Invoice(id="1")

    assert Invoice.model_validate(invoice).raw == {"id": "1"}
    assert Invoice.model_construct(id="1").raw == {}


def test_a_decoded_answer_cannot_be_changed() -> None:
    invoice: Any = Invoice(id="1")

    with pytest.raises(ValueError, match="frozen"):
        invoice.id = "2"


def test_only_an_object_is_an_object() -> None:
    assert is_object({})
    others: tuple[object, ...] = ([], "{}", None, 1)
    assert not any(is_object(each) for each in others)


@pytest.mark.parametrize(
    ("shown", "zone", "day"),
    [
        (None, "UTC", None),
        (dt.date(2027, 1, 1), "America/New_York", dt.date(2027, 1, 1)),
        (dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC), "Europe/Amsterdam", dt.date(2027, 1, 1)),
        (dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC), "UTC", dt.date(2026, 12, 31)),
        (dt.datetime(2027, 1, 1, 23), "Asia/Tokyo", dt.date(2027, 1, 1)),  # noqa: DTZ001 - none is known
        (dt.datetime.min.replace(tzinfo=dt.UTC), "America/New_York", dt.date.min),
        (dt.datetime.max.replace(tzinfo=dt.UTC), "Asia/Tokyo", dt.date.max),
    ],
)
def test_an_instant_is_a_day_in_a_time_zone(
    shown: dt.date | None, zone: str, day: dt.date | None
) -> None:
    assert day_in(shown, ZoneInfo(zone)) == day
