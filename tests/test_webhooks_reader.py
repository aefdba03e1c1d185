"""A webhook call becomes events, or a refusal with a status: nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers as StarletteHeaders

from subhub import Event, InvalidRequest, WebhookRefused
from subhub.models import Raw
from subhub.webhooks import (
    Delivery,
    Scheme,
    WebhookReader,
    Webhooks,
    form_body,
    json_body,
    static_secret,
    unsigned,
)
from tests.webhooks.shop import (
    BODY,
    NOW,
    PATH,
    SECRET,
    SENT,
    STANDARD,
    STRIPE,
    Read,
    read,
    reader,
    sign,
)

STATIC = static_secret("X-Webhook-Signature")


def refusal(
    body: bytes,
    scheme: Scheme = STANDARD,
    *,
    read: Read = read,
    decode: Callable[[bytes], Any] = json_body,
) -> WebhookRefused:
    """The refusal of a call with *body*, whose signature is right."""
    with pytest.raises(WebhookRefused) as refused:
        _ = reader(scheme, read=read, decode=decode).read(PATH, sign(scheme, body), body)
    return refused.value


def events(read: Read, scheme: Scheme = STATIC, body: bytes = BODY) -> list[Event]:
    return reader(scheme, read=read).read(PATH, sign(scheme, body), body)


def test_an_event_says_who_sent_it_and_what_changed() -> None:
    (event,) = reader(STRIPE).read(PATH, sign(STRIPE), bytearray(BODY))

    assert event == Event(
        provider="shop",
        account="main",
        about="subscription",
        change="changed",
        word="subscription.updated",
        object_id="sub_1",
        key="evt_1",
    )
    assert event.raw == SENT
    assert "raw" not in repr(event)


def test_an_unknown_event_type_is_an_event_and_no_error() -> None:
    body = json.dumps({"id": "evt_2", "type": "moon.landed"}).encode()

    (event,) = reader(STATIC).read(PATH, sign(STATIC), body)

    assert (event.about, event.change, event.word) == ("unknown", "unknown", "moon.landed")
    assert (event.object_id, event.occurred_at) == (None, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY.decode(), "decoded text"),
        (SENT, "parsed data (dict)"),
        ([SENT], "parsed data (list)"),
        (None, "parsed data (NoneType)"),
    ],
    ids=["str", "dict", "list", "None"],
)
def test_anything_but_bytes_is_a_type_error_that_names_the_trap(body: Any, kind: str) -> None:
    with pytest.raises(TypeError) as error:
        _ = reader(STANDARD).read(PATH, sign(STANDARD), body)

    assert f"`body` is {kind}, which cannot be verified" in str(error.value)
    assert "request.body" in str(error.value)


def test_text_in_place_of_a_list_of_secrets_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="`secrets` must be a list of secrets, not text"):
        _ = reader(STATIC, secrets=SECRET)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is not JSON"),
        (b"id=tr_1", "the body is not JSON"),
        (b"{'id': 1}", "the body is not JSON"),
        (b'{"id": NaN}', "the body is not JSON: NaN is not JSON"),
        (b'{"id": 1e99999999999999999999}', "the body is not JSON: a number in it is out of range"),
        (b'{"id": 1, "id": 2}', "the body is not JSON: an object in it has a name twice"),
        (b'{"id": ' + b"1" * 5000 + b"}", "the body is not JSON"),
        (b"[" * 100_000, "the body is JSON nested too deeply to read"),
        (b'{"id": "\xff"}', "the body is not UTF-8"),
        ('{"id": "ë"}'.encode("latin-1"), "the body is not UTF-8"),
        (json.dumps(SENT).encode("utf-16"), "the body is not UTF-8"),
        (b"\xef\xbb\xbf{}", "the body is not JSON"),
        (b"1" * 1_000_001, "the body has 1000001 bytes, more than 1000000"),
    ],
    ids=lambda value: repr(value)[:30],
)
@pytest.mark.parametrize("scheme", [STANDARD, STATIC], ids=["standard", "static"])
def test_a_body_that_cannot_be_read_is_refused(body: bytes, reason: str, scheme: Scheme) -> None:
    error = refusal(body, scheme)

    assert error.status == 400
    assert error.reason.startswith(reason)
    assert str(error) == error.reason


def test_a_body_of_the_longest_length_is_read() -> None:
    body = json.dumps({"type": "x" * (1_000_000 - len('{"type": ""}'))}).encode()
    short = dataclasses.replace(reader(STANDARD), max_bytes=len(BODY) - 1)

    assert len(body) == 1_000_000
    assert reader(STANDARD).read(PATH, sign(STANDARD, body), body)
    with pytest.raises(WebhookRefused, match="more than"):
        _ = short.read(PATH, sign(STANDARD), BODY)


def test_a_call_is_refused_before_its_body_is_read() -> None:
    with pytest.raises(WebhookRefused) as refused:
        _ = reader(STANDARD).read(PATH, sign(STANDARD), b"not even JSON")

    assert refused.value.status == 401


def test_numbers_with_decimals_stay_exact() -> None:
    assert json_body(b'{"amount": 12.95}') == {"amount": Decimal("12.95")}


class TestForms:
    def test_are_read_where_a_provider_sends_them(self) -> None:
        def payment(delivery: Delivery) -> list[Event]:
            return [delivery.event(None, about="payment", object_id=delivery.payload["id"])]

        hints = reader(unsigned(), read=payment, decode=form_body)
        (event,) = hints.read(PATH, {}, b"id=tr_1&note=")

        assert hints.proof == "refetch"
        assert (event.object_id, event.word, event.change) == ("tr_1", None, "unknown")
        assert event.raw == {"id": "tr_1", "note": ""}

    @pytest.mark.parametrize(
        "body", [b"id", b"id=1&id=2", b'{"id": 1}', b"id=%ff", b"id=\xff"], ids=repr
    )
    def test_that_cannot_be_read_are_refused(self, body: bytes) -> None:
        assert refusal(body, unsigned(), decode=form_body).status == 400


class TestKeys:
    def test_are_the_providers_event_id(self) -> None:
        (event,) = reader(STANDARD).read(PATH, sign(STANDARD), BODY)

        assert event.key == "evt_1"

    def test_without_an_event_id_are_stable_over_deliveries(self) -> None:
        def hint(delivery: Delivery) -> list[Event]:
            return [delivery.event("updated")]

        first = reader(STRIPE, read=hint).read(PATH, sign(STRIPE), BODY)
        later = NOW + dt.timedelta(hours=1)
        again = reader(STRIPE, read=hint, now=later).read("/moved", sign(STRIPE, at=later), BODY)

        assert first == again
        assert first[0].key.startswith("sha256:")

    @pytest.mark.parametrize(("word", "body"), [("created", BODY), ("updated", BODY + b" ")])
    def test_differ_with_the_event_type_and_with_the_body(self, word: str, body: bytes) -> None:
        (first,) = events(lambda delivery: [delivery.event("updated")])
        (other,) = events(lambda delivery: [delivery.event(word)], body=body)

        assert first.key != other.key

    def test_of_several_events_in_one_body_are_their_own(self) -> None:
        def batch(delivery: Delivery) -> Iterable[Event]:
            for item in delivery.payload:
                yield delivery.event(item["type"], key=item["id"], raw=item)

        items: list[Raw] = [{"id": "1", "type": "a"}, {"id": "2", "type": "a"}]
        found = events(batch, body=json.dumps(items).encode())

        assert [(event.key, event.raw) for event in found] == [("1", items[0]), ("2", items[1])]

    @pytest.mark.parametrize("scheme", [STATIC, STANDARD], ids=["static", "standard"])
    def test_that_two_events_of_one_call_share_are_a_mistake_of_the_plugin(
        self, scheme: Scheme
    ) -> None:
        """The second event would be taken for a repetition, and lost."""
        error = refusal(BODY, scheme, read=lambda delivery: [delivery.event("a")] * 2)

        assert error.status == 500
        assert error.reason == "the plugin 'shop' gave two events of one call the same key"

    def test_are_never_empty(self) -> None:
        error = refusal(BODY, read=lambda delivery: [delivery.event("a", key="")])

        assert error.status == 500
        assert isinstance(error.__cause__, InvalidRequest)


class TestPlugins:
    @pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b'"text"', b'{"type": "\\ud800"}'])
    def test_that_stumble_over_a_body_refuse_it(self, body: bytes) -> None:
        error = refusal(body)

        assert error.status == 500
        assert error.reason.startswith("the plugin 'shop' cannot read the body: ")
        assert error.__cause__ is not None

    def test_may_refuse_a_call_themselves(self) -> None:
        def picky(delivery: Delivery) -> list[Event]:
            raise WebhookRefused(f"{delivery.path} is not ours", status=401)

        assert refusal(BODY, read=picky).reason == "/hooks/shop is not ours"

    def test_may_find_no_event_in_a_call(self) -> None:
        assert events(lambda _: []) == []

    def test_read_any_json_and_keep_only_objects_as_raw(self) -> None:
        (event,) = events(lambda delivery: [delivery.event(delivery.payload[0])], body=b'["a"]')

        assert (event.word, event.raw) == ("a", {})


def test_a_reader_shows_neither_its_secrets_nor_a_delivery_its_body() -> None:
    shown: list[str] = []

    def read(delivery: Delivery) -> list[Event]:
        shown.append(repr(delivery))
        return []

    _ = events(read)
    assert SECRET not in repr(reader(STATIC))
    assert shown == ["Delivery(provider='shop', account='main', path='/hooks/shop', event_id=None)"]


def test_headers_of_frameworks_are_read_with_their_repetitions() -> None:
    ((name, value),) = sign(STRIPE).items()
    asgi = StarletteHeaders(raw=[(name.lower().encode(), value.encode())])
    repeated = StarletteHeaders(raw=[(name.lower().encode(), b"x"), (name.encode(), b"y")])
    http_server = Message()
    http_server[name] = value

    assert reader(STRIPE).read(PATH, asgi, BODY)
    assert reader(STRIPE).read(PATH, http_server, BODY)
    http_server[name] = value
    with pytest.raises(WebhookRefused, match="is repeated"):
        _ = reader(STRIPE).read(PATH, repeated, BODY)
    with pytest.raises(WebhookRefused, match="is repeated"):
        _ = reader(STRIPE).read(PATH, http_server, BODY)


TEXT = st.text() | st.binary()


@given(
    path=st.text(),
    headers=st.lists(
        st.tuples(
            st.sampled_from([*sign(STRIPE), *sign(STANDARD), STATIC.header]) | TEXT,
            st.sampled_from([*sign(STRIPE).values(), *sign(STANDARD).values(), SECRET]) | TEXT,
        )
    ),
    body=st.binary() | st.just(BODY),
    scheme=st.sampled_from([STRIPE, STANDARD, STATIC, unsigned()]),
    secrets=st.lists(st.just(SECRET) | st.text()),
)
def test_whatever_comes_is_events_or_a_refusal(
    path: str,
    headers: list[tuple[str | bytes, str | bytes]],
    body: bytes,
    scheme: Scheme,
    secrets: list[str],
) -> None:
    webhooks = Webhooks(scheme, lambda delivery: [delivery.event(None)])
    any_reader = WebhookReader(webhooks, "shop", "main", secrets, lambda: NOW)
    try:
        found = any_reader.read(path, headers, body)
    except WebhookRefused:
        return
    assert len(found) == 1
